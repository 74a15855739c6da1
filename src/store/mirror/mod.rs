//! What the catalog should enforce: written at publish as a difference of sets, so that an unchanged run writes nothing;
//! read by principal and expanded member by member.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, ToSql, params};
use serde::Serialize;

use super::error::StoreError;
use super::ledger::{RunRow, RunState};
use super::reader::Catalog;
use super::schema::valid;
use crate::catalog::mirror::Mirror;

mod export;

pub use export::MirrorRow;

/// A table whose current rows are replaced by others.
struct Settled {
    table: &'static str,
    keys: &'static [&'static str],
    values: &'static [&'static str],
}

const ACCESS: Settled = Settled {
    table: "access_principal",
    keys: &["principal", "object"],
    values: &["level", "via", "granted_at"],
};
const MEMBERS: Settled =
    Settled { table: "mirrored_member", keys: &["member"], values: &["catalog_user", "method"] };
const STANDS_FOR: Settled =
    Settled { table: "mirrored_principal", keys: &["member", "principal"], values: &[] };
const OBJECTS: Settled = Settled {
    table: "placed_object",
    keys: &["parent", "object"],
    values: &["id", "type", "name", "path", "owner", "is_archived"],
};
const GRANTS: Settled =
    Settled { table: "placed_grant", keys: &["principal", "object", "permission"], values: &[] };
const REACHED: Settled = Settled { table: "mirrored_object", keys: &["object"], values: &[] };

/// What stands for the number of a container where none is known.
pub(super) const NOWHERE: i64 = 0;

/// Writes what a run mirrors, in the transaction that publishes it.
pub(super) fn write(db: &Connection, run: i64, mirror: &Mirror) -> Result<(), StoreError> {
    let audience = &mirror.audience;
    let (mapping, users) = (audience.mapping.as_ref(), audience.users.as_ref());
    db.execute(
        "INSERT INTO run_audience VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            run,
            audience.mode.name(),
            audience.login_member_id,
            audience.matched_by,
            audience.mapping_version,
            mapping.map(|file| &file.file),
            mapping.map(|file| &file.sha256),
            users.map(|file| &file.file),
            users.map(|file| &file.sha256),
            audience.source.name(),
            audience.mapped as i64,
            audience.excluded as i64,
            mirror.reached.is_some(),
        ],
    )?;
    if mirror.settled {
        db.execute("INSERT INTO settled_run VALUES (?)", [run])?;
    }
    settle_all(db, run, mirror)
}

/// Closes everything that is mirrored: of a run that says nothing about it nobody knows what to enforce.
pub(super) fn forget(db: &Connection, run: i64) -> Result<(), StoreError> {
    settle_all(db, run, &Mirror::default())
}

fn settle_all(db: &Connection, run: i64, mirror: &Mirror) -> Result<(), StoreError> {
    let keys = keys(db, mirror)?;
    let key = |place: u32| keys[place as usize];
    ACCESS.settle(db, run, |insert| {
        mirror.access.iter().try_for_each(|row| {
            insert(&[&key(row.principal), &key(row.object), &row.level, &row.via, &key(row.granted_at)])
        })
    })?;
    MEMBERS.settle(db, run, |insert| {
        mirror.members.iter().try_for_each(|row| insert(&[&key(row.member), &row.catalog_user, &row.method]))
    })?;
    STANDS_FOR.settle(db, run, |insert| {
        mirror
            .stands_for
            .iter()
            .try_for_each(|(member, principal)| insert(&[&key(*member), &key(*principal)]))
    })?;
    OBJECTS.settle(db, run, |insert| {
        mirror.objects.iter().try_for_each(|object| {
            insert(&[
                &object.parent.map_or(NOWHERE, key),
                &key(object.object),
                &object.id,
                &object.kind,
                &object.name,
                &object.path,
                &object.owner.map(key),
                &object.is_archived,
            ])
        })
    })?;
    GRANTS.settle(db, run, |insert| {
        mirror
            .grants
            .iter()
            .try_for_each(|row| insert(&[&key(row.principal), &key(row.object), &row.permission]))
    })?;
    REACHED.settle(db, run, |insert| {
        mirror.reached.iter().flatten().try_for_each(|object| insert(&[&key(*object)]))
    })
}

