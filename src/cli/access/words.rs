//! What the access commands share: how a level and a path are told.

pub use crate::cli::output::counted;

use crate::access::{Access, Answer, Confidence, Kind, Level, Path, Via};

/// The level for people, with how surely.
pub fn level(answer: &Answer, kind: Kind) -> String {
    let Some(level) = answer.level() else {
        return if answer.confidence == Confidence::Exact { "no access" } else { "not known" }.to_owned();
    };
    match answer.confidence {
        Confidence::LowerBound => format!("{} or more", level.label(kind)),
        _ => level.label(kind).to_owned(),
    }
}

/// A path for people, in a few words, as part of a table about `object`.
pub fn how(access: &Access, path: &Path, object: u32) -> String {
    let place = || {
        let at = &access.objects()[path.at as usize];
        let there = at.kind.words();
        let place = if path.at == object { String::new() } else { format!(" on {there} {}", at.title()) };
        if let (Level::Unknown, Some(word)) = (path.granted, path.word) {
            return format!("{place} (`{}`)", access.word(word));
        }
        // Say what was granted where it means something else here.
        let (granted, here) = (path.granted.label(at.kind), access.objects()[object as usize].kind);
        if granted == path.level.label(here) { place } else { format!("{place} ({granted})") }
    };
    let team = || path.team.map_or("?", |team| access.teams()[team as usize].title());
    match path.via {
        Via::Owner => "owner".to_owned(),
        Via::Admin => "administrator".to_owned(),
        Via::Direct => format!("granted{}", place()),
        Via::Team => format!("team {}{}", team(), place()),
        Via::Everyone => format!("{}{}", team(), place()),
    }
}
