//! `backup`: a copy of the catalog in one file, checked.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::args::{CatalogArgs, Cli, Format};
use super::error::CliError;
use super::output::{Printer, thousands};
use super::runs;
use crate::crawl::Exit;

/// Arguments of `backup`.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// Where to put the copy; an earlier one there is replaced. To restore, name it with --db, or put it in the catalog's
    /// place while nobody has that open.
    #[arg(value_name = "COPY")]
    to: PathBuf,
    /// Which catalog.
    #[command(flatten)]
    catalog: CatalogArgs,
}

#[derive(Serialize)]
struct Copied {
    schema_version: u32,
    copy: PathBuf,
    bytes: u64,
    published_run: Option<i64>,
    integrity: &'static str,
}

pub fn run(cli: &Cli, arguments: &BackupArgs, printer: &Printer) -> Result<Exit, CliError> {
    let catalog = runs::open(cli, &arguments.catalog, printer)?;
    let bytes = catalog.back_up(&arguments.to)?;
    // A copy is told by what is in it, not by what the catalog holds by now.
    let published_run = crate::store::Catalog::open(&arguments.to)?.published()?.map(|run| run.run_id);
    let copied =
        Copied { schema_version: 1, copy: arguments.to.clone(), bytes, published_run, integrity: "ok" };
    if arguments.catalog.format == Format::Json {
        printer.json(&copied)?;
        return Ok(Exit::Ok);
    }
    let run = published_run.map_or("no published run".to_owned(), |run| format!("published run {run}"));
    printer.line(format_args!(
        "{}: {} bytes, {run}, read back and found whole",
        arguments.to.display(),
        thousands(bytes)
    ))?;
    Ok(Exit::Ok)
}
