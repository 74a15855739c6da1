//! `about`: what this program is, for people and for the programs that run it.

use clap::Args;
use serde::Serialize;

use super::args::Format;
use super::error::CliError;
use super::output::Printer;
use crate::crawl::Exit;
use crate::store::{self, schema};

/// Arguments of `about`.
#[derive(Debug, Args)]
pub struct AboutArgs {
    /// How to print.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Serialize)]
struct About {
    schema_version: u32,
    name: &'static str,
    version: &'static str,
    description: &'static str,
    license: &'static str,
    platform: String,
    catalog_schema: i64,
    sqlite: &'static str,
    exit_codes: Vec<ExitCode>,
}

#[derive(Serialize)]
struct ExitCode {
    code: u8,
    meaning: &'static str,
}

pub fn run(arguments: &AboutArgs, printer: &Printer) -> Result<Exit, CliError> {
    let about = About {
        schema_version: 1,
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        description: env!("CARGO_PKG_DESCRIPTION"),
        license: env!("CARGO_PKG_LICENSE"),
        platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        catalog_schema: schema::VERSION,
        sqlite: store::sqlite_version(),
        exit_codes: Exit::ALL.iter().map(|(exit, meaning)| ExitCode { code: exit.code(), meaning }).collect(),
    };
    if arguments.format == Format::Json {
        printer.json(&about)?;
        return Ok(Exit::Ok);
    }
    printer.line(format_args!("{} {} ({})", about.name, about.version, about.license))?;
    for line in printer.paragraph(about.description) {
        printer.line(line)?;
    }
    printer.line(format_args!(
        "{}, SQLite {}, catalog schema {}",
        about.platform, about.sqlite, about.catalog_schema
    ))?;
    printer.line("\nexit codes:")?;
    for ExitCode { code, meaning } in about.exit_codes {
        printer.line(format_args!("  {code:>3}  {meaning}"))?;
    }
    Ok(Exit::Ok)
}
