//! Reading a catalog: the ledger, and the difference of two runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde::Serialize;

use super::error::StoreError;
use super::ledger::{self, EventRow, RunRow, RunState, ScopeCount, ScopeRow};
use super::open_read_only;
use super::schema::valid;
use super::writer::Counts;
use super::{copy, place, schema};
use crate::catalog::TABLES;
use crate::catalog::record::Table;

/// A catalog open for reading only.
#[derive(Debug)]
pub struct Catalog {
    connection: Connection,
    path: PathBuf,
}

/// What happened to an object between two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It came.
    New,
    /// It is different.
    Changed,
    /// It went.
    Removed,
}

/// One difference between two runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Kind of object.
    pub kind: String,
    /// What happened.
    pub change: ChangeKind,
    /// The key, parts joined by `/`; the document first for what lies inside one.
    pub id: String,
    /// Its name, where it has one.
    pub name: Option<String>,
}

impl Catalog {
    /// Opens the catalog of a file.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { connection: open_read_only(path)?, path: path.to_owned() })
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The connection, for reports that bring their own query.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Reads all of the file and says what is wrong with it, if anything is.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for a file that is not whole.
    pub fn verify_file(&self) -> Result<(), StoreError> {
        copy::whole(&self.connection, &self.path)
    }

    /// Copies the catalog, as it is at one instant, to a file that only its owner may read; its size in bytes. A run that
    /// is writing meanwhile neither waits nor is waited for: what it has not published is undone when the copy is opened
    /// for writing.
    pub fn back_up(&self, to: &Path) -> Result<u64, StoreError> {
        place::check(to, true)?;
        // A copy over the catalog itself would pull the file from under whoever has it open.
        let same = |other: &Path| match (std::fs::canonicalize(other), std::fs::canonicalize(to)) {
            (Ok(one), Ok(other)) => one == other,
            _ => false,
        };
        if same(&self.path) {
            let source = std::io::Error::new(std::io::ErrorKind::AlreadyExists, "it is the catalog itself");
            return Err(StoreError::Path { path: to.to_owned(), source });
        }
        self.connection.pragma_update(None, "query_only", false)?;
        let copied = copy::copy(&self.connection, to);
        self.connection.pragma_update(None, "query_only", true)?;
        copied
    }

    /// The schema version of the file.
    pub fn schema_version(&self) -> Result<i64, StoreError> {
        schema::check(&self.connection, &self.path)
    }

    /// Refuses a catalog that an earlier version wrote and that lacks what this one's questions need.
    ///
    /// # Errors
    /// [`StoreError::OlderSchema`] for such a catalog.
    pub fn require_current_schema(&self) -> Result<(), StoreError> {
        let found = schema::check(&self.connection, &self.path)?;
        if found < schema::VERSION {
            return Err(StoreError::OlderSchema {
                database: self.path.clone(),
                found,
                known: schema::VERSION,
            });
        }
        Ok(())
    }

    /// The latest runs, latest first.
    pub fn runs(&self, limit: i64) -> Result<Vec<RunRow>, StoreError> {
        ledger::runs(&self.connection, limit)
    }

    /// A run.
    pub fn run(&self, run: i64) -> Result<RunRow, StoreError> {
        ledger::run(&self.connection, run)?.ok_or(StoreError::NoSuchRun(run))
    }

    /// What a run did, by kind of object.
    pub fn counts(&self, run: i64) -> Result<BTreeMap<String, Counts>, StoreError> {
        ledger::counts(&self.connection, run)
    }

    /// How the scopes of a run ended.
    pub fn scope_counts(&self, run: i64) -> Result<Vec<ScopeCount>, StoreError> {
        ledger::scope_counts(&self.connection, run)
    }

    /// The scopes of a run that are less than they should be.
    pub fn deficient_scopes(&self, run: i64, limit: i64) -> Result<Vec<ScopeRow>, StoreError> {
        ledger::deficient_scopes(&self.connection, run, limit)
    }

