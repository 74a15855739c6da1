//! `mirror export`: what the catalog should enforce, streamed.

use std::borrow::Cow;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use super::args::Cli;
use super::error::CliError;
use super::output::{BUFFER, Printer};
use super::settings::{self, SettingArgs};
use crate::crawl::Exit;
use crate::report::render::neutral;
use crate::store::{AudienceRow, Catalog, MirrorRow, RunRow};

/// Version of the JSON that these commands print.
const SCHEMA_VERSION: u32 = 1;

/// Arguments of `mirror`.
#[derive(Debug, Args)]
pub struct MirrorArgs {
    /// What to do.
    #[command(subcommand)]
    command: MirrorCommand,
}

/// What to do about mirrored permissions.
#[derive(Debug, Subcommand)]
enum MirrorCommand {
    /// One row for each object that a catalog user may see, by user and object; what has no row is not visible.
    Export {
        /// The catalog's file [setting: catalog.database].
        #[arg(long, value_name = "FILE")]
        db: Option<PathBuf>,
        /// What this earlier run mirrored.
        #[arg(long, value_name = "RUN")]
        at: Option<i64>,
        /// How to print.
        #[arg(long, value_enum, default_value = "csv")]
        format: ExportFormat,
        /// In CSV, leave cells as they are that a spreadsheet would take for a formula.
        #[arg(long)]
        csv_raw: bool,
    },
}

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    /// Comma-separated values (RFC 4180).
    Csv,
    /// One JSON document.
    Json,
    /// One JSON object per line.
    Jsonl,
}

/// Columns of the CSV, which are the keys of the JSON as well.
const COLUMNS: [&str; 7] =
    ["catalog_user", "object_id", "catalog_object_key", "visible", "level", "basis", "sigma_member"];

/// What the JSON document begins with.
#[derive(Serialize)]
struct Head {
    schema_version: u32,
    report_id: &'static str,
    run_id: i64,
    as_of: Option<String>,
    org_id: Option<String>,
    /// Whom the run mirrored, and on what that rested.
    audience: Option<AudienceRow>,
}

pub fn run(cli: &Cli, arguments: &MirrorArgs, printer: &Printer) -> Result<Exit, CliError> {
    let MirrorCommand::Export { db, at, format, csv_raw } = &arguments.command;
    let path = match db {
        Some(path) => path.clone(),
        None => settings::load(cli, &SettingArgs::default(), printer)?.settings.catalog.database,
    };
    let catalog = Catalog::open(&path)?;
    // Before anything is printed: a header alone would be an answer.
    catalog.published_at(*at)?;
    let out = BufWriter::with_capacity(BUFFER, io::stdout().lock());
    let written = match format {
        ExportFormat::Csv => write_csv(&catalog, *at, *csv_raw, out),
        ExportFormat::Json => write_json(&catalog, *at, out),
        ExportFormat::Jsonl => write_json_lines(&catalog, *at, out),
    };
    let (run, rows) = match written {
        // A reader that went away is no mistake.
        Err(CliError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Exit::Ok),
        other => other?,
    };
    if rows == 0 && !cli.quiet {
        let why = why_nothing(&catalog, run.run_id)?;
        printer.note(format_args!("note: {}", why.as_deref().unwrap_or("the mapped users see nothing")));
    }
    Ok(Exit::Ok)
}

/// Why a run mirrors nothing, where it mirrors nobody.
pub fn why_nothing(catalog: &Catalog, run: i64) -> Result<Option<String>, CliError> {
    let why = match catalog.audience(run)? {
        Some(audience) if audience.mode == "login_user" => "mirroring was off",
        Some(audience) if audience.mapped == 0 => "no Sigma member was mapped to a catalog user",
        Some(_) => return Ok(None),
        None => "it is from before permissions were mirrored",
    };
    Ok(Some(format!("run {run} mirrors nothing: {why}")))
}

/// The run that was exported, and how many rows it has.
type Written = Result<(RunRow, u64), CliError>;

fn write_csv(catalog: &Catalog, at: Option<i64>, raw: bool, out: impl Write) -> Written {
    let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    csv.write_record(COLUMNS).map_err(io::Error::from)?;
    let mut rows = 0;
    let run = catalog.mirrored(at, |row: MirrorRow<'_>| -> Result<(), CliError> {
        rows += 1;
        let cells = [
            row.catalog_user,
            row.object_id,
            row.catalog_object_key,
            if row.visible { "true" } else { "false" },
            row.level,
            row.basis,
            row.sigma_member,
        ];
        let cells = cells.map(|cell| if raw { Cow::Borrowed(cell) } else { neutral(cell.into()) });
        csv.write_record(cells.iter().map(|cell| cell.as_bytes())).map_err(io::Error::from)?;
        Ok(())
    })?;
    csv.flush()?;
    Ok((run, rows))
}

fn write_json_lines(catalog: &Catalog, at: Option<i64>, mut out: impl Write) -> Written {
    let mut rows = 0;
    let run = catalog.mirrored(at, |row: MirrorRow<'_>| -> Result<(), CliError> {
        rows += 1;
        serde_json::to_writer(&mut out, &row).map_err(io::Error::from)?;
        out.write_all(b"\n")?;
        Ok(())
    })?;
    out.flush()?;
    Ok((run, rows))
}

/// The head is written when the run is known, before its first row.
fn write_json(catalog: &Catalog, at: Option<i64>, mut out: impl Write) -> Written {
    let run = catalog.published_at(at)?;
    let head = Head {
        schema_version: SCHEMA_VERSION,
        report_id: "R05",
        run_id: run.run_id,
        as_of: run.ended_at.clone(),
        org_id: run.organization_id.clone(),
        audience: catalog.audience(run.run_id)?,
    };
    let mut head = serde_json::to_string(&head).map_err(io::Error::from)?;
    // The rows go where the object would end.
    head.pop();
    write!(out, "{head},\"rows\":[")?;
    let mut rows = 0_u64;
    let run = catalog.mirrored(Some(run.run_id), |row: MirrorRow<'_>| -> Result<(), CliError> {
        out.write_all(if rows == 0 { b"\n" } else { b",\n" })?;
        rows += 1;
        serde_json::to_writer(&mut out, &row).map_err(io::Error::from)?;
        Ok(())
    })?;
    out.write_all(b"\n]}\n")?;
    out.flush()?;
    Ok((run, rows))
}
