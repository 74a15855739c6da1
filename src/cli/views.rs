//! `views`: the stable face of a catalog, column by column.

use serde::Serialize;

use super::args::{Format, ViewsArgs};
use super::error::CliError;
use super::output::Printer;
use crate::crawl::Exit;
use crate::store::views::VIEWS;

#[derive(Serialize)]
struct ShownView {
    view: &'static str,
    rows: &'static str,
    columns: Vec<ShownColumn>,
}

#[derive(Serialize)]
struct ShownColumn {
    column: &'static str,
    meaning: &'static str,
}

pub fn run(arguments: &ViewsArgs, printer: &Printer) -> Result<Exit, CliError> {
    let shown: Vec<ShownView> = VIEWS
        .iter()
        .map(|view| ShownView {
            view: view.name,
            rows: view.doc,
            columns: view.columns.iter().map(|(column, meaning)| ShownColumn { column, meaning }).collect(),
        })
        .collect();
    if arguments.format == Format::Json {
        printer.json(&shown)?;
        return Ok(Exit::Ok);
    }
    for view in shown {
        printer.line(format_args!("{}: {}", view.view, view.rows))?;
        for column in view.columns {
            printer.line(format_args!("  {:<30} {}", column.column, column.meaning))?;
        }
        printer.line("")?;
    }
    Ok(Exit::Ok)
}
