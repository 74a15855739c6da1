//! What a run has read and not published: kept with the rows themselves, so that the next run can go on from there.
//!
//! *What is staged.* Every row that was written or closed since the last published run; readers do not see it. Beside the
//! rows, and in the same transactions: which scopes were begun and how they ended, what they set off, which keys each of
//! them listed, and what all that does to the number of objects. Nothing of it lives in memory alone.
//!
//! *Whose it is.* One run's, named in `staging`. A run that resumes it takes it over under its own number, asks for nothing
//! that was read well, and says of every scope that it would have asked for it too. What nobody says that of is dropped
//! before the run publishes: it belongs to something that is no longer there.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::diff::{Epoch, TableSql};
use super::error::StoreError;
use super::ledger::{self, RunEnd, RunStart, RunState};
use super::writer::{Tally, count_difference};
use super::{Store, now};
use crate::catalog::TABLES;
use crate::catalog::delivery::{FollowUp, Outcome, Severity, scope};
use crate::catalog::organisation::Member;
use crate::catalog::record::{Record, Table, Value};

/// The scope of rows that belong to no one scope: they are read anew by every run.
pub(super) const NO_SCOPE: i64 = 0;

/// The document of tallies that belong to none.
pub(super) const ORGANISATION: i64 = 0;

/// What is staged, as a run may go on with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staging {
    /// The run that read it last.
    pub run_id: i64,
    /// When the first run started that read any of it, UTC.
    pub since: String,
    /// When the run that read it last gave its last sign of life, UTC.
    pub until: String,
    /// What was asked, of whom, by whom.
    pub fingerprint: String,
}

/// What the runs before have read well.
#[derive(Debug, Default)]
pub struct Staged {
    /// What each scope set off, by name and parent.
    pub scopes: HashMap<String, HashMap<String, Vec<FollowUp>>>,
    /// The members, if all of them were listed.
    pub members: Option<Vec<Member>>,
}

/// Whether a run goes on with what is staged.
#[derive(Debug, Clone, Copy, Default)]
pub struct Resume<'a> {
    /// What this run asks, of whom, by whom: for the next one to compare.
    pub fingerprint: &'a str,
    /// Goes on with it; else it is undone.
    pub goes_on: bool,
    /// Only with what was read of scopes of these names, the rest is undone; `None`: with all of it.
    pub only: Option<&'a [&'a str]>,
    /// Why it is undone, to be noted where there is something to undo.
    pub why_not: Option<&'a str>,
}

impl Store {
    /// What a run has left that did not publish, if any.
    pub fn staging(&self) -> Result<Option<Staging>, StoreError> {
        staging(&self.connection)
    }

