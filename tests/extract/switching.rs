//! One catalog, one mode after the other: nothing of one is left in the other, and filters hold in all of them.

use std::collections::{BTreeMap, BTreeSet};

use sigma_catalog::simulator::Options;

use crate::context::{Context, EVERYTHING, Ran, run};

const CHRIS: &str = "chris.creator@northwind-labs.example";
const OFF: [&str; 4] = ["--mirroring=false", "--csv-mapping=false", "--login-user", CHRIS];

fn small() -> Context {
    Context::new(Options { pages: 1, elements: 1, columns: 2, ..Options::small() })
}

fn extract(context: &Context, database: &str, arguments: &[&str]) -> Ran {
    let url = context.simulator.url();
    let mut all = vec!["extract", "--api-url", &url, "--db", database];
    all.extend(arguments);
    run(&mut context.command(&all))
}

/// Every row that a catalog shows, by view, without what tells one run from another.
fn shown(context: &Context, database: &str) -> BTreeMap<String, BTreeSet<String>> {
    let catalog = rusqlite::Connection::open(context.folder.path().join(database)).expect("a catalog");
    let views: Vec<String> = catalog
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'view' AND name <> 'bi_server'")
        .and_then(|mut views| views.query_map([], |row| row.get(0))?.collect())
        .expect("views");
    let rows = |view: &String| {
        let mut rows = catalog.prepare(&format!("SELECT * FROM {view}")).expect(view);
        let width = rows.column_count();
        let line = |row: &rusqlite::Row<'_>| {
            let cells: Result<Vec<_>, _> =
                (0..width).map(|at| row.get::<_, rusqlite::types::Value>(at)).collect();
            cells.map(|cells| format!("{cells:?}"))
        };
        rows.query_map([], line).and_then(Iterator::collect).expect(view)
    };
    views.iter().map(|view| (view.clone(), rows(view))).collect()
}

#[track_caller]
fn assert_same(context: &Context, one: &str, other: &str) {
    let (one, other) = (shown(context, one), shown(context, other));
    for (view, rows) in &one {
        let left: Vec<&String> = rows.difference(&other[view]).take(3).collect();
        let missing: Vec<&String> = other[view].difference(rows).take(3).collect();
        assert!(left.is_empty() && missing.is_empty(), "{view}: too much {left:#?}, too little {missing:#?}");
    }
}

#[test]
fn a_catalog_that_changes_its_mode_holds_what_a_new_one_would() {
    let context = small();
    let off: Vec<&str> = OFF.iter().chain(&EVERYTHING).copied().collect();
    for (database, mode) in [("on.db", &EVERYTHING[..]), ("off.db", &off), ("catalog.db", &EVERYTHING)] {
        let ran = extract(&context, database, mode);
        assert_eq!(ran.code, 0, "{ran}");
    }
    let refused = extract(&context, "catalog.db", &off);
    assert_eq!(refused.code, 4, "{refused}");
    for part in [
        "mirroring is off: extracting what chris.creator@",
        "workbooks would be removed",
        "--accept-removals 2",
    ] {
        assert!(refused.stderr.contains(part) || refused.stdout.contains(part), "no `{part}` in {refused}");
    }
    assert_same(&context, "catalog.db", "on.db");
    let accepted = [&off[..], &["--accept-removals", "2"]].concat();
    assert_eq!(extract(&context, "catalog.db", &accepted).code, 0);
    assert_same(&context, "catalog.db", "off.db");
    let back = extract(&context, "catalog.db", &EVERYTHING);
    assert_eq!(back.code, 0, "{back}");
    assert_same(&context, "catalog.db", "on.db");
}

