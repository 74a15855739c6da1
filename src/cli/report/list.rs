//! `report list`: the reports there are, and their columns.

use serde::Serialize;

use super::named;
use crate::cli::args::Format;
use crate::cli::error::CliError;
use crate::cli::output::Printer;
use crate::report::render::SCHEMA_VERSION;
use crate::report::table::{Column, REPORTS, Report};

#[derive(Serialize)]
struct ShownReports {
    schema_version: u32,
    reports: Vec<ShownReport>,
}

#[derive(Serialize)]
struct ShownReport {
    id: &'static str,
    name: &'static str,
    question: &'static str,
    findings: bool,
    order: &'static str,
    rests_on: &'static [&'static str],
    controls: &'static [&'static str],
    columns: Vec<ShownColumn>,
}

#[derive(Serialize)]
struct ShownColumn {
    name: &'static str,
    label: &'static str,
    r#type: &'static str,
    key: bool,
    doc: &'static str,
}

impl ShownReport {
    fn new(report: &'static Report) -> Self {
        let column = |column: &Column| ShownColumn {
            name: column.name,
            label: column.label,
            r#type: column.kind.name(),
            key: column.key,
            doc: column.doc,
        };
        Self {
            id: report.id,
            name: report.name,
            question: report.question,
            findings: report.findings,
            order: report.order,
            rests_on: report.rests_on,
            controls: report.controls,
            columns: report.all_columns().map(column).collect(),
        }
    }
}

pub fn run(columns: Option<&str>, format: Format, printer: &Printer) -> Result<(), CliError> {
    let one = columns.map(named).transpose()?;
    let reports: Vec<ShownReport> = REPORTS
        .iter()
        .filter(|known| one.is_none_or(|one| one.id == known.id))
        .map(ShownReport::new)
        .collect();
    if format == Format::Json {
        return printer.json(&ShownReports { schema_version: SCHEMA_VERSION, reports });
    }
    let Some(one) = one else {
        let rows: Vec<Vec<String>> = reports
            .iter()
            .map(|report| vec![report.id.to_owned(), report.name.to_owned(), report.question.to_owned()])
            .collect();
        return printer.table(&["id", "name", "question"], &rows, &[]);
    };
    printer.line(format_args!("{} {}: {}", one.id, one.name, one.question))?;
    printer.line(format_args!("in the order of {}", one.order))?;
    printer.line("")?;
    let rows: Vec<Vec<String>> = one
        .all_columns()
        .map(|column| vec![column.name.to_owned(), column.kind.name().to_owned(), column.doc.to_owned()])
        .collect();
    printer.table(&["column", "type", "meaning"], &rows, &[])
}
