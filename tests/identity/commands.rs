//! `identity`, through the binary.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sigma_catalog::simulator::Options;

use crate::context::{Context, Ran, run};

/// An organisation of people only, crawled; three of them are catalog users.
fn world() -> Context {
    let context =
        Context::new(Options { workbooks: 0, data_models: 0, workspaces: 1, members: 6, ..Options::small() });
    let ran = context.extract_with(&["--concurrency", "4"]);
    assert_eq!(ran.code, 0, "{ran}");
    write(
        &context,
        "users.csv",
        "network_id,email,display_name,active\nolga,olga.old+bi@northwind-labs.example,Olga,true\n\
         chris,,Chris,true\nina,,Ina,true\ngwen,,Gwen,true\nnobody,,Nobody,true\nleft,,Left,false\n",
    );
    write(&context, "one.csv", ONE);
    write(&context, "two.csv", TWO);
    context
}

const ONE: &str = "network_id,sigma_email\nchris,chris.creator@northwind-labs.example\n\
    olga,OLGA.OLD+BI@northwind-labs.example\nleft,second.admin@northwind-labs.example\n";

const TWO: &str = "sigma_email;network_id\nchris.creator@northwind-labs.example;olga\n\
    ina.inactive@northwind-labs.example;ina\ngwen@auditors.example;gwen\nghost@northwind-labs.example;phantom\n\
    second.admin@northwind-labs.example;left\n";

fn write(context: &Context, name: &str, text: &str) {
    std::fs::write(context.folder.path().join(name), text).expect("a file");
}

fn identity(context: &Context, arguments: &[&str]) -> Ran {
    let mut all = vec!["identity"];
    all.extend(arguments);
    if arguments[0] != "template" {
        all.extend(["--db", "catalog.db"]);
    }
    if ["validate", "import", "report"].contains(&arguments[0]) {
        all.extend(["--catalog-users-csv", "users.csv"]);
    }
    run(context.command(&all).env("SIGMACAT_PERMISSIONS_CSV_MAPPING", "true"))
}

/// A command that has to end well; its JSON.
#[track_caller]
fn json_of(context: &Context, arguments: &[&str]) -> Value {
    let ran = identity(context, &[arguments, &["--format", "json"]].concat());
    assert_eq!(ran.code, 0, "{ran}");
    ran.json()
}

#[track_caller]
fn assert_fails(ran: &Ran, code: i32, parts: &[&str]) {
    assert_eq!(ran.code, code, "{ran}");
    for part in parts {
        assert!(ran.stderr.contains(part), "no `{part}` in {ran}");
    }
}

/// What is in the mapping's tables.
fn tables(context: &Context) -> Vec<String> {
    let versions = "SELECT version, state, source, allow_merge, restored_from, sha256 FROM identity_version";
    let pairs =
        "SELECT version, line, network_id, sigma_email, user_key, email_key FROM identity_pair ORDER BY 1, 2";
    [context.rows(versions), context.rows(pairs)].concat()
}

/// The objects that a member sees, by the beginning of its address.
fn seen_by(context: &Context, email: &str) -> BTreeSet<String> {
    let ran = run(&mut context.command(&["access", "effective", "--format", "jsonl", "--db", "catalog.db"]));
    let rows = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    rows.filter(|row| row["email"].as_str().is_some_and(|found| found.starts_with(email)))
        .map(|row| row["object_id"].as_str().expect("an id").to_owned())
        .collect()
}