#[test]
fn one_users_view_tells_nothing_of_others() {
    let context = small();
    let off: Vec<&str> = OFF.iter().chain(&EVERYTHING).copied().collect();
    let ran = extract(&context, "catalog.db", &off);
    assert_eq!(ran.code, 0, "{ran}");
    for table in [
        "team",
        "team_member",
        "object_grant",
        "connection_grant",
        "account_type",
        "account_type_permission",
        "user_attribute",
        "user_attribute_value",
        "tenant",
        "version_tag",
        "access_principal",
        "mirrored_member",
    ] {
        assert!(context.rows(&format!("SELECT * FROM {table}")).is_empty(), "{table}");
    }
    // Connections are those that something in sight reads from.
    let connections: BTreeSet<String> = context.rows("SELECT id FROM connection").into_iter().collect();
    let read_from: BTreeSet<String> = context
        .rows(
            "SELECT connection_id FROM lineage_node UNION SELECT connection_id FROM warehouse_table \
             UNION SELECT connection_id FROM document_source",
        )
        .into_iter()
        .collect();
    assert!(!connections.is_empty() && connections.is_subset(&read_from), "{connections:?}");
    let all =
        context.simulator.truth()["objects"]["connection"].as_array().map(Vec::len).expect("connections");
    assert!(connections.len() < all, "something is out of sight");
    // A second run changes nothing.
    assert_eq!(extract(&context, "catalog.db", &off).code, 0);
    assert_eq!(
        context.rows("SELECT kind FROM run_count WHERE run_id = 2 AND new + changed + removed > 0"),
        [""; 0]
    );
}

#[test]
fn filters_and_personal_folders_narrow_one_users_view_as_well() {
    let context = small();
    let off = |database: &str, arguments: &[&str]| {
        let ran = extract(&context, database, &[&OFF[..], arguments].concat());
        assert_eq!(ran.code, 0, "{ran}");
        let of = |sql: &str| -> BTreeSet<String> {
            let catalog =
                rusqlite::Connection::open(context.folder.path().join(database)).expect("a catalog");
            let mut rows = catalog.prepare(sql).expect(sql);
            rows.query_map([], |row| row.get(0)).and_then(Iterator::collect).expect(sql)
        };
        (of("SELECT id FROM document"), of("SELECT id FROM file"), ran)
    };
    let (documents, files, _) = off("catalog.db", &[]);
    let workspace = context.rows(
        "SELECT w.name FROM workspace w JOIN file f ON f.path = w.name OR f.path LIKE w.name || '/%' \
         JOIN document d ON d.id = f.id GROUP BY w.name ORDER BY count(*), w.name LIMIT 1",
    )[0]
    .trim_matches('"')
    .to_owned();
    let inside: BTreeSet<String> = context
        .rows(&format!(
            "SELECT id FROM file WHERE type NOT IN ('workspace', 'folder') AND (path = '{workspace}' OR path LIKE '{workspace}/%')"
        ))
        .into_iter()
        .map(|id| id.trim_matches('"').to_owned())
        .collect();
    assert!(!inside.is_empty() && inside.len() < documents.len());
    let (left, left_files, ran) = off("narrow.db", &["--exclude-workspaces", &workspace]);
    assert_eq!(left, documents.difference(&inside).cloned().collect());
    assert!(left_files.is_subset(&files) && left_files.is_disjoint(&inside));
    assert!(ran.stdout.contains("crawl.exclude_workspaces"), "{ran}");
    let (only, _, _) = off("only.db", &["--include-workspaces", &workspace]);
    assert_eq!(only, inside.intersection(&documents).cloned().collect());
    // What lies in the user's own folder is in sight where personal folders are asked for.
    let (more, more_files, _) = off("personal.db", &["--personal", "true"]);
    assert!(more.is_superset(&documents) && more_files.len() > files.len());
    // Narrowing a catalog that exists takes away what the filter leaves out; the message names the filter.
    let narrowed =
        extract(&context, "personal.db", &[&OFF[..], &["--include-workspaces", &workspace]].concat());
    assert!(narrowed.code == 4 && narrowed.stdout.contains("crawl.include_workspaces"), "{narrowed}");
    let accepted = [&OFF[..], &["--include-workspaces", &workspace, "--accept-removals", "2"]].concat();
    assert_eq!(extract(&context, "personal.db", &accepted).code, 0);
    assert_same(&context, "personal.db", "only.db");
}
