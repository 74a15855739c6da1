//! Reports for people: a table as wide as the terminal.

use std::io::Write;

use crate::cli::output::{Printer, thousands};
use crate::cli::table::Cells;
use crate::report::render::{caption, closing, doubts, facts, shown};
use crate::report::table::{Report, Type};
use crate::report::{Cell, Head, Render, ReportError, Totals};

/// How many rows are shown: what is more is for programs, or for filters.
const SHOWN: usize = 1_000;

/// Digits of a key that are shown: enough to name a finding.
const KEY: usize = 8;

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
        self.say(&caption(head))?;
        let doubts = doubts(head.unread);
        if !doubts.is_empty() {
            self.say(&doubts)?;
        }
        Ok(())
    }

    fn row(&mut self, report: &Report, cells: &[Cell<'_>], is_summary: bool) -> Result<(), ReportError> {
        if is_summary {
            return self.say(&facts(report, cells));
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
        let mut columns = self.columns(report);
        let mut last = closing(report, totals);
        for place in (0..columns.len()).rev() {
            let name = columns[place].name;
            // What all rows share is said once: it takes room from what they do not.
            let Some(shared) = self.shared(place) else { continue };
            let said = match name {
                _ if shared.is_empty() => true,
                "status" => {
                    last.push_str(&format!(" All are {shared}."));
                    true
                }
                "confidence" => totals.confidence.is_some_and(|sure| sure.name() == shared),
                _ => false,
            };
            if said {
                columns.remove(place);
                self.rows.iter_mut().for_each(|row| drop(row.remove(place)));
            }
        }
        if !self.rows.is_empty() {
            let header: Vec<&str> = columns.iter().map(|column| column.label).collect();
            let numbers: Vec<usize> =
                (0..).zip(&columns).filter(|(_, column)| column.is_number).map(|(at, _)| at).collect();
            writeln!(self.out)?;
            self.printer.cells_to(self.out, &Cells::of(&header, &self.rows), &numbers)?;
            writeln!(self.out)?;
        }
        if self.more > 0 {
            let more = thousands(self.more);
            writeln!(self.out, "and {more} more rows: --format csv has all, filters choose")?;
        }
        self.say(&last)
    }
}

/// A column of the table.
struct Shown {
    name: &'static str,
    label: &'static str,
    is_number: bool,
}

impl Text<'_> {
    fn columns(&self, report: &Report) -> Vec<Shown> {
        let key = Shown { name: "finding_key", label: "key", is_number: false };
        shown(report)
            .into_iter()
            .map(|(_, column)| Shown {
                name: column.name,
                label: column.label,
                is_number: column.kind == Type::Number,
            })
            .chain(report.findings.then_some(key))
            .collect()
    }

    /// What all rows have in a column, where that is several rows or nothing.
    fn shared(&self, place: usize) -> Option<&str> {
        let first = self.rows.first().map_or("", |row| &row[place]);
        let is_all = first.is_empty() || (self.more == 0 && self.rows.len() > 1);
        (is_all && self.rows.iter().all(|row| row[place] == first)).then_some(first)
    }

    /// A text, as wide as the terminal.
    fn say(&mut self, text: &str) -> Result<(), ReportError> {
        for line in self.printer.paragraph(text) {
            writeln!(self.out, "{line}")?;
        }
        Ok(())
    }
}
