//! What documents were when their contents were last read to their end: who did not change since is not asked again.
//!
//! A mark is worth something only as long as every published run looked at its document: [`keep_confirmed`]. So a document
//! that was read and fell short, that a filter or a setting left out, or that went and came back has no mark.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::error::StoreError;
use super::{Catalog, RunRow, Writer, ledger, open_read_only};
use crate::catalog::delivery::{DocumentRead, Outcome, Seen, scope};
use crate::catalog::record::{Table, Value};

/// Notes that a run read a document to its end.
pub(super) fn note(db: &Connection, run: i64, read: &DocumentRead) -> Result<(), StoreError> {
    let DocumentRead { document_id, seen, sources, questions, read_at } = read;
    // Documents without a bundle have no key yet.
    db.prepare_cached("INSERT OR IGNORE INTO document_key (id) VALUES (?)")?.execute([document_id])?;
    db.prepare_cached(
        "INSERT OR REPLACE INTO document_read SELECT document, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 \
         FROM document_key WHERE id = ?1",
    )?
    .execute(params![
        document_id,
        run,
        read_at,
        seen.version,
        seen.updated_at,
        seen.place,
        seen.tags,
        serde_json::to_string(sources).unwrap_or_default(),
        questions
    ])?;
    Ok(())
}

/// Forgets the marks of documents that the run, which is about to be published, neither read nor carried.
pub(super) fn keep_confirmed(db: &Connection, run: i64) -> Result<(), StoreError> {
    db.execute(
        "DELETE FROM document_read WHERE run_id <= (SELECT published_run FROM catalog_state) AND document NOT IN \
         (SELECT k.document FROM fetch_scope f JOIN document_key k ON k.id = f.parent_id \
          WHERE f.run_id = ?1 AND f.endpoint = ?2 AND f.outcome = ?3)",
        params![run, scope::CONTENTS, Outcome::Carried.name()],
    )?;
    db.execute("DELETE FROM permission_read WHERE run_id <= ? - ?", [run, ledger::KEPT_RUNS])?;
    Ok(())
}

impl Writer {
    /// Notes when the permissions that this run rests on were read, and what stands for what was asked.
    pub fn note_permissions(&mut self, read: &PermissionsRead) -> Result<(), StoreError> {
        self.flush()?;
        self.store.connection.execute(
            "INSERT INTO permission_read VALUES (?, ?, ?)",
            params![self.epoch.run, read.read_at, read.questions],
        )?;
        Ok(())
    }
}

/// When permissions were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionsRead {
    /// When, UTC.
    pub read_at: String,
    /// What stands for what was asked, and for whoever asked.
    pub questions: String,
}

/// Takes back the marks of a run that is undone.
pub(super) fn undo(db: &Connection) -> Result<(), StoreError> {
    let later = "run_id > (SELECT published_run FROM catalog_state)";
    db.execute(&format!("DELETE FROM document_read WHERE {later}"), [])?;
    db.execute(&format!("DELETE FROM permission_read WHERE {later}"), [])?;
    Ok(())
}

/// A document of the published catalog as it was when it was last read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierDocument {
    /// What was read.
    pub read: DocumentRead,
    /// The run that read it.
    pub run_id: i64,
}

/// What the published catalog knows, for the run that may replace it: a connection of its own, which sees nothing of that run.
#[derive(Debug)]
pub struct Earlier {
    connection: Mutex<Connection>,
}

