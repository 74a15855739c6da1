//! R15, through the real binary and two crawls of a simulated organisation.

use std::collections::BTreeSet;

use serde_json::Value;
use sigma_catalog::report::table::find;
use sigma_catalog::simulator::{Mutation, Options};

use crate::shared::{Context, Ran, run};

fn ask(context: &Context, arguments: &[&str]) -> Ran {
    let mut command = context.command(arguments);
    run(command.env("SIGMACAT_CATALOG_DATABASE", context.database()))
}

fn report(context: &Context, arguments: &[&str]) -> Vec<Value> {
    let mut all = vec!["report", "drift", "--format", "json"];
    all.extend(arguments);
    let ran = ask(context, &all);
    assert_eq!(ran.code, 0, "{ran}");
    ran.json()["rows"].as_array().expect("rows").clone()
}

/// The columns that matter, apart by `|`.
fn told(row: &Value) -> String {
    let columns = ["change", "member_id", "object_id", "before", "after", "cause", "confidence"];
    let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
    columns.map(text).join("|")
}

/// An active member and a workbook that it has no access to, by their ids.
fn strangers(context: &Context) -> (String, String) {
    let ran = ask(context, &["access", "effective", "--format", "jsonl"]);
    let sees: BTreeSet<(String, String)> = ran
        .stdout
        .lines()
        .map(|line| {
            let row: Value = serde_json::from_str(line).expect("JSON");
            ["member_id", "object_id"].map(|key| row[key].as_str().expect(key).to_owned()).into()
        })
        .collect();
    let ids = |sql: &str| -> Vec<String> {
        context.rows(sql).iter().map(|id| id.trim_matches('"').to_owned()).collect()
    };
    let members = ids("SELECT id FROM member WHERE lower(member_type) <> 'admin' AND user_kind = 'internal'
         AND NOT coalesce(is_archived, 0) AND NOT coalesce(is_inactive, 0) ORDER BY id");
    let workbooks =
        ids("SELECT id FROM document WHERE kind = 'workbook' AND NOT coalesce(is_archived, 0) ORDER BY id");
    let pairs =
        members.iter().flat_map(|member| workbooks.iter().map(move |at| (member.clone(), at.clone())));
    pairs.into_iter().find(|pair| !sees.contains(pair)).expect("strangers")
}

#[test]
fn drift_names_who_gained_what_and_by_which_change() {
    let context = Context::new(Options { seed: 5, pages: 1, elements: 1, columns: 1, ..Options::small() });
    context.extract();
    assert!(report(&context, &[]).is_empty(), "there is nothing to compare the first run with");
    let (member, workbook) = strangers(&context);
    let grant = context
        .simulator
        .mutate(&Mutation::AddGrant {
            inode: workbook.clone(),
            member: Some(member.clone()),
            team: None,
            permission: "explore".into(),
        })
        .expect("a grant");
    context.extract();
    let rows = report(&context, &[]);
    let gained = format!("gained|{member}|{workbook}||explore|grant_added|exact");
    assert_eq!(rows.iter().map(told).collect::<Vec<_>>(), [gained]);
    assert_eq!(
        (&rows[0]["from_run"], &rows[0]["to_run"], &rows[0]["first_seen"]),
        (&1.into(), &2.into(), &2.into())
    );
    let because = rows[0]["because"].as_str().expect("text");
    assert!(because.starts_with("`explore` granted to ") && because.contains(" on workbook "), "{because}");
    let one = |sql: String| context.rows(&sql).remove(0).trim_matches('"').to_owned();
    let email = one(format!("SELECT email FROM member WHERE id = '{member}'"));
    let path = one(format!("SELECT path || '/' || name FROM document WHERE id = '{workbook}'"));
    let place = path.split('/').next().expect("a workspace");
    let account = &rows[0]["usable_after"].as_str().unwrap_or_default();
    let expected = format!(
        "sigma|gained|{member}|{email}||{workbook}|workbook|{path}|{place}||explore||{account}|grant_added|{because}|1|2|2"
    );
    assert_eq!(exact(&context, &[]), [expected]);

    let grant = grant["id"].as_str().expect("an id").to_owned();
    context.simulator.mutate(&Mutation::RemoveGrant { grant }).expect("no grant");
    context.extract();
    let lost = format!("lost|{member}|{workbook}|explore||grant_removed|exact");
    assert_eq!(report(&context, &[]).iter().map(told).collect::<Vec<_>>(), [lost]);
    // There and back again is no change; the other way round is one.
    assert!(report(&context, &["--from", "1", "--to", "3"]).is_empty());
    let back = report(&context, &["--from", "3", "--to", "2"]);
    assert_eq!(back.len(), 1);
    assert_eq!((&back[0]["change"], &back[0]["first_seen"]), (&"gained".into(), &Value::Null));
    // Where runs lie between, the first one that shows it is named: run 5 undoes what run 4 did again.
    for permission in ["explore", "edit"] {
        let grant = Mutation::AddGrant {
            inode: workbook.clone(),
            member: Some(member.clone()),
            team: None,
            permission: permission.into(),
        };
        context.simulator.mutate(&grant).expect("a grant");
        context.extract();
    }
    context.extract();
    let first_seen = |from: &str, to: &str| -> Vec<String> {
        let rows = report(&context, &["--from", from, "--to", to]);
        rows.iter().map(|row| format!("{} {} {}", row["change"], row["after"], row["first_seen"])).collect()
    };
    assert_eq!(first_seen("3", "6"), ["\"gained\" \"edit\" 5"]);
    assert_eq!(first_seen("1", "4"), ["\"gained\" \"explore\" 2"], "it was so in run 2 already");
    assert_eq!(first_seen("2", "3"), ["\"lost\" null 3"]);
    let as_of_then = report(&context, &["--at", "2"]);
    assert_eq!(as_of_then[0]["change"], "gained");
    let ran = ask(&context, &["report", "drift", "--from", "1", "--to", "9"]);
    assert!(ran.code != 0 && ran.stderr.contains('9'), "{ran}");
    // The page tells how many.
    let page = ask(&context, &["report", "summary", "--format", "json"]).json();
    let change = page["rows"].as_array().expect("rows").iter().filter(|row| row["section"] == "change");
    let counts: Vec<String> = change.map(|row| format!("{} {}", row["item_id"], row["value"])).collect();
    assert_eq!(counts, ["\"gained\" 0", "\"lost\" 0", "\"raised\" 0", "\"lowered\" 0"]);
    let page = ask(&context, &["report", "summary", "--format", "json", "--at", "3"]).json();
    let change = page["rows"].as_array().expect("rows").iter().filter(|row| row["section"] == "change");
    assert_eq!(
        change.filter(|row| row["value"] == 1).map(|row| row["item_id"].clone()).collect::<Vec<_>>(),
        ["lost"]
    );
}

/// The report's own columns, apart by `|`: the same in CSV and JSON.
fn exact(context: &Context, arguments: &[&str]) -> Vec<String> {
    let own: Vec<&str> = find("R15").expect("a report").columns.iter().map(|column| column.name).collect();
    let ran = ask(context, &[&["report", "R15", "--format", "csv", "--csv-raw"], arguments].concat());
    let mut csv = csv::Reader::from_reader(ran.stdout.as_bytes());
    let header = csv.headers().expect("a header").clone();
    let place = |name: &&str| header.iter().position(|column| column == *name).expect(name);
    let records: Vec<String> = csv
        .records()
        .map(|record| record.expect("a row"))
        .map(|record| own.iter().map(|name| &record[place(name)]).collect::<Vec<_>>().join("|"))
        .collect();
    let cell = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let json: Vec<String> = report(context, arguments)
        .iter()
        .map(|row| own.iter().map(|name| cell(&row[*name])).collect::<Vec<_>>().join("|"))
        .collect();
    assert_eq!(records, json);
    records
}

#[test]
fn another_mapping_is_a_cause_on_the_catalogs_side() {
    let context = Context::new(Options { seed: 5, pages: 1, elements: 1, columns: 1, ..Options::small() });
    let admin = context.simulator.truth()["objects"]["member"]
        .as_array()
        .expect("members")
        .iter()
        .find(|row| row["email"] == "second.admin@northwind-labs.example")
        .expect("an administrator")
        .clone();
    let (member, email) =
        (admin["id"].as_str().expect("an id"), admin["email"].as_str().expect("an address"));
    let users = |name: Option<&str>| {
        let folder = context.folder.path().join("mappings");
        std::fs::create_dir_all(&folder).expect("a folder");
        let row = name.map(|name| format!("{name},{email},,true\n")).unwrap_or_default();
        let text = format!("network_id,email,display_name,active\nother,o@elsewhere.example,,true\n{row}");
        std::fs::write(folder.join("catalog-users.csv"), text).expect("a file");
        context.extract();
    };
    users(None);
    users(Some("adm"));
    let living = context.rows("SELECT count(*) FROM document WHERE is_archived IS NOT 1").remove(0);
    let rows = report(&context, &[]);
    let documents =
        rows.iter().filter(|row| !["folder", "workspace"].contains(&row["kind"].as_str().expect("a kind")));
    assert_eq!(documents.count().to_string(), living, "an administrator sees everything");
    for row in &rows {
        let expected = ["catalog", "gained", member, email, "adm", "mapping_changed"];
        let columns = ["side", "change", "member_id", "email", "catalog_user", "cause"];
        assert_eq!(columns.map(|name| row[name].as_str().unwrap_or_default()), expected);
        assert_eq!((&row["before"], &row["first_seen"]), (&Value::Null, &2.into()));
    }
    let because = format!("catalog user of {email}: nobody became adm");
    assert!(exact(&context, &[]).iter().all(|row| row.contains(&because)), "{rows:#?}");
    // Another user stands for the same member: one lost what the other gained.
    users(Some("boss"));
    let swapped = report(&context, &[]);
    assert_eq!(swapped.len(), 2 * rows.len());
    for pair in swapped.chunks(2) {
        let told: Vec<String> = pair
            .iter()
            .map(|row| {
                format!(
                    "{} {} {}",
                    row["change"],
                    row["catalog_user"],
                    row["object_id"] == pair[0]["object_id"]
                )
            })
            .collect();
        assert_eq!(told, ["\"lost\" \"adm\" true", "\"gained\" \"boss\" true"]);
    }
    // What Sigma changed meanwhile is told on its own side only.
    context.extract();
    assert!(report(&context, &[]).is_empty());
    let since = report(&context, &["--from", "1", "--to", "4"]);
    assert_eq!(since.len(), rows.len());
    assert!(since.iter().all(|row| row["catalog_user"] == "boss" && row["first_seen"] == 3), "{since:#?}");
}

#[test]
fn nothing_changes_in_an_organisation_that_does_not() {
    let context = Context::new(Options { seed: 5, pages: 1, elements: 1, columns: 1, ..Options::small() });
    context.extract();
    let first = ask(&context, &["report", "R15"]);
    assert!(first.stderr.contains("there is nothing to compare with"), "{first}");
    context.extract();
    let second = ask(&context, &["report", "R15"]);
    assert!(!second.stderr.contains("nothing to compare"), "{second}");
    assert_eq!(exact(&context, &[]), Vec::<String>::new());
    let report = ask(&context, &["report", "R15", "--format", "json"]).json();
    assert_eq!(report["confidence"], "exact", "{report}");
}

#[test]
fn the_catalogs_own_list_is_read_from_a_file() {
    let context = Context::new(Options { seed: 5, pages: 1, elements: 1, columns: 1, ..Options::small() });
    context.extract();
    let user = context.rows("SELECT email FROM member WHERE user_kind = 'internal' AND lower(member_type) <> 'admin' AND NOT coalesce(is_archived, 0) AND NOT coalesce(is_inactive, 0) ORDER BY 1 LIMIT 1").remove(0);
    let user = user.trim_matches('"');
    let users = context.folder.path().join("users.csv");
    std::fs::write(&users, format!("username,email,active\nu1,{user},true\n")).expect("a file");
    let list = context.folder.path().join("acl.csv");
    std::fs::write(&list, "catalog_user,object\nu1,nowhere\n").expect("a file");
    let (users, path) = (users.display().to_string(), list.display().to_string());
    let arguments = [
        "report",
        "catalog-diff",
        "--catalog-acl",
        &path,
        "--catalog-users-csv",
        &users,
        "--match",
        "email",
        "--format",
        "json",
    ];
    let ran = ask(&context, &arguments);
    assert_eq!(ran.code, 0, "{ran}");
    let rows = ran.json()["rows"].as_array().expect("rows").clone();
    let verdicts: Vec<&str> = rows.iter().map(|row| row["verdict"].as_str().expect("a verdict")).collect();
    assert_eq!(verdicts.last(), Some(&"unknown"));
    assert!(
        verdicts.len() > 1 && verdicts[..verdicts.len() - 1].iter().all(|verdict| *verdict == "under_shared")
    );
    std::fs::write(&list, "user;thing\nu1;x\n").expect("a file");
    let ran = ask(&context, &arguments);
    assert!(ran.code == 8 && ran.stderr.contains("identity.rejected"), "{ran}");
}
