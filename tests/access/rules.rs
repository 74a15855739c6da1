//! Rules that a random organisation seldom meets.

use sigma_catalog::access::{Access, Confidence, Kind, Level, NotFound, Via};
use sigma_catalog::catalog::facts::AccountTypeFact;

use crate::facts::{Build, ask, empty, level};

#[test]
fn a_grant_on_a_container_means_what_the_table_says() {
    use Kind::{DataModel, Dataset, Folder, Other, Report, Workbook, Workspace};
    use Level::{Edit, Explore, Organize, Unknown, View};
    for (kind, expected) in [
        (Workspace, [View, Explore, Organize, Edit]),
        (Folder, [View, Explore, Organize, Edit]),
        (Workbook, [View, Explore, Explore, Edit]),
        (DataModel, [View, View, View, Edit]),
        (Dataset, [View, View, View, Edit]),
        (Report, [View, View, View, Edit]),
        (Other, [View, View, View, View]),
    ] {
        assert_eq!(
            [View, Explore, Organize, Edit].map(|level| level.inherited_by(kind)),
            expected,
            "{kind:?}"
        );
        assert_eq!(Unknown.inherited_by(kind), Unknown);
    }
}

#[test]
fn the_robot_is_no_administrator_by_id_or_by_address() {
    let mut facts = empty();
    facts.workspace("ws");
    facts.member("SigmaSchedulerRobot", "admin");
    facts.member("other", "admin").email = Some("Scheduler-Robot@sigmacomputing.com".into());
    facts.member("eve", "admin");
    assert_eq!(level(&facts, "SigmaSchedulerRobot", "ws"), None);
    assert_eq!(level(&facts, "other", "ws"), None);
    let best = ask(&Access::new(&facts), "eve", "ws").best.expect("a path");
    assert_eq!((best.level, best.via), (Level::Edit, Via::Admin));
}

#[test]
fn a_custom_account_type_of_that_name_makes_no_administrator() {
    let mut facts = empty();
    facts.workspace("ws");
    facts.member("eve", "ADMIN");
    assert_eq!(level(&facts, "eve", "ws"), Some(Level::Edit));
    facts.account_types[0].is_custom = Some(true);
    assert_eq!(ask(&Access::new(&facts), "eve", "ws").confidence, Confidence::Exact);
    assert_eq!(level(&facts, "eve", "ws"), None);
    // Whether it is custom was not said: nothing is given, and nothing is denied.
    facts.account_types[0].is_custom = None;
    assert_eq!(ask(&Access::new(&facts), "eve", "ws").confidence, Confidence::Unknown);
    assert_eq!(level(&facts, "eve", "ws"), None);
}

#[test]
fn two_account_types_of_that_name_make_no_administrator_if_one_is_custom() {
    let mut facts = empty();
    facts.workspace("ws");
    facts.member("eve", "Admin");
    let twin = AccountTypeFact { name: Some("admin".into()), is_custom: Some(true), permissions: None };
    facts.account_types.push(twin);
    assert_eq!(ask(&Access::new(&facts), "eve", "ws").confidence, Confidence::Unknown);
    assert_eq!(level(&facts, "eve", "ws"), None);
}

#[test]
fn who_is_in_all_members_needs_no_listing() {
    let mut facts = empty();
    facts.team("all", &[]).name = Some("All Members".into());
    facts.team("fin", &[]);
    for team in ["all", "fin"] {
        facts.readings.note("team-members", team, false);
    }
    let access = Access::new(&facts);
    let unread: Vec<&str> =
        access.teams().iter().filter(|team| team.is_unread()).map(|team| team.id.as_str()).collect();
    assert_eq!(unread, ["fin"]);
}

#[test]
fn a_guest_listed_in_all_members_is_not_in_it() {
    let mut facts = empty();
    facts.workspace("ws");
    facts.member("gus", "Viewer").user_kind = Some("guest".into());
    facts.member("ann", "Viewer");
    facts.team("all", &["gus"]).name = Some("ALL Members".into());
    facts.grant("ws", "team:all", "view");
    assert_eq!((level(&facts, "gus", "ws"), level(&facts, "ann", "ws")), (None, Some(Level::View)));
}

