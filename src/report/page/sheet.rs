//! Reports as rows of text for the page.

use crate::report::filter::Filter;
use crate::report::finding::Ledger;
use crate::report::inputs::Inputs;
use crate::report::make::{Head, Render, Totals, make};
use crate::report::row::{Cell, ReportError, Severity};
use crate::report::table::{self, AFTER, BEFORE, Column, REPORTS, Report};

/// A report's shown columns and its first rows.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    /// The report's name.
    pub name: &'static str,
    /// Captions of the columns, and what stands in them.
    pub labels: Vec<(&'static str, &'static str)>,
    pub rows: Vec<Vec<String>>,
    /// How many rows there are in all.
    pub total: usize,
}

impl Sheet {
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// A finding in words.
#[derive(Debug)]
pub(super) struct Finding {
    pub rank: Severity,
    pub report: &'static str,
    pub what: String,
    pub status: String,
    pub confidence: String,
}

/// The own columns of a report that people are shown, by their place in a row.
fn shown(report: &'static Report) -> Vec<(usize, &'static Column)> {
    let own = report.columns.iter().enumerate().filter(|(_, column)| column.shown);
    own.map(|(place, column)| (BEFORE.len() + place, column)).collect()
}

/// A word of ours as people write it.
fn spoken(cell: &Cell<'_>) -> String {
    cell.text().replace('_', " ")
}

/// The report of that id, up to `most` rows.
pub(super) fn of(id: &str, inputs: &Inputs<'_>, ledger: &Ledger, most: usize) -> Result<Sheet, ReportError> {
    let report = table::find(id).ok_or_else(|| ReportError::Internal(format!("there is no report {id}")))?;
    let columns = shown(report);
    let sure = BEFORE.len() + report.columns.len();
    let own = columns.iter().map(|(_, column)| (column.label, column.doc));
    let labels = own.chain([("confidence", "how sure the row is")]).collect();
    let mut sheet = Sheet { name: report.name, labels, ..Sheet::default() };
    let mut each = |cells: &[Cell<'_>]| {
        sheet.total += 1;
        if sheet.rows.len() == most {
            return;
        }
        let own = columns.iter().map(|(place, _)| cells[*place].text().into_owned());
        sheet.rows.push(own.chain([spoken(&cells[sure])]).collect());
    };
    make(report, inputs, ledger, &Filter::default(), &mut Each(&mut each))?;
    Ok(sheet)
}

/// All findings that are new or known, the severest first.
pub(super) fn findings(inputs: &Inputs<'_>, ledger: &Ledger) -> Result<Vec<Finding>, ReportError> {
    let mut all = Vec::new();
    for report in REPORTS.iter().filter(|report| report.findings && report.needs.is_empty()) {
        let columns = shown(report);
        let after = BEFORE.len() + report.columns.len();
        let life = after + AFTER.len();
        let mut each = |cells: &[Cell<'_>]| {
            let severity = cells[life].text();
            let Some(rank) = Severity::ALL.into_iter().find(|known| known.name() == severity) else { return };
            let words = columns.iter().filter(|(place, _)| !cells[*place].is_null());
            let words: Vec<String> =
                words.map(|(place, column)| format!("{}: {}", column.label, cells[*place].text())).collect();
            all.push(Finding {
                rank,
                report: report.name,
                what: words.join(" · "),
                status: cells[life + 1].text().into_owned(),
                confidence: spoken(&cells[after]),
            });
        };
        make(report, inputs, ledger, &Filter::default(), &mut Each(&mut each))?;
    }
    // Stable: within a severity the order is that of the reports and of their rows.
    all.sort_by_key(|finding| std::cmp::Reverse(finding.rank));
    Ok(all)
}

/// Hands every row to a function.
struct Each<'a>(&'a mut dyn FnMut(&[Cell<'_>]));

impl Render for Each<'_> {
    fn begin(&mut self, _head: &Head<'_>) -> Result<(), ReportError> {
        Ok(())
    }
    fn row(&mut self, _report: &Report, cells: &[Cell<'_>], is_summary: bool) -> Result<(), ReportError> {
        if !is_summary {
            (self.0)(cells);
        }
        Ok(())
    }
    fn end(&mut self, _report: &Report, _totals: &Totals) -> Result<(), ReportError> {
        Ok(())
    }
}
