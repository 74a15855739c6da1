//! R15, through the real binary and two crawls of a simulated organisation.

use std::collections::BTreeSet;

use serde_json::Value;
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
    // The CSV says the same.
    let csv = ask(&context, &["report", "R15", "--format", "csv"]);
    let mut csv = csv::Reader::from_reader(csv.stdout.as_bytes());
    let header = csv.headers().expect("a header").clone();
    let records: Vec<_> = csv.records().map(|record| record.expect("a row")).collect();
    assert_eq!(records.len(), 1);
    for (name, cell) in header.iter().zip(&records[0]) {
        let expected = match &rows[0][name] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        assert_eq!(cell, expected, "{name}");
    }

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
    let as_of_then = report(&context, &["--at", "2"]);
    assert_eq!(as_of_then[0]["change"], "gained");
    let ran = ask(&context, &["report", "drift", "--from", "1", "--to", "9"]);
    assert!(ran.code != 0 && ran.stderr.contains('9'), "{ran}");
    // The page tells how many.
    let page = ask(&context, &["report", "summary", "--format", "json"]).json();
    let change = page["rows"].as_array().expect("rows").iter().filter(|row| row["section"] == "change");
    let counts: Vec<String> = change.map(|row| format!("{} {}", row["item_id"], row["value"])).collect();
    assert_eq!(counts, ["\"gained\" 0", "\"lost\" 1", "\"raised\" 0", "\"lowered\" 0"]);
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