/// The database's number of each key.
fn keys(db: &Connection, mirror: &Mirror) -> Result<Vec<i64>, StoreError> {
    let mut find = db.prepare_cached("SELECT key FROM access_key WHERE kind = ? AND id = ?")?;
    let mut insert = db.prepare_cached("INSERT INTO access_key (kind, id) VALUES (?, ?)")?;
    let mut keys = Vec::with_capacity(mirror.keys.len());
    for key in &mirror.keys {
        let known = find.query_row(params![key.kind, key.id], |row| row.get(0)).optional()?;
        keys.push(match known {
            Some(known) => known,
            None => insert.insert(params![key.kind, key.id])?,
        });
    }
    Ok(keys)
}

/// Takes one row.
type Insert<'a> = &'a mut dyn FnMut(&[&dyn ToSql]) -> Result<(), StoreError>;

impl Settled {
    /// Makes the rows that `each` hands over the current ones: closes those that are not among them, opens those that
    /// were not there.
    fn settle(
        &self,
        db: &Connection,
        run: i64,
        each: impl FnOnce(Insert<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.make_room(db)?;
        let table = self.table;
        {
            let places = vec!["?"; self.columns().len()].join(", ");
            let mut insert = db.prepare(&format!("INSERT INTO temp.next_{table} VALUES ({places})"))?;
            each(&mut |row| {
                insert.execute(row)?;
                Ok(())
            })?;
        }
        db.execute(&self.closing(), [run])?;
        db.execute(&self.opening(), [run])?;
        db.execute_batch(&format!("DROP TABLE temp.next_{table}"))?;
        Ok(())
    }

    fn columns(&self) -> Vec<&'static str> {
        self.keys.iter().chain(self.values).copied().collect()
    }

    /// A table for the rows that are to be the current ones. Its columns have the types of those they are compared with: no
    /// index serves a comparison of unlike ones.
    fn make_room(&self, db: &Connection) -> Result<(), StoreError> {
        let (table, list, keys) = (self.table, self.columns().join(", "), self.keys.join(", "));
        db.execute_batch(&format!(
            "CREATE TEMP TABLE next_{table} AS SELECT {list} FROM {table}_history LIMIT 0; \
             CREATE UNIQUE INDEX temp.next_{table}_key ON next_{table} ({keys})"
        ))?;
        Ok(())
    }

    fn same(&self) -> String {
        let keys = self.keys.iter().map(|column| format!("n.{column} = h.{column}"));
        // Two values that are missing are the same value.
        let values = self.values.iter().map(|column| format!("n.{column} IS h.{column}"));
        keys.chain(values).collect::<Vec<_>>().join(" AND ")
    }

    fn closing(&self) -> String {
        let (table, same) = (self.table, self.same());
        format!(
            "UPDATE {table}_history AS h SET valid_to = ? WHERE valid_to IS NULL \
             AND NOT EXISTS (SELECT 1 FROM temp.next_{table} n WHERE {same})"
        )
    }

    fn opening(&self) -> String {
        let (table, same, list) = (self.table, self.same(), self.columns().join(", "));
        format!(
            "INSERT INTO {table}_history SELECT {list}, ?, NULL FROM temp.next_{table} n \
             WHERE NOT EXISTS (SELECT 1 FROM {table}_history h WHERE {same} AND h.valid_to IS NULL)"
        )
    }
}

