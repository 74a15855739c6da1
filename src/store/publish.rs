//! How a run ends: its removals are decided, the guards look at them, and the pointer moves; or what it wrote is kept
//! for the next run, or undone.

use std::collections::{BTreeMap, HashSet};

use rusqlite::{Connection, params};
use serde::Serialize;

use super::error::StoreError;
use super::ledger::{self, RunEnd, RunState, ScopeCount, ScopeRow};
use super::writer::{Counts, Tally, Writer};
use super::{search_index, staging};
use crate::catalog::TABLES;
use crate::catalog::delivery::Outcome;
use crate::catalog::facts::Facts;
use crate::catalog::mirror::Mirror;
use crate::catalog::organisation;
use crate::catalog::record::{ChildOf, Record, Table};

/// Why a run was not published although it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The kind of object.
    pub kind: String,
    /// How many the last published run had.
    pub before: i64,
    /// How many this run would remove.
    pub removed: i64,
}

/// How a run ended.
#[derive(Debug)]
pub struct RunOutcome {
    /// The run.
    pub run_id: i64,
    /// Its final state.
    pub state: RunState,
    /// What it did, by kind of object; empty unless it was published.
    pub counts: BTreeMap<String, Counts>,
    /// What the guards objected to.
    pub refusals: Vec<Refusal>,
    /// Kinds of which the last few objects went: applied, but suspicious.
    pub emptied: Vec<String>,
    /// How the scopes ended.
    pub scopes: Vec<ScopeCount>,
    /// The first scopes that are less than they should be.
    pub deficient: Vec<ScopeRow>,
}

/// How a run that ended is to be published.
pub struct Publication<'a> {
    /// How it ended.
    pub end: &'a RunEnd,
    /// Removals, by kind, that pass the guards: as many as that, and no more.
    pub accepted: &'a BTreeMap<String, i64>,
    /// The only documents, folders, workspaces and connections that may stay, whatever their listings say, while nothing
    /// stays of what is not one user's to see; `None`: all may.
    pub only: Option<&'a HashSet<String>>,
    /// Draws from the facts of this run what it mirrors; `None`: nothing.
    pub mirror: Option<&'a dyn Fn(&Facts) -> Mirror>,
}

/// The tables of what one user sees or does not see; the rest goes with it.
const LIMITED: &[&str] = &["workspace", "file", "document"];

/// The tables that hold nothing of what one user sees: what an earlier run wrote there goes when the catalog becomes that.
const WITHHELD: &[&str] = &[
    "team",
    "team_member",
    "account_type",
    "account_type_permission",
    "object_grant",
    "connection_grant",
    "user_attribute",
    "user_attribute_value",
    "tenant",
    "version_tag",
];

/// How many deficient scopes an outcome names; the ledger has all.
const NAMED_SCOPES: i64 = 10;

/// The run that was published last, in SQL.
const PUBLISHED: &str = "(SELECT published_run FROM catalog_state)";

/// Kinds that are made by ourselves and can be made again: that they go says nothing about what the token sees.
const REPLACEABLE: &[&str] = &["preview"];

/// Kinds whose disappearance turns into wrong permissions or a catalog without a frame: one left and none now is enough.
const NEVER_EMPTY: &[&str] = &["member", "team", "workspace", "object_grant"];

impl std::fmt::Display for Refusal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} of {} objects of kind `{}` would be removed", self.removed, self.before, self.kind)
    }
}

impl Refusal {
    /// Whether removing that many is more than a run may do on its own.
    fn of(kind: &str, before: i64, unlisted: i64, after: i64) -> Option<Self> {
        let many = unlisted >= 5 && unlisted * 100 > before * 30;
        let emptied = after == 0 && (before >= 3 || before > 0 && NEVER_EMPTY.contains(&kind));
        (unlisted > 0 && (many || emptied) && !REPLACEABLE.contains(&kind)).then(|| Self {
            kind: kind.to_owned(),
            before,
            removed: unlisted,
        })
    }
}

impl Writer {
    /// Publishes the run, or rejects it when it would remove suspiciously much.
    ///
    /// `accepted` names removals, by kind, that pass the guards: as many as that, and no more.
    pub fn publish(self, end: &RunEnd, accepted: &BTreeMap<String, i64>) -> Result<RunOutcome, StoreError> {
        self.publish_as(Publication { end, accepted, only: None, mirror: None })
    }

