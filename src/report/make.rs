//! Makes a report: rows from its rules, common columns and the life of findings around them, filters, and out.

use std::collections::{BTreeMap, HashSet};

use super::filter::{Filter, Ready};
use super::finding::{self, Ledger, Life, Status};
use super::inputs::{Inputs, Stamp};
use super::row::{Cell, ReportError, Row, Severity};
use super::table::{AFTER, BEFORE, LIFE, Report, SIGNED_EMBEDS};
use crate::access::Confidence;
use crate::catalog::delivery::scope;
use crate::store::{FindingRow, SeenFinding, SeenFindings};

/// Writes a report in some format.
pub trait Render {
    /// Before the first row.
    ///
    /// # Errors
    /// If it cannot be written.
    fn begin(&mut self, head: &Head<'_>) -> Result<(), ReportError>;
    /// One row: all columns of the report, in their order.
    ///
    /// # Errors
    /// If it cannot be written.
    fn row(&mut self, report: &Report, cells: &[Cell<'_>], is_summary: bool) -> Result<(), ReportError>;
    /// After the last row.
    ///
    /// # Errors
    /// If it cannot be written.
    fn end(&mut self, report: &Report, totals: &Totals) -> Result<(), ReportError>;
}

/// What is known before the first row.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// The report.
    pub report: &'a Report,
    /// The run it is about.
    pub run_id: i64,
    /// When that ended.
    pub as_of: Option<&'a str>,
    /// The organisation.
    pub org_id: Option<&'a str>,
    /// What it rests on and was not read to the end.
    pub unread: &'a [&'static str],
}

/// What is known after the last row.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    /// Rows written, without those that count others.
    pub rows: u64,
    /// Findings by severity, among those written.
    pub by_severity: BTreeMap<Severity, u64>,
    /// Findings left out because they are suppressed.
    pub suppressed: u64,
    /// The weakest confidence of all rows, and of what is not there.
    pub confidence: Option<Confidence>,
}

/// Makes a report.
///
/// # Errors
/// If the report needs to be told more, the catalog cannot be read, or the output cannot be written.
pub fn make(
    report: &Report,
    inputs: &Inputs<'_>,
    ledger: &Ledger,
    filter: &Filter,
    out: &mut dyn Render,
) -> Result<Totals, ReportError> {
    let ready = filter.ready(report)?;
    let unread = inputs.unread(report.rests_on);
    let stamp = inputs.stamp;
    let (as_of, org_id) = (stamp.as_of.as_deref(), stamp.org_id.as_deref());
    out.begin(&Head { report, run_id: stamp.run_id, as_of, org_id, unread: &unread })?;
    let totals = Totals::default();
    let mut making = Making { report, stamp, ledger, ready, out, totals, present: HashSet::new() };
    making.weaken(if unread.is_empty() { Confidence::Exact } else { Confidence::LowerBound });
    (report.rows)(inputs, &mut |row: Row<'_>| making.found(row))?;
    if making.ready.wants_resolved() {
        for found in ledger.resolved(report, stamp.run_id) {
            making.resolved(found)?;
        }
    }
    let Making { out, totals, .. } = making;
    out.end(report, &totals)?;
    Ok(totals)
}

/// A report while its rows go by.
struct Making<'a> {
    report: &'a Report,
    stamp: &'a Stamp,
    ledger: &'a Ledger,
    ready: Ready<'a>,
    out: &'a mut dyn Render,
    totals: Totals,
    /// The findings there are, where those that are not there any more are asked for.
    present: HashSet<String>,
}

