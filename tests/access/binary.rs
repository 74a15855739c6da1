//! The commands through the real binary, against a simulated organisation.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sigma_catalog::access::Access;
use sigma_catalog::crawl::choose;
use sigma_catalog::simulator::{FaultRule, Mutation, Options};

use crate::context::{Context, Ran};
use crate::facts::{Build, empty};

fn options(seed: u64) -> Options {
    Options { seed, ..Options::small() }
}

fn verify(context: &Context, arguments: &[&str]) -> Ran {
    let mut all = vec!["access", "verify", "--format", "json"];
    all.extend(arguments);
    context.run(&all)
}

fn jsonl(context: &Context, arguments: &[&str]) -> Vec<Value> {
    let mut all = vec!["access", "effective", "--format", "jsonl"];
    all.extend(arguments);
    let ran = context.run(&all);
    assert_eq!(ran.code, 0, "{ran}");
    ran.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn sigma_agrees_with_the_closure_about_everybody() {
    for (seed, grants) in [(1, "auto"), (2, "object"), (3, "principal")] {
        let context = Context::extracted(options(seed));
        let again = context.run(&["extract", "--grants", grants]);
        assert_eq!(again.code, 0, "{again}");
        let ran = verify(&context, &["--all"]);
        let report = ran.json();
        assert_eq!(ran.code, 0, "seed {seed}: {ran}");
        assert_eq!(report["disagreements"], json!([]), "seed {seed}: {ran}");
        assert_eq!(report["unanswered"], json!([]), "seed {seed}: {ran}");
        assert_eq!((&report["undecided"], &report["too_new"]), (&json!(0), &json!(0)), "seed {seed}: {ran}");
        assert_eq!(report["agreed"], report["compared"], "seed {seed}: {ran}");
        assert_eq!(report["members"], 28, "all that are active, seed {seed}: {ran}");
    }
}

/// Ids that a query of the catalog answers.
fn ids(context: &Context, query: &str) -> BTreeSet<String> {
    let catalog = rusqlite::Connection::open(context.database()).expect("the catalog");
    let mut statement = catalog.prepare(query).expect(query);
    statement.query_map([], |row| row.get(0)).expect(query).collect::<Result<_, _>>().expect(query)
}

/// The simulator's own books, which no crawl has touched, against the table.
#[test]
fn effective_holds_all_that_is_true_and_nothing_else() {
    let context = Context::extracted(options(4));
    let catalogued =
        ids(&context, "SELECT id FROM workspace UNION SELECT id FROM file UNION SELECT id FROM document");
    // The books know nothing of what being an administrator gives.
    let people = ids(&context, "SELECT id FROM member WHERE lower(member_type) <> 'admin'");
    let word = |row: &Value, key: &str| row[key].as_str().expect(key).to_owned();
    let truth = context.simulator.with(|organization| organization.access());
    let expected: BTreeSet<_> = truth
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| (word(row, "member"), word(row, "inode"), word(row, "permission")))
        .filter(|(member, inode, _)| people.contains(member) && catalogued.contains(inode))
        .collect();
    let found: BTreeSet<_> = jsonl(&context, &[])
        .iter()
        .map(|row| {
            (word(row, "member_id"), word(row, "object_id"), word(row, "level").replace("owner", "edit"))
        })
        .filter(|(member, ..)| people.contains(member))
        .collect();
    assert!(found.len() > 200, "{}", found.len());
    assert_eq!(found, expected);
}

/// A member and a workbook it has no access to.
fn strangers(context: &Context) -> (String, String) {
    let sees = jsonl(context, &[]);
    let with = |member: &Value, object: &Value| {
        sees.iter().any(|row| row["member_id"] == *member && row["object_id"] == *object)
    };
    let pairs = sees.iter().filter(|row| row["user_kind"] == "internal").flat_map(|one| {
        sees.iter()
            .filter(|two| two["kind"] == "workbook")
            .map(move |two| (&one["member_id"], &two["object_id"]))
    });
    let mut apart = pairs.filter(|(member, object)| !with(member, object));
    let (member, object) = apart.next().expect("strangers");
    (member.as_str().expect("an id").to_owned(), object.as_str().expect("an id").to_owned())
}

