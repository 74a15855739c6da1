//! What the access commands share: a row of the answer, and how a path is told.

use serde::Serialize;

pub use crate::cli::output::counted;

use crate::access::{Access, Answer, Confidence, Kind, Level, Path, Via};

/// Access of one member to one object, for programs.
#[derive(Debug, Serialize)]
pub struct Row<'a> {
    pub member_id: &'a str,
    pub email: Option<&'a str>,
    pub account_type: Option<&'a str>,
    pub user_kind: &'static str,
    pub object_id: &'a str,
    pub kind: &'static str,
    pub name: Option<&'a str>,
    pub path: &'a str,
    pub workspace: Option<&'a str>,
    pub level: &'static str,
    pub level_label: &'static str,
    /// What the account type leaves of the level; null where that is not known.
    pub usable_level: Option<&'static str>,
    pub via: &'static str,
    pub via_team: Option<&'a str>,
    pub granted_at_object: &'a str,
    pub granted_at_kind: &'static str,
    pub depth: u32,
    pub paths_count: u32,
    pub confidence: &'static str,
}

/// `None` where there is no path.
pub fn row<'a>(access: &'a Access, member: u32, object: u32, answer: &Answer) -> Option<Row<'a>> {
    let best = answer.best?;
    let (who, what) = (&access.members()[member as usize], &access.objects()[object as usize]);
    let at = &access.objects()[best.at as usize];
    Some(Row {
        member_id: &who.id,
        email: who.email.as_deref(),
        account_type: who.account_type.as_deref(),
        user_kind: who.kind.name(),
        object_id: &what.id,
        kind: what.kind.name(),
        name: what.name.as_deref(),
        path: &what.path,
        workspace: workspace(access, object),
        level: best.level.name(),
        level_label: best.level.label(what.kind),
        usable_level: who.usable(best.level).map(Level::name),
        via: best.via.name(),
        via_team: best.team.map(|team| access.teams()[team as usize].title()),
        granted_at_object: &at.id,
        granted_at_kind: at.kind.name(),
        depth: best.depth,
        paths_count: answer.paths,
        confidence: answer.confidence.name(),
    })
}

/// The workspace an object lies in, where the way up to it is known.
pub fn workspace(access: &Access, object: u32) -> Option<&str> {
    let top = &access.objects()[access.chain(object).last()? as usize];
    (top.kind == Kind::Workspace).then(|| top.title())
}

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