/// Whom a run mirrored, as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AudienceRow {
    /// `login_user`, `common_users` or `identity_csv`.
    pub mode: String,
    /// The member whose view was extracted.
    pub login_member_id: Option<String>,
    /// `csv`, `email` or `username`.
    pub matched_by: Option<String>,
    /// The version of the identity mapping in force.
    pub mapping_version: Option<i64>,
    /// The file the mapping came from.
    pub mapping_file: Option<String>,
    /// Its SHA-256.
    pub mapping_sha256: Option<String>,
    /// The file of the catalog's users.
    pub users_file: Option<String>,
    /// Its SHA-256.
    pub users_sha256: Option<String>,
    /// `grants`, `sigma` or `none`.
    pub source: String,
    /// Members mapped.
    pub mapped: i64,
    /// Members not mapped.
    pub excluded: i64,
    /// Whether the stable views leave out what the audience cannot reach.
    pub limited: bool,
}

impl Catalog {
    /// Whom a run mirrored; `None` of runs from before there was mirroring.
    pub fn audience(&self, run: i64) -> Result<Option<AudienceRow>, StoreError> {
        if !self.has_mirror()? {
            return Ok(None);
        }
        let sql = "SELECT * FROM run_audience WHERE run_id = ?";
        let row = self.connection().query_row(sql, [run], |row| {
            Ok(AudienceRow {
                mode: row.get("mode")?,
                login_member_id: row.get("login_member_id")?,
                matched_by: row.get("matched_by")?,
                mapping_version: row.get("mapping_version")?,
                mapping_file: row.get("mapping_file")?,
                mapping_sha256: row.get("mapping_sha256")?,
                users_file: row.get("users_file")?,
                users_sha256: row.get("users_sha256")?,
                source: row.get("source")?,
                mapped: row.get("mapped")?,
                excluded: row.get("excluded")?,
                limited: row.get("limited")?,
            })
        });
        Ok(row.optional()?)
    }

    /// Which catalog user stood for which member in a run, by the member's id; `None` of runs from before there was
    /// mirroring.
    ///
    /// # Errors
    /// If the catalog cannot be read.
    pub fn mirrored_users(&self, run: i64) -> Result<Option<HashMap<String, String>>, StoreError> {
        if self.audience(run)?.is_none() {
            return Ok(None);
        }
        let mut statement = self.connection().prepare(&format!(
            "SELECT k.id, m.catalog_user FROM mirrored_member_history m JOIN access_key k ON k.key = m.member WHERE {}",
            valid("m", "?1")
        ))?;
        let users = statement.query_map([run], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Some(users.collect::<Result<_, _>>()?))
    }

    /// The published run, or run `at`.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRun`] when `at` is no run that published, [`StoreError::NothingPublished`] when none did.
    pub fn published_at(&self, at: Option<i64>) -> Result<RunRow, StoreError> {
        let run = match at {
            Some(run) => self.run(run)?,
            None => self.published()?.ok_or(StoreError::NothingPublished)?,
        };
        if !matches!(run.state, RunState::Published | RunState::PublishedPartial) {
            return Err(StoreError::NoSuchRun(run.run_id));
        }
        Ok(run)
    }

    /// Catalogs that were last written by an earlier version mirror nothing yet, and reading does not change them.
    fn has_mirror(&self) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'run_audience')";
        Ok(self.connection().query_row(sql, [], |row| row.get(0))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn each_row_is_compared_by_an_index() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("catalog.db")).expect("a store");
        let db = &store.connection;
        for settled in [ACCESS, MEMBERS, STANDS_FOR, OBJECTS, GRANTS, REACHED] {
            settled.make_room(db).expect("room");
            for (sql, looked_up) in [(settled.closing(), "SEARCH n"), (settled.opening(), "SEARCH h")] {
                let mut plan = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect(&sql);
                let steps = plan.query_map([1], |row| row.get(3)).and_then(Iterator::collect);
                let steps: Vec<String> = steps.expect(&sql);
                assert!(steps.iter().any(|step| step.starts_with(looked_up)), "{sql}: {steps:?}");
            }
        }
    }
}
