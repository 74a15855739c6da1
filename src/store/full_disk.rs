//! A disk that fills up at any point of a run. The limit is set on the writer's own connection, out of reach of other tests.

use std::path::Path;

use super::{RunEnd, RunOutcome, RunStart, RunState, Store, StoreError};
use crate::catalog::delivery::{Bundle, Delivery, Outcome, Rows, ScopeReport, scope};
use crate::catalog::document::{ElementQuery, Page};
use crate::catalog::organisation::Team;

fn start() -> RunStart {
    RunStart {
        version: String::new(),
        api_url: String::new(),
        organization_id: None,
        token_member_id: None,
        token_is_admin: None,
    }
}

fn teams(name: &str) -> Delivery {
    let mut rows = Rows::default();
    for number in 0..100 {
        rows.push(Team {
            id: format!("team {number}"),
            name: Some(name.repeat(100)),
            description: None,
            visibility: None,
            is_archived: None,
            created_by: None,
            created_at: None,
            updated_at: None,
        });
    }
    Delivery::Rows(rows)
}

fn bundle(name: &str) -> Delivery {
    let mut rows = Rows::default();
    for number in 0..50 {
        rows.push(Page { page_id: format!("page {number}"), name: Some(name.repeat(50)), hidden: None });
        rows.push(ElementQuery {
            element_id: format!("element {number}"),
            sql: Some(name.repeat(500)),
            error: None,
        });
    }
    let scopes = (0..50)
        .map(|number| {
            ScopeReport::without_rows(scope::PAGES, number.to_string(), Outcome::Complete, "", name)
        })
        .collect();
    Delivery::Bundle(Bundle { document_id: "document".to_owned(), rows, scopes })
}

/// A run on a disk that holds so many pages of the database.
fn run(path: &Path, pages: Option<i64>, name: &str) -> Result<RunOutcome, StoreError> {
    let store = Store::open(path)?;
    if let Some(pages) = pages {
        store.connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
    }
    let mut writer = store.begin(&start())?;
    for delivery in [teams(name), bundle(name)] {
        writer.accept(delivery)?;
        writer.flush()?;
    }
    writer.publish(&RunEnd::default(), &std::collections::BTreeMap::new())
}

#[test]
fn a_disk_that_is_full_at_any_point_costs_the_run_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.db");
    let first = run(&path, None, "first").unwrap();
    let names = |path: &Path| -> Vec<String> {
        let db = super::open_read_only(path).unwrap();
        let sql = "SELECT DISTINCT name FROM team UNION SELECT DISTINCT name FROM page";
        let mut statement = db.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    let old = names(&path);
    assert_eq!(old.len(), 2);
    let mut full = 0;
    loop {
        let mut store = Store::open(&path).unwrap();
        store.forget_staged().unwrap();
        assert_eq!(store.published().unwrap().unwrap().run_id, first.run_id);
        let used: i64 = store.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        let free: i64 =
            store.connection.pragma_query_value(None, "freelist_count", |row| row.get(0)).unwrap();
        drop(store);
        assert_eq!(names(&path), old);
        // The pages that an undone run gave back are as good as a disk with room: take them away again.
        if free > 0 {
            super::Store::open(&path).unwrap().connection.execute_batch("VACUUM").unwrap();
            continue;
        }
        match run(&path, Some(used + full), "other") {
            Ok(outcome) => {
                assert_eq!(outcome.state, RunState::Published);
                break;
            }
            Err(error) => assert_eq!(error.code(), "store.full", "{error}"),
        }
        full += 1;
    }
    assert!(full > 20, "the disk was full at {full} points only");
    assert_ne!(names(&path), old);
}
