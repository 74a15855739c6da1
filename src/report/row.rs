//! A row of a report, and where rows go.

use std::borrow::Cow;
use std::io;

use serde::Serialize;

use crate::access::{Confidence, NotFound};
use crate::store::StoreError;

/// One value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Cell<'a> {
    /// Not known, or nothing of the kind.
    Null,
    /// Text, verbatim.
    Text(Cow<'a, str>),
    /// A whole number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
}

impl Cell<'_> {
    /// Whether there is nothing.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The value as text; empty where there is nothing.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Null => "".into(),
            Self::Text(text) => text.as_ref().into(),
            Self::Number(number) => number.to_string().into(),
            Self::Flag(true) => "true".into(),
            Self::Flag(false) => "false".into(),
        }
    }
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}

impl<'a> From<&'a String> for Cell<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text.as_str().into())
    }
}

impl From<String> for Cell<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl<'a> From<Cow<'a, str>> for Cell<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Cell<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Cell<'_> {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Cell<'_> {
    fn from(number: usize) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<bool> for Cell<'_> {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl<'a, T: Into<Cell<'a>>> From<Option<T>> for Cell<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Cell::Null, Into::into)
    }
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Untidy.
    Low,
    /// To be looked at.
    Medium,
    /// To be put right.
    High,
    /// To be put right at once: anybody at all can see something.
    Critical,
}

impl Severity {
    /// All, the least first.
    pub const ALL: [Self; 5] = [Self::Info, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// What a report says of one thing: its own columns only, in their order.
#[derive(Debug)]
pub struct Row<'a> {
    /// The values.
    pub cells: Vec<Cell<'a>>,
    /// How surely.
    pub confidence: Confidence,
    /// How much it matters, in reports of findings.
    pub severity: Option<Severity>,
    /// It counts others, rather than being one of them.
    pub is_summary: bool,
}

impl<'a> Row<'a> {
    /// A row.
    pub fn new(confidence: Confidence, cells: impl Into<Vec<Cell<'a>>>) -> Self {
        Self { cells: cells.into(), confidence, severity: None, is_summary: false }
    }

    /// A finding.
    pub fn finding(severity: Severity, confidence: Confidence, cells: impl Into<Vec<Cell<'a>>>) -> Self {
        Self { severity: Some(severity), ..Self::new(confidence, cells) }
    }

    /// A row that counts others.
    pub fn summary(confidence: Confidence, cells: impl Into<Vec<Cell<'a>>>) -> Self {
        Self { is_summary: true, ..Self::new(confidence, cells) }
    }
}

/// Takes the rows of a report, one at a time, in the report's order.
pub trait Sink {
    /// Takes one.
    ///
    /// # Errors
    /// If it cannot be written.
    fn row(&mut self, row: Row<'_>) -> Result<(), ReportError>;
}

impl<F: FnMut(Row<'_>) -> Result<(), ReportError>> Sink for F {
    fn row(&mut self, row: Row<'_>) -> Result<(), ReportError> {
        self(row)
    }
}

/// Why a report cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The catalog cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The rows cannot be written.
    #[error("writing the report: {0}")]
    Output(#[from] io::Error),
    /// A member or object that it is about is not there.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// It needs to be told something.
    #[error("{report} {problem}")]
    Needs {
        /// The report.
        report: &'static str,
        /// What is missing.
        problem: String,
        /// What to do.
        remedy: String,
    },
    /// A defect of this program.
    #[error("internal: {0}")]
    Internal(String),
}
