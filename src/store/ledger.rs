//! The ledger: every run with its state, counts, scopes and events.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::error::StoreError;
use super::images::ImageFolder;
use super::now;
use super::writer::Counts;
use crate::catalog::delivery::{Outcome, Severity};

/// How many runs the ledger keeps.
pub(super) const KEPT_RUNS: i64 = 90;

/// The status a process exits with when Sigma could not be reached, or kept refusing: part of the documented contract.
const SOURCE_UNAVAILABLE: i64 = 7;

/// The state of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Holds the lock.
    Running,
    /// Every scope complete: readers see this run.
    Published,
    /// Some scopes not complete, their earlier rows kept: readers see this run.
    PublishedPartial,
    /// A deletion guard stopped it: readers see the previous run.
    Rejected,
    /// Could not produce a catalog: readers see the previous run.
    Failed,
    /// Ended by a signal: readers see the previous run.
    Interrupted,
    /// Ended without a word.
    Abandoned,
}

impl RunState {
    /// All states.
    pub const ALL: [Self; 7] = [
        Self::Running,
        Self::Published,
        Self::PublishedPartial,
        Self::Rejected,
        Self::Failed,
        Self::Interrupted,
        Self::Abandoned,
    ];

    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Published => "published",
            Self::PublishedPartial => "published_partial",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::Abandoned => "abandoned",
        }
    }

    /// The status a process exits with after a run that ended so without an error: part of the documented contract.
    pub fn exit_code(self) -> Option<i64> {
        match self {
            Self::Published => Some(0),
            Self::PublishedPartial => Some(3),
            Self::Rejected => Some(4),
            Self::Running | Self::Failed | Self::Interrupted | Self::Abandoned => None,
        }
    }

    /// Whether what a run that ended so has read is kept for the next one: it was stopped from outside, or Sigma did not
    /// answer any more.
    pub fn keeps_what_was_read(self, exit_code: Option<i64>) -> bool {
        match self {
            Self::Interrupted | Self::Abandoned => true,
            Self::Failed => exit_code == Some(SOURCE_UNAVAILABLE),
            Self::Running | Self::Published | Self::PublishedPartial | Self::Rejected => false,
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// What is known when a run starts.
#[derive(Debug, Clone)]
pub struct RunStart {
    /// Version of this program.
    pub version: String,
    /// Base address of the API.
    pub api_url: String,
    /// The organisation of the token; `None` when Sigma did not say.
    pub organization_id: Option<String>,
    /// The member who owns the token; `None` when Sigma did not say.
    pub token_member_id: Option<String>,
    /// Whether the token is an administrator's; `None` when that could not be found out.
    pub token_is_admin: Option<bool>,
}

/// What is known when a run ends.
#[derive(Debug, Clone, Default)]
pub struct RunEnd {
    /// Status the process exits with; `None`: what the state says.
    pub exit_code: Option<i64>,
    /// HTTP calls made.
    pub requests: u64,
    /// Retries among them.
    pub retries: u64,
    /// Calls the server refused for coming too fast.
    pub refused: u64,
    /// Time spent waiting because of that, in milliseconds.
    pub waited_ms: u64,
    /// What a person should know.
    pub message: Option<String>,
    /// What a person should know besides if the guards reject the run.
    pub if_rejected: Option<String>,
    /// The images, to be swept when the run is published.
    pub images: Option<ImageFolder>,
}

/// A run as the ledger has it.
#[derive(Debug, Clone, Serialize)]
pub struct RunRow {
    /// Its number.
    pub run_id: i64,
    /// Its state.
    pub state: RunState,
    /// When it started, UTC.
    pub started_at: String,
    /// When it ended, UTC.
    pub ended_at: Option<String>,
    /// Version of the program.
    pub version: String,
    /// Base address of the API.
    pub api_url: String,
    /// The organisation.
    pub organization_id: Option<String>,
    /// The member who owned the token.
    pub token_member_id: Option<String>,
    /// Whether the token was an administrator's.
    pub token_is_admin: Option<bool>,
    /// Status the process exited with.
    pub exit_code: Option<i64>,
    /// HTTP calls made.
    pub requests: i64,
    /// Retries among them.
    pub retries: i64,
    /// Calls refused for coming too fast.
    pub refused: i64,
    /// Time spent waiting because of that, in milliseconds.
    pub waited_ms: i64,
    /// What a person should know.
    pub message: Option<String>,
    /// The run whose reading it went on with.
    pub resumes: Option<i64>,
    /// Whether readers see this run.
    pub is_current: bool,
}

/// How many scopes of an endpoint ended in a way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScopeCount {
    /// Name of the scope.
    pub scope: String,
    /// How they ended.
    pub outcome: String,
    /// How many.
    pub count: i64,
    /// Rows read in them.
    pub rows: i64,
}

/// A scope that is less than it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScopeRow {
    /// Name of the scope.
    pub scope: String,
    /// Its parent.
    pub parent_id: String,
    /// How it ended.
    pub outcome: String,
    /// Stable code of the reason.
    pub code: Option<String>,
    /// The reason for people.
    pub message: Option<String>,
}