    /// The same with what the run says about its audience.
    pub fn publish_as(mut self, publication: Publication<'_>) -> Result<RunOutcome, StoreError> {
        let Publication { end, accepted, only, mirror } = publication;
        self.flush()?;
        let run = self.epoch.run;
        let db = &self.store.connection;
        db.execute_batch("BEGIN IMMEDIATE")?;
        if self.resumes.is_some() {
            staging::forget_what_was_not_asked(db, &self.tables, self.epoch)?;
        }
        let mut tallies = staging::tallies(db)?;
        let before = ledger::totals(db)?;
        let scopes = ledger::scope_counts(db, run)?;
        let deficient = ledger::deficient_scopes(db, run, NAMED_SCOPES)?;
        // Parents come before children in `TABLES`.
        for table in TABLES {
            if table.in_document {
                remove_with_document(db, run, table, &mut tallies)?;
                continue;
            }
            remove_unseen(db, run, table, &mut tallies)?;
            if let (Some(only), true) = (only, LIMITED.contains(&table.name)) {
                remove_others(db, run, table, only, &mut tallies)?;
            }
            if only.is_some() && WITHHELD.contains(&table.name) {
                remove_all(db, run, table, &mut tallies)?;
            }
        }
        if let Some(only) = only {
            // Some of what stays was not read in this run, and still reads from somewhere.
            let mut only = only.clone();
            only.extend(connections_in_use(db)?);
            remove_others(db, run, organisation::Connection::TABLE, &only, &mut tallies)?;
        }
        let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
        for kind in before.keys().chain(tallies.keys()) {
            let tally = tallies.get(kind);
            let (new, changed, removed) =
                tally.map_or((0, 0, 0), |tally| (tally.new, tally.changed, tally.removed));
            let total = before.get(kind).copied().unwrap_or(0) + new - removed;
            counts.insert(
                kind.clone(),
                Counts { total, new, changed, removed, unchanged: total - new - changed },
            );
        }
        let mut refusals = Vec::new();
        let mut emptied = Vec::new();
        for (kind, tally) in &tallies {
            let had = before.get(kind).copied().unwrap_or(0);
            let has = counts[kind].total;
            refusals.extend(Refusal::of(kind, had, tally.unlisted, has));
            if had > 0 && has == 0 {
                emptied.push(kind.clone());
            }
        }
        // A rejected run removes nothing, what was accepted included: who accepts it accepts all of that.
        let is_accepted = |refusal: &Refusal| {
            accepted.get(&refusal.kind).is_some_and(|accepted| refusal.removed <= *accepted)
        };
        if !refusals.iter().all(is_accepted) {
            self.store.connection.execute_batch("ROLLBACK")?;
            let told = refusals.iter().map(Refusal::to_string).chain(end.if_rejected.clone());
            let end = RunEnd { message: Some(told.collect::<Vec<_>>().join("; ")), ..end.clone() };
            let outcome = self.abandon_with(RunState::Rejected, &end, &refusals)?;
            return Ok(RunOutcome { refusals, scopes, deficient, ..outcome });
        }
        let state =
            if ledger::is_deficient(db, run)? { RunState::PublishedPartial } else { RunState::Published };
        for (kind, counts) in &counts {
            ledger::insert_count(db, run, kind, counts)?;
        }
        for kind in &emptied {
            let had = before.get(kind).copied().unwrap_or(0);
            let message = format!("the catalog had {had} of `{kind}` and now has none");
            ledger::insert_guard_event(db, run, ledger::EMPTIED, &message, kind, had)?;
        }
        match mirror {
            None => super::mirror::forget(db, run)?,
            Some(mirror) => {
                let row = ledger::run(db, run)?.ok_or(StoreError::NoSuchRun(run))?;
                super::mirror::write(db, run, &mirror(&super::access::facts_of(db, &row)?))?;
            }
        }
        search_index::update(db, self.epoch.published, &staging::changed_documents(db)?, &self.indexed)?;
        super::reading::keep_confirmed(db, run)?;
        ledger::prune_scopes(db, run)?;
        ledger::finish(db, run, state, end)?;
        db.execute("UPDATE catalog_state SET published_run = ?", [run])?;
        staging::end(db)?;
        if let Err(error) = db.execute_batch("COMMIT") {
            return Err(self.retract(error.into(), end));
        }
        // What follows is housekeeping: that it fails takes nothing back.
        if let Some(images) = &end.images {
            let swept = self.store.kept_images().map(|kept| images.sweep(&kept));
            if let Ok(Err(error)) = swept {
                tracing::warn!(%error, "images that nothing refers to any more could not be removed");
            }
        }
        let _ = db.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)");
        Ok(RunOutcome { run_id: run, state, counts, refusals: Vec::new(), emptied, scopes, deficient })
    }

    /// Undoes a run whose publication could not be committed. A commit that fails when it is flushed is on disk all the
    /// same, and whoever opens the catalog next would find it: what is written now takes its place there.
    fn retract(self, error: StoreError, end: &RunEnd) -> StoreError {
        let end = RunEnd { message: Some(error.to_string()), ..end.clone() };
        let _ = self.store.connection.execute_batch("ROLLBACK");
        // The first failure is the one to tell; the disk may well refuse this as well.
        let _ = self.abandon_with(RunState::Failed, &end, &[]);
        error
    }

    /// Ends the run without publishing: the last published catalog stays. What the run has read is kept for the next one
    /// where nothing is wrong with it, and undone otherwise.
    pub fn abandon_as(self, state: RunState, end: &RunEnd) -> Result<RunOutcome, StoreError> {
        self.abandon_with(state, end, &[])
    }

    fn abandon_with(
        mut self,
        state: RunState,
        end: &RunEnd,
        refusals: &[Refusal],
    ) -> Result<RunOutcome, StoreError> {
        let keeps = state.keeps_what_was_read(end.exit_code);
        if keeps {
            self.flush()?;
        } else {
            self.roll_back()?;
        }
        let run = self.epoch.run;
        let db = &self.store.connection;
        db.execute_batch("BEGIN IMMEDIATE")?;
        if !keeps {
            staging::undo(db)?;
        } else if state == RunState::Failed {
            staging::doubt_what_was_not_told(db, run)?;
        }
        for refusal in refusals {
            let Refusal { kind, removed, .. } = refusal;
            ledger::insert_guard_event(db, run, ledger::REFUSED, &refusal.to_string(), kind, *removed)?;
        }
        ledger::finish(db, run, state, end)?;
        db.execute_batch("COMMIT")?;
        Ok(RunOutcome {
            run_id: run,
            state,
            counts: BTreeMap::new(),
            refusals: Vec::new(),
            emptied: Vec::new(),
            scopes: Vec::new(),
            deficient: Vec::new(),
        })
    }
}

