//! JSON and JSON lines: exact values, all columns. `schemas/report.schema.json` describes both.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{Out, SCHEMA_VERSION};
use crate::report::make::{Head, Render, Totals};
use crate::report::row::{Cell, ReportError};
use crate::report::table::Report;

/// Writes one JSON document, row by row.
pub struct Json<'a> {
    out: Out<'a>,
    any: bool,
}

impl<'a> Json<'a> {
    /// To there.
    pub fn new(out: Out<'a>) -> Self {
        Self { out, any: false }
    }
}

/// A row as an object: columns by name.
struct Named<'a>(&'a Report, &'a [Cell<'a>]);

impl Serialize for Named<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.1.len()))?;
        for (column, cell) in self.0.all_columns().zip(self.1) {
            map.serialize_entry(column.name, cell)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct Opening<'a> {
    schema_version: u32,
    report_id: &'static str,
    name: &'static str,
    question: &'static str,
    order: &'static str,
    controls: &'static [&'static str],
    run_id: i64,
    as_of: Option<&'a str>,
    org_id: Option<&'a str>,
    unread: &'a [&'static str],
}

impl Render for Json<'_> {
    fn begin(&mut self, head: &Head<'_>) -> Result<(), ReportError> {
        let report = head.report;
        let opening = to_json(&Opening {
            schema_version: SCHEMA_VERSION,
            report_id: report.id,
            name: report.name,
            question: report.question,
            order: report.order,
            controls: report.controls,
            run_id: head.run_id,
            as_of: head.as_of,
            org_id: head.org_id,
            unread: head.unread,
        })?;
        // The object stays open: its rows follow.
        let open = opening.strip_suffix('}').unwrap_or(&opening);
        Ok(write!(self.out, "{open},\"rows\":[")?)
    }

    fn row(&mut self, report: &Report, cells: &[Cell<'_>], _: bool) -> Result<(), ReportError> {
        let before = if std::mem::replace(&mut self.any, true) { "," } else { "" };
        Ok(write!(self.out, "{before}\n{}", to_json(&Named(report, cells))?)?)
    }

    fn end(&mut self, _: &Report, totals: &Totals) -> Result<(), ReportError> {
        #[derive(Serialize)]
        struct Closing {
            count: u64,
            suppressed: u64,
            confidence: &'static str,
        }
        let confidence = totals.confidence.map_or("exact", |confidence| confidence.name());
        let closing = to_json(&Closing { count: totals.rows, suppressed: totals.suppressed, confidence })?;
        let rest = closing.strip_prefix('{').unwrap_or(&closing);
        Ok(writeln!(self.out, "\n],{rest}")?)
    }
}

/// Writes one JSON object a line.
pub struct JsonLines<'a> {
    out: Out<'a>,
}

impl<'a> JsonLines<'a> {
    /// To there.
    pub fn new(out: Out<'a>) -> Self {
        Self { out }
    }
}

impl Render for JsonLines<'_> {
    fn begin(&mut self, _: &Head<'_>) -> Result<(), ReportError> {
        Ok(())
    }

    fn row(&mut self, report: &Report, cells: &[Cell<'_>], _: bool) -> Result<(), ReportError> {
        Ok(writeln!(self.out, "{}", to_json(&Named(report, cells))?)?)
    }

    fn end(&mut self, _: &Report, _: &Totals) -> Result<(), ReportError> {
        Ok(())
    }
}

fn to_json(value: &impl Serialize) -> Result<String, ReportError> {
    serde_json::to_string(value).map_err(|error| ReportError::Internal(error.to_string()))
}