impl Making<'_> {
    fn weaken(&mut self, confidence: Confidence) {
        self.totals.confidence = self.totals.confidence.max(Some(confidence));
    }

    /// A row that the rules made.
    fn found(&mut self, row: Row<'_>) -> Result<(), ReportError> {
        if row.cells.len() != self.report.columns.len() {
            let (id, wanted) = (self.report.id, self.report.columns.len());
            let problem = format!("{id} has {wanted} columns, a row has {}", row.cells.len());
            return Err(ReportError::Internal(problem));
        }
        let key = finding::key(self.report, &row.cells);
        if !self.report.findings {
            return self.write(row, &key, None);
        }
        if self.ready.wants_resolved() {
            self.present.insert(key.clone());
        }
        let life = self.ledger.life(&key, self.stamp.run_id);
        self.write(row, &key, Some(life))
    }

    /// A finding that is not there any more, unless these rules find it after all.
    fn resolved(&mut self, found: &FindingRow) -> Result<(), ReportError> {
        let key = &found.finding_key;
        if self.present.contains(key) {
            return Ok(());
        }
        let stored = serde_json::from_str(&found.cells)
            .map_err(|error| ReportError::Internal(format!("finding {key}: {error}")))?;
        let (cells, severity) = finding::restored(self.report, &stored);
        let row = Row { severity, ..Row::new(Confidence::Exact, cells) };
        let first_seen_run = found.first_seen_run;
        let life = Life { status: Status::Resolved, first_seen_run, suppression: None };
        self.write(row, key, Some(life))
    }

    /// Writes a row, if it is wanted.
    fn write(&mut self, row: Row<'_>, key: &str, life: Option<Life<'_>>) -> Result<(), ReportError> {
        let Row { cells, confidence, severity, is_summary } = row;
        let severity = severity.unwrap_or(Severity::Info);
        if !is_summary && !self.ready.wants(&cells) {
            return Ok(());
        }
        if let Some(life) = &life {
            if !self.ready.wants_finding(life.status, severity) {
                self.totals.suppressed += u64::from(life.status == Status::Suppressed);
                return Ok(());
            }
            // What is not there any more weighs nothing.
            if life.status != Status::Resolved {
                *self.totals.by_severity.entry(severity).or_default() += 1;
            }
        }
        let stamp = self.stamp;
        let mut all: Vec<Cell<'_>> =
            Vec::with_capacity(BEFORE.len() + cells.len() + AFTER.len() + LIFE.len());
        all.push(self.report.id.into());
        all.push(stamp.run_id.into());
        all.push(stamp.as_of.as_deref().into());
        all.push(stamp.org_id.as_deref().into());
        all.extend(cells);
        all.push(confidence.name().into());
        all.push(key.into());
        if let Some(life) = life {
            all.push(severity.name().into());
            all.push(life.status.name().into());
            all.push(life.first_seen_run.into());
            all.push(life.suppression.map(|one| one.reason.as_str()).into());
            all.push(life.suppression.map(|one| one.until.as_str()).into());
        }
        self.out.row(self.report, &all, is_summary)?;
        self.totals.rows += u64::from(!is_summary);
        self.weaken(confidence);
        Ok(())
    }
}

/// What a report of findings finds, to be recorded.
///
/// # Errors
/// If the report needs to be told more, or the catalog cannot be read.
pub fn seen(report: &Report, inputs: &Inputs<'_>) -> Result<SeenFindings, ReportError> {
    let mut found = Vec::new();
    let object_id = report.own("object_id");
    (report.rows)(inputs, &mut |row: Row<'_>| {
        let severity = row.severity.unwrap_or(Severity::Info);
        found.push(SeenFinding {
            key: finding::key(report, &row.cells),
            object_id: object_id.map(|place| row.cells[place].text().into_owned()),
            cells: finding::stored(report, &row.cells, severity).to_string(),
        });
        Ok(())
    })?;
    let access = inputs.access;
    let is_doubtful = |object: &u32| access.is_doubtful(*object);
    let doubtful: HashSet<String> = (0..access.objects().len() as u32)
        .filter(is_doubtful)
        .map(|object| access.objects()[object as usize].id.clone())
        .collect();
    // What leaves no trace was never found, so that it is not missed either; grants are doubted object by object, unless
    // findings are not about objects.
    let by_object = |scope: &str| scope == scope::OBJECT_GRANTS && object_id.is_some();
    let is_complete = inputs.facts.readings.by_administrator
        && inputs.unread(report.rests_on).iter().all(|scope| *scope == SIGNED_EMBEDS || by_object(scope));
    Ok(SeenFindings { report_id: report.id, found, is_complete, doubtful })
}
