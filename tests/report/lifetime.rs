//! A finding from its first run to its return, through the binary, the store and a simulated organisation that changes.

use rusqlite::Connection;
use serde_json::{Value, json};
use sigma_catalog::simulator::{FaultRule, Mutation, Options};

use crate::context::Context;

fn extract(context: &Context, code: i32) {
    let ran = context.run(&["extract", "--grants", "object", "--everything", "true"]);
    assert_eq!(ran.code, code, "{ran}");
}

/// What R12 says of an object, of findings that stand so.
fn found(context: &Context, object: &str, status: &str) -> Vec<Value> {
    let ran = context.run(&["report", "R12", "--object", object, "--status", status, "--format", "json"]);
    assert_eq!(ran.code, 0, "{ran}");
    ran.json()["rows"].as_array().expect("rows").clone()
}

/// The status of the one finding about an object, and the run that first found it; `None` where there is none.
fn stands(context: &Context, object: &str) -> Option<(String, Value)> {
    let all = ["new", "known", "suppressed", "resolved"];
    let rows: Vec<Value> = all.iter().flat_map(|status| found(context, object, status)).collect();
    assert!(rows.len() < 2, "{rows:#?}");
    rows.first()
        .map(|row| (row["status"].as_str().expect("a status").to_owned(), row["first_seen_run"].clone()))
}

fn is(status: &str, first_seen_run: i64) -> Option<(String, Value)> {
    Some((status.to_owned(), json!(first_seen_run)))
}

#[test]
fn a_finding_is_new_known_suppressed_resolved_and_comes_back_as_itself() {
    let context = Context::extracted(Options::small());
    let exposed: Vec<Value> = context.run(&["report", "R12", "--format", "json"]).json()["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| row["object_id"].clone())
        .collect();
    let ids = |sql: &str| -> Vec<String> {
        context.rows(sql).iter().map(|id| id.trim_matches('"').to_owned()).collect()
    };
    let workbook =
        ids("SELECT id FROM document WHERE kind = 'workbook' AND is_archived IS NOT 1 ORDER BY id")
            .into_iter()
            .find(|id| !exposed.contains(&json!(id)))
            .expect("a workbook that is not exposed");
    let everyone = ids("SELECT id FROM team WHERE lower(name) = 'all members'").remove(0);
    let share = || {
        let grant = Mutation::AddGrant {
            inode: workbook.clone(),
            member: None,
            team: Some(everyone.clone()),
            permission: "edit".into(),
        };
        let made = context.simulator.mutate(&grant).expect("a grant");
        made["id"].as_str().expect("an id").to_owned()
    };
    assert_eq!(stands(&context, &workbook), None);

    let grant = share();
    extract(&context, 0);
    assert_eq!(stands(&context, &workbook), is("new", 2));
    let key = found(&context, &workbook, "new")[0]["finding_key"].as_str().expect("a key").to_owned();
    extract(&context, 0);
    assert_eq!(stands(&context, &workbook), is("known", 2));
    let fails = || context.run(&["report", "R12", "--object", &workbook, "--fail-on", "high"]).code;
    assert_eq!(fails(), 11);

    let suppress = ["report", "suppress", &key, "--reason", "a campaign", "--until", "2999-12-31"];
    assert_eq!(context.run(&suppress).code, 0);
    assert_eq!((stands(&context, &workbook), fails()), (is("suppressed", 2), 0));
    extract(&context, 0);
    assert_eq!(stands(&context, &workbook), is("suppressed", 2), "runs do not take it back");
    // Time goes by.
    let catalog = Connection::open(context.database()).expect("the catalog");
    catalog.execute("UPDATE finding_suppression SET until = '2001-01-01'", []).expect("an earlier day");
    drop(catalog);
    assert_eq!((stands(&context, &workbook), fails()), (is("known", 2), 11));

    // The grant goes in a run that cannot read embeds: what it does not find may well be there.
    context.simulator.mutate(&Mutation::RemoveGrant { grant }).expect("no grant");
    context
        .simulator
        .set_faults(vec!["GET /v2/workbooks/*/embeds* 403".parse::<FaultRule>().expect("a fault")]);
    extract(&context, 3);
    assert_eq!(stands(&context, &workbook), None, "neither there nor known to be gone");
    let report = context.run(&["report", "R12", "--format", "json"]).json();
    assert_eq!(report["unread"], json!(["embeds", "signed-embeds"]));
    context.simulator.set_faults(Vec::new());
    extract(&context, 0);
    assert_eq!(stands(&context, &workbook), is("resolved", 2));
    let resolved = &found(&context, &workbook, "resolved")[0];
    assert_eq!((&resolved["finding_key"], &resolved["severity"]), (&json!(key), &json!("high")));
    let resolved = ["report", "R12", "--object", &workbook, "--status", "resolved", "--fail-on", "info"];
    assert_eq!((fails(), context.run(&resolved).code), (0, 0), "what is resolved fails nothing");

    // Another grant of the same exposes the same.
    share();
    extract(&context, 0);
    assert_eq!(stands(&context, &workbook), is("known", 2));
    assert_eq!(found(&context, &workbook, "known")[0]["finding_key"], json!(key));
    // Each of these runs says still what it said then.
    let then = context.run(&["report", "R12", "--object", &workbook, "--at", "2", "--format", "json"]).json();
    assert_eq!((&then["rows"][0]["status"], &then["rows"][0]["finding_key"]), (&json!("new"), &json!(key)));
}
