//! The life of a finding: new, known, suppressed with a reason and an end, resolved.

use std::collections::HashMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::row::{Cell, Severity};
use super::table::Report;
use crate::store::{FindingRow, Suppression};

/// Where a finding stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// This run is the first that found it.
    New,
    /// An earlier run found it already.
    Known,
    /// Somebody gave a reason why it may stay, and until when.
    Suppressed,
    /// It was found, and a run that read all it rests on did not find it any more.
    Resolved,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::New, Self::Known, Self::Suppressed, Self::Resolved];

    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Known => "known",
            Self::Suppressed => "suppressed",
            Self::Resolved => "resolved",
        }
    }
}

/// How many hexadecimal digits a key has: 96 bits, so that five million rows do not meet by chance.
const KEY_DIGITS: usize = 24;

/// The same for the same thing in every run: a hash of the report's id and the row's key columns.
pub fn key(report: &Report, cells: &[Cell<'_>]) -> String {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        // Lengths keep `ab`, `c` apart from `a`, `bc`.
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    add(report.id);
    for (column, cell) in report.columns.iter().zip(cells) {
        if column.key {
            add(&cell.text());
        }
    }
    let digest = hash.finalize();
    let mut key = String::with_capacity(KEY_DIGITS);
    for byte in digest.iter().take(KEY_DIGITS / 2) {
        key.push(char::from(b"0123456789abcdef"[usize::from(byte >> 4)]));
        key.push(char::from(b"0123456789abcdef"[usize::from(byte & 15)]));
    }
    key
}

/// What is known of findings when a report is made.
#[derive(Debug, Default)]
pub struct Ledger {
    findings: HashMap<String, FindingRow>,
    suppressions: HashMap<String, Suppression>,
    today: String,
}

/// What the ledger says of one finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life<'a> {
    /// Where it stands.
    pub status: Status,
    /// The run that first found it.
    pub first_seen_run: i64,
    /// Why it is suppressed, and until when.
    pub suppression: Option<&'a Suppression>,
}

impl Ledger {
    /// Of what the store holds, on a day (ISO 8601, UTC).
    pub fn new(findings: Vec<FindingRow>, suppressions: Vec<Suppression>, today: impl Into<String>) -> Self {
        Self {
            findings: findings.into_iter().map(|found| (found.finding_key.clone(), found)).collect(),
            suppressions: suppressions.into_iter().map(|one| (one.finding_key.clone(), one)).collect(),
            today: today.into(),
        }
    }

    /// Where a finding of a run stands. A suppression holds to the end of its last day.
    pub fn life(&self, key: &str, run: i64) -> Life<'_> {
        let first = self.findings.get(key).map_or(run, |found| found.first_seen_run.min(run));
        let suppression = self.suppressions.get(key).filter(|one| one.until >= self.today);
        let status = match suppression {
            Some(_) => Status::Suppressed,
            None if first < run => Status::Known,
            None => Status::New,
        };
        Life { status, first_seen_run: first, suppression }
    }

    /// The findings of a report that were resolved in a run or before it, by key.
    pub fn resolved(&self, report: &Report, run: i64) -> Vec<&FindingRow> {
        let mut resolved: Vec<&FindingRow> = self
            .findings
            .values()
            .filter(|found| found.report_id == report.id)
            .filter(|found| found.resolved_run.is_some_and(|resolved| resolved <= run))
            .collect();
        resolved.sort_by(|a, b| a.finding_key.cmp(&b.finding_key));
        resolved
    }
}

/// The cells of a finding as the store keeps them: the report's own columns by name, and its severity.
pub fn stored(report: &Report, cells: &[Cell<'_>], severity: Severity) -> Value {
    let named = report.columns.iter().zip(cells);
    let mut cells: serde_json::Map<String, Value> =
        named.map(|(column, cell)| (column.name.to_owned(), serde_json::json!(cell))).collect();
    cells.insert("severity".to_owned(), severity.name().into());
    Value::Object(cells)
}

/// The cells of a stored finding, as far as the report still has these columns.
pub fn restored(report: &Report, stored: &Value) -> (Vec<Cell<'static>>, Option<Severity>) {
    let cell = |name: &str| match &stored[name] {
        Value::String(text) => Cell::from(text.clone()),
        Value::Number(number) => Cell::from(number.as_i64()),
        Value::Bool(flag) => Cell::Flag(*flag),
        _ => Cell::Null,
    };
    let severity = stored["severity"].as_str();
    let severity = Severity::ALL.into_iter().find(|known| Some(known.name()) == severity);
    (report.columns.iter().map(|column| cell(column.name)).collect(), severity)
}
