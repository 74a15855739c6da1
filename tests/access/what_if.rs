//! Changes that are only thought of: what they would do is what they do.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sigma_catalog::access::{Access, Cause, Drift, Level, Planned, what_if};
use sigma_catalog::catalog::facts::Facts;
use sigma_catalog::simulator::{Mutation, Options};

use crate::context::Context;
use crate::facts::{Build, empty, level};

/// Ann sees all of `ws` through team `fin`, Bob owns and sees the workbook, and `else` is empty.
fn organisation() -> Facts {
    let mut facts = empty();
    facts.workspace("ws");
    facts.workspace("else");
    facts.folder("f", "ws");
    facts.document("workbook", "wb", "f");
    facts.member("ann", "Viewer");
    facts.member("bob", "Viewer");
    facts.team("fin", &["ann"]);
    facts.team("ops", &[]);
    facts.team("all", &[]).name = Some("All Members".into());
    facts.grant("ws", "team:fin", "explore");
    facts.grant("wb", "bob", "view");
    facts.grant("else", "team:ops", "edit");
    facts
}

fn planned(value: Value) -> Planned {
    serde_json::from_value(value).expect("a change")
}

fn try_all(facts: &Facts, changes: Value) -> Result<Facts, String> {
    let changes: Vec<Planned> =
        changes.as_array().expect("a list").iter().map(|value| planned(value.clone())).collect();
    what_if(facts, &Access::new(facts), &changes).map_err(|error| error.to_string())
}

#[test]
fn each_change_does_what_it_says() {
    let facts = organisation();
    let explore = Some(Level::Explore);
    for (change, member, object, before, after, cause) in [
        (json!({"change": "remove_grant", "grant": "g1"}), "ann", "wb", explore, None, Cause::GrantRemoved),
        (
            json!({"change": "add_grant", "object": "wb", "team": "FIN", "permission": "edit"}),
            "ann",
            "wb",
            explore,
            Some(Level::Edit),
            Cause::GrantAdded,
        ),
        (
            json!({"change": "remove_member", "member": "ANN@x.com", "team": "fin"}),
            "ann",
            "wb",
            explore,
            None,
            Cause::TeamMembership,
        ),
        (
            json!({"change": "add_member", "member": "bob", "team": "fin"}),
            "bob",
            "wb",
            Some(Level::View),
            explore,
            Cause::TeamMembership,
        ),
        (json!({"change": "archive_team", "team": "fin"}), "ann", "wb", explore, None, Cause::TeamArchived),
        (
            json!({"change": "move", "object": "ws/f", "to": "else"}),
            "ann",
            "wb",
            explore,
            None,
            Cause::MovedFolder,
        ),
        (
            json!({"change": "deactivate", "member": "bob@x.com"}),
            "bob",
            "wb",
            Some(Level::View),
            None,
            Cause::MemberArchived,
        ),
    ] {
        let later = try_all(&facts, json!([change])).expect("a later state");
        assert_eq!(
            (level(&facts, member, object), level(&later, member, object)),
            (before, after),
            "{change}"
        );
        let drift = Drift::between(&facts, &later, None);
        let causes: Vec<Cause> = drift.atoms().iter().map(|atom| atom.cause).collect();
        assert_eq!(causes, [cause], "{change}");
    }
}

#[test]
fn several_changes_are_made_one_after_the_other() {
    let facts = organisation();
    let later = try_all(
        &facts,
        json!([
            {"change": "move", "object": "wb", "to": "else"},
            {"change": "add_member", "member": "ann", "team": "ops"},
        ]),
    )
    .expect("a later state");
    assert_eq!(level(&later, "ann", "wb"), Some(Level::Edit));
    assert_eq!(facts.memberships.len(), organisation().memberships.len());
}

