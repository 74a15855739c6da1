//! The first thing a newcomer runs.

use std::collections::BTreeSet;
use std::path::Path;

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
    assert!(examples.len() >= 2, "{ran}");
    for example in examples {
        let mut statement = catalog.prepare(example).expect(example);
        let rows = statement.query_map([], |_| Ok(())).expect(example).count();
        assert!(rows > 0, "nothing found by {example}");
    }
    let questions: Vec<&str> = ran
        .stdout
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix(env!("CARGO_BIN_EXE_sigma-catalog")))
        .collect();
    assert!(questions.len() >= 4, "{ran}");
    for question in questions {
        let answer = run(binary(&folder).args(question.split_whitespace()));
        assert_eq!(answer.code, 0, "{question}: {answer}");
        assert!(!answer.stdout.is_empty(), "{question}: {answer}");
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

/// The sample files, where a newcomer has them.
fn with_samples() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    std::fs::create_dir(folder.path().join("mappings")).expect("a folder");
    for file in ["mappings/identity.csv", "mappings/catalog-users.csv"] {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        std::fs::copy(sample, folder.path().join(file)).expect("a copy");
    }
    folder
}

#[test]
fn the_sample_users_are_people_of_the_demo_and_of_every_sort() {
    let folder = with_samples();
    let demo = run(binary(&folder).arg("demo"));
    assert_eq!(demo.code, 0, "{demo}");
    assert!(demo.stderr.contains("mirroring for 8 mapped users; 22 excluded"), "{demo}");
    assert!(demo.stdout.contains("sigma-catalog mirror export --db sigma-catalog-demo.db"), "{demo}");
    let ask = |arguments: &[&str]| {
        let ran = run(binary(&folder).args(arguments).args(["--db", "sigma-catalog-demo.db"]));
        assert_eq!(ran.code, 0, "{ran}");
        ran.stdout
    };
    let export = ask(&["mirror", "export"]);
    let users: BTreeSet<&str> = export.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    assert_eq!(
        Vec::from_iter(users),
        ["amensah", "bsantos", "ccreator", "cdelgado", "epetrova", "hmoreau", "mlaurent", "oold"]
    );
    let counts = |matching: &str, of: &str| {
        let report = ask(&["identity", "report", "--match", matching, "--format", "json"]);
        serde_json::from_str::<serde_json::Value>(&report).expect("JSON")[of].clone()
    };
    let mut by_email = counts("email", "catalog_user_counts");
    assert_eq!(by_email["mapped"], 8);
    let sorts = by_email.as_object_mut().expect("counts");
    sorts.retain(|_, count| *count != 0);
    for sort in
        ["ambiguous_many_users", "catalog_user_inactive", "excluded_guest", "sigma_inactive", "unmapped"]
    {
        assert!(sorts.contains_key(sort), "no {sort} in {sorts:?}");
    }
    // The identity CSV says which of the two accounts is meant.
    let by_csv = counts("csv", "member_counts");
    assert_eq!((&by_csv["mapped"], &by_csv["catalog_user_inactive"]), (&7.into(), &1.into()));
}