    /// The scopes of it that were read well, with what they set off, and the members.
    pub fn staged(&self) -> Result<Staged, StoreError> {
        let db = &self.connection;
        for table in TABLES.iter().filter(|table| !table.in_document) {
            // Fails where it is not as this program makes it.
            db.prepare(&mark_seen(table))?;
        }
        let mut staged = Staged::default();
        let mut places: HashMap<i64, (String, String)> = HashMap::new();
        let mut statement =
            db.prepare("SELECT scope, endpoint, parent FROM staged_scope WHERE is_good ORDER BY scope")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let place: (String, String) = (row.get(1)?, row.get(2)?);
            staged.scopes.entry(place.0.clone()).or_default().entry(place.1.clone()).or_default();
            places.insert(row.get(0)?, place);
        }
        let mut statement = db.prepare("SELECT scope, follow_up FROM staged_follow_up ORDER BY rowid")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let Some((endpoint, parent)) = places.get(&row.get(0)?) else { continue };
            let known = staged.scopes.get_mut(endpoint).and_then(|scopes| scopes.get_mut(parent));
            known.into_iter().try_for_each(|known| row.get(1).map(|text| known.push(FollowUp(text))))?;
        }
        let are_listed = staged.scopes.get(scope::MEMBERS).is_some_and(|scopes| scopes.contains_key(""));
        if are_listed {
            staged.members = Some(members(db)?);
        }
        Ok(staged)
    }

    /// Undoes what a run has left that did not publish.
    pub fn forget_staged(&mut self) -> Result<(), StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if staging(&transaction)?.is_some() {
            undo(&transaction)?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Marks the runs that ended without a word. What one has read stays as it is staged.
    pub(super) fn abandon_unfinished(&mut self) -> Result<(), StoreError> {
        let running = ledger::running(&self.connection)?;
        if running.is_empty() {
            return Ok(());
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let kept = staging(&transaction)?.map(|staging| staging.run_id);
        for run in running {
            let message = if kept == Some(run) {
                "the process ended without a word; what it had read was kept"
            } else {
                "the process ended without a word"
            };
            let end = RunEnd { message: Some(message.to_owned()), ..RunEnd::default() };
            ledger::finish(&transaction, run, RunState::Abandoned, &end)?;
        }
        // Versions that staged nothing left rows behind.
        if kept.is_none() {
            undo(&transaction)?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Notes a run that ended before it could read anything. What is staged stays.
    pub fn note_refused(&self, start: &RunStart, state: RunState, end: &RunEnd) -> Result<i64, StoreError> {
        let transaction = self.connection.unchecked_transaction()?;
        let run = ledger::insert_run(&transaction, start, None, &now())?;
        ledger::finish(&transaction, run, state, end)?;
        transaction.commit()?;
        Ok(run)
    }
}

fn staging(db: &Connection) -> Result<Option<Staging>, StoreError> {
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Staging { run_id: row.get(0)?, since: row.get(1)?, until: row.get(2)?, fingerprint: row.get(3)? })
    };
    let sql = "SELECT run_id, since, (SELECT heartbeat_at FROM run r WHERE r.run_id = s.run_id), fingerprint \
               FROM staging s";
    Ok(db.query_row(sql, [], read).optional()?)
}

fn members(db: &Connection) -> Result<Vec<Member>, StoreError> {
    let table = Member::TABLE;
    let columns: Vec<_> = table.columns.iter().map(|column| format!("t.\"{}\"", column.name)).collect();
    let mut statement = db.prepare(&format!(
        "SELECT {} FROM {} s JOIN {} t ON t.id = s.id AND t.valid_to IS NULL \
         JOIN staged_scope c ON c.scope = s.scope AND c.endpoint = '{}' ORDER BY t.id",
        columns.join(", "),
        seen(table),
        table.history(),
        scope::MEMBERS
    ))?;
    let mut rows = statement.query([])?;
    let mut members = Vec::new();
    while let Some(row) = rows.next()? {
        let values: Vec<Value> = (0..columns.len()).map(|place| row.get(place)).collect::<Result<_, _>>()?;
        members.extend(Member::of_values(values));
    }
    Ok(members)
}

/// Begins a run: on what is staged, or on nothing.
pub(super) fn begin(
    db: &mut Connection,
    tables: &HashMap<&'static str, TableSql>,
    start: &RunStart,
    resume: Resume<'_>,
) -> Result<(Epoch, Option<i64>), StoreError> {
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let published = transaction.query_row("SELECT published_run FROM catalog_state", [], |row| row.get(0))?;
    let before = staging(&transaction)?;
    let resumed = before.as_ref().filter(|_| resume.goes_on).map(|staging| staging.run_id);
    let at = now();
    let run = ledger::insert_run(&transaction, start, resumed, &at)?;
    let epoch = Epoch { run, published };
    if let Some(earlier) = resumed {
        if let Some(only) = resume.only {
            keep_only(&transaction, only)?;
        }
        take_over(&transaction, tables, epoch, earlier)?;
        transaction.execute("UPDATE staging SET run_id = ?", [run])?;
    } else {
        if let Some(staging) = before {
            undo(&transaction)?;
            let why = resume.why_not.unwrap_or("this run begins anew");
            let message =
                format!("what run {} had read and not published is not used: {why}", staging.run_id);
            ledger::insert_event(&transaction, run, Severity::Info, NOT_RESUMED, &message, "staging")?;
        }
        for table in TABLES.iter().filter(|table| !table.in_document) {
            transaction.execute_batch(&seen_table(table))?;
        }
        transaction
            .execute("INSERT INTO staging VALUES (1, ?, ?, ?)", params![run, at, resume.fingerprint])?;
    }
    transaction.commit()?;
    Ok((epoch, resumed))
}

/// Takes nothing for read but scopes of these names.
fn keep_only(db: &Connection, only: &[&str]) -> Result<(), StoreError> {
    let names = only.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
    db.execute(&format!("UPDATE staged_scope SET is_good = 0 WHERE endpoint NOT IN ({names})"), [])?;
    Ok(())
}

/// Code of the event that what was staged was undone.
const NOT_RESUMED: &str = "run.not_resumed";

/// Makes what another run has read well this run's, and undoes the rest: it is asked for again, if at all.
fn take_over(
    db: &Connection,
    tables: &HashMap<&'static str, TableSql>,
    epoch: Epoch,
    earlier: i64,
) -> Result<(), StoreError> {
    // Which documents are kept unread is decided anew.
    db.execute(
        "DELETE FROM fetch_scope WHERE run_id = ? AND endpoint = ?",
        params![earlier, scope::CONTENTS],
    )?;
    db.execute("UPDATE fetch_scope SET run_id = ? WHERE run_id = ?", [epoch.run, earlier])?;
    db.execute_batch(&format!(
        "CREATE TEMP TABLE dropped AS SELECT scope, endpoint, parent FROM staged_scope WHERE NOT is_good; \
         INSERT INTO temp.dropped VALUES ({NO_SCOPE}, '', '')"
    ))?;
    drop_scopes(db, tables, epoch)?;
    // Of documents that were not asked, what is said is said anew.
    for endpoint in scopes_of_documents() {
        db.execute(
            "DELETE FROM fetch_scope WHERE run_id = ? AND endpoint = ? \
             AND substr(parent_id, 1, instr(parent_id || '/', '/') - 1) NOT IN \
                 (SELECT parent FROM staged_scope WHERE endpoint = ?)",
            params![epoch.run, endpoint, scope::DOCUMENT],
        )?;
    }
    // A document of which something is missing keeps its rows until it is read again, or is found to be gone.
    db.execute("DELETE FROM staged_scope WHERE NOT is_good AND endpoint <> ?", [scope::DOCUMENT])?;
    db.execute_batch("DROP TABLE temp.dropped")?;
    Ok(())
}

/// Drops what this run has neither asked for nor taken over: what an earlier one read of things that are gone since.
pub(super) fn forget_what_was_not_asked(
    db: &Connection,
    tables: &HashMap<&'static str, TableSql>,
    epoch: Epoch,
) -> Result<(), StoreError> {
    db.execute(
        "CREATE TEMP TABLE dropped AS SELECT scope, endpoint, parent FROM staged_scope WHERE run_id <> ?",
        [epoch.run],
    )?;
    drop_scopes(db, tables, epoch)?;
    let mut statement = db.prepare("SELECT parent FROM temp.dropped WHERE endpoint = ?")?;
    let documents = statement.query_map([scope::DOCUMENT], |row| row.get::<_, String>(0))?;
    for document in documents {
        let document = document?;
        undo_document(db, epoch, &document)?;
        for endpoint in scopes_of_documents() {
            db.prepare_cached(
                "DELETE FROM fetch_scope WHERE run_id = ?1 AND endpoint = ?2 \
                 AND (parent_id = ?3 OR parent_id > ?3 || '/' AND parent_id < ?3 || '0')",
            )?
            .execute(params![epoch.run, endpoint, document])?;
        }
    }
    drop(statement);
    db.execute_batch(
        "DELETE FROM staged_scope WHERE scope IN (SELECT scope FROM temp.dropped); DROP TABLE temp.dropped",
    )?;
    Ok(())
}

/// Undoes what the scopes of `temp.dropped` have read of the organisation.
fn drop_scopes(
    db: &Connection,
    tables: &HashMap<&'static str, TableSql>,
    epoch: Epoch,
) -> Result<(), StoreError> {
    db.execute_batch("DELETE FROM staged_follow_up WHERE scope IN (SELECT scope FROM temp.dropped)")?;
    db.execute(
        "DELETE FROM fetch_scope WHERE run_id = ? \
         AND (endpoint, parent_id) IN (SELECT endpoint, parent FROM temp.dropped)",
        [epoch.run],
    )?;
    let mut tallies = BTreeMap::new();
    for table in TABLES.iter().filter(|table| !table.in_document) {
        let marks = seen(table);
        db.execute(&format!("DELETE FROM {marks} WHERE scope IN (SELECT scope FROM temp.dropped)"), [])?;
        let columns: Vec<_> = table.columns.iter().map(|column| format!("t.\"{}\"", column.name)).collect();
        let mut statement = db.prepare(&format!(
            "SELECT {} FROM {} t WHERE t.valid_from > ? AND {}",
            columns.join(", "),
            table.history(),
            unseen(table)
        ))?;
        let unlisted: Vec<Vec<Value>> = statement
            .query_map([epoch.published], |row| (0..columns.len()).map(|place| row.get(place)).collect())?
            .collect::<Result<_, _>>()?;
        let sql = &tables[table.name];
        for row in unlisted {
            let published = sql.published(db, epoch, None, &row)?;
            count_difference(&mut tallies, table, published.as_deref(), &row, -1);
            sql.take_back(db, epoch, None, &row)?;
        }
    }
    add_tallies(db, ORGANISATION, &tallies)
}

/// Undoes everything that is staged of what lies in a document.
pub(super) fn undo_document(db: &Connection, epoch: Epoch, id: &str) -> Result<(), StoreError> {
    let document: Option<i64> = db
        .prepare_cached("SELECT document FROM document_key WHERE id = ?")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    let Some(document) = document else { return Ok(()) };
    for table in TABLES.iter().filter(|table| table.in_document).rev() {
        let history = table.history();
        db.prepare_cached(&format!("DELETE FROM {history} WHERE document = ? AND valid_from > ?"))?
            .execute([document, epoch.published])?;
        db.prepare_cached(&format!(
            "UPDATE {history} SET valid_to = NULL WHERE document = ? AND valid_to > ?"
        ))?
        .execute([document, epoch.published])?;
    }
    db.prepare_cached("DELETE FROM staged_tally WHERE document = ?")?.execute([document])?;
    db.prepare_cached("DELETE FROM document_read WHERE document = ? AND run_id > ?")?
        .execute([document, epoch.published])?;
    Ok(())
}

/// Takes back every row that was written or closed since the last published run, and forgets what goes with them.
pub(super) fn undo(db: &Connection) -> Result<(), StoreError> {
    super::reading::undo(db)?;
    for table in TABLES.iter().rev() {
        let history = table.history();
        let published = "(SELECT published_run FROM catalog_state)";
        db.execute(&format!("DELETE FROM {history} WHERE valid_from > {published}"), [])?;
        db.execute(&format!("UPDATE {history} SET valid_to = NULL WHERE valid_to > {published}"), [])?;
    }
    super::search_index::undo(db)?;
    end(db)
}

/// Takes no document for read of which Sigma failed to tell something, where Sigma is what ended the run: what it answers
/// where there is nothing to tell is what it answers in trouble.
pub(super) fn doubt_what_was_not_told(db: &Connection, run: i64) -> Result<(), StoreError> {
    let mut statement = db.prepare(
        "UPDATE staged_scope SET is_good = 0 WHERE endpoint = ?1 AND parent IN \
             (SELECT substr(parent_id, 1, instr(parent_id || '/', '/') - 1) FROM fetch_scope \
              WHERE run_id = ?2 AND endpoint = ?3 AND outcome = ?4 AND http_calls > 0)",
    )?;
    for endpoint in scopes_of_documents() {
        statement.execute(params![scope::DOCUMENT, run, endpoint, Outcome::Carried.name()])?;
    }
    Ok(())
}

/// Forgets what goes with staged rows, because they are published or undone.
pub(super) fn end(db: &Connection) -> Result<(), StoreError> {
    for table in TABLES.iter().filter(|table| !table.in_document) {
        db.execute_batch(&format!("DROP TABLE IF EXISTS {}", seen(table)))?;
    }
    db.execute_batch(
        "DELETE FROM staged_follow_up; DELETE FROM staged_scope; DELETE FROM staged_tally; DELETE FROM staging",
    )?;
    Ok(())
}

/// The number of a scope that this run asks for, and the last run before that did; this one where there was none.
pub(super) fn scope(
    db: &Connection,
    run: i64,
    endpoint: &str,
    parent: &str,
) -> Result<(i64, i64), StoreError> {
    let known = db
        .prepare_cached("SELECT scope, run_id FROM staged_scope WHERE endpoint = ? AND parent = ?")?
        .query_row([endpoint, parent], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if let Some(known) = known {
        return Ok(known);
    }
    settle(db, run, endpoint, parent, false)?;
    Ok((db.last_insert_rowid(), run))
}

/// Notes how a scope ended that this run asked for.
pub(super) fn settle(
    db: &Connection,
    run: i64,
    endpoint: &str,
    parent: &str,
    is_good: bool,
) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO staged_scope (endpoint, parent, run_id, is_good) VALUES (?, ?, ?, ?) \
         ON CONFLICT (endpoint, parent) DO UPDATE SET run_id = excluded.run_id, is_good = excluded.is_good",
    )?
    .execute(params![endpoint, parent, run, is_good])?;
    Ok(())
}

