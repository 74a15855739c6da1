//! Organisations in which the answer of a report is known by construction.

use sigma_catalog::catalog::facts::AccountTypeFact;
use sigma_catalog::store::{DifferenceRow, Gap, StoredVerification, VerificationCounts};

use crate::facts::Build;
use crate::world::World;

#[test]
fn r02_counts_who_sees_an_object_and_lists_them() {
    let mut world = World::new();
    let facts = &mut world.facts;
    for id in ["ann", "bob", "cy"] {
        facts.member(id, "Creator");
    }
    facts.member("gus", "Viewer").user_kind = Some("guest".into());
    facts.team("fin", &["bob", "gus"]);
    facts.workspace("ws");
    facts.document("report", "rp", "ws").owner_id = Some("ann".into());
    facts.grant("ws", "team:fin", "explore");
    world.user("u1", "ann@x.com", true);
    world.options.object = Some("ws/rp".into());
    let columns = ["row", "email", "level", "via_team", "catalog_user", "n_members", "n_teams", "n_by_level"];
    let expected = [
        "summary |  |  |  |  | 3 | 1 | owner 1, view 2",
        "access | ann@x.com | owner |  | u1 |  |  | ",
        "access | bob@x.com | view | fin |  |  |  | ",
        "access | gus@x.com | view | fin |  |  |  | ",
    ];
    assert_eq!(world.rows("R02", &columns), expected);
    let rest = ["everyone", "public", "external_n", "unmapped_n", "unknown_n", "confidence"];
    assert_eq!(world.rows("R02", &rest)[0], "false |  | 1 | 2 | 0 | exact");
    // With the grants on the workspace unread, nobody is known not to have access, and levels may be higher.
    world.facts.readings.note("object-grants", "ws", false);
    let rows = world.rows("R02", &["email", "unknown_n", "confidence"]);
    let expected = [
        " | 1 | lower_bound",
        "ann@x.com |  | exact",
        "bob@x.com |  | lower_bound",
        "gus@x.com |  | lower_bound",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn r03_counts_what_a_member_sees_by_workspace_and_lists_it() {
    let mut world = World::new();
    let facts = &mut world.facts;
    facts.member("bob", "Creator");
    facts.workspace("a");
    facts.workspace("b");
    facts.document("workbook", "one", "a");
    facts.document("workbook", "two", "b");
    facts.document("workbook", "own", "").owner_id = Some("bob".into());
    facts.grant("a", "bob", "edit");
    facts.grant("two", "bob", "view");
    world.options.member = Some("BOB@x.com".into());
    let expected = [
        "summary | a |  |  | 2",
        "summary | b |  |  | 1",
        "summary | outside workspaces |  |  | 1",
        "access | a | a | edit | ",
        "access |  | own | owner | ",
        "access | a | one | edit | ",
        "access | b | two | view | ",
    ];
    let rows = world.rows("R03", &["row", "workspace", "object_id", "level", "objects_n"]);
    assert_eq!(rows, expected);
}

#[test]
fn r04_tells_the_steps_of_every_path() {
    let mut world = World::new();
    let facts = &mut world.facts;
    facts.member("bob", "Creator");
    facts.team("fin", &["bob"]);
    facts.workspace("ws");
    facts.document("workbook", "wb", "ws");
    facts.grant("ws", "team:fin", "organize");
    facts.grant("wb", "bob", "view");
    world.options.member = Some("bob".into());
    world.options.object = Some("wb".into());
    let expected = [
        "1 | 1 | member:bob | member_of | team:fin |  | true",
        "1 | 2 | team:fin | granted | workspace:ws | organize | true",
        "1 | 3 | workspace:ws | inherits | workbook:wb | explore | true",
        "2 | 1 | member:bob | granted | workbook:wb | view | false",
    ];
    let columns = ["path_no", "step_no", "from", "edge", "to", "permission", "winning"];
    assert_eq!(world.rows("R04", &columns), expected);
}

#[test]
fn r06_has_every_member_and_every_user_who_is_none() {
    let mut world = World::new();
    world.facts.member("ann", "Viewer");
    world.facts.member("emb", "Viewer").user_kind = Some("embed".into());
    world.facts.document("workbook", "wb", "").owner_id = Some("ann".into());
    world.user("u1", "ann@x.com", true);
    world.user("u9", "who@x.com", true);
    world.mapping(&[("u1", "ann@x.com"), ("u9", "emb@x.com")], false);
    let expected =
        ["member | ann | u1 | csv | mapped | 2 | 1", "member | emb | u9 | csv | excluded_embed | 3 | 0"];
    let columns = ["side", "member_id", "catalog_user", "method", "status", "csv_line", "objects_visible_n"];
    assert_eq!(world.rows("R06", &columns), expected);
    world.mapping(&[("u1", "ann@x.com")], false);
    assert_eq!(world.rows("R06", &columns)[2], "catalog_user |  | u9 |  | unmapped |  | ");
}

#[test]
fn r07_names_each_kind_of_conflict() {
    let mut world = World::new();
    let facts = &mut world.facts;
    for (id, email) in [
        ("m1", "same@x.com"),
        ("m2", "SAME@x.com"),
        ("m3", "paypal@x.com"),
        ("m4", "p\u{430}ypal@x.com"),
        ("m5", "moved@x.com"),
        ("m6", "many@x.com"),
    ] {
        facts.member(id, "Viewer").email = Some(email.into());
    }
    facts.document("workbook", "wb", "").owner_id = Some("m1".into());
    world.user("u1", "same@x.com", true);
    world.user("u6", "many@x.com", true);
    world.user("u7", "many@x.com", true);
    // Look-alikes are about what they look like, which need be nobody's address.
    let columns = ["kind", "key", "left", "right", "evidence", "impact_objects", "severity", "confidence"];
    let expected = [
        "confusable | paypal@x.corn | paypal@x.com (m3), p\u{430}ypal@x.com (m4) |  | \
         different addresses that look alike | 0 | high | exact",
        "dup_email | same@x.com | SAME@x.com (m2), same@x.com (m1) |  | 2 members share the address | 1 | high | exact",
        "many-to-one | u1 | SAME@x.com (m2), same@x.com (m1) | u1 | nobody of them is mapped | 1 | medium | exact",
        "one-to-many | many@x.com | many@x.com (m6) |  | could be any of `u6`, `u7` | 0 | medium | exact",
    ];
    assert_eq!(world.rows("R07", &columns), expected);
    world.user("m", "moved@elsewhere.com", true);
    world.mapping(&[("m", "moved@x.com"), ("ghost", "nobody@x.com")], false);
    let expected = [
        "csv_conflict | line 3 | names an address that no Sigma member has and a login name that no catalog user has",
        "domain_mismatch | moved@x.com | x.com in Sigma, elsewhere.com in the catalog",
    ];
    let rows = world.rows("R07", &["kind", "key", "evidence"]);
    let rows: Vec<_> =
        rows.iter().filter(|row| row.starts_with("csv") || row.starts_with("domain")).collect();
    assert_eq!(rows, expected);
    world.mapping(&[("u6", "m\u{430}ny@x.com")], false);
    let rows = world.rows("R07", &["kind", "left", "right", "evidence"]);
    let expected = "confusable | many@x.com (m6) | u6 | looks like the address on line 2, and is another one";
    assert!(rows.contains(&expected.into()), "{rows:#?}");
}

#[test]
fn r08_says_why_and_how_surely() {
    let mut world = World::new();
    let facts = &mut world.facts;
    facts.member("off", "Viewer").is_archived = true;
    facts.member("scim", "Viewer").is_inactive = true;
    facts.member("ok", "Viewer");
    facts.team("full", &["ok"]);
    facts.team("void", &[]);
    facts.document("workbook", "wb", "");
    facts.document("workbook", "trash", "").is_archived = true;
    for to in ["off", "scim", "ok", "ghost", "team:full", "team:void", "team:ghosts"] {
        facts.grant("wb", to, "view");
    }
    facts.grant("trash", "ok", "view");
    facts.grant("never-seen", "ok", "view");
    facts.grant("was-here", "ok", "view");
    world.evidence.gone.insert("was-here".into());
    let expected = [
        "never-seen | ok@x.com | object_missing | unknown",
        "trash | ok@x.com | object_archived | exact",
        "was-here | ok@x.com | object_missing | exact",
        "wb | ghost | member_unknown | exact",
        "wb | ghosts | team_unknown | exact",
        "wb | off@x.com | member_deactivated | exact",
        "wb | scim@x.com | member_archived_by_scim | exact",
        "wb | void | team_empty | exact",
    ];
    let columns = ["object_id", "grantee", "reason", "confidence"];
    assert_eq!(world.rows("R08", &columns), expected);
    world.facts.readings.note("members", "", false);
    world.facts.readings.note("teams", "", false);
    world.facts.readings.note("team-members", "void", false);
    let rows = world.rows("R08", &["grantee", "confidence"]);
    for unsure in ["ghost", "ghosts", "void"] {
        assert!(rows.contains(&format!("{unsure} | unknown")), "{rows:#?}");
    }
}

#[test]
fn r09_names_the_teams_that_would_do() {
    let mut world = World::new();
    let facts = &mut world.facts;
    for id in ["ann", "bob", "cy"] {
        facts.member(id, "Creator");
    }
    facts.team("fin", &["bob"]);
    facts.team("other", &["ann"]);
    facts.workspace("ws");
    facts.document("workbook", "wb", "ws").owner_id = Some("ann".into());
    facts.grant("ws", "team:fin", "edit");
    facts.grant("ws", "team:other", "edit");
    facts.grant("wb", "ann", "edit");
    facts.grant("wb", "bob", "explore");
    facts.grant("wb", "cy", "edit");
    let columns = ["grant_id", "member", "equivalent_teams", "same_level_by_team", "severity", "confidence"];
    let expected =
        ["g4 | bob@x.com | fin | true | info | exact", "g5 | cy@x.com |  | false | medium | exact"];
    assert_eq!(world.rows("R09", &columns), expected);
    world.facts.readings.note("object-grants", "ws", false);
    let rows = world.rows("R09", &["grant_id", "confidence"]);
    assert_eq!(rows, ["g4 | exact", "g5 | lower_bound"], "a team's grant there may not have been read");
}

#[test]
fn r10_finds_who_can_do_most_and_spares_the_robot() {
    let mut world = World::new();
    let facts = &mut world.facts;
    let custom =
        AccountTypeFact { name: Some("Team Admin".into()), is_custom: Some(true), permissions: None };
    facts.account_types.push(custom);
    facts.member("adm", "Admin");
    facts.member("SigmaSchedulerRobot", "admin").email = Some("scheduler-robot@sigmacomputing.com".into());
    facts.member("sub", "Team Admin");
    facts.member("bob", "Creator");
    facts.member("own", "Creator");
    facts.team("fin", &["bob"]);
    facts.workspace("ws");
    facts.folder("f", "ws");
    facts.grant("ws", "team:fin", "edit");
    facts.grant("f", "own", "edit");
    for document in ["a", "b", "c"] {
        facts.document("workbook", document, "f").owner_id = Some("own".into());
    }
    world.options.owner_above = 2;
    let expected = [
        "adm@x.com | admin | the organisation | edit | 5 | exact",
        "bob@x.com | manages | ws | edit | 4 | exact",
        "own@x.com | owns_many | the organisation | owner | 3 | exact",
        "sub@x.com | admin_by_custom_type | the organisation | edit | 5 | unknown",
    ];
    let columns = ["member", "privilege", "scope", "level", "objects_n", "confidence"];
    assert_eq!(world.rows("R10", &columns), expected);
    world.options.owner_above = 3;
    assert_eq!(world.rows("R10", &columns).len(), 3);
}

#[test]
fn r11_keeps_one_of_two_that_are_alike() {
    let mut world = World::new();
    let facts = &mut world.facts;
    facts.member("bob", "Creator");
    facts.member("gus", "Viewer").user_kind = Some("guest".into());
    facts.team("all", &[]).name = Some("All Members".into());
    facts.document("workbook", "wb", "");
    facts.document("workbook", "open", "");
    facts.grant("wb", "bob", "view");
    facts.grant("wb", "bob", "view");
    facts.grant("wb", "bob", "annotate");
    facts.grant("open", "team:all", "edit");
    facts.grant("open", "bob", "explore");
    facts.grant("open", "gus", "view");
    let expected =
        ["g5 | edit | team All Members on the object itself", "g2 | view | granted on the object itself"];
    assert_eq!(world.rows("R11", &["grant_id", "covered_by", "covering_path"]), expected);
}

#[test]
fn r12_follows_all_members_down() {
    let mut world = World::new();
    let facts = &mut world.facts;
    facts.member("bob", "Creator");
    facts.team("all", &[]).name = Some("All Members".into());
    facts.workspace("ws");
    facts.document("dataset", "ds", "ws");
    facts.document("workbook", "trash", "ws").is_archived = true;
    facts.grant("ws", "team:all", "edit");
    let grant = facts.grants.last_mut().expect("a grant");
    (grant.created_by, grant.created_at) = (Some("bob".into()), Some("2026-01-01T00:00:00.000Z".into()));
    let expected = [
        "ws | org_wide | edit | ws | bob@x.com | 2026-01-01T00:00:00.000Z | high",
        "ws/ds | org_wide | edit | ws | bob@x.com | 2026-01-01T00:00:00.000Z | low",
    ];
    let columns = ["object", "exposure", "level", "granted_at", "created_by", "created_at", "severity"];
    assert_eq!(world.rows("R12", &columns), expected);
}

#[test]
fn r13_knows_the_organisation_by_its_administrators_or_by_what_it_is_told() {
    let mut world = World::new();
    let facts = &mut world.facts;
    facts.member("adm", "Admin");
    facts.member("bob", "Creator");
    facts.member("out", "Creator").email = Some("out@Partner.example".into());
    facts.member("gone", "Creator").email = Some("gone@partner.example".into());
    facts.members.last_mut().expect("a member").is_archived = true;
    facts.member("emb", "Viewer").user_kind = Some("embed".into());
    facts.team("fin", &["out"]);
    facts.document("workbook", "wb", "");
    facts.grant("wb", "team:fin", "edit");
    let columns =
        ["member_id", "user_kind", "domain", "reason", "objects_n", "max_level", "teams", "severity"];
    let expected = [
        "emb | embed | x.com | embed | 0 |  |  | info",
        "out | internal | partner.example | domain | 1 | edit | fin | high",
    ];
    assert_eq!(world.rows("R13", &columns), expected);
    world.options.internal_domains = vec!["partner.example".into()];
    let rows = world.rows("R13", &["member_id", "reason"]);
    assert_eq!(rows, ["adm | domain", "bob | domain", "emb | embed"]);
}

#[test]
fn r14_tells_apart_why_nobody_looks_after_a_thing() {
    let mut world = World::new();
    let facts = &mut world.facts;
    facts.member("scim", "Creator").is_inactive = true;
    facts.member("off", "Creator").is_archived = true;
    facts.member("own", "Creator");
    facts.member("see", "Creator");
    facts.workspace("ws");
    for (document, owner) in [
        ("a", None),
        ("b", Some("ghost")),
        ("c", Some("off")),
        ("d", Some("scim")),
        ("e", Some("own")),
        ("f", Some("own")),
    ] {
        facts.document("workbook", document, "ws").owner_id = owner.map(Into::into);
    }
    facts.grant("e", "see", "view");
    let expected = [
        "a |  | no_owner | 0",
        "b | ghost | owner_unknown | 0",
        "c | off@x.com | owner_deactivated | 0",
        "d | scim@x.com | owner_archived_by_scim | 0",
        "e | own@x.com | single_editor | 1",
    ];
    assert_eq!(world.rows("R14", &["object_id", "owner", "reason", "editors_n"]), expected);
    // A second editor, and it is no finding any more; f is seen by nobody else and never was one.
    world.facts.grant("ws", "see", "edit");
    assert_eq!(world.rows("R14", &["object_id"]), ["a", "b", "c", "d"]);
}

#[test]
fn r18_says_what_was_not_read_and_whom_that_affects() {
    let mut world = World::new();
    let facts = &mut world.facts;
    for id in ["ann", "bob", "off"] {
        facts.member(id, "Creator").is_archived = id == "off";
    }
    facts.team("fin", &["ann"]);
    facts.workspace("ws");
    facts.folder("f", "ws");
    facts.document("workbook", "wb", "f").owner_id = Some("ann".into());
    facts.document("workbook", "beside", "ws");
    facts.readings.note("object-grants", "f", false);
    facts.readings.note("team-members", "fin", false);
    let gap = Gap { outcome: "denied".into(), http_status: Some(403) };
    world.evidence.gaps.insert(("object-grants".into(), "f".into()), gap);
    let columns = [
        "object_id",
        "kind",
        "unread_levels",
        "example",
        "endpoint",
        "http_status",
        "why",
        "affected_members",
    ];
    let expected = [
        "fin | team |  |  | team-members |  | unread | 2",
        "f | folder | 1 | ws/f | object-grants | 403 | denied | 2",
        "wb | workbook | 1 | ws/f | object-grants | 403 | denied | 1",
    ];
    assert_eq!(world.rows("R18", &columns), expected);
}

#[test]
fn r21_lists_what_sigma_says_otherwise() {
    let mut world = World::new();
    world.facts.member("bob", "Creator");
    world.facts.document("workbook", "wb", "");
    let difference = DifferenceRow {
        member_id: "bob".into(),
        object_id: "wb".into(),
        verdict: "sigma_only".into(),
        computed: None,
        sigma_says: Some("view".into()),
        confidence: "exact".into(),
    };
    let counts =
        VerificationCounts { members: 1, compared: 1, undecided: 1, ..VerificationCounts::default() };
    world.evidence.verification = Some(StoredVerification {
        run_id: 7,
        counts,
        differences: vec![difference],
        ..StoredVerification::default()
    });
    let expected = [
        "summary |  |  |  | false | differs | lower_bound",
        "difference | bob@x.com | wb | view | false | sigma_only | lower_bound",
    ];
    let columns = ["row", "member", "object", "sigma_says", "agree", "verdict", "confidence"];
    assert_eq!(world.rows("R21", &columns), expected);
}

#[test]
fn a_cycle_of_folders_is_walked_once() {
    let mut world = World::new();
    let facts = &mut world.facts;
    facts.member("bob", "Creator");
    facts.folder("self", "self");
    facts.grant("self", "bob", "view");
    assert_eq!(world.rows("R01", &["object_id", "paths_count"]), ["self | 1"]);
}

#[test]
fn what_is_in_the_trash_leaves_nothing_in_doubt() {
    let mut world = World::new();
    world.facts.document("workbook", "trash", "").is_archived = true;
    world.facts.readings.note("object-grants", "trash", false);
    assert_eq!(world.rows("R18", &["object_id"]), Vec::<String>::new());
    assert_eq!(world.confidence("R01"), "exact");
}
