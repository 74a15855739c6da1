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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::facts::{Facts, FileFact, GrantFact, MemberFact, Readings, TeamFact};

    #[test]
    fn a_path_is_told_with_where_it_comes_from_and_what_was_granted_there() {
        let file = |id: &str, file_type: &'static str, parent: Option<&str>| FileFact {
            id: id.into(),
            file_type: file_type.into(),
            name: Some(id.to_uppercase()),
            parent_id: parent.map(Into::into),
            owner_id: Some("ann".into()).filter(|_| id == "w"),
            ..FileFact::default()
        };
        let grant = |object: &str, member: &str, team: &str, word: &str| GrantFact {
            object_id: object.into(),
            member_id: member.into(),
            team_id: team.into(),
            permission: Some(word.into()),
            ..GrantFact::default()
        };
        let access = Access::new(&Facts {
            members: vec![MemberFact { id: "ann".into(), ..MemberFact::default() }],
            teams: vec![TeamFact { id: "t".into(), name: Some("All Members".into()), is_archived: false }],
            files: vec![
                file("f", "folder", None),
                file("w", "workbook", Some("f")),
                file("r", "report", Some("f")),
            ],
            grants: vec![
                grant("f", "ann", "", "organize"),
                grant("f", "ann", "", "dance"),
                grant("r", "ann", "", "edit"),
                grant("r", "", "t", "view"),
                grant("f", "", "t", "view"),
            ],
            readings: Readings::new(true, true),
            ..Facts::default()
        });
        let told = |object: &str| -> Vec<String> {
            let object = access.place_of(object).expect("an object");
            let paths = access.paths(&access.asker(0), object);
            paths.iter().map(|path| how(&access, path, object)).collect()
        };
        assert_eq!(
            told("w"),
            [
                "owner",
                "granted on folder F (Can Contribute)",
                "All Members on folder F",
                "granted on folder F (`dance`)"
            ]
        );
        assert_eq!(
            told("r"),
            [
                "granted",
                "All Members",
                "granted on folder F (Can Contribute)",
                "All Members on folder F",
                "granted on folder F (`dance`)"
            ]
        );
    }
}