#[test]
fn an_account_type_caps_what_is_usable_only_where_its_ceiling_is_known() {
    let mut facts = empty();
    facts.workspace("ws");
    for (name, words) in [
        ("Act", &["view-worksheet"][..]),
        ("Build", &["view-worksheet", "fly"]),
        ("Odd", &[]),
        ("Twin", &["view-worksheet"]),
        ("TWIN", &["fly"]),
    ] {
        let (name, words) = (Some(name.to_owned()), words.iter().map(|word| (*word).to_owned()).collect());
        facts.account_types.push(AccountTypeFact { name, is_custom: Some(true), permissions: Some(words) });
    }
    facts.account_types[0].permissions = Some(vec!["view-worksheet".into()]);
    for (id, account) in [
        ("a", "act"),
        ("b", "BUILD"),
        ("c", "Creator"),
        ("d", "nobody's"),
        ("e", "Admin"),
        ("f", "odd"),
        ("g", "twin"),
    ] {
        facts.member(id, account);
    }
    let access = Access::new(&facts);
    let usable = |id: &str| {
        access.members()[access.find_member(id).expect("a member") as usize].usable(Level::Organize)
    };
    assert_eq!(usable("a"), Some(Level::View));
    // A word without an established meaning may lift the cap: how far is not known. Neither is what no word means.
    assert_eq!((usable("b"), usable("f")), (None, None));
    assert_eq!((usable("c"), usable("d")), (None, None));
    // Which of two types of one name is meant is not known either.
    assert_eq!(usable("g"), None);
    // Nothing caps an administrator.
    assert_eq!(usable("e"), Some(Level::Organize));
}

#[test]
fn a_cycle_of_folders_gives_each_grant_once() {
    let mut facts = empty();
    facts.member("ann", "Viewer");
    facts.folder("a", "c");
    facts.folder("b", "a");
    facts.folder("c", "b");
    facts.folder("own", "own");
    facts.document("workbook", "wb", "c");
    for at in ["a", "b", "c", "own"] {
        facts.grant(at, "ann", "view");
    }
    let access = Access::new(&facts);
    assert_eq!(ask(&access, "ann", "wb").paths, 3);
    assert_eq!(ask(&access, "ann", "a").paths, 3);
    assert_eq!(ask(&access, "ann", "own").paths, 1);
}

#[test]
fn a_very_deep_folder_inherits_from_the_very_top() {
    let mut facts = empty();
    facts.member("ann", "Viewer");
    facts.workspace("f0");
    for depth in 1..2000 {
        facts.folder(&format!("f{depth}"), &format!("f{}", depth - 1));
    }
    facts.grant("f0", "ann", "organize");
    let best = ask(&Access::new(&facts), "ann", "f1999").best.expect("a path");
    assert_eq!((best.level, best.depth), (Level::Organize, 1999));
}

#[test]
fn a_grant_below_exposes_nothing_above() {
    let mut facts = empty();
    facts.member("ann", "Viewer");
    facts.workspace("ws");
    facts.folder("f", "ws");
    facts.document("workbook", "wb", "f");
    facts.grant("wb", "ann", "edit");
    assert_eq!((level(&facts, "ann", "f"), level(&facts, "ann", "ws")), (None, None));
}

#[test]
fn a_folder_in_the_trash_hands_nothing_down() {
    let mut facts = empty();
    facts.member("ann", "Viewer");
    facts.workspace("ws");
    facts.folder("f", "ws").is_archived = true;
    facts.document("workbook", "wb", "f");
    facts.grant("ws", "ann", "edit");
    facts.grant("f", "ann", "view");
    assert_eq!(level(&facts, "ann", "wb"), None);
    facts.grant("wb", "ann", "view");
    assert_eq!(level(&facts, "ann", "wb"), Some(Level::View));
}

