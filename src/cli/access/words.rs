//! What the access commands share: how a level and a path are told.

pub use crate::cli::output::counted;

use std::borrow::Cow;

use crate::access::{Access, Answer, Confidence, Kind, Level, Path, Via};

/// The level for people, with how surely.
pub fn level(answer: &Answer, kind: Kind) -> Cow<'static, str> {
    let Some(level) = answer.level() else {
        return if answer.confidence == Confidence::Exact { "no access" } else { "not known" }.into();
    };
    match answer.confidence {
        Confidence::LowerBound => format!("{} or more", level.label(kind)).into(),
        _ => level.label(kind).into(),
    }
}

/// A path for people, in a few words, as part of a table about `object`.
pub fn how(access: &Access, path: &Path, object: u32) -> String {
    let mut told = String::new();
    tell_how(access, path, object, &mut told);
    told
}

/// The same, appended.
pub fn tell_how(access: &Access, path: &Path, object: u32, out: &mut String) {
    let team = || path.team.map_or("?", |team| access.teams()[team as usize].title());
    match path.via {
        Via::Owner => return *out += "owner",
        Via::Admin => return *out += "administrator",
        Via::Direct => *out += "granted",
        Via::Team => {
            *out += "team ";
            *out += team();
        }
        Via::Everyone => *out += team(),
    }
    let at = &access.objects()[path.at as usize];
    if path.at != object {
        for part in [" on ", at.kind.words(), " ", at.title()] {
            *out += part;
        }
    }
    // Say what was granted where it means something else here.
    let (granted, here) = (path.granted.label(at.kind), access.objects()[object as usize].kind);
    let words = match path.word {
        Some(word) if path.granted == Level::Unknown => [" (`", access.word(word), "`)"],
        _ if granted == path.level.label(here) => return,
        _ => [" (", granted, ")"],
    };
    words.iter().for_each(|part| *out += part);
}
