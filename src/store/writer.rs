//! The one writer: takes deliveries, stores what differs, counts.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::{Duration, Instant};

use rusqlite::{OptionalExtension, TransactionBehavior, params, params_from_iter};
use serde::Serialize;

use super::diff::{Current, Epoch, Stored, TableSql};
use super::error::StoreError;
use super::ledger::RunStart;
use super::staging::{self, Resume};
use super::{Store, ledger, search_index};
use crate::catalog::TABLES;
use crate::catalog::delivery::{
    Bundle, Carried, Delivery, Event, FollowUp, Outcome, Page, Rows, ScopeReport, scope,
};
use crate::catalog::record::{Table, Value};

/// Rows per transaction: enough to make the cost of a commit vanish, few enough to lose little on a kill.
const ROWS_PER_TRANSACTION: usize = 10_000;

/// How long a transaction may stay open: what is not committed is lost on a kill.
const LONGEST_TRANSACTION: Duration = Duration::from_secs(5);

/// How long a run may be silent in its ledger.
const BEAT: Duration = Duration::from_secs(30);

/// What a run did to the objects of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Objects in the catalog after the run.
    pub total: i64,
    /// Not there before.
    pub new: i64,
    /// Different from before.
    pub changed: i64,
    /// No longer there.
    pub removed: i64,
    /// As before, asked for or not.
    pub unchanged: i64,
}

/// Counters of a kind while the run goes on.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub new: i64,
    pub changed: i64,
    pub removed: i64,
    /// Removed because a listing no longer shows it, not because its parent went.
    pub unlisted: i64,
}

/// A run in progress: the only writer of the database.
#[derive(Debug)]
pub struct Writer {
    pub(super) store: Store,
    pub(super) epoch: Epoch,
    /// The run whose reading it goes on with.
    pub(super) resumes: Option<i64>,
    pub(super) tables: HashMap<&'static str, TableSql>,
    /// The scope whose rows came last.
    last_scope: Option<(&'static str, String, i64)>,
    /// Documents of a catalog of which nothing is published that were stored and are not in the full-text index yet.
    unindexed: BTreeSet<i64>,
    /// Those that are in it as they are.
    pub(super) indexed: HashSet<i64>,
    in_transaction: bool,
    uncommitted_rows: usize,
    last_beat: Instant,
}

impl Writer {
    pub(super) fn begin(mut store: Store, start: &RunStart, resume: Resume<'_>) -> Result<Self, StoreError> {
        let tables: HashMap<_, _> = TABLES.iter().map(|table| (table.name, TableSql::new(table))).collect();
        let (epoch, resumes) = staging::begin(&mut store.connection, &tables, start, resume)?;
        Ok(Self {
            store,
            epoch,
            resumes,
            tables,
            last_scope: None,
            unindexed: BTreeSet::new(),
            indexed: HashSet::new(),
            in_transaction: false,
            uncommitted_rows: 0,
            last_beat: Instant::now(),
        })
    }

    /// The number of the run.
    pub fn run_id(&self) -> i64 {
        self.epoch.run
    }

    /// The run whose reading this one goes on with.
    pub fn resumes(&self) -> Option<i64> {
        self.resumes
    }

    /// Stores a delivery. It is durable after the next [`flush`](Self::flush).
    pub fn accept(&mut self, delivery: Delivery) -> Result<(), StoreError> {
        if !self.in_transaction {
            self.store.connection.execute_batch("BEGIN IMMEDIATE")?;
            self.in_transaction = true;
        }
        match delivery {
            Delivery::Rows(rows) => self.store_rows(staging::NO_SCOPE, rows)?,
            Delivery::Page(page) => self.store_page(page)?,
            Delivery::Scope(report) => self.store_scope("", &report)?,
            Delivery::Document(bundle, follow_ups) => self.store_document(&bundle, &follow_ups)?,
            Delivery::Bundle(bundle) => self.store_bundle(&bundle)?,
            Delivery::Learnt { scope, parent, follow_ups } => {
                let (db, run) = (&self.store.connection, self.epoch.run);
                let (number, _) = staging::scope(db, run, scope, &parent)?;
                staging::keep(db, number, &follow_ups)?;
                staging::settle(db, run, scope, &parent, true)?;
            }
            Delivery::Adopted { scope, parent, .. } => {
                staging::adopt(&self.store.connection, self.epoch.run, scope, &parent)?;
            }
            Delivery::Carried(documents) => {
                for Carried { document_id, scopes, .. } in &documents {
                    scopes.iter().try_for_each(|report| self.store_scope(document_id, report))?;
                }
            }
            Delivery::Read(read) => super::reading::note(&self.store.connection, self.epoch.run, &read)?,
            Delivery::Event(event) => self.store_event(&event)?,
        }
        if self.uncommitted_rows >= ROWS_PER_TRANSACTION || self.last_beat.elapsed() > LONGEST_TRANSACTION {
            self.flush()?;
        }
        Ok(())
    }

