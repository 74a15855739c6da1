//! Versions of the identity mapping: one is active, the others can be returned to. And what identities are reconciled
//! with: the published members.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use serde::Serialize;

use super::error::StoreError;
use super::ledger::{self, RunRow};
use super::reader::Catalog;
use super::{Store, now};
use crate::catalog::delivery::scope;
use crate::catalog::organisation::Member;

/// The schema version that brought mappings.
const SINCE: i64 = 2;

/// Whether a version is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MappingState {
    /// In force; there is at most one.
    Active,
    /// Was in force.
    Superseded,
}

/// A version of the mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MappingVersion {
    /// Its number, from 1.
    pub version: i64,
    /// Whether it is in force.
    pub state: MappingState,
    /// When it was imported, UTC.
    pub imported_at: String,
    /// Who imported it.
    pub imported_by: String,
    /// The file it came from.
    pub source: String,
    /// SHA-256 of that file, in hexadecimal.
    pub sha256: String,
    /// Whether one catalog user may stand for several Sigma addresses.
    pub allow_merge: bool,
    /// The earlier version it repeats, if it came from a rollback.
    pub restored_from: Option<i64>,
    /// How many rows it has.
    pub rows: i64,
}

/// A row of a mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MappingRow {
    /// The line of the file, from 1.
    pub line: u64,
    /// The catalog user's login name, verbatim.
    pub network_id: String,
    /// The Sigma address, verbatim.
    pub sigma_email: String,
    /// What the login name is compared by.
    #[serde(skip)]
    pub user_key: String,
    /// What the address is compared by: unique in a mapping.
    #[serde(skip)]
    pub email_key: String,
}

/// A mapping to import.
#[derive(Debug, Clone)]
pub struct ImportedMapping {
    /// Who imports it.
    pub imported_by: String,
    /// The file it comes from.
    pub source: String,
    /// SHA-256 of that file, in hexadecimal.
    pub sha256: String,
    /// Whether one catalog user may stand for several Sigma addresses.
    pub allow_merge: bool,
    /// Its rows.
    pub rows: Vec<MappingRow>,
}

impl Store {
    /// Makes a mapping the active one, if the active one still is the version `expected`: a person who agreed to changes
    /// agreed to those they were shown.
    ///
    /// # Errors
    /// [`StoreError::MappingChanged`] if it is not; nothing is imported then, nor after any other failure.
    pub fn import_mapping(
        &mut self,
        mapping: &ImportedMapping,
        expected: Option<i64>,
    ) -> Result<MappingVersion, StoreError> {
        let transaction = self.replace_active(expected)?;
        let ImportedMapping { imported_by, source, sha256, allow_merge, rows } = mapping;
        transaction.execute(
            "INSERT INTO identity_version (state, imported_at, imported_by, source, sha256, allow_merge) \
             VALUES ('active', ?, ?, ?, ?, ?)",
            params![now(), imported_by, source, sha256, allow_merge],
        )?;
        let version = transaction.last_insert_rowid();
        {
            let mut insert = transaction.prepare(
                "INSERT INTO identity_pair (version, email_key, user_key, sigma_email, network_id, line) \
                 VALUES (?, ?, ?, ?, ?, ?)",
            )?;
            for row in rows {
                let MappingRow { line, network_id, sigma_email, user_key, email_key } = row;
                let line = i64::try_from(*line).unwrap_or(i64::MAX);
                insert.execute(params![version, email_key, user_key, sigma_email, network_id, line])?;
            }
        }
        commit(transaction, version)
    }

    /// Makes an earlier version active again, as a new version, if the active one still is the version `expected`.
    ///
    /// # Errors
    /// [`StoreError::MappingChanged`] if it is not; nothing is changed then, nor after any other failure.
    pub fn restore_mapping(
        &mut self,
        earlier: i64,
        imported_by: &str,
        expected: Option<i64>,
    ) -> Result<MappingVersion, StoreError> {
        let transaction = self.replace_active(expected)?;
        let copied = transaction.execute(
            "INSERT INTO identity_version (state, imported_at, imported_by, source, sha256, allow_merge, restored_from) \
             SELECT 'active', ?, ?, source, sha256, allow_merge, version FROM identity_version WHERE version = ?",
            params![now(), imported_by, earlier],
        )?;
        if copied == 0 {
            return Err(StoreError::MappingChanged);
        }
        let version = transaction.last_insert_rowid();
        transaction.execute(
            "INSERT INTO identity_pair SELECT ?, email_key, user_key, sigma_email, network_id, line \
             FROM identity_pair WHERE version = ?",
            [version, earlier],
        )?;
        commit(transaction, version)
    }

    /// Begins to replace the active version.
    fn replace_active(&mut self, expected: Option<i64>) -> Result<Transaction<'_>, StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if active(&transaction)?.map(|version| version.version) != expected {
            return Err(StoreError::MappingChanged);
        }
        transaction.execute("UPDATE identity_version SET state = 'superseded' WHERE state = 'active'", [])?;
        Ok(transaction)
    }
}