/// The connections that current rows read from.
fn connections_in_use(db: &Connection) -> Result<Vec<String>, StoreError> {
    let naming = TABLES.iter().filter(|table| table.position("connection_id").is_some());
    let each = naming.map(|table| {
        format!(
            "SELECT connection_id FROM {} WHERE valid_to IS NULL AND connection_id IS NOT NULL",
            table.history()
        )
    });
    let mut statement = db.prepare(&each.collect::<Vec<_>>().join(" UNION "))?;
    let found = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(found)
}

/// Closes the rows of a table whose ids are not among those that may stay.
fn remove_others(
    db: &Connection,
    run: i64,
    table: &Table,
    only: &HashSet<String>,
    tallies: &mut BTreeMap<String, Tally>,
) -> Result<(), StoreError> {
    let history = table.history();
    let kind = table.kind.map_or(format!("'{}'", table.name), |column| format!("\"{column}\""));
    let current: Vec<(String, String)> = db
        .prepare(&format!("SELECT id, {kind} FROM {history} WHERE valid_to IS NULL"))?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut close =
        db.prepare(&format!("UPDATE {history} SET valid_to = ? WHERE id = ? AND valid_to IS NULL"))?;
    for (id, kind) in current.into_iter().filter(|(id, _)| !only.contains(id)) {
        close.execute(params![run, id])?;
        let tally = tallies.entry(kind).or_default();
        tally.removed += 1;
        tally.unlisted += 1;
    }
    Ok(())
}

/// Closes all rows of a table. That they go is no loss of sight, so that the guards need not look at it.
fn remove_all(
    db: &Connection,
    run: i64,
    table: &Table,
    tallies: &mut BTreeMap<String, Tally>,
) -> Result<(), StoreError> {
    let close = format!("UPDATE {} SET valid_to = ? WHERE valid_to IS NULL", table.history());
    let removed = db.execute(&close, [run])?;
    if removed > 0 {
        tallies.entry(table.name.to_owned()).or_default().removed += removed as i64;
    }
    Ok(())
}