    /// Commits what was accepted so far, with a sign of life; gives one from time to time even when there is nothing.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        if !self.in_transaction && self.last_beat.elapsed() > BEAT {
            ledger::beat(&self.store.connection, self.epoch.run)?;
            self.last_beat = Instant::now();
        }
        if self.in_transaction {
            self.last_beat = Instant::now();
            ledger::beat(&self.store.connection, self.epoch.run)?;
            self.store.connection.execute_batch("COMMIT")?;
            self.in_transaction = false;
            self.uncommitted_rows = 0;
        }
        Ok(())
    }

    /// Writes full-text entries that publishing has not to write then: of the first run's documents that were flushed, once
    /// there are so many of them.
    pub fn index_ahead(&mut self, least: usize) -> Result<(), StoreError> {
        if self.in_transaction || self.unindexed.len() < least {
            return Ok(());
        }
        let behavior = TransactionBehavior::Immediate;
        let transaction = self.store.connection.transaction_with_behavior(behavior)?;
        search_index::ahead(&transaction, &self.unindexed)?;
        transaction.commit()?;
        self.indexed.extend(std::mem::take(&mut self.unindexed));
        // What the log holds by now need not be written to the file when the run has ended.
        let _ = self.store.connection.execute_batch("PRAGMA wal_checkpoint(PASSIVE)");
        Ok(())
    }

    /// Forgets what was accepted since the last flush.
    pub(super) fn roll_back(&mut self) -> Result<(), StoreError> {
        if self.in_transaction {
            self.in_transaction = false;
            // A failed statement may have ended the transaction already.
            if !self.store.connection.is_autocommit() {
                self.store.connection.execute_batch("ROLLBACK")?;
            }
        }
        Ok(())
    }

    fn store_page(&mut self, page: Page) -> Result<(), StoreError> {
        let scope = match &self.last_scope {
            Some((endpoint, parent, scope)) if *endpoint == page.scope && *parent == page.parent => *scope,
            _ => {
                let db = &self.store.connection;
                let (scope, _) = staging::scope(db, self.epoch.run, page.scope, &page.parent)?;
                self.last_scope = Some((page.scope, page.parent, scope));
                scope
            }
        };
        staging::keep(&self.store.connection, scope, &page.follow_ups)?;
        self.store_rows(scope, page.rows)
    }

    fn store_rows(&mut self, scope: i64, rows: Rows) -> Result<(), StoreError> {
        let db = &self.store.connection;
        let mut tallies = BTreeMap::new();
        for (table, rows) in rows.into_tables() {
            if table.in_document {
                return Err(StoreError::Internal(format!("rows of `{}` outside a document", table.name)));
            }
            let sql = &self.tables[table.name];
            let seen = staging::mark_seen(table);
            let scope = Value::Integer(scope);
            for row in rows {
                let current = sql.find(db, None, &row)?;
                let stored = sql.store(db, self.epoch, None, &row, current.as_ref())?;
                let mark = table.key_of(&row).into_iter().chain([&scope]);
                db.prepare_cached(&seen)?.execute(params_from_iter(mark))?;
                count(&mut tallies, table, &row, current.as_ref(), stored);
                self.uncommitted_rows += 1;
            }
        }
        staging::add_tallies(db, staging::ORGANISATION, &tallies)
    }

    /// Stores a document anew: what an earlier run read of it counts no more.
    fn store_document(&mut self, bundle: &Bundle, follow_ups: &[FollowUp]) -> Result<(), StoreError> {
        let (db, id) = (&self.store.connection, &bundle.document_id);
        let (scope, read_by) = staging::scope(db, self.epoch.run, scope::DOCUMENT, id)?;
        if read_by != self.epoch.run {
            staging::undo_document(db, self.epoch, id)?;
            staging::forget_follow_ups(db, scope)?;
        }
        staging::keep(db, scope, follow_ups)?;
        self.store_bundle(bundle)?;
        let is_good = bundle.scopes.iter().all(|report| report.outcome.is_good());
        staging::settle(&self.store.connection, self.epoch.run, scope::DOCUMENT, id, is_good)
    }

    fn store_bundle(&mut self, bundle: &Bundle) -> Result<(), StoreError> {
        let known: Option<i64> = self
            .store
            .connection
            .prepare_cached("SELECT document FROM document_key WHERE id = ?")?
            .query_row([&bundle.document_id], |row| row.get(0))
            .optional()?;
        let document = match known {
            Some(document) => document,
            None => {
                self.store
                    .connection
                    .prepare_cached("INSERT INTO document_key (id) VALUES (?)")?
                    .execute([&bundle.document_id])?;
                self.store.connection.last_insert_rowid()
            }
        };
        if self.epoch.published == 0 {
            self.indexed.remove(&document);
            self.unindexed.insert(document);
        }
        let complete: HashSet<(&str, &str)> = bundle
            .scopes
            .iter()
            .filter(|report| report.outcome.is_complete())
            .map(|report| (report.scope, report.parent.as_str()))
            .collect();
        let mut tallies = BTreeMap::new();
        // Keys that went in this bundle, for the rows that belonged to them. Parents come before children in `TABLES`.
        let mut gone: HashSet<(&str, Value)> = HashSet::new();
        for table in TABLES.iter().filter(|table| table.in_document) {
            let is_listed = |scope| complete.iter().any(|(name, _)| *name == scope);
            let may_differ = !bundle.rows.of(table).is_empty()
                || table.listed_by.iter().any(|listed| is_listed(listed.scope))
                || !gone.is_empty();
            if !may_differ {
                continue;
            }
            let sql = &self.tables[table.name];
            let mut current: foldhash::HashMap<Vec<Value>, Current> = HashMap::default();
            if known.is_some() {
                for row in sql.load(&self.store.connection, document)? {
                    current.insert(owned_key(table, &row.values), row);
                }
            }
            let mut incoming: foldhash::HashMap<Vec<&Value>, &Vec<Value>> = HashMap::default();
            let mut order = Vec::new();
            for row in bundle.rows.of(table) {
                let key = table.key_of(row);
                if incoming.insert(key.clone(), row).is_none() {
                    order.push(key);
                }
            }
            let is_sketch = bundle.rows.is_sketch(table);
            for key in order {
                let row = incoming[&key];
                let before = current.remove(&owned_key(table, row));
                let known = before.as_ref().filter(|_| is_sketch).map(|known| completed(row, &known.values));
                let row = known.as_ref().unwrap_or(row);
                let stored =
                    sql.store(&self.store.connection, self.epoch, Some(document), row, before.as_ref())?;
                count(&mut tallies, table, row, before.as_ref(), stored);
                self.uncommitted_rows += 1;
            }
            for row in current.into_values() {
                let text_of =
                    |column: &str| table.position(column).map(|position| row.values[position].clone());
                let unlisted = table.listed_by.iter().any(|listed| match listed.parent {
                    None => complete.contains(&(listed.scope, "")),
                    Some(column) => matches!(
                        text_of(column),
                        Some(Value::Text(parent)) if complete.contains(&(listed.scope, parent.as_str()))
                    ),
                });
                let orphaned = table.child_of.iter().any(|child| {
                    text_of(child.column).is_some_and(|parent| gone.contains(&(child.table, parent)))
                });
                if !unlisted && !orphaned {
                    continue;
                }
                sql.close(&self.store.connection, self.epoch, Some(document), &row.values, row.valid_from)?;
                if let Some(Value::Text(key)) = table.key_of(&row.values).first().copied() {
                    gone.insert((table.name, Value::Text(key.clone())));
                }
                let tally: &mut Tally = tallies.entry(table.kind_of(&row.values).to_owned()).or_default();
                tally.removed += 1;
                tally.unlisted += i64::from(unlisted && !orphaned);
                self.uncommitted_rows += 1;
            }
        }
        staging::add_tallies(&self.store.connection, document, &tallies)?;
        for report in &bundle.scopes {
            self.store_scope(&bundle.document_id, report)?;
        }
        Ok(())
    }

    fn store_scope(&mut self, document: &str, report: &ScopeReport) -> Result<(), StoreError> {
        let parent = match (document, report.parent.as_str()) {
            ("", parent) => parent.to_owned(),
            (document, "") => document.to_owned(),
            (document, parent) => format!("{document}/{parent}"),
        };
        self.store
            .connection
            .prepare_cached("INSERT OR REPLACE INTO fetch_scope VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?
            .execute(params![
                self.epoch.run,
                report.scope,
                parent,
                report.outcome.name(),
                report.pages as i64,
                report.rows as i64,
                report.http_calls as i64,
                report.retries as i64,
                report.code,
                report.message
            ])?;
        self.uncommitted_rows += 1;
        // A document is resumed as a whole; its images, which come one by one, are not.
        if document.is_empty() || report.scope == scope::PREVIEWS {
            // Whether what was not asked stands, and whether documents that were not listed are gone for good, is the next
            // run's to decide.
            let was_told = match report.outcome {
                Outcome::Carried => report.http_calls > 0,
                Outcome::Excluded => report.scope != scope::DOCUMENTS || report.http_calls == 0,
                outcome => outcome.is_good(),
            };
            staging::settle(&self.store.connection, self.epoch.run, report.scope, &parent, was_told)?;
        }
        Ok(())
    }

    fn store_event(&mut self, event: &Event) -> Result<(), StoreError> {
        let Event { severity, code, message, context } = event;
        ledger::insert_event(&self.store.connection, self.epoch.run, *severity, code, message, context)
    }
}

