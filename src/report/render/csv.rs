//! CSV (RFC 4180): all columns, for programs and spreadsheets.

use std::borrow::Cow;
use std::io;

use super::Out;
use crate::report::make::{Head, Render, Totals};
use crate::report::row::{Cell, ReportError};
use crate::report::table::Report;

/// Writes CSV.
pub struct Csv<'a> {
    writer: csv::Writer<Out<'a>>,
    raw: bool,
}

impl<'a> Csv<'a> {
    /// `raw`: cells that a spreadsheet would take for a formula stay as they are.
    pub fn new(out: Out<'a>, raw: bool) -> Self {
        let writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        Self { writer, raw }
    }
}

impl Render for Csv<'_> {
    fn begin(&mut self, head: &Head<'_>) -> Result<(), ReportError> {
        let names = head.report.all_columns().map(|column| column.name);
        Ok(self.writer.write_record(names).map_err(io::Error::from)?)
    }

    fn row(&mut self, _: &Report, cells: &[Cell<'_>], _: bool) -> Result<(), ReportError> {
        for cell in cells {
            let text = cell.text();
            // Numbers of ours are no formulas.
            let text = if self.raw || !matches!(cell, Cell::Text(_)) { text } else { neutral(text) };
            self.writer.write_field(text.as_bytes()).map_err(io::Error::from)?;
        }
        Ok(self.writer.write_record(None::<&[u8]>).map_err(io::Error::from)?)
    }

    fn end(&mut self, _: &Report, _: &Totals) -> Result<(), ReportError> {
        Ok(self.writer.flush()?)
    }
}

/// Characters that make a spreadsheet take a cell for a formula, their full-width forms included.
const FORMULA: [char; 11] =
    ['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// The cell, marked as text with an apostrophe where a spreadsheet would take it for a formula.
pub fn neutral(cell: Cow<'_, str>) -> Cow<'_, str> {
    if cell.starts_with(FORMULA) { format!("'{cell}").into() } else { cell }
}

#[cfg(test)]
mod tests {
    use super::neutral;

    #[test]
    fn what_a_spreadsheet_would_run_is_marked_as_text() {
        for payload in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            "＝1",
            "＋1",
            "－1",
            "＠x",
            "=HYPERLINK(\"http://x\",\"y\")",
        ] {
            assert_eq!(neutral(payload.into()), format!("'{payload}"));
        }
        for harmless in ["", "a=1", "'=1", " =1", "1-1", "Ünï"] {
            assert_eq!(neutral(harmless.into()), harmless);
        }
    }
}