/// An event of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventRow {
    /// When, UTC.
    pub at: String,
    /// `info`, `warning` or `error`.
    pub severity: String,
    /// Stable code.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What it happened to.
    pub context: String,
}

pub(super) fn insert_run(
    db: &Connection,
    start: &RunStart,
    resumes: Option<i64>,
    at: &str,
) -> Result<i64, StoreError> {
    db.execute(
        "INSERT INTO run (state, started_at, heartbeat_at, version, api_url, organization_id, token_member_id, \
         token_is_admin) VALUES ('running', ?1, ?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            at,
            start.version,
            start.api_url,
            start.organization_id,
            start.token_member_id,
            start.token_is_admin
        ],
    )?;
    let run = db.last_insert_rowid();
    if let Some(earlier) = resumes {
        db.execute("INSERT INTO run_resumed VALUES (?, ?)", [run, earlier])?;
    }
    Ok(run)
}

pub(super) fn beat(db: &Connection, run: i64) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE run SET heartbeat_at = ? WHERE run_id = ?")?.execute(params![now(), run])?;
    Ok(())
}

/// Notes how a run ended. A clock that was set back meanwhile makes no run end before it began.
pub(super) fn finish(db: &Connection, run: i64, state: RunState, end: &RunEnd) -> Result<(), StoreError> {
    db.execute(
        "UPDATE run SET state = ?, ended_at = max(?, started_at), exit_code = ?, requests = ?, retries = ?, refused = ?, \
         waited_ms = ?, message = ? WHERE run_id = ?",
        params![
            state.name(),
            now(),
            end.exit_code.or_else(|| state.exit_code()),
            end.requests as i64,
            end.retries as i64,
            end.refused as i64,
            end.waited_ms as i64,
            end.message,
            run
        ],
    )?;
    Ok(())
}

pub(super) fn running(db: &Connection) -> Result<Vec<i64>, StoreError> {
    let mut statement = db.prepare("SELECT run_id FROM run WHERE state = 'running'")?;
    let runs = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(runs)
}

/// The run that readers see.
pub(super) fn published(db: &Connection) -> Result<Option<RunRow>, StoreError> {
    let current: i64 = db.query_row("SELECT published_run FROM catalog_state", [], |row| row.get(0))?;
    run(db, current)
}

/// The names of the outcomes for which that holds, as a list in SQL.
pub(super) fn outcomes(holds: impl Fn(Outcome) -> bool) -> String {
    let names = Outcome::ALL.into_iter().filter(|outcome| holds(*outcome));
    names.map(|outcome| format!("'{}'", outcome.name())).collect::<Vec<_>>().join(", ")
}

/// Whether a scope of a run is less than it should be.
pub(super) fn is_deficient(db: &Connection, run: i64) -> Result<bool, StoreError> {
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM fetch_scope WHERE run_id = ? AND outcome NOT IN ({}))",
        outcomes(Outcome::is_good)
    );
    Ok(db.query_row(&sql, [run], |row| row.get(0))?)
}