/// Notes that this run would have asked for a scope that an earlier one has read.
pub(super) fn adopt(db: &Connection, run: i64, endpoint: &str, parent: &str) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE staged_scope SET run_id = ? WHERE endpoint = ? AND parent = ?")?
        .execute(params![run, endpoint, parent])?;
    Ok(())
}

/// Keeps what a scope sets off.
pub(super) fn keep(db: &Connection, scope: i64, follow_ups: &[FollowUp]) -> Result<(), StoreError> {
    let mut statement = db.prepare_cached("INSERT INTO staged_follow_up VALUES (?, ?)")?;
    for FollowUp(text) in follow_ups {
        statement.execute(params![scope, text])?;
    }
    Ok(())
}

/// Forgets what a scope set off.
pub(super) fn forget_follow_ups(db: &Connection, scope: i64) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM staged_follow_up WHERE scope = ?")?.execute([scope])?;
    Ok(())
}

/// Adds to what is staged what it does to the number of objects.
pub(super) fn add_tallies(
    db: &Connection,
    document: i64,
    tallies: &BTreeMap<String, Tally>,
) -> Result<(), StoreError> {
    for (kind, tally) in tallies {
        let Tally { new, changed, removed, unlisted } = tally;
        if [new, changed, removed, unlisted].iter().all(|count| **count == 0) {
            continue;
        }
        db.prepare_cached(
            "INSERT INTO staged_tally VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET new = new + excluded.new, \
             changed = changed + excluded.changed, removed = removed + excluded.removed, \
             unlisted = unlisted + excluded.unlisted",
        )?
        .execute(params![document, kind, new, changed, removed, unlisted])?;
    }
    Ok(())
}