#[test]
fn what_cannot_be_is_told() {
    let facts = organisation();
    for (change, problem) in [
        (json!({"change": "remove_grant", "grant": "g9"}), "the catalog has no grant `g9`"),
        (json!({"change": "archive_team", "team": "fina"}), "the catalog has no team `fina`"),
        (
            json!({"change": "archive_team", "team": "member"}),
            "the catalog has no team `member`; did you mean `All Members`?",
        ),
        (
            json!({"change": "remove_member", "member": "bob", "team": "fin"}),
            "`bob` does not belong to team `fin`",
        ),
        (
            json!({"change": "add_member", "member": "ann", "team": "fin"}),
            "`ann` belongs to team `fin` already",
        ),
        (
            json!({"change": "add_member", "member": "ann", "team": "all members"}),
            "team `all members` is everybody but guests: nobody joins or leaves it",
        ),
        (json!({"change": "move", "object": "f", "to": "wb"}), "`wb` is a workbook: nothing can lie in it"),
        (json!({"change": "move", "object": "f", "to": "f"}), "`f` lies in `f` itself"),
        (json!({"change": "move", "object": "ws", "to": "f"}), "`ws` is a workspace: it lies in nothing"),
        (
            json!({"change": "add_grant", "object": "wb", "member": "ann", "permission": "apply"}),
            "what the permission `apply` gives is not established",
        ),
        (
            json!({"change": "add_grant", "object": "wb", "permission": "view"}),
            "a grant names a member or a team, and not both",
        ),
    ] {
        assert_eq!(try_all(&facts, json!([change])).expect_err("impossible"), problem);
    }
    let twice = json!([{"change": "archive_team", "team": "fin"}, {"change": "archive_team", "team": "fin"}]);
    assert_eq!(
        try_all(&facts, twice).expect_err("impossible"),
        "team `fin` is archived already, or was not listed"
    );
    // The first move makes the second one impossible.
    let mut nested = organisation();
    nested.folder("g", "ws");
    let round =
        json!([{"change": "move", "object": "f", "to": "g"}, {"change": "move", "object": "g", "to": "f"}]);
    assert_eq!(try_all(&nested, round).expect_err("impossible"), "`f` lies in `g` itself");
    let gone = json!([{"change": "deactivate", "member": "ann"}]);
    let later = try_all(&facts, gone.clone()).expect("a later state");
    assert_eq!(try_all(&later, gone).expect_err("impossible"), "`ann` is deactivated already");
}

type Levels = BTreeMap<(String, String), String>;

/// What the catalog says of everybody and everything.
fn effective(context: &Context) -> Levels {
    let ran = context.run(&["access", "effective", "--format", "jsonl"]);
    assert_eq!(ran.code, 0, "{ran}");
    let row = |line: &str| {
        let row: Value = serde_json::from_str(line).expect("JSON");
        let text = |key: &str| row[key].as_str().expect(key).to_owned();
        ((text("member_id"), text("object_id")), text("level"))
    };
    ran.stdout.lines().map(row).collect()
}

fn one(context: &Context, query: &str) -> Vec<String> {
    let catalog = rusqlite::Connection::open(context.database()).expect("the catalog");
    let columns = catalog.prepare(query).expect(query).column_count();
    catalog.query_row(query, [], |row| (0..columns).map(|column| row.get(column)).collect()).expect(query)
}

