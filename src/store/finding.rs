//! Findings of reports from run to run, and the decisions of people about them.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use serde::Serialize;

use super::error::StoreError;
use super::evidence::has_table;
use super::reader::Catalog;
use super::{Store, now};

/// A finding as it was last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingRow {
    /// The report that found it.
    pub report_id: String,
    /// What makes it the same finding in every run.
    pub finding_key: String,
    /// The object it is about, where it is about one.
    pub object_id: Option<String>,
    /// The run that first found it.
    pub first_seen_run: i64,
    /// The run that last found it.
    pub last_seen_run: i64,
    /// The first run that read all it rests on and did not find it any more; `None` while it lasts.
    pub resolved_run: Option<i64>,
    /// The report's columns as they were then, a JSON object.
    pub cells: String,
}

/// A decision that a finding may stay for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suppression {
    /// The finding.
    pub finding_key: String,
    /// The report that found it.
    pub report_id: String,
    /// Why it may stay.
    pub reason: String,
    /// The last day on which it may, ISO 8601.
    pub until: String,
    /// Who decided.
    pub suppressed_by: String,
    /// When, UTC.
    pub suppressed_at: String,
}

/// What one report found in a run.
#[derive(Debug, Clone)]
pub struct SeenFindings {
    /// The report.
    pub report_id: &'static str,
    /// All it found.
    pub found: Vec<SeenFinding>,
    /// Whether the run read the listings that the report rests on, so that what it did not find is not there.
    pub is_complete: bool,
    /// Objects about which the run does not know all, so that a finding about one of them may well last.
    pub doubtful: HashSet<String>,
}

/// A finding in a run.
#[derive(Debug, Clone)]
pub struct SeenFinding {
    /// What makes it the same finding in every run.
    pub key: String,
    /// The object it is about, where it is about one.
    pub object_id: Option<String>,
    /// The report's columns, a JSON object.
    pub cells: String,
}

impl Store {
    /// Records what reports found in a run. Findings that are not there any more are resolved where that is sure;
    /// a finding that returns keeps the run that first found it. Recording a run again changes nothing.
    pub fn record_findings(&mut self, run: i64, reports: &[SeenFindings]) -> Result<(), StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for report in reports {
            let mut upsert = transaction.prepare_cached(
                "INSERT INTO finding VALUES (?1, ?2, ?3, ?4, ?4, NULL, ?5) ON CONFLICT DO UPDATE SET \
                 first_seen_run = min(first_seen_run, ?4), last_seen_run = max(last_seen_run, ?4), \
                 resolved_run = NULL, cells = ?5",
            )?;
            for SeenFinding { key, object_id, cells } in &report.found {
                upsert.execute(params![report.report_id, key, object_id, run, cells])?;
            }
            if report.is_complete {
                resolve(&transaction, run, report)?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    /// Suppresses a finding, or replaces its suppression.
    pub fn suppress(
        &mut self,
        finding: &FindingRow,
        reason: &str,
        until: &str,
        by: &str,
    ) -> Result<Suppression, StoreError> {
        self.connection.execute(
            "INSERT OR REPLACE INTO finding_suppression VALUES (?, ?, ?, ?, ?, ?)",
            params![finding.finding_key, finding.report_id, reason, until, by, now()],
        )?;
        let sql = format!("{SUPPRESSIONS} WHERE finding_key = ?");
        Ok(self.connection.query_row(&sql, [&finding.finding_key], suppression)?)
    }

    /// Takes a suppression back; answers what it was.
    pub fn unsuppress(&mut self, finding_key: &str) -> Result<Option<Suppression>, StoreError> {
        let sql = "DELETE FROM finding_suppression WHERE finding_key = ? RETURNING *";
        Ok(self.connection.query_row(sql, [finding_key], suppression).optional()?)
    }
}

/// Marks the findings of a report that are not there any more.
fn resolve(db: &Connection, run: i64, report: &SeenFindings) -> Result<(), StoreError> {
    let found: HashSet<&str> = report.found.iter().map(|found| found.key.as_str()).collect();
    let open: Vec<(String, Option<String>)> = db
        .prepare_cached(
            "SELECT finding_key, object_id FROM finding WHERE report_id = ? AND resolved_run IS NULL",
        )?
        .query_map([report.report_id], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut resolve =
        db.prepare_cached("UPDATE finding SET resolved_run = ? WHERE report_id = ? AND finding_key = ?")?;
    for (key, object_id) in open {
        let in_doubt = object_id.is_some_and(|id| report.doubtful.contains(&id));
        if !in_doubt && !found.contains(key.as_str()) {
            resolve.execute(params![run, report.report_id, key])?;
        }
    }
    Ok(())
}

const SUPPRESSIONS: &str = "SELECT * FROM finding_suppression";

impl Catalog {
    /// All findings ever recorded.
    pub fn findings(&self) -> Result<Vec<FindingRow>, StoreError> {
        if !has_table(self.connection(), "finding")? {
            return Ok(Vec::new());
        }
        let mut statement = self.connection().prepare("SELECT * FROM finding")?;
        let findings = statement.query_map([], finding)?.collect::<Result<_, _>>()?;
        Ok(findings)
    }

    /// All suppressions, expired ones included.
    pub fn suppressions(&self) -> Result<Vec<Suppression>, StoreError> {
        if !has_table(self.connection(), "finding_suppression")? {
            return Ok(Vec::new());
        }
        let mut statement = self.connection().prepare(SUPPRESSIONS)?;
        let suppressions = statement.query_map([], suppression)?.collect::<Result<_, _>>()?;
        Ok(suppressions)
    }
}

fn finding(row: &Row<'_>) -> rusqlite::Result<FindingRow> {
    Ok(FindingRow {
        report_id: row.get("report_id")?,
        finding_key: row.get("finding_key")?,
        object_id: row.get("object_id")?,
        first_seen_run: row.get("first_seen_run")?,
        last_seen_run: row.get("last_seen_run")?,
        resolved_run: row.get("resolved_run")?,
        cells: row.get("cells")?,
    })
}

fn suppression(row: &Row<'_>) -> rusqlite::Result<Suppression> {
    Ok(Suppression {
        finding_key: row.get("finding_key")?,
        report_id: row.get("report_id")?,
        reason: row.get("reason")?,
        until: row.get("until")?,
        suppressed_by: row.get("suppressed_by")?,
        suppressed_at: row.get("suppressed_at")?,
    })
}