    /// The events of a run.
    pub fn events(&self, run: i64) -> Result<Vec<EventRow>, StoreError> {
        ledger::events(&self.connection, run)
    }

    /// What differs between the catalogs of two published runs, the later or the earlier one first, handed to `each` in
    /// the order of kinds and keys.
    pub fn diff<E: From<StoreError>>(
        &self,
        from: i64,
        to: i64,
        mut each: impl FnMut(Change) -> Result<(), E>,
    ) -> Result<(), E> {
        for run in [from, to] {
            let row = self.run(run)?;
            if !matches!(row.state, RunState::Published | RunState::PublishedPartial) {
                return Err(StoreError::NoSuchRun(run).into());
            }
        }
        for table in TABLES {
            // A catalog that only an earlier version has written to lacks the tables of later ones.
            if !self.connection.table_exists(None, table.history().as_str()).map_err(StoreError::from)? {
                continue;
            }
            for (change, sql) in diff_statements(table) {
                let mut statement = self.connection.prepare(&sql).map_err(StoreError::from)?;
                let mut rows = statement.query([from, to]).map_err(StoreError::from)?;
                while let Some(row) = rows.next().map_err(StoreError::from)? {
                    let read = || -> rusqlite::Result<Change> {
                        Ok(Change { kind: row.get(0)?, change, id: row.get(1)?, name: row.get(2)? })
                    };
                    each(read().map_err(StoreError::from)?)?;
                }
            }
        }
        Ok(())
    }
}

/// The statements that list the differences of one table; parameters are the two runs.
fn diff_statements(table: &Table) -> [(ChangeKind, String); 3] {
    let history = table.history();
    let keys: Vec<String> =
        table.columns.iter().filter(|column| column.key).map(|c| format!("\"{}\"", c.name)).collect();
    let document = table.in_document.then_some("document");
    let same: Vec<String> = document
        .into_iter()
        .map(str::to_owned)
        .chain(keys.iter().cloned())
        .map(|key| format!("o.{key} = t.{key}"))
        .collect();
    let same = same.join(" AND ");
    let values = |alias: &str| {
        let values = table.columns.iter().filter(|column| !column.key);
        values.map(|column| format!("{alias}.\"{}\"", column.name)).collect::<Vec<_>>().join(", ")
    };
    let kind = table.kind.map_or(format!("'{}'", table.name), |column| format!("t.\"{column}\""));
    let document_id =
        document.map(|_| "(SELECT id FROM document_key k WHERE k.document = t.document)".to_owned());
    let id: Vec<String> =
        document_id.into_iter().chain(keys.iter().map(|key| format!("nullif(t.{key}, '')"))).collect();
    let id = format!("concat_ws('/', {})", id.join(", "));
    let name = if table.position("name").is_some() { "t.name" } else { "NULL" };
    let select = format!("SELECT {kind}, {id}, {name} FROM {history} t");
    let order = "ORDER BY 1, 2";
    [
        (
            ChangeKind::New,
            format!(
                "{select} WHERE {} AND NOT EXISTS (SELECT 1 FROM {history} o WHERE {same} AND {}) {order}",
                valid("t", "?2"),
                valid("o", "?1")
            ),
        ),
        (
            ChangeKind::Changed,
            format!(
                "{select} WHERE {} AND NOT ({}) AND EXISTS (SELECT 1 FROM {history} o \
                 WHERE {same} AND {} AND ({}) IS NOT ({})) {order}",
                valid("t", "?2"),
                valid("t", "?1"),
                valid("o", "?1"),
                values("t"),
                values("o")
            ),
        ),
        (
            ChangeKind::Removed,
            format!(
                "{select} WHERE {} AND NOT EXISTS (SELECT 1 FROM {history} o WHERE {same} AND {}) {order}",
                valid("t", "?1"),
                valid("o", "?2")
            ),
        ),
    ]
}