#[test]
fn an_import_shows_what_changes_and_needs_agreement() {
    let context = world();
    let before = tables(&context);
    // Nobody is at the terminal.
    let ran = identity(&context, &["import", "one.csv"]);
    assert_fails(&ran, 2, &["nobody is there to agree", "--yes"]);
    assert!(
        ran.stdout.contains("rows: 3 users added") && ran.stdout.contains("+ chris  chris.creator@"),
        "{ran}"
    );
    // One of the three may not sign in.
    assert!(ran.stdout.contains("effect: 2 users gain a view, 0 lose theirs, 0 get another one;"), "{ran}");
    let ran = identity(&context, &["import", "one.csv", "--dry-run"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert!(ran.stdout.contains("nothing was imported"), "{ran}");
    assert_eq!(tables(&context), before);
    assert_eq!(identity(&context, &["import", "one.csv", "--yes", "--dry-run"]).code, 2, "one or the other");

    let first = json_of(&context, &["import", "one.csv", "--yes", "--imported-by", "ada"]);
    let version = &first["version"];
    assert_eq!(
        (&version["version"], &version["state"], &version["rows"]),
        (&json!(1), &json!("active"), &json!(3))
    );
    assert_eq!((&version["imported_by"], &version["source"]), (&json!("ada"), &json!("one.csv")));
    assert_eq!(version["sha256"], first["validation"]["sha256"]);
    assert_eq!(first["active"], Value::Null);

    let second = json_of(&context, &["import", "two.csv", "--yes"]);
    let names = |list: &Value| -> Vec<String> {
        list.as_array()
            .expect("a list")
            .iter()
            .map(|c| c["network_id"].as_str().expect("a name").to_owned())
            .collect()
    };
    let changes = &second["changes"];
    assert_eq!(names(&changes["gained"]), ["gwen", "ina", "phantom"]);
    assert_eq!(names(&changes["lost"]), ["chris"]);
    assert_eq!(names(&changes["repointed"]), ["olga"]);
    assert_eq!((&changes["unchanged"], &second["active"]), (&json!(1), &json!(1)));
    // Chris is nobody any more, and Olga is who Chris was.
    let (chris, olga) = (seen_by(&context, "chris.creator@"), seen_by(&context, "Olga.Old+BI@"));
    assert!(!chris.is_empty() && !olga.is_subset(&chris));
    let effect = &first["effect"];
    assert_eq!((&effect["users_gained"], &effect["objects_lost"]), (&json!(2), &json!(0)));
    assert_eq!(effect["objects_gained"], json!(chris.union(&olga).count()));
    assert_eq!(
        second["effect"],
        json!({
            "users_gained": 0,
            "users_lost": 1,
            "users_repointed": 1,
            "objects_gained": chris.difference(&olga).count(),
            "objects_lost": chris.union(&olga).count(),
        })
    );
    let validation = &second["validation"];
    // Four of five users gain or keep a row; who is mapped is another question.
    assert_eq!(validation["mapped"], json!(1));
    assert_eq!((&validation["unknown_sigma"], &validation["unknown_catalog"]), (&json!(1), &json!(1)));
    assert_eq!(validation["delimiter"], "semicolon");
    let warned = validation["warnings"]["listed"].as_array().expect("a list").iter();
    let warned: Vec<_> = warned.map(|warning| (warning["line"].clone(), warning["column"].clone())).collect();
    assert_eq!(warned, [(json!(5), json!("sigma_email")), (json!(5), json!("network_id"))]);
    insta::assert_snapshot!(tables(&context).join("\n"), @r#"
    1 | "superseded" | "one.csv" | 0 | null | "ace65f79dc2ea33a240a2116cbf3fbe3a772d9f02ba8ca5f6bffba886cd69e83"
    2 | "active" | "two.csv" | 0 | null | "c0aaa8db0458e20b2988a36803948e9f94c1ebf78c47d5e8e195420d632113fb"
    1 | 2 | "chris" | "chris.creator@northwind-labs.example" | "chris" | "chris.creator@northwind-labs.example"
    1 | 3 | "olga" | "OLGA.OLD+BI@northwind-labs.example" | "olga" | "olga.old+bi@northwind-labs.example"
    1 | 4 | "left" | "second.admin@northwind-labs.example" | "left" | "second.admin@northwind-labs.example"
    2 | 2 | "olga" | "chris.creator@northwind-labs.example" | "olga" | "chris.creator@northwind-labs.example"
    2 | 3 | "ina" | "ina.inactive@northwind-labs.example" | "ina" | "ina.inactive@northwind-labs.example"
    2 | 4 | "gwen" | "gwen@auditors.example" | "gwen" | "gwen@auditors.example"
    2 | 5 | "phantom" | "ghost@northwind-labs.example" | "phantom" | "ghost@northwind-labs.example"
    2 | 6 | "left" | "second.admin@northwind-labs.example" | "left" | "second.admin@northwind-labs.example"
    "#);

    // The same file again is no new version.
    let again = json_of(&context, &["import", "two.csv", "--yes"]);
    assert_eq!(again["version"], Value::Null);
    assert_eq!(json_of(&context, &["list"])["versions"].as_array().map(Vec::len), Some(2));
}

#[test]
fn an_address_that_passes_for_a_members_is_pointed_at() {
    let context = world();
    let alike = "in\u{430}.inactive@northwind-labs.example";
    write(&context, "alike.csv", &format!("network_id,sigma_email\nina,{alike}\n"));
    let ran = identity(&context, &["validate", "alike.csv"]);
    assert_eq!(ran.code, 0, "{ran}");
    let warning =
        "alike.csv:2: sigma_email: looks like `ina.inactive@northwind-labs.example` of a Sigma member";
    assert!(ran.stderr.contains(warning), "{ran}");
}

#[test]
fn a_bad_file_is_refused_whole_with_every_line_that_is_wrong() {
    let context = world();
    json_of(&context, &["import", "one.csv", "--yes"]);
    let before = tables(&context);
    write(
        &context,
        "bad.csv",
        "network_id,sigma_email\nina,ina.inactive@northwind-labs.example\nx,\ny,not an address\nina,z@x.com\n",
    );
    for command in [&["import", "bad.csv", "--yes"][..], &["validate", "bad.csv"], &["diff", "bad.csv"]] {
        let ran = identity(&context, command);
        assert_fails(
            &ran,
            8,
            &[
                "error[identity.rejected]: `bad.csv` is not accepted",
                "bad.csv:3: sigma_email: is empty: fill it in",
                "bad.csv:4: sigma_email: has white space inside",
                "bad.csv:5: network_id: `ina` stands for `z@x.com` here",
                "nothing of the file was used",
            ],
        );
        assert!(ran.stdout.is_empty(), "{ran}");
    }
    let ran = identity(&context, &["validate", "bad.csv", "--format", "json"]);
    assert_eq!(ran.code, 8, "{ran}");
    let found = ran.json();
    assert_eq!(
        (&found["accepted"], &found["rows"], &found["conflicts"]),
        (&json!(false), &json!(4), &json!(1))
    );
    assert_eq!(found["problems"]["total"], 3);
    assert_eq!(found["problems"]["listed"][0]["line"], 3);
    assert_eq!(tables(&context), before);
    assert_fails(
        &identity(&context, &["import", "missing.csv", "--yes"]),
        8,
        &["missing.csv", "identity template"],
    );
}

#[test]
fn a_rollback_is_a_new_version_of_an_old_mapping() {
    let context = world();
    json_of(&context, &["import", "one.csv", "--yes"]);
    let first: Vec<String> =
        context.rows("SELECT line, network_id, sigma_email FROM identity_pair ORDER BY line");
    json_of(&context, &["import", "two.csv", "--yes"]);
    assert_fails(&identity(&context, &["rollback", "2", "--yes"]), 2, &["nothing to roll back"]);
    assert_fails(&identity(&context, &["rollback", "9", "--yes"]), 2, &["no version 9", "identity list"]);
    assert_fails(&identity(&context, &["rollback", "1"]), 2, &["--yes"]);
    let dry = identity(&context, &["rollback", "1", "--dry-run"]);
    assert!(dry.code == 0 && dry.stdout.contains("~ olga"), "{dry}");
    assert_eq!(json_of(&context, &["list"])["versions"].as_array().map(Vec::len), Some(2));

    let back = json_of(&context, &["rollback", "1", "--yes", "--imported-by", "ada"]);
    let version = &back["version"];
    assert_eq!(
        (&version["version"], &version["restored_from"], &version["rows"]),
        (&json!(3), &json!(1), &json!(3))
    );
    assert_eq!((&version["source"], &version["imported_by"]), (&json!("one.csv"), &json!("ada")));
    assert_eq!(back["changes"]["repointed"][0]["after"], json!(["OLGA.OLD+BI@northwind-labs.example"]));
    let third = "SELECT line, network_id, sigma_email FROM identity_pair WHERE version = 3 ORDER BY line";
    assert_eq!(context.rows(third), first);
    let states = "SELECT version, state FROM identity_version";
    assert_eq!(context.rows(states), ["1 | \"superseded\"", "2 | \"superseded\"", "3 | \"active\""]);
    let listed = identity(&context, &["list"]);
    assert!(listed.stdout.contains("3 *") && listed.stdout.contains("repeats version 1"), "{listed}");
    let rows = json_of(&context, &["list", "1"]);
    assert_eq!(
        rows["pairs"][0],
        json!({"line": 2, "network_id": "chris", "sigma_email": "chris.creator@northwind-labs.example"})
    );
}

#[test]
fn a_diff_compares_with_a_file_or_a_version_and_changes_nothing() {
    let context = world();
    json_of(&context, &["import", "one.csv", "--yes"]);
    json_of(&context, &["import", "two.csv", "--yes"]);
    let before = tables(&context);
    let of_file = json_of(&context, &["diff", "one.csv"]);
    let of_version = json_of(&context, &["diff", "1"]);
    assert_eq!(of_file, of_version);
    assert_eq!(of_file["changes"]["gained"][0]["network_id"], "chris");
    assert!(
        identity(&context, &["diff", "2"])
            .stdout
            .contains("rows: 0 users added, 0 taken away, 0 pointed elsewhere, 5 as they were")
    );
    assert_fails(&identity(&context, &["diff", "7"]), 2, &["no version 7"]);
    assert_eq!(tables(&context), before);
}

/// Status by e-mail address, and by login name.
fn statuses(report: &Value) -> (Vec<String>, Vec<String>) {
    let of = |list: &Value, name: &str| {
        let rows = list.as_array().expect("a list").iter();
        rows.filter_map(|row| Some(format!("{} {}", row[name].as_str()?, row["status"].as_str()?))).collect()
    };
    (of(&report["members"], "sigma_email"), of(&report["catalog_users"], "network_id"))
}

#[test]
fn the_report_has_one_row_for_every_member_and_every_user() {
    let context = world();
    // Before anything is imported, the configured file counts; without one nothing is guessed.
    assert_fails(&identity(&context, &["report"]), 2, &["no identity mapping was imported", "--match email"]);
    let configured = json_of(&context, &["report", "--identity-csv", "one.csv"]);
    assert_eq!(
        (&configured["basis"]["file"], &configured["basis"]["version"]),
        (&json!("one.csv"), &Value::Null)
    );
    json_of(&context, &["import", "one.csv", "--yes"]);
    let report = json_of(&context, &["report"]);
    assert_eq!(configured["members"], report["members"]);
    assert_eq!((&report["basis"]["version"], &report["confidence"]), (&json!(1), &json!("exact")));
    assert_eq!(report["run_id"], 1);
    let members = context.rows("SELECT count(*) FROM member")[0].clone();
    assert_eq!(report["members"].as_array().map(|rows| rows.len().to_string()), Some(members));
    let (members, users) = statuses(&report);
    for expected in [
        "chris.creator@northwind-labs.example mapped",
        "Olga.Old+BI@Northwind-Labs.example mapped",
        "second.admin@northwind-labs.example catalog_user_inactive",
        "ina.inactive@northwind-labs.example unmapped",
        "gwen@auditors.example excluded_guest",
        "build.embed@customer-portal.example excluded_embed",
        "scheduler-robot@sigmacomputing.com excluded_system",
    ] {
        assert!(members.contains(&expected.to_owned()), "{expected} in {members:#?}");
    }
    assert_eq!(
        users,
        [
            "chris mapped",
            "gwen unmapped",
            "ina unmapped",
            "left catalog_user_inactive",
            "nobody unmapped",
            "olga mapped"
        ]
    );
    assert_eq!(
        (&report["member_counts"]["mapped"], &report["catalog_user_counts"]["mapped"]),
        (&json!(2), &json!(2))
    );

    json_of(&context, &["import", "two.csv", "--yes"]);
    let report = json_of(&context, &["report"]);
    let (members, users) = statuses(&report);
    assert!(
        members.contains(&"ina.inactive@northwind-labs.example sigma_inactive".to_owned()),
        "{members:#?}"
    );
    assert!(users.contains(&"gwen excluded_guest".to_owned()), "{users:#?}");
    assert_eq!((&report["unknown_sigma"], &report["unknown_catalog"]), (&json!([5]), &json!([5])));
    let (members, _) = statuses(&json_of(&context, &["report", "--include", "guest"]));
    assert!(members.contains(&"gwen@auditors.example mapped".to_owned()), "{members:#?}");

    let (members, _) = statuses(&json_of(&context, &["report", "--match", "email"]));
    let mapped: Vec<_> = members.iter().filter(|line| line.ends_with(" mapped")).collect();
    assert_eq!(mapped, ["Olga.Old+BI@Northwind-Labs.example mapped"]);
    let text = identity(&context, &["report"]);
    assert!(text.code == 0 && text.stdout.contains("version 2 of the mapping, from two.csv"), "{text}");
}

#[test]
fn without_a_complete_list_of_members_nobody_is_known_to_be_missing() {
    let context = world();
    json_of(&context, &["import", "one.csv", "--yes"]);
    let catalog = rusqlite::Connection::open(context.database()).expect("the catalog");
    let changed = catalog
        .execute("UPDATE fetch_scope SET outcome = 'failed' WHERE endpoint = 'members'", [])
        .expect("SQL");
    assert_eq!(changed, 1);
    assert_eq!(json_of(&context, &["report"])["confidence"], "unknown");
    let found = json_of(&context, &["validate", "two.csv"]);
    assert_eq!((&found["unknown_sigma"], &found["ambiguous"]), (&Value::Null, &Value::Null));
    assert_eq!(found["unknown_catalog"], 1);
}

#[test]
fn reports_match_members_as_runs_do_unless_told_otherwise() {
    let context = world();
    json_of(&context, &["import", "one.csv", "--yes"]);
    let arguments =
        ["identity", "report", "--db", "catalog.db", "--catalog-users-csv", "users.csv", "--format", "json"];
    let matched_by = |name: &str, value: &str| {
        let ran = run(context.command(&arguments).env(name, value));
        ran.json()["basis"]["matched_by"].as_str().expect("a way").to_owned()
    };
    assert_eq!(matched_by("SIGMACAT_PERMISSIONS_CSV_MAPPING", "true"), "csv");
    assert_eq!(matched_by("SIGMACAT_PERMISSIONS_CSV_MAPPING", "false"), "email");
    assert_eq!(matched_by("SIGMACAT_PERMISSIONS_MATCH_ON", "username"), "username");
    // Whoever imports a mapping that no run looks at is told so.
    let mut command = context.command(&["identity", "import", "two.csv", "--yes", "--db", "catalog.db"]);
    let ran = run(&mut command);
    assert!(ran.stderr.contains("where `permissions.csv_mapping` is true"), "{ran}");
    assert!(ran.stdout.contains("users gain a view"), "nothing lists the catalog's users: {ran}");
}

#[test]
fn runs_do_not_touch_the_mapping() {
    let context = world();
    json_of(&context, &["import", "one.csv", "--yes"]);
    let before = tables(&context);
    let ran = context.extract_with(&["--concurrency", "4"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(tables(&context), before);
    assert_eq!(json_of(&context, &["report"])["run_id"], 2);
}

#[test]
fn without_a_catalog_there_is_nothing_to_import_into() {
    let context = Context::small();
    write(&context, "one.csv", ONE);
    write(&context, "users.csv", "network_id,email,active\nchris,,true\n");
    for command in [
        &["import", "one.csv", "--yes"][..],
        &["report"],
        &["list"],
        &["diff", "one.csv"],
        &["rollback", "1", "--yes"],
    ] {
        assert_fails(&identity(&context, command), 9, &["store.missing", "catalog.db"]);
        assert!(!context.database().exists());
    }
    // A file can be checked before there is one.
    let found = json_of(&context, &["validate", "one.csv"]);
    assert_eq!(
        (&found["accepted_rows"], &found["unknown_sigma"], &found["unknown_catalog"]),
        (&json!(3), &Value::Null, &json!(2))
    );
    assert!(!context.database().exists());
}

#[test]
fn an_import_waits_for_no_run() {
    let context = world();
    let lock = std::fs::OpenOptions::new()
        .write(true)
        .open(context.folder.path().join("catalog.db.lock"))
        .expect("a lock");
    lock.lock().expect("the lock");
    assert_fails(&identity(&context, &["import", "one.csv", "--yes"]), 10, &["store.another_run"]);
    assert_eq!(identity(&context, &["import", "one.csv", "--dry-run"]).code, 0);
}

#[test]
fn a_catalog_of_an_earlier_version_has_no_mappings_yet() {
    let context = world();
    context.back_to_version(1);
    assert_eq!(json_of(&context, &["list"])["versions"], json!([]));
    assert_eq!(json_of(&context, &["report", "--match", "email"])["member_counts"]["mapped"], 1);
    assert_eq!(json_of(&context, &["import", "one.csv", "--yes"])["version"]["version"], 1);
}

#[test]
fn templates_are_files_that_are_accepted() {
    let context = Context::small();
    let ran = identity(&context, &["template"]);
    write(&context, "t.csv", &ran.stdout);
    assert!(ran.stderr.contains("also accepted as"), "{ran}");
    let users = identity(&context, &["template", "--of", "catalog-users"]);
    write(&context, "users.csv", &users.stdout);
    let found = json_of(&context, &["validate", "t.csv"]);
    assert_eq!((&found["accepted_rows"], &found["unknown_catalog"]), (&json!(1), &json!(0)));
    assert_eq!(json_of(&context, &["template"])["columns"][1]["name"], "sigma_email");
}

#[test]
fn merging_is_asked_for_and_remembered() {
    let context = world();
    let merged = format!("{ONE}chris,ina.inactive@northwind-labs.example\n");
    write(&context, "merged.csv", &merged);
    assert_fails(&identity(&context, &["import", "merged.csv", "--yes"]), 8, &["--allow-merge"]);
    let made = json_of(&context, &["import", "merged.csv", "--yes", "--allow-merge"]);
    assert_eq!(made["version"]["allow_merge"], true);
    let (members, users) = statuses(&json_of(&context, &["report"]));
    assert!(members.contains(&"chris.creator@northwind-labs.example mapped".to_owned()), "{members:#?}");
    assert!(
        members.contains(&"ina.inactive@northwind-labs.example sigma_inactive".to_owned()),
        "{members:#?}"
    );
    assert!(users.contains(&"chris mapped".to_owned()), "{users:#?}");
    json_of(&context, &["import", "one.csv", "--yes"]);
    assert_eq!(json_of(&context, &["rollback", "1", "--yes"])["version"]["allow_merge"], true);
}
