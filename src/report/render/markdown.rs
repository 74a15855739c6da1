//! Markdown: the columns for people, as a table.

use super::{Out, caption, closing, doubts, shown};
use crate::report::make::{Head, Render, Totals};
use crate::report::row::{Cell, ReportError};
use crate::report::table::Report;

/// Writes Markdown.
pub struct Markdown<'a> {
    out: Out<'a>,
    begun: bool,
}

impl<'a> Markdown<'a> {
    /// To there.
    pub fn new(out: Out<'a>) -> Self {
        Self { out, begun: false }
    }

    fn heading(&mut self, report: &Report) -> Result<(), ReportError> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        let columns = shown(report);
        let labels: Vec<_> = columns.iter().map(|(_, column)| escaped(column.label)).collect();
        writeln!(self.out, "\n| {} |\n|{}", labels.join(" | "), " --- |".repeat(columns.len()))?;
        Ok(())
    }
}

impl Render for Markdown<'_> {
    fn begin(&mut self, head: &Head<'_>) -> Result<(), ReportError> {
        writeln!(self.out, "# {} {}\n\n{}", head.report.id, head.report.name, escaped(&caption(head)))?;
        let doubts = doubts(head.unread);
        if !doubts.is_empty() {
            writeln!(self.out, "\n{}", escaped(&doubts))?;
        }
        Ok(())
    }

    fn row(&mut self, report: &Report, cells: &[Cell<'_>], is_summary: bool) -> Result<(), ReportError> {
        if is_summary {
            let facts = super::facts(report, cells);
            return Ok(writeln!(self.out, "\n{}", escaped(&facts))?);
        }
        self.heading(report)?;
        let cells: Vec<_> = shown(report).iter().map(|(place, _)| escaped(&cells[*place].text())).collect();
        Ok(writeln!(self.out, "| {} |", cells.join(" | "))?)
    }

    fn end(&mut self, report: &Report, totals: &Totals) -> Result<(), ReportError> {
        Ok(writeln!(self.out, "\n{}", escaped(&closing(report, totals)))?)
    }
}

/// Text in which nothing is markup: names are other people's.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' => safe.extend(['\\', c]),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn names_are_no_markup() {
        assert_eq!(escaped("a|b <script>\n![x](y)"), "a\\|b &lt;script&gt; \\!\\[x\\](y)");
    }
}