fn owned_key(table: &Table, row: &[Value]) -> Vec<Value> {
    table.key_of(row).into_iter().cloned().collect()
}

/// A row that leaves out what was not told, with what is known of it.
fn completed(row: &[Value], known: &[Value]) -> Vec<Value> {
    let told = row.iter().zip(known);
    told.map(|(told, known)| if *told == Value::Null { known.clone() } else { told.clone() }).collect()
}

/// Counts what storing a row did, given the row that was current before.
fn count(
    tallies: &mut BTreeMap<String, Tally>,
    table: &Table,
    row: &[Value],
    current: Option<&Current>,
    stored: Stored,
) {
    let current = current.map(|current| current.values.as_slice());
    match stored {
        Stored::First => count_difference(tallies, table, current, row, 1),
        Stored::Again => {}
        Stored::Replaced { published } => {
            if let Some(replaced) = current {
                count_difference(tallies, table, published.as_deref(), replaced, -1);
            }
            count_difference(tallies, table, published.as_deref(), row, 1);
        }
    }
}

/// Counts the difference of a row from the published one, `times` over.
pub(super) fn count_difference(
    tallies: &mut BTreeMap<String, Tally>,
    table: &Table,
    published: Option<&[Value]>,
    row: &[Value],
    times: i64,
) {
    let kind = table.kind_of(row);
    match published {
        None => tally(tallies, kind, |tally| tally.new += times),
        Some(published) if published == row => tally(tallies, kind, |_| {}),
        Some(published) if table.kind_of(published) == kind => {
            tally(tallies, kind, |tally| tally.changed += times);
        }
        Some(published) => {
            tally(tallies, table.kind_of(published), |tally| tally.removed += times);
            tally(tallies, kind, |tally| tally.new += times);
        }
    }
}

/// Changes the counters of a kind, which mostly are there already.
fn tally(tallies: &mut BTreeMap<String, Tally>, kind: &str, change: impl FnOnce(&mut Tally)) {
    match tallies.get_mut(kind) {
        Some(tally) => change(tally),
        None => change(tallies.entry(kind.to_owned()).or_default()),
    }
}