/// Code of the event that keeps what a rejected run would have removed: its context is the kind, its count how many.
pub(super) const REFUSED: &str = "guard.removal_refused";
/// Code of the event that a kind had objects and has none now.
pub(super) const EMPTIED: &str = "guard.emptied";

/// Notes that something happened in a run.
pub(super) fn insert_event(
    db: &Connection,
    run: i64,
    severity: Severity,
    code: &str,
    message: &str,
    context: &str,
) -> Result<(), StoreError> {
    db.prepare_cached("INSERT INTO run_event VALUES (?, ?, ?, ?, ?, ?, 1)")?.execute(params![
        run,
        now(),
        severity.name(),
        code,
        message,
        context
    ])?;
    Ok(())
}

/// Notes an event of the guards.
pub(super) fn insert_guard_event(
    db: &Connection,
    run: i64,
    code: &str,
    message: &str,
    kind: &str,
    count: i64,
) -> Result<(), StoreError> {
    db.prepare_cached("INSERT INTO run_event VALUES (?, ?, 'warning', ?, ?, ?, ?)")?.execute(params![
        run,
        now(),
        code,
        message,
        kind,
        count
    ])?;
    Ok(())
}

pub(super) fn refused_removals(db: &Connection, run: i64) -> Result<BTreeMap<String, i64>, StoreError> {
    let mut statement = db.prepare("SELECT context, count FROM run_event WHERE run_id = ? AND code = ?")?;
    let refused = statement
        .query_map(params![run, REFUSED], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(refused)
}

pub(super) fn published_scope_is_known(db: &Connection, scope: &str) -> Result<bool, StoreError> {
    let found = db.query_row(
        "SELECT EXISTS (SELECT 1 FROM fetch_scope WHERE endpoint = ? \
         AND run_id = (SELECT published_run FROM catalog_state))",
        [scope],
        |row| row.get(0),
    )?;
    Ok(found)
}

/// Objects by kind in the published catalog.
pub(super) fn totals(db: &Connection) -> Result<BTreeMap<String, i64>, StoreError> {
    let mut statement = db.prepare(
        "SELECT kind, total FROM run_count WHERE run_id = (SELECT published_run FROM catalog_state)",
    )?;
    let totals = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    Ok(totals)
}

pub(super) fn insert_count(db: &Connection, run: i64, kind: &str, counts: &Counts) -> Result<(), StoreError> {
    let Counts { total, new, changed, removed, unchanged } = counts;
    db.prepare_cached("INSERT INTO run_count VALUES (?, ?, ?, ?, ?, ?, ?)")?
        .execute(params![run, kind, total, new, changed, removed, unchanged])?;
    Ok(())
}

/// Forgets the complete scopes of earlier runs, which answer no question any more, and what is older than the ledger keeps.
pub(super) fn prune_scopes(db: &Connection, run: i64) -> Result<(), StoreError> {
    db.execute(
        &format!(
            "DELETE FROM fetch_scope WHERE run_id < ?1 AND (outcome IN ({}) OR run_id <= ?1 - ?2)",
            outcomes(Outcome::is_good)
        ),
        [run, KEPT_RUNS],
    )?;
    db.execute("DELETE FROM run_event WHERE run_id <= ? - ?", [run, KEPT_RUNS])?;
    Ok(())
}

/// Every run, as [`run_row`] reads it.
fn all_runs(db: &Connection) -> Result<String, StoreError> {
    // A catalog of an earlier version has no such table, and can be read all the same.
    let (earlier, join) = if db.table_exists(None, "run_resumed")? {
        ("s.earlier", "LEFT JOIN run_resumed s ON s.run_id = r.run_id")
    } else {
        ("NULL", "")
    };
    Ok(format!(
        "SELECT r.*, {earlier} AS resumes, r.run_id = c.published_run AS is_current \
         FROM catalog_state c, run r {join}"
    ))
}

/// Runs, latest first.
pub(super) fn runs(db: &Connection, limit: i64) -> Result<Vec<RunRow>, StoreError> {
    let mut statement = db.prepare(&format!("{} ORDER BY r.run_id DESC LIMIT ?", all_runs(db)?))?;
    let runs = statement.query_map([limit], run_row)?.collect::<Result<_, _>>()?;
    Ok(runs)
}

pub(super) fn run(db: &Connection, run: i64) -> Result<Option<RunRow>, StoreError> {
    Ok(db.query_row(&format!("{} WHERE r.run_id = ?", all_runs(db)?), [run], run_row).optional()?)
}

fn run_row(row: &Row<'_>) -> rusqlite::Result<RunRow> {
    let state: String = row.get("state")?;
    Ok(RunRow {
        run_id: row.get("run_id")?,
        state: RunState::from_name(&state).unwrap_or(RunState::Abandoned),
        started_at: row.get("started_at")?,
        ended_at: row.get("ended_at")?,
        version: row.get("version")?,
        api_url: row.get("api_url")?,
        organization_id: row.get("organization_id")?,
        token_member_id: row.get("token_member_id")?,
        token_is_admin: row.get("token_is_admin")?,
        exit_code: row.get("exit_code")?,
        requests: row.get("requests")?,
        retries: row.get("retries")?,
        refused: row.get("refused")?,
        waited_ms: row.get("waited_ms")?,
        message: row.get("message")?,
        resumes: row.get("resumes")?,
        is_current: row.get("is_current")?,
    })
}

pub(super) fn counts(db: &Connection, run: i64) -> Result<BTreeMap<String, Counts>, StoreError> {
    let mut statement =
        db.prepare("SELECT kind, total, new, changed, removed, unchanged FROM run_count WHERE run_id = ?")?;
    let counts = statement
        .query_map([run], |row| {
            Ok((
                row.get(0)?,
                Counts {
                    total: row.get(1)?,
                    new: row.get(2)?,
                    changed: row.get(3)?,
                    removed: row.get(4)?,
                    unchanged: row.get(5)?,
                },
            ))
        })?
        .collect::<Result<_, _>>()?;
    Ok(counts)
}

pub(super) fn scope_counts(db: &Connection, run: i64) -> Result<Vec<ScopeCount>, StoreError> {
    let mut statement = db.prepare(
        "SELECT endpoint, outcome, count(*), sum(rows) FROM fetch_scope WHERE run_id = ? GROUP BY 1, 2 ORDER BY 1, 2",
    )?;
    let counts = statement
        .query_map([run], |row| {
            Ok(ScopeCount { scope: row.get(0)?, outcome: row.get(1)?, count: row.get(2)?, rows: row.get(3)? })
        })?
        .collect::<Result<_, _>>()?;
    Ok(counts)
}

pub(super) fn deficient_scopes(db: &Connection, run: i64, limit: i64) -> Result<Vec<ScopeRow>, StoreError> {
    let mut statement = db.prepare(&format!(
        "SELECT endpoint, parent_id, outcome, error_code, message FROM fetch_scope \
         WHERE run_id = ? AND outcome NOT IN ({}) ORDER BY endpoint, parent_id LIMIT ?",
        outcomes(Outcome::is_good)
    ))?;
    let scopes = statement
        .query_map([run, limit], |row| {
            Ok(ScopeRow {
                scope: row.get(0)?,
                parent_id: row.get(1)?,
                outcome: row.get(2)?,
                code: row.get(3)?,
                message: row.get(4)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(scopes)
}

pub(super) fn events(db: &Connection, run: i64) -> Result<Vec<EventRow>, StoreError> {
    let mut statement = db.prepare(
        "SELECT at, severity, code, title, context FROM run_event WHERE run_id = ? ORDER BY rowid",
    )?;
    let events = statement
        .query_map([run], |row| {
            Ok(EventRow {
                at: row.get(0)?,
                severity: row.get(1)?,
                code: row.get(2)?,
                message: row.get(3)?,
                context: row.get(4)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(events)
}