/// What everything that is staged does to the number of objects, by kind.
pub(super) fn tallies(db: &Connection) -> Result<BTreeMap<String, Tally>, StoreError> {
    let mut statement = db.prepare(
        "SELECT kind, sum(new), sum(changed), sum(removed), sum(unlisted) FROM staged_tally GROUP BY kind",
    )?;
    let tallies = statement
        .query_map([], |row| {
            let tally =
                Tally { new: row.get(1)?, changed: row.get(2)?, removed: row.get(3)?, unlisted: row.get(4)? };
            Ok((row.get(0)?, tally))
        })?
        .collect::<Result<_, _>>()?;
    Ok(tallies)
}

/// The documents in which something changed.
pub(super) fn changed_documents(db: &Connection) -> Result<BTreeSet<i64>, StoreError> {
    let mut statement = db.prepare("SELECT DISTINCT document FROM staged_tally WHERE document <> ?")?;
    let documents = statement.query_map([ORGANISATION], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(documents)
}

/// The scopes that are asked of documents, and of their pages.
fn scopes_of_documents() -> BTreeSet<&'static str> {
    let tables = TABLES.iter().filter(|table| table.in_document);
    let listed = tables.flat_map(|table| table.listed_by.iter().map(|listed| listed.scope));
    // Images come one by one, whatever becomes of the contents; those of datasets have a scope of their own.
    listed.filter(|name| *name != scope::PREVIEWS).chain([scope::CONTENTS]).collect()
}

/// The table of the keys that scopes have listed, for tables whose rows arrive page by page.
pub(super) fn seen(table: &Table) -> String {
    format!("seen_{}", table.name)
}

fn keys(table: &Table) -> Vec<String> {
    table.columns.iter().filter(|column| column.key).map(|column| format!("\"{}\"", column.name)).collect()
}

fn seen_table(table: &Table) -> String {
    let keys = keys(table).join(", ");
    format!(
        "CREATE TABLE {} ({keys}, scope INTEGER NOT NULL, PRIMARY KEY ({keys}, scope)) WITHOUT ROWID",
        seen(table)
    )
}

/// Marks a key as listed by a scope.
pub(super) fn mark_seen(table: &Table) -> String {
    format!("INSERT OR IGNORE INTO {} VALUES ({}?)", seen(table), "?, ".repeat(keys(table).len()))
}

/// The condition that a current row `t` was listed by no scope.
pub(super) fn unseen(table: &Table) -> String {
    let same: Vec<_> = keys(table).iter().map(|key| format!("s.{key} = t.{key}")).collect();
    format!(
        "t.valid_to IS NULL AND NOT EXISTS (SELECT 1 FROM {} s WHERE {})",
        seen(table),
        same.join(" AND ")
    )
}
