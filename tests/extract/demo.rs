//! The first thing a newcomer runs.

use rusqlite::Connection;
use tempfile::TempDir;

use crate::context::{binary, run};

#[test]
fn the_demo_leaves_a_catalog_that_its_printed_examples_can_query() {
    let folder = TempDir::new().expect("a folder");
    let ran = run(binary(&folder).arg("demo"));
    assert_eq!(ran.code, 0, "{ran}");
    let catalog = Connection::open(folder.path().join("sigma-catalog-demo.db")).expect("a catalog");
    let examples: Vec<&str> = ran
        .stdout
        .lines()
        .filter(|line| line.trim_start().starts_with("sqlite3 "))
        .filter_map(|line| line.split('"').nth(1))
        .collect();
    assert!(examples.len() >= 3, "{ran}");
    for example in examples {
        let mut statement = catalog.prepare(example).expect(example);
        let rows = statement.query_map([], |_| Ok(())).expect(example).count();
        assert!(rows > 0, "nothing found by {example}");
    }
    let again = run(binary(&folder).arg("demo"));
    assert_eq!(again.code, 0, "{again}");
    let changes: i64 = catalog
        .query_row("SELECT sum(new + changed + removed) FROM run_count WHERE run_id = 2", [], |row| {
            row.get(0)
        })
        .expect("a second run");
    assert_eq!(changes, 0, "{again}");
}

#[test]
fn the_demo_leaves_nothing_but_the_catalog_and_its_lock() {
    let folder = TempDir::new().expect("a folder");
    assert_eq!(run(binary(&folder).args(["demo", "--quiet"])).code, 0);
    let mut files: Vec<_> = std::fs::read_dir(folder.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    files.sort();
    assert_eq!(files, ["sigma-catalog-demo.db", "sigma-catalog-demo.db.lock"]);
}
