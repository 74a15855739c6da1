//! The promises of the store, against the public interface of `sigma_catalog::store` and plain SQLite readers.

mod attached;
mod bi;
mod column_lineage;
mod diff;
mod disk;
mod every_type;
mod files;
mod governance;
mod guards;
mod history;
mod lineage;
mod oracle;
mod org;
mod publish;
mod removal;
mod rules;
mod search;
mod strings;
mod together;

use std::collections::BTreeMap;
use std::path::PathBuf;

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OpenFlags};
use sigma_catalog::catalog::TABLES;
use sigma_catalog::catalog::delivery::Delivery;
use sigma_catalog::store::{
    Catalog, Change, ChangeKind, Counts, RunEnd, RunOutcome, RunStart, Store, StoreError, Writer,
};

/// Every row of every `*_history` table, by table.
pub(crate) type History = BTreeMap<String, Vec<Vec<Sql>>>;

/// A folder with a catalog in it.
pub(crate) struct World {
    folder: tempfile::TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.file("catalog.db")
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    #[track_caller]
    pub(crate) fn store(&self) -> Store {
        Store::open(&self.path()).expect("a store")
    }

    #[track_caller]
    pub(crate) fn begin(&self) -> Writer {
        self.store().begin(&start()).expect("a run")
    }

    /// A run that has stored these, not yet published.
    #[track_caller]
    pub(crate) fn fill(&self, deliveries: impl IntoIterator<Item = Delivery>) -> Writer {
        let mut writer = self.begin();
        for delivery in deliveries {
            writer.accept(delivery).expect("a delivery that fits");
        }
        writer
    }

    /// A whole run, without leave to remove much.
    #[track_caller]
    pub(crate) fn run(&self, deliveries: impl IntoIterator<Item = Delivery>) -> RunOutcome {
        self.fill(deliveries).publish(&RunEnd::default(), &BTreeMap::new()).expect("a run that ends")
    }

    /// A whole run that may remove as much as it likes.
    #[track_caller]
    pub(crate) fn run_accepting(&self, deliveries: impl IntoIterator<Item = Delivery>) -> RunOutcome {
        self.fill(deliveries).publish(&RunEnd::default(), &any_removal()).expect("a run that ends")
    }

    /// A reader as any other program would open one.
    pub(crate) fn reader(&self) -> Connection {
        reader(&self.path())
    }

    pub(crate) fn catalog(&self) -> Catalog {
        Catalog::open(&self.path()).expect("a catalog")
    }

    pub(crate) fn history(&self) -> History {
        history(&self.reader())
    }

    pub(crate) fn view(&self, query: &str) -> Vec<String> {
        view(&self.reader(), query)
    }

    /// The differences of two runs as `<sign> <kind> <id>`, the sign being that of `runs diff`.
    #[track_caller]
    pub(crate) fn diff(&self, from: i64, to: i64) -> Vec<String> {
        let mut lines = Vec::new();
        self.catalog()
            .diff(from, to, |change: Change| -> Result<(), StoreError> {
                let sign = match change.change {
                    ChangeKind::New => '+',
                    ChangeKind::Changed => '~',
                    ChangeKind::Removed => '-',
                };
                lines.push(format!("{sign} {} {}", change.kind, change.id));
                Ok(())
            })
            .expect("a difference");
        lines.sort();
        lines
    }
}

pub(crate) fn start() -> RunStart {
    RunStart {
        version: "0.0.0".to_owned(),
        api_url: "https://api.example.com/".to_owned(),
        organization_id: Some("org".to_owned()),
        token_member_id: None,
        token_is_admin: Some(true),
    }
}

pub(crate) fn reader(path: &std::path::Path) -> Connection {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("a reader")
}

pub(crate) fn history(db: &Connection) -> History {
    TABLES
        .iter()
        .map(|table| (table.name.to_owned(), rows(db, &format!("SELECT * FROM {}", table.history()))))
        .collect()
}

/// The rows of one history that the other has not, each behind its table's name.
pub(crate) fn only_in(one: &History, other: &History) -> Vec<(String, Vec<Sql>)> {
    let mut only = Vec::new();
    for (table, rows) in one {
        let missing = rows.iter().filter(|row| !other[table].contains(row));
        only.extend(missing.map(|row| (table.clone(), row.clone())));
    }
    only
}

/// Nothing was written in between.
#[track_caller]
pub(crate) fn assert_same(before: &History, after: &History) {
    assert_eq!((only_in(before, after), only_in(after, before)), (vec![], vec![]), "gone and come");
    assert_eq!(before, after);
}

/// The rows of a query, each as its values joined by `|` with `-` for NULL, sorted.
#[track_caller]
pub(crate) fn view(db: &Connection, query: &str) -> Vec<String> {
    let text = |value: Sql| match value {
        Sql::Null => "-".to_owned(),
        Sql::Integer(number) => number.to_string(),
        Sql::Text(text) => text,
        other => panic!("no catalog holds {other:?}"),
    };
    let line = |row: Vec<Sql>| row.into_iter().map(text).collect::<Vec<_>>().join("|");
    let mut lines: Vec<String> = rows(db, query).into_iter().map(line).collect();
    lines.sort();
    lines
}

#[track_caller]
fn rows(db: &Connection, query: &str) -> Vec<Vec<Sql>> {
    let mut statement = db.prepare(query).unwrap_or_else(|error| panic!("{query}: {error}"));
    let width = statement.column_count();
    statement
        .query_map([], |row| (0..width).map(|index| row.get(index)).collect())
        .and_then(Iterator::collect)
        .unwrap_or_else(|error| panic!("{query}: {error}"))
}

/// `total new changed removed unchanged` of a kind.
#[track_caller]
pub(crate) fn counted(outcome: &RunOutcome, kind: &str) -> [i64; 5] {
    let Counts { total, new, changed, removed, unchanged } =
        *outcome.counts.get(kind).unwrap_or_else(|| panic!("no count of `{kind}` in {outcome:?}"));
    [total, new, changed, removed, unchanged]
}

/// As many removals of every kind as there may be.
fn any_removal() -> std::collections::BTreeMap<String, i64> {
    let documents = ["workbook", "report", "data-model", "dataset"];
    let tables = sigma_catalog::catalog::TABLES.iter().map(|table| table.name);
    documents.into_iter().chain(tables).map(|kind| (kind.to_owned(), i64::MAX)).collect()
}
