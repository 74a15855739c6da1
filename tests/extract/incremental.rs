//! A document that did not change is not asked again; what the catalog says is the same as if it were.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::Value;
use sigma_catalog::catalog::TABLES;
use sigma_catalog::simulator::{Mutation, Options};

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

/// A copy of the catalog, under another name.
fn copy(context: &Context, name: &str) -> PathBuf {
    let to = context.folder.path().join(name);
    std::fs::copy(context.database(), &to).expect("a copy");
    to
}

/// Runs once as every night and once in full, from the same catalog, and tells where the two catalogs differ.
fn night(context: &Context, arguments: &[&str]) -> (Ran, String) {
    let full = copy(context, "full.db");
    let ran = extract_into(context, "catalog.db", arguments);
    extract_into(context, "full.db", &[arguments, &["--full"]].concat());
    (ran, differences(&context.database(), &full))
}

/// Something at random that can happen to an organisation between two runs, as long as Sigma shows a sign of it.
fn something(dice: &mut fastrand::Rng, truth: &Value, step: usize) -> Mutation {
    let objects = &truth["objects"];
    let mut id = |kind: &str| {
        let rows = objects[kind].as_array().map(Vec::as_slice).unwrap_or_default();
        rows[dice.usize(..rows.len())]["id"].as_str().expect("an id").to_owned()
    };
    let places = [id("workspace"), id("workspace")];
    let paged = [id("workbook"), id("report")];
    let documents =
        [id("workbook"), id("workbook"), id("report"), id("data-model"), id("data-model"), id("dataset")];
    let (member, other, team, connection) = (id("member"), id("member"), id("team"), id("connection"));
    let folders = objects["file"].as_array().expect("files").iter().filter(|file| file["type"] == "folder");
    let folders: Vec<String> = folders.map(|file| file["id"].as_str().expect("an id").to_owned()).collect();
    let document = dice.choice(&documents).expect("one").clone();
    let paged = dice.choice(&paged).expect("one").clone();
    let place = dice.choice(&places).expect("one").clone();
    match dice.u8(..14) {
        0 => Mutation::RenameDocument { document, name: format!("Name {step}") },
        1 => Mutation::RenameFolder {
            folder: dice.choice(&folders).unwrap_or(&place).clone(),
            name: format!("Place {step}"),
        },
        2 if step.is_multiple_of(3) => Mutation::DeleteDocument { document },
        2 | 3 => Mutation::AddPage { document: paged, name: Some(format!("Page {step}")) },
        4 => Mutation::AddGrant {
            inode: document,
            member: Some(member),
            team: None,
            permission: "view".to_owned(),
        },
        5 => Mutation::ArchiveMember { member: other },
        6 => Mutation::AddTeamMember { team, member, admin: false },
        7 => Mutation::RemoveTeamMember { team, member },
        8 => Mutation::MoveDocument { document, folder: place },
        9 => Mutation::SetOwner { document, member },
        10 => Mutation::TouchDocument { document },
        11 => Mutation::ArchiveDocument { document, archived: dice.bool() },
        12 => Mutation::ArchiveConnection { connection, archived: dice.bool() },
        _ => Mutation::AddMember { first: None, last: None, email: None, member_type: None },
    }
}

#[test]
fn whatever_happens_a_run_that_carries_ends_with_what_a_run_that_asks_everything_ends_with() {
    let mut carried = 0;
    for (seed, arguments) in
        [(1, &["--everything", "true"][..]), (2, &[]), (3, &["--everything", "true", "--archived", "true"])]
    {
        let context = Context::new(Options { seed, ..Options::small() });
        let mut dice = fastrand::Rng::with_seed(seed);
        extract_into(&context, "catalog.db", arguments);
        let mut told = String::new();
        for step in 0..5 {
            for _ in 0..dice.usize(1..5) {
                let mutation = something(&mut dice, &context.simulator.truth(), step);
                // What makes no sense any more, like a page for what is gone, does not happen.
                if context.simulator.mutate(&mutation).is_ok() {
                    told += &format!("\nstep {step}: {mutation:?}");
                }
            }
            let (ran, differences) = night(&context, arguments);
            assert_eq!(differences, "", "seed {seed}:{told}\n{ran}");
            carried += ran.json()["documents"]["carried"].as_u64().expect("a number");
        }
    }
    assert!(carried > 100, "the runs carried next to nothing: {carried}");
}