/// Closes the rows of a table that a complete scope no longer lists, and those whose parent went in this run.
fn remove_unseen(
    db: &Connection,
    run: i64,
    table: &Table,
    tallies: &mut BTreeMap<String, Tally>,
) -> Result<(), StoreError> {
    let history = table.history();
    let unseen = staging::unseen(table);
    let listed: Vec<_> = table
        .listed_by
        .iter()
        .map(|listed| {
            let parent = listed.parent.map_or("''".to_owned(), |column| format!("t.\"{column}\""));
            format!(
                "EXISTS (SELECT 1 FROM fetch_scope f WHERE f.run_id = ?1 AND f.endpoint = '{}' \
                 AND f.parent_id = {parent} AND f.outcome IN ({}))",
                listed.scope,
                ledger::outcomes(Outcome::is_complete)
            )
        })
        .collect();
    let listed = format!("({})", listed.join(" OR "));
    let orphaned = orphaned(table);
    let kind = table.kind.map_or(format!("'{}'", table.name), |column| format!("t.\"{column}\""));
    let mut statement = db.prepare(&format!(
        "SELECT {kind}, count(*), sum(NOT {orphaned}) FROM {history} t \
         WHERE {unseen} AND ({listed} OR {orphaned}) GROUP BY 1"
    ))?;
    let removed = statement
        .query_map([run], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)))?
        .collect::<Result<Vec<_>, _>>()?;
    if removed.is_empty() {
        return Ok(());
    }
    for (kind, count, unlisted) in removed {
        let tally = tallies.entry(kind).or_default();
        tally.removed += count;
        tally.unlisted += unlisted;
    }
    db.execute(
        &format!("UPDATE {history} AS t SET valid_to = ?1 WHERE {unseen} AND ({listed} OR {orphaned})"),
        [run],
    )?;
    Ok(())
}

/// The condition that a row's parent went in this run and is nowhere any more.
fn orphaned(table: &Table) -> String {
    // Or in one that it resumes: since the last one was published.
    let since = format!("> {PUBLISHED}");
    let mut by_column: BTreeMap<&str, Vec<&ChildOf>> = BTreeMap::new();
    for child in table.child_of {
        by_column.entry(child.column).or_default().push(child);
    }
    let conditions: Vec<_> = by_column
        .into_iter()
        .map(|(column, parents)| {
            let exists = |condition: &str, joiner: &str| {
                let each: Vec<_> = parents
                    .iter()
                    .map(|parent| {
                        format!(
                            "EXISTS (SELECT 1 FROM {}_history p WHERE p.\"{}\" = t.\"{column}\" AND p.valid_to {condition})",
                            parent.table, parent.key
                        )
                    })
                    .collect();
                each.join(joiner)
            };
            format!("(({}) AND NOT ({}))", exists(&since, " OR "), exists("IS NULL", " OR "))
        })
        .collect();
    if conditions.is_empty() { "(?1 IS NULL)".to_owned() } else { format!("({})", conditions.join(" OR ")) }
}

/// Closes what lies inside documents that went in this run.
fn remove_with_document(
    db: &Connection,
    run: i64,
    table: &Table,
    tallies: &mut BTreeMap<String, Tally>,
) -> Result<(), StoreError> {
    let removed = db.execute(
        &format!(
            "UPDATE {} SET valid_to = ?1 WHERE valid_to IS NULL AND document IN (
                SELECT k.document FROM document_history h JOIN document_key k ON k.id = h.id
                WHERE h.valid_to > {PUBLISHED}
                  AND NOT EXISTS (SELECT 1 FROM document_history c WHERE c.id = h.id AND c.valid_to IS NULL))",
            table.history()
        ),
        params![run],
    )?;
    if removed > 0 {
        tallies.entry(table.name.to_owned()).or_default().removed += removed as i64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Refusal;

    #[test]
    fn the_guard_stops_what_looks_like_a_lost_view_and_lets_small_removals_pass() {
        let cases = [
            // kind, before, unlisted, after, refused
            ("workbook", 60, 57, 3, true),
            ("workbook", 6, 5, 1, true),
            ("workbook", 100, 31, 69, true),
            ("workbook", 100, 30, 70, false),
            ("workbook", 12, 1, 11, false),
            ("workbook", 10, 4, 6, false),
            ("workbook", 3, 3, 0, true),
            ("workbook", 2, 2, 0, false),
            ("member", 1, 1, 0, true),
            ("team", 2, 2, 0, true),
            ("workspace", 1, 1, 0, true),
            ("object_grant", 1, 1, 0, true),
            ("page", 40, 0, 0, false),
            ("preview", 40, 40, 0, false),
        ];
        for (kind, before, unlisted, after, refused) in cases {
            assert_eq!(
                Refusal::of(kind, before, unlisted, after).is_some(),
                refused,
                "{kind} {before} {unlisted}"
            );
        }
    }
}