#[test]
fn verify_finds_what_changed_since_and_exits_with_11() {
    let context = Context::extracted(options(1));
    let (member, inode) = strangers(&context);
    let grant = Mutation::AddGrant {
        inode: inode.clone(),
        member: Some(member.clone()),
        team: None,
        permission: "explore".into(),
    };
    let made = context.simulator.mutate(&grant).expect("a grant");
    let ran = verify(&context, &["--all"]);
    let report = ran.json();
    assert_eq!((ran.code, &report["exit_code"]), (11, &json!(11)), "{ran}");
    let found = report["disagreements"].as_array().expect("a list");
    assert_eq!(found.len(), 1, "{ran}");
    let said = |found: &Value, keys: [&str; 5]| keys.map(|key| found[key].clone());
    let keys = ["verdict", "member_id", "object_id", "computed", "sigma_says"];
    let expected = [json!("sigma_only"), json!(member), json!(inode), Value::Null, json!("explore")];
    assert_eq!(said(&found[0], keys), expected);

    context.extract();
    assert_eq!(verify(&context, &["--all"]).code, 0, "the next run knows the grant");
    let grant = made["id"].as_str().expect("an id").to_owned();
    context.simulator.mutate(&Mutation::RemoveGrant { grant }).expect("removed");
    let ran = verify(&context, &["--all"]);
    let report = ran.json();
    assert_eq!(ran.code, 11, "{ran}");
    let expected = [json!("catalog_only"), json!(member), json!(inode), json!("explore"), Value::Null];
    assert_eq!(said(&report["disagreements"][0], keys), expected);
    let text = context.run(&["access", "verify", "--all"]);
    assert_eq!(text.code, 11, "{text}");
    assert!(text.stdout.contains("1 different") && text.stdout.contains("Can Explore"), "{text}");

    // The grant is in the second run and not in the first.
    let at = |run: &str| {
        let ran = context.run(&["access", "explain", &member, &inode, "--at", run, "--format", "json"]);
        assert_eq!(ran.code, 0, "{ran}");
        let report = ran.json();
        (report["level"].clone(), report["confidence"].clone())
    };
    assert_eq!(at("1"), (Value::Null, json!("exact")));
    assert_eq!(at("2"), (json!("explore"), json!("exact")));
}

#[test]
fn grants_that_could_not_be_read_make_answers_unsure_and_no_disagreement() {
    let context = Context::extracted(options(1));
    let (member, object) = strangers(&context);
    let grant = Mutation::AddGrant {
        inode: object.clone(),
        member: Some(member.clone()),
        team: None,
        permission: "view".into(),
    };
    context.simulator.mutate(&grant).expect("a grant");
    let fault: FaultRule = "GET /v2/grants 403".parse().expect("a fault");
    context.simulator.set_faults(vec![fault]);
    let ran = context.run(&["extract", "--grants", "object"]);
    assert_eq!(ran.code, 3, "{ran}");
    context.simulator.set_faults(Vec::new());
    let ran = context.run(&["access", "explain", &member, &object, "--format", "json"]);
    assert_eq!(ran.json()["confidence"], "unknown", "{ran}");
    assert!(ran.stderr.contains("could not read everything"), "{ran}");
    let ran = verify(&context, &["--all"]);
    assert_eq!((ran.code, &ran.json()["undecided"]), (0, &json!(1)), "{ran}");
    assert!(ran.stderr.contains("warning: 1 of ") && ran.stderr.contains("answers are undecided"), "{ran}");
}

#[test]
fn verify_says_whom_it_could_not_ask_about() {
    let context = Context::extracted(options(1));
    let fault: FaultRule = "GET /v2/members/*/files 404 x1".parse().expect("a fault");
    context.simulator.set_faults(vec![fault]);
    let ran = verify(&context, &["--sample", "5"]);
    let report = ran.json();
    assert_eq!(ran.code, 7, "{ran}");
    assert_eq!(
        (&report["members"], report["unanswered"].as_array().map(Vec::len)),
        (&json!(4), Some(1)),
        "{ran}"
    );
}

#[test]
fn verify_refuses_the_credentials_of_another_organisation() {
    let context = Context::extracted(options(1));
    let catalog = rusqlite::Connection::open(context.database()).expect("the catalog");
    catalog.execute("UPDATE run SET organization_id = 'elsewhere'", []).expect("changed");
    let ran = verify(&context, &["--all"]);
    assert_eq!(ran.code, 8, "{ran}");
    assert!(ran.stderr.contains("elsewhere"), "{ran}");
}

