//! A document that did not change is not asked again; what the catalog says is the same as if it were.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;
use sigma_catalog::catalog::TABLES;

use crate::context::{Context, Ran, run};
use crate::requests::asked;

/// What is asked of documents alone.
const CONTENTS: [&str; 5] = ["pages", "pages/{pageId}/elements", "columns", "queries", "lineage"];

/// How many requests went for the contents of documents.
fn contents(stats: &Value) -> u64 {
    let of = |kind: &str, id: &str| -> u64 {
        let path = |child: &&str| asked(stats, &format!("/v2/{kind}/{{{id}}}/{child}"));
        CONTENTS.iter().chain(&["elements"]).map(path).sum()
    };
    of("workbooks", "workbookId") + of("reports", "reportId") + of("dataModels", "dataModelId")
}

/// `extract` into a database of that name.
fn extract_into(context: &Context, database: &str, arguments: &[&str]) -> Ran {
    let url = context.simulator.url();
    let mut all =
        vec!["extract", "--api-url", &url, "--db", database, "--format", "json", "--concurrency", "4"];
    all.extend(arguments);
    let ran = run(&mut context.command(&all));
    assert_eq!(ran.code, 0, "{ran}");
    ran
}

/// Every published row of every table.
fn published(database: &Path) -> BTreeMap<&'static str, Vec<String>> {
    let catalog = Connection::open(database).expect("a catalog");
    let rows = |table: &str| {
        let mut statement = catalog.prepare(&format!("SELECT * FROM \"{table}\"")).expect(table);
        let width = statement.column_count();
        let row = |row: &rusqlite::Row<'_>| {
            (0..width).map(|cell| Ok(format!("{:?}", row.get::<_, rusqlite::types::Value>(cell)?))).collect()
        };
        let rows = statement.query_map([], row).expect(table);
        let mut rows: Vec<String> =
            rows.map(|row: rusqlite::Result<Vec<String>>| row.expect(table).join(" | ")).collect();
        rows.sort();
        rows
    };
    TABLES.iter().map(|table| (table.name, rows(table.name))).collect()
}

/// The tables in which two catalogs differ, with the first rows that only one of them has.
fn differences(one: &Path, other: &Path) -> String {
    let (one, other) = (published(one), published(other));
    let mut told = String::new();
    for (table, rows) in &one {
        let only = |rows: &[String], others: &[String]| {
            let only: Vec<String> =
                rows.iter().filter(|row| !others.contains(row)).take(3).cloned().collect();
            only
        };
        if *rows != other[table] {
            told += &format!(
                "{table}: only {:?} / only {:?}\n",
                only(rows, &other[table]),
                only(&other[table], rows)
            );
        }
    }
    told
}

#[test]
fn an_unchanged_organisation_is_not_asked_for_contents_again() {
    let context = Context::small();
    let first = extract_into(&context, "catalog.db", &[]);
    assert_eq!(first.json()["documents"]["carried"], 0, "{first}");
    assert!(contents(&context.simulator.stats()) > 50);
    context.simulator.reset_stats();
    let second = extract_into(&context, "catalog.db", &[]);
    assert_eq!(contents(&context.simulator.stats()), 0, "{:#}", context.simulator.stats());
    assert_eq!(second.json()["documents"]["asked"].as_object().map(|asked| asked.len()), Some(0), "{second}");
    std::fs::copy(context.database(), context.folder.path().join("full.db")).expect("a copy");
    let full = extract_into(&context, "full.db", &["--full"]);
    assert_eq!(full.json()["documents"]["carried"], 0, "{full}");
    assert_eq!(differences(&context.database(), &context.folder.path().join("full.db")), "");
}
