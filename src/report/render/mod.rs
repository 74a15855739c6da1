//! The formats. All write rows as they come.

mod csv;
mod html;
mod json;
mod markdown;

use std::io::Write;

pub use self::csv::Csv;
pub use html::Html;
pub use json::{Json, JsonLines};
pub use markdown::Markdown;

use super::make::{Head, Totals};
use super::row::Cell;
use super::table::{BEFORE, Column, Report};

/// Version of the JSON form; it grows when a field changes its meaning or goes.
pub const SCHEMA_VERSION: u32 = 1;

/// The columns for people, with their places among all columns.
pub fn shown(report: &Report) -> Vec<(usize, &Column)> {
    report.all_columns().enumerate().filter(|(_, column)| column.shown).collect()
}

/// What a person should know before reading, in a line.
pub fn caption(head: &Head<'_>) -> String {
    let as_of = head.as_of.map(|as_of| format!(", as of {as_of}")).unwrap_or_default();
    format!("{} {}: {} Run {}{as_of}.", head.report.id, head.report.name, head.report.question, head.run_id)
}

/// What was not read, in a sentence; empty where everything was.
pub fn doubts(unread: &[&str]) -> String {
    if unread.is_empty() {
        return String::new();
    }
    format!("Not read to the end: {}. What is not listed may exist all the same.", unread.join(", "))
}

/// How many rows, and how sure the whole is, in a sentence.
pub fn closing(report: &Report, totals: &Totals) -> String {
    let rows = match (totals.rows, report.findings) {
        (0, true) => "No findings".to_owned(),
        (0, false) => "No rows".to_owned(),
        (1, true) => "1 finding".to_owned(),
        (1, false) => "1 row".to_owned(),
        (count, true) => format!("{count} findings"),
        (count, false) => format!("{count} rows"),
    };
    let severities: Vec<String> = totals
        .by_severity
        .iter()
        .rev()
        .map(|(severity, count)| format!("{count} {}", severity.name()))
        .collect();
    let severities =
        if severities.is_empty() { String::new() } else { format!(" ({})", severities.join(", ")) };
    let hidden = match totals.suppressed {
        0 => String::new(),
        count => format!("; {count} suppressed, not shown"),
    };
    let sure = totals.confidence.map_or("exact", |confidence| confidence.name());
    format!("{rows}{severities}{hidden}. Confidence of the whole: {sure}.")
}

/// The values of a row that counts others, in a line.
pub fn facts(report: &Report, cells: &[Cell<'_>]) -> String {
    let own = report.columns.iter().zip(&cells[BEFORE.len()..]);
    let filled = own.filter(|(column, cell)| column.name != "row" && !cell.is_null());
    filled.map(|(column, cell)| format!("{}: {}", column.label, cell.text())).collect::<Vec<_>>().join("; ")
}

/// A destination of bytes.
pub type Out<'a> = &'a mut dyn Write;
