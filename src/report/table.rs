//! THE table of reports, and the words it is made of.

use super::inputs::Inputs;
use super::row::{ReportError, Sink};
use super::rules;
use crate::catalog::delivery::scope;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Text.
    Text,
    /// A whole number.
    Number,
    /// Yes or no.
    Flag,
}

impl Type {
    /// Its stable name, as JSON Schema calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Number => "integer",
            Self::Flag => "boolean",
        }
    }
}

/// A column of a report.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name for programs: stable.
    pub name: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// What it holds.
    pub kind: Type,
    /// What it means.
    pub doc: &'static str,
    /// Part of what makes a row the same row in another run.
    pub key: bool,
    /// Shown in tables for people; the others are for programs.
    pub shown: bool,
}

impl Column {
    /// A column of text, shown.
    pub const fn text(name: &'static str, label: &'static str, doc: &'static str) -> Self {
        Self { name, label, kind: Type::Text, doc, key: false, shown: true }
    }

    /// A column of numbers, shown.
    pub const fn number(name: &'static str, label: &'static str, doc: &'static str) -> Self {
        Self { kind: Type::Number, ..Self::text(name, label, doc) }
    }

    /// A column of yes or no, shown.
    pub const fn flag(name: &'static str, label: &'static str, doc: &'static str) -> Self {
        Self { kind: Type::Flag, ..Self::text(name, label, doc) }
    }

    /// Part of the key.
    pub const fn key(mut self) -> Self {
        self.key = true;
        self
    }

    /// For programs only.
    pub const fn hidden(mut self) -> Self {
        self.shown = false;
        self
    }
}

/// A report.
#[derive(Debug)]
pub struct Report {
    /// Its stable id: `R08`.
    pub id: &'static str,
    /// Its name for people: `orphaned-grants`.
    pub name: &'static str,
    /// The question it answers.
    pub question: &'static str,
    /// Its own columns; those that all reports have stand around them.
    pub columns: &'static [Column],
    /// The order of its rows, which is total.
    pub order: &'static str,
    /// Whether its rows are findings, with a severity and a life of their own.
    pub findings: bool,
    /// The scopes it rests on: if one of them was not read to its end, a row that is not there proves nothing.
    pub rests_on: &'static [&'static str],
    /// What it has to be told, beside the catalog.
    pub needs: &'static [Need],
    /// Controls of common standards that it serves as evidence for.
    pub controls: &'static [&'static str],
    /// Makes its rows, in its order.
    pub rows: fn(&Inputs<'_>, &mut dyn Sink) -> Result<(), ReportError>,
}

/// What a report has to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A member.
    Member,
    /// An object.
    Object,
    /// Who is who in the catalog.
    Identity,
    /// Something that `report all` cannot know.
    Choice,
}

/// Embeds signed by an application leave no trace in Sigma's API: this scope is never read.
pub const SIGNED_EMBEDS: &str = "signed-embeds";
/// The catalog's users, which are no scope of a run.
pub const CATALOG_USERS: &str = "catalog-users";

/// What access rests on.
pub const ACCESS: &[&str] = &[
    scope::MEMBERS,
    scope::TEAMS,
    scope::TEAM_MEMBERS,
    scope::ACCOUNT_TYPES,
    scope::WORKSPACES,
    scope::FILES,
    scope::DOCUMENTS,
    scope::OBJECT_GRANTS,
];

/// All reports.
pub static REPORTS: &[Report] = &[rules::effective::R01, rules::orphaned::R08];

/// The columns before a report's own: all reports have them.
pub const BEFORE: [Column; 4] = [
    Column::text("report_id", "report", "id of the report").hidden(),
    Column::number("run_id", "run", "the run whose catalog it is about").hidden(),
    Column::text("as_of", "as of", "when that run ended, UTC").hidden(),
    Column::text("org_id", "organisation", "the organisation").hidden(),
];

/// The columns after a report's own.
pub const AFTER: [Column; 2] = [
    Column::text("confidence", "sure", "exact, lower_bound, or unknown where something was not read"),
    Column::text("finding_key", "key", "the same in every run for the same thing").hidden(),
];

/// The columns that findings have beside those.
pub const LIFE: [Column; 5] = [
    Column::text("severity", "severity", "info, low, medium, high or critical"),
    Column::text("status", "status", "new, known, suppressed or resolved"),
    Column::number("first_seen_run", "since run", "the run that first found it").hidden(),
    Column::text("suppress_reason", "reason", "why it is suppressed").hidden(),
    Column::text("suppress_until", "until", "the last day on which it is suppressed").hidden(),
];

impl Report {
    /// All columns of its rows, in their order.
    pub fn all_columns(&self) -> impl Iterator<Item = &Column> {
        let life: &[Column] = if self.findings { &LIFE } else { &[] };
        BEFORE.iter().chain(self.columns).chain(&AFTER).chain(life)
    }

    /// The place of one of its own columns.
    pub fn own(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

/// The report of that id or name, in whatever case.
pub fn find(text: &str) -> Option<&'static Report> {
    let is = |known: &str| known.eq_ignore_ascii_case(text.trim());
    REPORTS.iter().find(|report| is(report.id) || is(report.name))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_names_and_columns_are_told_apart() {
        let mut seen = HashSet::new();
        for report in REPORTS {
            assert!(seen.insert(report.id) && seen.insert(report.name), "{}", report.id);
            assert!(find(&report.id.to_lowercase()).is_some_and(|found| found.id == report.id));
            assert!(find(report.name).is_some_and(|found| found.id == report.id));
            let mut columns = HashSet::new();
            for column in report.all_columns() {
                assert!(columns.insert(column.name), "{} {}", report.id, column.name);
                assert!(!column.doc.is_empty() && !column.label.is_empty(), "{} {}", report.id, column.name);
            }
            assert!(report.columns.iter().any(|column| column.key), "{} has no key", report.id);
        }
        let ids: Vec<_> = REPORTS.iter().map(|report| report.id).collect();
        assert!(ids.is_sorted(), "{ids:?}");
        assert!(find("R00").is_none());
    }
}