fn commit(transaction: Transaction<'_>, version: i64) -> Result<MappingVersion, StoreError> {
    let made = transaction.query_row(&versions("WHERE version = ?"), [version], version_row)?;
    transaction.commit()?;
    Ok(made)
}

impl Catalog {
    /// The versions of the mapping, latest first.
    pub fn mapping_versions(&self) -> Result<Vec<MappingVersion>, StoreError> {
        if !self.has_mappings()? {
            return Ok(Vec::new());
        }
        let mut statement = self.connection().prepare(&versions("ORDER BY version DESC"))?;
        let versions = statement.query_map([], version_row)?.collect::<Result<_, _>>()?;
        Ok(versions)
    }

    /// A version of the mapping.
    pub fn mapping_version(&self, version: i64) -> Result<Option<MappingVersion>, StoreError> {
        Ok(self.mapping_versions()?.into_iter().find(|known| known.version == version))
    }

    /// The version in force.
    pub fn active_mapping(&self) -> Result<Option<MappingVersion>, StoreError> {
        if self.has_mappings()? { active(self.connection()) } else { Ok(None) }
    }

    /// The rows of a version, in the order of its file.
    pub fn mapping_rows(&self, version: i64) -> Result<Vec<MappingRow>, StoreError> {
        let mut statement = self.connection().prepare(
            "SELECT line, network_id, sigma_email, user_key, email_key FROM identity_pair WHERE version = ? ORDER BY line",
        )?;
        let rows = statement
            .query_map([version], |row| {
                Ok(MappingRow {
                    line: row.get::<_, i64>(0)?.unsigned_abs(),
                    network_id: row.get(1)?,
                    sigma_email: row.get(2)?,
                    user_key: row.get(3)?,
                    email_key: row.get(4)?,
                })
            })?
            .collect::<Result<_, _>>()?;
        Ok(rows)
    }

    /// The run that readers see, if any.
    pub fn published(&self) -> Result<Option<RunRow>, StoreError> {
        ledger::published(self.connection())
    }

    /// The members of the published catalog.
    pub fn members(&self) -> Result<Vec<Member>, StoreError> {
        let mut statement = self.connection().prepare(
            "SELECT id, email, first_name, last_name, member_type, user_kind, is_archived, is_inactive, \
             home_folder_id, created_at, updated_at FROM member ORDER BY id",
        )?;
        let members = statement
            .query_map([], |row| {
                Ok(Member {
                    id: row.get(0)?,
                    email: row.get(1)?,
                    first_name: row.get(2)?,
                    last_name: row.get(3)?,
                    member_type: row.get(4)?,
                    user_kind: row.get(5)?,
                    is_archived: row.get(6)?,
                    is_inactive: row.get(7)?,
                    home_folder_id: row.get(8)?,
                    created_at: row.get(9)?,
                    updated_at: row.get(10)?,
                })
            })?
            .collect::<Result<_, _>>()?;
        Ok(members)
    }

    /// Whether a run listed the members completely: only then is somebody who is not among them unknown to Sigma.
    pub fn members_are_complete(&self, run: i64) -> Result<bool, StoreError> {
        let sql = "SELECT count(*) > 0 AND min(outcome = 'complete') FROM fetch_scope WHERE run_id = ? AND endpoint = ?";
        Ok(self.connection().query_row(sql, params![run, scope::MEMBERS], |row| row.get(0))?)
    }

    /// Catalogs that were last written by an earlier version have no mappings yet, and reading does not change them.
    fn has_mappings(&self) -> Result<bool, StoreError> {
        let version: i64 = self.connection().pragma_query_value(None, "user_version", |row| row.get(0))?;
        Ok(version >= SINCE)
    }
}

fn active(db: &Connection) -> Result<Option<MappingVersion>, StoreError> {
    Ok(db.query_row(&versions("WHERE state = 'active'"), [], version_row).optional()?)
}

fn versions(which: &str) -> String {
    format!(
        "SELECT v.*, (SELECT count(*) FROM identity_pair p WHERE p.version = v.version) AS rows \
         FROM identity_version v {which}"
    )
}

fn version_row(row: &Row<'_>) -> rusqlite::Result<MappingVersion> {
    let state: String = row.get("state")?;
    Ok(MappingVersion {
        version: row.get("version")?,
        state: if state == "active" { MappingState::Active } else { MappingState::Superseded },
        imported_at: row.get("imported_at")?,
        imported_by: row.get("imported_by")?,
        source: row.get("source")?,
        sha256: row.get("sha256")?,
        allow_merge: row.get("allow_merge")?,
        restored_from: row.get("restored_from")?,
        rows: row.get("rows")?,
    })
}
