//! `identity`: which catalog user is which Sigma member.

pub(super) mod args;
mod change;
mod effect;
pub(super) mod files;
mod report;

pub use args::IdentityArgs;

use serde::Serialize;

use super::args::{CatalogArgs, Cli, Format};
use super::error::CliError;
use super::output::{Printer, thousands};
use super::runs::open;
use crate::crawl::Exit;
use crate::identity::sheet::Column;
use crate::identity::{mapping, users};
use crate::store::{MappingState, MappingVersion};
use args::{IdentityCommand, Template};

/// Version of what these commands print as JSON.
const SCHEMA_VERSION: u32 = 1;

pub fn run(cli: &Cli, arguments: &IdentityArgs, printer: &Printer) -> Result<Exit, CliError> {
    match &arguments.command {
        IdentityCommand::Template { of, format } => template(*of, *format, printer),
        IdentityCommand::Validate { file, read, catalog, users } => {
            change::validate(cli, file, *read, catalog, users, printer)
        }
        IdentityCommand::Import { file, read, catalog, users, consent } => {
            change::import(cli, file, *read, catalog, users, consent, printer)
        }
        IdentityCommand::List { version, catalog } => list(cli, *version, catalog, printer),
        IdentityCommand::Report(arguments) => report::run(cli, arguments, printer),
        IdentityCommand::Diff { other, read, catalog } => change::diff(cli, other, *read, catalog, printer),
        IdentityCommand::Rollback { version, catalog, consent } => {
            change::rollback(cli, *version, catalog, consent, printer)
        }
    }
    .map(|()| Exit::Ok)
}

#[derive(Serialize)]
struct ShownTemplate {
    schema_version: u32,
    columns: Vec<ShownColumn>,
}

#[derive(Serialize)]
struct ShownColumn {
    name: &'static str,
    required: bool,
    may_be_empty: bool,
    synonyms: &'static [&'static str],
    doc: &'static str,
}

fn template(of: Template, format: Format, printer: &Printer) -> Result<(), CliError> {
    let (columns, example): (&[Column], &str) = match of {
        Template::Identity => (mapping::COLUMNS, "jdoe,jane.doe@example.com"),
        Template::CatalogUsers => (users::COLUMNS, "jdoe,jane.doe@example.com,Jane Doe,true"),
    };
    if format == Format::Json {
        let shown = columns.iter().map(|column| ShownColumn {
            name: column.name,
            required: column.required,
            may_be_empty: column.may_be_empty,
            synonyms: column.synonyms,
            doc: column.doc,
        });
        return printer.json(&ShownTemplate { schema_version: SCHEMA_VERSION, columns: shown.collect() });
    }
    let names: Vec<_> = columns.iter().map(|column| column.name).collect();
    printer.line(names.join(","))?;
    printer.line(example)?;
    for column in columns {
        let need = if column.required { "" } else { " (may be left out)" };
        printer.note(format_args!("{}: {}{need}", column.name, column.doc));
        printer.note(format_args!("  also accepted as {}", column.synonyms.join(", ")));
    }
    Ok(())
}

#[derive(Serialize)]
struct ShownVersions<'a> {
    schema_version: u32,
    versions: &'a [MappingVersion],
}

#[derive(Serialize)]
struct ShownVersion<'a> {
    schema_version: u32,
    #[serde(flatten)]
    version: &'a MappingVersion,
    pairs: &'a [crate::store::MappingRow],
}

fn list(cli: &Cli, version: Option<i64>, arguments: &CatalogArgs, printer: &Printer) -> Result<(), CliError> {
    let catalog = open(cli, arguments, printer)?;
    let Some(number) = version else {
        let versions = catalog.mapping_versions()?;
        if arguments.format == Format::Json {
            return printer.json(&ShownVersions { schema_version: SCHEMA_VERSION, versions: &versions });
        }
        if versions.is_empty() {
            return printer.line("no identity mapping was imported yet");
        }
        let rows: Vec<Vec<String>> = versions.iter().map(version_row).collect();
        printer.table(&["version", "imported", "by", "rows", "sha256", "file", "note"], &rows, &[3])?;
        return printer.line("* in force");
    };
    let version = files::version(&catalog, number)?;
    let pairs = catalog.mapping_rows(number)?;
    if arguments.format == Format::Json {
        return printer.json(&ShownVersion {
            schema_version: SCHEMA_VERSION,
            version: &version,
            pairs: &pairs,
        });
    }
    let rows: Vec<Vec<String>> = pairs
        .iter()
        .map(|row| vec![row.line.to_string(), row.network_id.clone(), row.sigma_email.clone()])
        .collect();
    printer.table(&["line", "network_id", "sigma_email"], &rows, &[0])
}

fn version_row(version: &MappingVersion) -> Vec<String> {
    let mark = if version.state == MappingState::Active { " *" } else { "" };
    let restored = version.restored_from.map(|earlier| format!("repeats version {earlier}"));
    let merge = version.allow_merge.then(|| "merging allowed".to_owned());
    vec![
        format!("{}{mark}", version.version),
        version.imported_at.clone(),
        version.imported_by.clone(),
        thousands(version.rows),
        version.sha256.chars().take(12).collect(),
        version.source.clone(),
        restored.into_iter().chain(merge).collect::<Vec<_>>().join(", "),
    ]
}
