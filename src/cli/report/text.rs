//! Reports for people: a table as wide as the terminal.

use std::io::Write;

use crate::cli::output::{Printer, harmless, thousands};
use crate::report::render::{caption, closing, doubts, facts, shown};
use crate::report::table::{Report, Type};
use crate::report::{Cell, Head, Render, ReportError, Totals};

/// How many rows are shown: what is more is for programs, or for filters.
const SHOWN: usize = 1_000;

/// Digits of a key that are shown: enough to name a finding.
const KEY: usize = 10;

/// Writes a table.
pub struct Text<'a> {
    out: &'a mut dyn Write,
    printer: &'a Printer,
    rows: Vec<Vec<String>>,
    more: u64,
}

impl<'a> Text<'a> {
    pub fn new(out: &'a mut dyn Write, printer: &'a Printer) -> Self {
        Self { out, printer, rows: Vec::new(), more: 0 }
    }
}

impl Render for Text<'_> {
    fn begin(&mut self, head: &Head<'_>) -> Result<(), ReportError> {
        writeln!(self.out, "{}", harmless(&caption(head)))?;
        let doubts = doubts(head.unread);
        if !doubts.is_empty() {
            writeln!(self.out, "{}", harmless(&doubts))?;
        }
        Ok(())
    }

    fn row(&mut self, report: &Report, cells: &[Cell<'_>], is_summary: bool) -> Result<(), ReportError> {
        if is_summary {
            return Ok(writeln!(self.out, "{}", harmless(&facts(report, cells)))?);
        }
        if self.rows.len() == SHOWN {
            self.more += 1;
            return Ok(());
        }
        let mut row: Vec<String> =
            shown(report).iter().map(|(place, _)| cells[*place].text().into_owned()).collect();
        if report.findings {
            let place = report.all_columns().position(|column| column.name == "finding_key");
            let key = place.map(|place| cells[place].text()).unwrap_or_default();
            row.push(key.chars().take(KEY).collect());
        }
        self.rows.push(row);
        Ok(())
    }

    fn end(&mut self, report: &Report, totals: &Totals) -> Result<(), ReportError> {
        let mut columns: Vec<(&str, bool)> = shown(report)
            .iter()
            .map(|(_, column)| (column.label, column.kind == Type::Number))
            .chain(report.findings.then_some(("key", false)))
            .collect();
        // A column without a single value says nothing and takes room.
        for place in (0..columns.len()).rev() {
            if self.rows.iter().all(|row| row[place].is_empty()) {
                columns.remove(place);
                self.rows.iter_mut().for_each(|row| drop(row.remove(place)));
            }
        }
        if !self.rows.is_empty() {
            let header: Vec<&str> = columns.iter().map(|(label, _)| *label).collect();
            let numbers: Vec<usize> =
                columns.iter().enumerate().filter(|(_, (_, number))| *number).map(|(at, _)| at).collect();
            writeln!(self.out)?;
            for line in self.printer.table_lines(&header, &self.rows, &numbers) {
                writeln!(self.out, "{line}")?;
            }
            writeln!(self.out)?;
        }
        if self.more > 0 {
            let more = thousands(self.more);
            writeln!(self.out, "and {more} more rows: --format csv has all, filters choose")?;
        }
        Ok(writeln!(self.out, "{}", closing(report, totals))?)
    }
}
