//! Which rows of a report are wanted.

use super::finding::Status;
use super::row::{Cell, ReportError, Severity};
use super::table::Report;

/// Wanted rows; what is not said is not asked.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this member: its id.
    pub member: Option<String>,
    /// Of this object: its id.
    pub object: Option<String>,
    /// In this workspace: its name.
    pub workspace: Option<String>,
    /// Of this kind of object.
    pub kind: Option<String>,
    /// Of this level.
    pub level: Option<String>,
    /// Findings that stand so; empty: new and known ones.
    pub statuses: Vec<Status>,
    /// Findings at least as severe.
    pub severity: Option<Severity>,
}

/// A filter on a column: its flag, the columns it looks at, in the order in which they are looked for.
type OnColumn = (&'static str, &'static [&'static str]);

const MEMBER: OnColumn = ("--member", &["member_id", "grantee_id", "owner_id"]);
const OBJECT: OnColumn = ("--object", &["object_id"]);
const WORKSPACE: OnColumn = ("--workspace", &["workspace"]);
const KIND: OnColumn = ("--kind", &["kind"]);
const LEVEL: OnColumn = ("--level", &["level"]);

/// A filter made ready for the columns of one report.
#[derive(Debug)]
pub struct Ready<'a> {
    wanted: Vec<(usize, &'a str)>,
    statuses: &'a [Status],
    severity: Option<Severity>,
}

impl Filter {
    /// Makes it ready.
    ///
    /// # Errors
    /// If the report has no such column, or no findings.
    pub fn ready(&self, report: &Report) -> Result<Ready<'_>, ReportError> {
        let mut wanted = Vec::new();
        for (value, (flag, columns)) in [
            (&self.member, MEMBER),
            (&self.object, OBJECT),
            (&self.workspace, WORKSPACE),
            (&self.kind, KIND),
            (&self.level, LEVEL),
        ] {
            let Some(value) = value else { continue };
            let place = columns.iter().find_map(|column| report.own(column));
            let place = place.ok_or_else(|| cannot(report, flag))?;
            wanted.push((place, value.as_str()));
        }
        if !report.findings && !self.statuses.is_empty() {
            return Err(cannot(report, "--status"));
        }
        if !report.findings && self.severity.is_some() {
            return Err(cannot(report, "--severity"));
        }
        Ok(Ready { wanted, statuses: &self.statuses, severity: self.severity })
    }
}

fn cannot(report: &Report, flag: &str) -> ReportError {
    ReportError::Needs {
        report: report.id,
        problem: format!("has no column for {flag}"),
        remedy: format!(
            "leave {flag} out; `sigma-catalog report list --columns {}` shows the columns",
            report.id
        ),
    }
}

impl Ready<'_> {
    /// Whether a row's own columns are wanted.
    pub fn wants(&self, cells: &[Cell<'_>]) -> bool {
        self.wanted.iter().all(|(place, value)| cells[*place].text().eq_ignore_ascii_case(value))
    }

    /// Whether a finding is wanted.
    pub fn wants_finding(&self, status: Status, severity: Severity) -> bool {
        let usual = [Status::New, Status::Known];
        let statuses = if self.statuses.is_empty() { &usual } else { self.statuses };
        statuses.contains(&status) && self.severity.is_none_or(|least| severity >= least)
    }

    /// Whether resolved findings are asked for.
    pub fn wants_resolved(&self) -> bool {
        self.statuses.contains(&Status::Resolved)
    }
}