#[test]
fn what_would_happen_is_what_happens() {
    let context = Context::extracted(Options { seed: 3, ..Options::small() });
    let membership = one(
        &context,
        "SELECT tm.member_id, tm.team_id FROM team_member tm JOIN team t ON t.id = tm.team_id
         JOIN object_grant g ON g.team_id = t.id JOIN member m ON m.id = tm.member_id
         WHERE lower(t.name) <> 'all members' AND NOT coalesce(t.is_archived, 0) AND lower(m.member_type) <> 'admin'
           AND NOT coalesce(m.is_archived, 0) AND NOT coalesce(m.is_inactive, 0) ORDER BY 1, 2 LIMIT 1",
    );
    let grant = one(
        &context,
        "SELECT g.id FROM object_grant g JOIN workspace w ON w.id = g.object_id JOIN team t ON t.id = g.team_id
         JOIN team_member tm ON tm.team_id = t.id WHERE NOT coalesce(t.is_archived, 0) ORDER BY 1 LIMIT 1",
    );
    let moved = one(
        &context,
        "SELECT f.id, w.id FROM file f JOIN workspace w ON w.id <> f.parent_id JOIN object_grant g ON g.object_id = w.id
         WHERE f.type = 'workbook' ORDER BY 1, 2 LIMIT 1",
    );
    let member = one(
        &context,
        "SELECT m.email, m.id FROM member m JOIN object_grant g ON g.member_id = m.id
         WHERE NOT coalesce(m.is_archived, 0) AND NOT coalesce(m.is_inactive, 0) ORDER BY 1 LIMIT 1",
    );
    let file = context.folder.path().join("plan.toml");
    let plan = format!("[[changes]]\nchange = \"deactivate\"\nmember = \"{}\"\n", member[0]);
    std::fs::write(&file, plan).expect("a file");
    let file = file.display().to_string();
    let cases: [(Vec<&str>, Mutation); 4] = [
        (
            vec!["--remove-member", &membership[0], "--from-team", &membership[1]],
            Mutation::RemoveTeamMember { member: membership[0].clone(), team: membership[1].clone() },
        ),
        (vec!["--remove-grant", &grant[0]], Mutation::RemoveGrant { grant: grant[0].clone() }),
        (
            vec!["--move", &moved[0], "--to", &moved[1]],
            Mutation::MoveDocument { document: moved[0].clone(), folder: moved[1].clone() },
        ),
        (vec!["--apply", &file], Mutation::ArchiveMember { member: member[1].clone() }),
    ];
    let mut changed = 0;
    for (arguments, mutation) in cases {
        let mut levels = effective(&context);
        let mut all = vec!["access", "what-if", "--format", "json"];
        all.extend(&arguments);
        let ran = context.run(&all);
        assert_eq!(ran.code, 0, "{ran}");
        assert_eq!(effective(&context), levels, "nothing is touched");
        let report = ran.json();
        for change in report["changes"].as_array().expect("a list") {
            let text = |key: &str| change[key].as_str().map(str::to_owned);
            let pair = (text("member_id").expect("an id"), text("object_id").expect("an id"));
            assert_eq!(levels.get(&pair), text("before").as_ref(), "{change}");
            match text("after") {
                Some(after) => levels.insert(pair, after),
                None => levels.remove(&pair),
            };
            changed += 1;
        }
        context.simulator.mutate(&mutation).expect("a change");
        context.extract();
        assert_eq!(effective(&context), levels, "{arguments:?}");
    }
    assert!(changed > 20, "{changed}");
}

#[test]
fn text_and_csv_say_what_json_says() {
    let context = Context::extracted(Options { seed: 1, ..Options::small() });
    let team = one(
        &context,
        "SELECT t.id FROM team_member tm JOIN team t ON t.id = tm.team_id JOIN object_grant g ON g.team_id = t.id
         WHERE lower(t.name) <> 'all members' AND NOT coalesce(t.is_archived, 0)
         GROUP BY t.id ORDER BY count(*) DESC, t.id LIMIT 1",
    );
    let run = |format: &str| {
        let ran = context.run(&["access", "what-if", "--archive-team", &team[0], "--format", format]);
        assert_eq!(ran.code, 0, "{ran}");
        ran
    };
    let json = run("json").json();
    let changes = json["changes"].as_array().expect("a list");
    let csv = run("csv").stdout;
    let mut csv = csv::Reader::from_reader(csv.as_bytes());
    let header = csv.headers().expect("a header").clone();
    let rows: Vec<_> = csv.records().map(|record| record.expect("a row")).collect();
    assert!(!rows.is_empty() && rows.len() == changes.len());
    for (row, change) in rows.iter().zip(changes) {
        for (cell, key) in row.iter().zip(&header) {
            let expected = match &change[key] {
                Value::Null => String::new(),
                Value::Array(list) => {
                    let words: Vec<&str> = list.iter().map(|word| word.as_str().expect("text")).collect();
                    words.join(if key == "cause" { " " } else { "; " })
                }
                other => other.as_str().expect("text").to_owned(),
            };
            assert_eq!(cell, expected, "{key}");
        }
    }
    let text = run("text").stdout;
    assert!(text.contains(&format!("{} lost", json["counts"]["lost"])), "{text}");
    assert!(text.contains(json["planned"][0].as_str().expect("text")), "{text}");
    let ran = context.run(&["access", "what-if"]);
    assert_eq!(ran.code, 2, "{ran}");
    let ran = context.run(&["access", "what-if", "--add-member", "a", "--add-member", "b", "--to-team", "t"]);
    assert!(ran.code == 2 && ran.stderr.contains("2 --add-member and 1 --to-team"), "{ran}");
    let ran = context.run(&["access", "what-if", "--archive-team", "Finanse"]);
    assert!(ran.code == 2 && ran.stderr.contains("the catalog has no team `Finanse`"), "{ran}");
}
