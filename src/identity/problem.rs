//! What is wrong with a file, said so that a person finds it: where, what, what to do. All of it at once.

use std::fmt;

use serde::Serialize;

/// How many problems of one file are kept; the others are only counted.
pub const MAX_PROBLEMS: usize = 100;

/// One thing that is wrong, or worth knowing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The line it is on, from 1; `None`: the file as a whole.
    pub line: Option<u64>,
    /// The column, by its name in the header.
    pub column: Option<String>,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub help: String,
}

impl Problem {
    /// Of the file as a whole.
    pub fn of_file(problem: impl Into<String>, help: impl Into<String>) -> Self {
        Self { line: None, column: None, problem: problem.into(), help: help.into() }
    }

    /// Of a line.
    pub fn at(line: u64, problem: impl Into<String>, help: impl Into<String>) -> Self {
        Self { line: Some(line), ..Self::of_file(problem, help) }
    }

    /// The same, of a column.
    pub fn in_column(self, column: &str) -> Self {
        Self { column: Some(column.to_owned()), ..self }
    }

    /// In one line: `file:line: column: problem: what to do`.
    pub fn of(&self, file: &str) -> String {
        let line = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        let column = self.column.as_ref().map(|column| format!("{column}: ")).unwrap_or_default();
        format!("{file}{line}: {column}{}: {}", self.problem, self.help)
    }
}

/// The problems of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Problems {
    /// The first [`MAX_PROBLEMS`].
    pub listed: Vec<Problem>,
    /// How many there are.
    pub total: usize,
}

impl Problems {
    /// Adds one.
    pub fn push(&mut self, problem: Problem) {
        self.total += 1;
        if self.listed.len() < MAX_PROBLEMS {
            self.listed.push(problem);
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Puts those that are listed in the order of the file.
    pub fn sort(&mut self) {
        self.listed.sort_by_key(|problem| problem.line);
    }

    /// One line for each, and one for those that are not listed.
    pub fn lines(&self, file: &str) -> Vec<String> {
        let mut lines: Vec<String> = self.listed.iter().map(|problem| problem.of(file)).collect();
        if self.total > self.listed.len() {
            lines.push(format!("{file}: and {} more", self.total - self.listed.len()));
        }
        lines
    }
}

/// A file that is not accepted: nothing of it is used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Rejected {
    /// Why, completely.
    pub problems: Problems,
    /// Rows that were read below the header.
    pub rows: usize,
    /// Rows that say what an earlier row said.
    pub duplicates: usize,
    /// Rows that contradict an earlier row.
    pub conflicts: usize,
}

impl fmt::Display for Rejected {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.problems.lines("the file").join("\n"))
    }
}

impl From<Problem> for Rejected {
    fn from(problem: Problem) -> Self {
        let mut problems = Problems::default();
        problems.push(problem);
        problems.into()
    }
}

impl From<Problems> for Rejected {
    fn from(problems: Problems) -> Self {
        Self { problems, rows: 0, duplicates: 0, conflicts: 0 }
    }
}