impl Earlier {
    /// Opens the catalog of a file.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { connection: Mutex::new(open_read_only(path)?) })
    }

    fn with<T>(&self, ask: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        // A connection that only reads is whole again as soon as its statement is gone.
        ask(&self.connection.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A document that the published catalog holds and that was read to its end, as it was then.
    pub fn document(&self, id: &str) -> Result<Option<EarlierDocument>, StoreError> {
        self.with(|db| {
            let sql = format!("{READ} AND k.id = ?1");
            Ok(db.prepare_cached(&sql)?.query_row([id], earlier_document).optional()?)
        })
    }

    /// When the permissions of the published catalog were read.
    pub fn permissions(&self) -> Result<Option<PermissionsRead>, StoreError> {
        self.with(|db| {
            let sql = "SELECT read_at, questions FROM permission_read \
                       WHERE run_id = (SELECT published_run FROM catalog_state)";
            let read = |row: &Row<'_>| Ok(PermissionsRead { read_at: row.get(0)?, questions: row.get(1)? });
            Ok(db.query_row(sql, [], read).optional()?)
        })
    }

    /// Whether the published run read a scope to its end, or knew it from an earlier one.
    pub fn has_scope(&self, scope: &str, parent: &str) -> Result<bool, StoreError> {
        self.with(|db| {
            let known = ledger::outcomes(|outcome| outcome.is_complete() || outcome == Outcome::Carried);
            let sql = format!(
                "SELECT EXISTS (SELECT 1 FROM fetch_scope WHERE run_id = (SELECT published_run FROM catalog_state) \
                 AND endpoint = ? AND parent_id = ? AND outcome IN ({known}))"
            );
            Ok(db.prepare_cached(&sql)?.query_row([scope, parent], |row| row.get(0))?)
        })
    }

    /// Whether the published catalog holds a document or folder with all that is known of its grants.
    pub fn has_object(&self, id: &str) -> Result<bool, StoreError> {
        self.with(|db| {
            let sql = format!(
                "SELECT EXISTS (SELECT 1 FROM document WHERE id = ?1 UNION ALL SELECT 1 FROM file WHERE id = ?1) \
                 AND NOT EXISTS (SELECT 1 FROM fetch_scope WHERE run_id = (SELECT published_run FROM catalog_state) \
                 AND endpoint = ?2 AND parent_id = ?1 AND outcome NOT IN ({}))",
                ledger::outcomes(Outcome::is_good)
            );
            Ok(db.prepare_cached(&sql)?.query_row([id, scope::OBJECT_GRANTS], |row| row.get(0))?)
        })
    }

    /// The rows of a table that have that value in that column, each in the order of the table's columns.
    pub fn rows_of(
        &self,
        table: &Table,
        column: &str,
        value: &str,
    ) -> Result<BTreeSet<Vec<Value>>, StoreError> {
        self.with(|db| {
            let names: Vec<_> = table.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
            let sql = format!("SELECT {} FROM \"{}\" WHERE \"{column}\" = ?", names.join(", "), table.name);
            let mut statement = db.prepare_cached(&sql)?;
            let read = |row: &Row<'_>| (0..names.len()).map(|place| row.get(place)).collect();
            let rows = statement.query_map([value], read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// The parents of the scopes of those names that the published run did not read as well as it should have.
    pub fn deficient(&self, scopes: &[&str]) -> Result<BTreeSet<String>, StoreError> {
        self.with(|db| {
            let mut statement = db.prepare(&format!(
                "SELECT parent_id FROM fetch_scope WHERE run_id = (SELECT published_run FROM catalog_state) \
                 AND endpoint IN (SELECT value FROM json_each(?)) AND outcome NOT IN ({})",
                ledger::outcomes(Outcome::is_good)
            ))?;
            let scopes = serde_json::to_string(scopes).unwrap_or_default();
            let parents = statement.query_map([scopes], |row| row.get(0))?;
            Ok(parents.collect::<Result<_, _>>()?)
        })
    }
}

/// A document of the published catalog that has contents to be read.
#[derive(Debug, Clone)]
pub struct KnownDocument {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// When it was last read to its end, and what stands for what was asked then.
    pub read: Option<(String, String)>,
}

impl Earlier {
    /// Every document of the published catalog that has contents to be read.
    pub fn documents_read(&self) -> Result<Vec<KnownDocument>, StoreError> {
        self.with(|db| {
            // A catalog that only an earlier version has written to lacks the table.
            let read = match db.table_exists(None, "document_read")? {
                true => READ,
                false => "SELECT NULL AS id, NULL AS read_at, NULL AS questions",
            };
            let mut statement = db.prepare(&format!(
                "SELECT d.id, d.kind, m.read_at, m.questions FROM document d LEFT JOIN ({read}) m ON m.id = d.id \
                 WHERE NOT coalesce(d.is_archived, 0)"
            ))?;
            let documents = statement.query_map([], |row| {
                let (read_at, questions): (Option<String>, Option<String>) = (row.get(2)?, row.get(3)?);
                Ok(KnownDocument { id: row.get(0)?, kind: row.get(1)?, read: read_at.zip(questions) })
            })?;
            Ok(documents.collect::<Result<_, _>>()?)
        })
    }
}

impl Catalog {
    /// When the permissions that a run rests on were read, where an earlier run did that.
    pub fn permissions_carried_from(&self, run: &RunRow) -> Result<Option<String>, StoreError> {
        // A catalog that only an earlier version has written to lacks the table.
        if !self.connection().table_exists(None, "permission_read")? {
            return Ok(None);
        }
        // An earlier run's, which it shares with that run, or which began to read them and was interrupted.
        let sql = "SELECT read_at FROM permission_read p WHERE run_id = ? AND (EXISTS \
                   (SELECT 1 FROM permission_read o WHERE o.run_id < p.run_id AND o.read_at = p.read_at) \
                   OR EXISTS (SELECT 1 FROM run_resumed r JOIN run e ON e.run_id <= r.earlier \
                   WHERE r.run_id = p.run_id AND e.started_at = p.read_at))";
        let from = self.connection().query_row(sql, [run.run_id], |row| row.get(0));
        Ok(from.optional()?)
    }
}

/// The latest marks of the documents of the published catalog.
const READ: &str = "SELECT k.id, r.version, r.updated_at, r.place, r.tags, r.sources, r.questions, r.read_at, r.run_id \
    FROM document_read r JOIN document_key k ON k.document = r.document \
    WHERE EXISTS (SELECT 1 FROM document d WHERE d.id = k.id) \
    AND r.run_id = (SELECT max(o.run_id) FROM document_read o WHERE o.document = r.document \
        AND o.run_id <= (SELECT published_run FROM catalog_state))";

fn earlier_document(row: &Row<'_>) -> rusqlite::Result<EarlierDocument> {
    let sources: String = row.get(5)?;
    let seen = Seen { version: row.get(1)?, updated_at: row.get(2)?, place: row.get(3)?, tags: row.get(4)? };
    let sources: BTreeMap<String, String> = serde_json::from_str(&sources).unwrap_or_default();
    let (document_id, questions, read_at) = (row.get(0)?, row.get(6)?, row.get(7)?);
    Ok(EarlierDocument {
        read: DocumentRead { document_id, seen, sources, questions, read_at },
        run_id: row.get(8)?,
    })
}
