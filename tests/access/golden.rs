//! The hand case that the rules were first agreed on.

use sigma_catalog::access::{Access, Entry, Level, Principal, Via};
use sigma_catalog::catalog::facts::Facts;

use crate::facts::{Build, ask, empty};

fn golden() -> Facts {
    let mut facts = empty();
    facts.member("ann", "Creator");
    for id in ["bob", "cat", "dan", "dup"] {
        facts.member(id, "Viewer").is_archived = id == "cat";
    }
    facts.team("fin", &["bob", "cat"]).name = Some("Finance".into());
    facts.team("old", &["dan"]).is_archived = true;
    facts.team("emp", &[]);
    facts.team("all", &[]).name = Some("All members".into());
    facts.workspace("ws");
    facts.folder("f", "ws").owner_id = Some("ann".into());
    facts.document("workbook", "wb", "f").owner_id = Some("ann".into());
    facts.document("workbook", "wb2", "f").owner_id = Some("cat".into());
    facts.readings.note("object-grants", "wb2", false);
    for (object, to, permission) in [
        ("ws", "team:fin", "view"),
        ("wb", "bob", "view"),
        ("wb", "bob", "explore"),
        ("wb2", "cat", "edit"),
        ("f", "team:old", "edit"),
        ("gone", "team:fin", "view"),
        ("wb2", "zed", "view"),
        ("wb", "team:emp", "view"),
        ("wb", "team:all", "view"),
        ("f", "bob", "organize"),
    ] {
        facts.grant(object, to, permission);
    }
    facts
}

#[test]
fn the_best_of_several_paths_wins_and_all_are_counted() {
    let access = Access::new(&golden());
    let answer = ask(&access, "bob", "wb");
    let best = answer.best.expect("a path");
    assert_eq!((best.level, best.via, best.depth), (Level::Explore, Via::Direct, 0));
    // Two grants on the workbook, one on the folder, one to the team on the workspace, and everybody's.
    assert_eq!(answer.paths, 5);
    assert_eq!(ask(&access, "bob", "f").level(), Some(Level::Organize));
    let inherited = ask(&access, "bob", "wb2").best.expect("a path");
    assert_eq!((inherited.level, inherited.via, inherited.depth), (Level::Explore, Via::Direct, 1));
}

#[test]
fn owners_own_and_everybody_views() {
    let access = Access::new(&golden());
    assert_eq!(ask(&access, "ann", "wb").level(), Some(Level::Owner));
    let dup = ask(&access, "dup", "wb").best.expect("a path");
    assert_eq!((dup.level, dup.via), (Level::View, Via::Everyone));
    let mut entries: Vec<Entry> = Vec::new();
    access.principals(access.place_of("wb").expect("the workbook"), &mut entries);
    let everyone = entries.iter().find(|entry| entry.principal == Principal::Everyone);
    assert_eq!(everyone.map(|entry| entry.level), Some(Level::View));
}

#[test]
fn archived_members_and_teams_get_nothing() {
    let access = Access::new(&golden());
    assert_eq!(ask(&access, "cat", "wb2").best, None);
    assert_eq!(ask(&access, "dan", "f").best, None);
}

#[test]
fn an_object_whose_grants_were_not_read_says_so() {
    let access = Access::new(&golden());
    let doubtful: Vec<&str> = (0..access.objects().len() as u32)
        .filter(|object| access.is_doubtful(*object))
        .map(|object| access.objects()[object as usize].id.as_str())
        .collect();
    assert_eq!(doubtful, ["wb2"]);
}