#[test]
fn what_was_not_read_is_said_and_never_taken_for_absence() {
    let mut facts = empty();
    for id in ["ann", "bob", "cat"] {
        facts.member(id, "Viewer");
    }
    facts.workspace("ws");
    facts.folder("f", "ws");
    facts.document("workbook", "wb", "f");
    facts.grant("wb", "ann", "view");
    facts.grant("wb", "bob", "edit");
    facts.readings.note("object-grants", "ws", false);
    let access = Access::new(&facts);
    let confidence = |member| ask(&access, member, "wb").confidence;
    assert_eq!(confidence("ann"), Confidence::LowerBound);
    assert_eq!(confidence("bob"), Confidence::Exact, "nothing gives more than edit");
    assert_eq!(confidence("cat"), Confidence::Unknown);
    assert_eq!(ask(&access, "cat", "ws").confidence, Confidence::Unknown);
}

#[test]
fn a_document_whose_place_is_hidden_may_be_reached_by_others() {
    let mut facts = empty();
    facts.member("ann", "Viewer");
    facts.document("workbook", "wb", "unseen");
    facts.document("workbook", "nowhere", "");
    facts.files.retain(|file| file.id != "nowhere");
    let access = Access::new(&facts);
    assert_eq!(ask(&access, "ann", "wb").confidence, Confidence::Unknown);
    assert_eq!(ask(&access, "ann", "nowhere").confidence, Confidence::Unknown);
}

#[test]
fn a_crawl_without_an_administrators_credentials_proves_no_absence() {
    let mut facts = empty();
    facts.member("ann", "Viewer");
    facts.workspace("ws");
    facts.readings.by_administrator = false;
    assert_eq!(ask(&Access::new(&facts), "ann", "ws").confidence, Confidence::Unknown);
}

#[test]
fn objects_are_found_by_id_address_and_path_and_never_guessed() {
    let mut facts = empty();
    facts.workspace("ws");
    facts.folder("f", "ws");
    facts.document("workbook", "9bbbe3b0-c0c8-4fac-b6f1-8dfebfe74f8b", "f").url_id =
        Some("4JRFW1HThPI1K3YTjouXI7".into());
    for (id, name) in [("x", "Same"), ("y", "Same"), ("z", "same")] {
        facts.document("workbook", id, "ws").name = Some(name.into());
    }
    let access = Access::new(&facts);
    let wanted = access.place_of("9bbbe3b0-c0c8-4fac-b6f1-8dfebfe74f8b");
    for text in [
        "9bbbe3b0-c0c8-4fac-b6f1-8dfebfe74f8b",
        "9BBBE3B0-C0C8-4FAC-B6F1-8DFEBFE74F8B",
        "4JRFW1HThPI1K3YTjouXI7",
        "inode-4JRFW1HThPI1K3YTjouXI7",
        "https://app.sigmacomputing.com/acme/workbook/4JRFW1HThPI1K3YTjouXI7",
        "https://app.sigmacomputing.com/acme/workbook/My-Book-4JRFW1HThPI1K3YTjouXI7/?:nodeId=a/b#c",
        "ws/f/9bbbe3b0-c0c8-4fac-b6f1-8dfebfe74f8b",
    ] {
        assert_eq!(access.find_object(text).ok(), wanted, "{text}");
    }
    assert_eq!(access.find_object("ws/same").ok(), access.place_of("z"), "spelt exactly so");
    assert!(matches!(access.find_object("ws/Same"), Err(NotFound::Several { .. })));
    assert!(matches!(access.find_object("ws/SAME"), Err(NotFound::Several { .. })));
    assert!(matches!(access.find_object("4jrfw1hthpi1k3ytjouxi7"), Err(NotFound::Nothing { .. })));
    assert!(matches!(access.find_object("/"), Err(NotFound::Nothing { .. })));
}

#[test]
fn addresses_are_compared_in_ascii_case_only() {
    let mut facts = empty();
    facts.member("k", "Viewer").email = Some("k@x.com".into());
    let access = Access::new(&facts);
    assert!(access.find_member(" K@X.com ").is_ok());
    // The Kelvin sign is no letter k.
    assert!(access.find_member("\u{212a}@x.com").is_err());
    assert!(access.find_member("").is_err());
}