#[test]
fn a_sample_is_spread_over_account_types_and_the_same_each_time() {
    let mut facts = empty();
    for number in 0..40 {
        let account = if number < 36 { "Viewer" } else { ["Admin", "Creator"][number % 2] };
        facts.member(&format!("m{number:02}"), account).is_archived = number % 4 == 1;
    }
    let access = Access::new(&facts);
    let chosen = choose(&access, Some(15));
    assert_eq!((chosen.len(), &choose(&access, Some(15))), (15, &chosen));
    let members = chosen.iter().map(|place| &access.members()[*place as usize]);
    assert!(members.clone().all(|member| member.inactive.is_none()));
    let types: BTreeSet<_> = members.map(|member| member.account_type.clone()).collect();
    assert_eq!(types.len(), 3);
    assert_eq!((choose(&access, None).len(), choose(&access, Some(500)).len()), (30, 30));
}

#[test]
fn effective_is_rfc_4180_and_holds_what_jsonl_holds() {
    let context = Context::extracted(options(1));
    let catalog = rusqlite::Connection::open(context.database()).expect("the catalog");
    let rename = "UPDATE document_history SET name = ? WHERE id = (SELECT min(id) FROM document)";
    catalog.execute(rename, ["=HYPERLINK(\"x\", 1)\nand more"]).expect("renamed");
    let rows = jsonl(&context, &[]);
    let ran = context.run(&["access", "effective"]);
    assert_eq!(ran.code, 0, "{ran}");
    let parsed = parse_csv(&ran.stdout);
    let header = &parsed[0];
    let cell = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with('=') => format!("'{text}"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let expected: Vec<Vec<String>> =
        rows.iter().map(|row| header.iter().map(|key| cell(&row[key.as_str()])).collect()).collect();
    assert!(rows.len() > 300 && expected.iter().flatten().any(|cell| cell.starts_with("'=HYPERLINK")));
    assert_eq!(parsed[1..], expected);
    assert_eq!(header.len(), rows[0].as_object().expect("an object").len());
    let raw = context.run(&["access", "effective", "--csv-raw"]).stdout;
    assert!(raw.contains("\"=HYPERLINK(\"\"x\"\", 1)\nand more\"") && !raw.contains("'=HYPERLINK"));
}

/// RFC 4180, read as strictly as it is written.
fn parse_csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut rest = text.chars().peekable();
    let mut quoted = false;
    while let Some(c) = rest.next() {
        match (quoted, c) {
            (true, '"') if rest.peek() == Some(&'"') => {
                rest.next();
                cell.push('"');
            }
            (true, '"') => quoted = false,
            (true, c) => cell.push(c),
            (false, '"') => {
                assert!(cell.is_empty(), "a quote inside a bare cell");
                quoted = true;
            }
            (false, ',') => row.push(std::mem::take(&mut cell)),
            (false, '\r') => {
                assert_eq!(rest.next(), Some('\n'), "lines end in CRLF");
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            (false, c) => cell.push(c),
        }
    }
    assert!(!quoted && row.is_empty() && cell.is_empty(), "the last line ends");
    rows
}

#[test]
fn object_and_member_agree_with_the_table() {
    let context = Context::extracted(options(2));
    let rows = jsonl(&context, &[]);
    let one = rows.iter().max_by_key(|row| row["paths_count"].as_u64()).expect("rows");
    let of = |key: &str| rows.iter().filter(|row| row[key] == one[key]).cloned().collect::<Vec<_>>();
    let ask = |command: &str, key: &str, list: &str| {
        let id = one[key].as_str().expect("an id");
        let ran = context.run(&["access", command, id, "--format", "json"]);
        assert_eq!(ran.code, 0, "{ran}");
        ran.json()[list].as_array().expect("a list").clone()
    };
    let sorted = |mut rows: Vec<Value>| {
        rows.sort_by_key(ToString::to_string);
        rows
    };
    assert_eq!(sorted(ask("object", "object_id", "members")), sorted(of("object_id")));
    assert_eq!(sorted(ask("member", "member_id", "objects")), sorted(of("member_id")));
}
