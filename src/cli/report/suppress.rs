//! `report suppress`, `report unsuppress`: decisions of people about findings.

use jiff::civil::Date;

use super::load;
use crate::cli::args::{CatalogArgs, Cli, Format};
use crate::cli::error::CliError;
use crate::cli::identity::args::user_of_this_machine;
use crate::cli::output::Printer;
use crate::store::{Catalog, FindingRow, Store, Suppression};

/// Characters of a key below which a typing mistake could name another finding.
const LEAST: usize = 6;

pub fn suppress(
    cli: &Cli,
    text: &str,
    reason: &str,
    until: Date,
    by: Option<&str>,
    arguments: &CatalogArgs,
    printer: &Printer,
) -> Result<(), CliError> {
    let usage = |problem: String, remedy: &str| CliError::Usage { problem, remedy: remedy.to_owned() };
    if reason.trim().is_empty() {
        return Err(usage("the reason is empty".to_owned(), "say why the finding may stay, with --reason"));
    }
    if until.to_string() < load::today() {
        return Err(usage(format!("{until} is past"), "give a day to come with --until, as in 2027-03-31"));
    }
    let settings = load::settings(cli, arguments.db.as_ref(), printer)?;
    let path = &settings.catalog.database;
    let finding = find(&Catalog::open(path)?, text)?;
    let by = by.map_or_else(user_of_this_machine, str::to_owned);
    let made = Store::open_at(path, settings.catalog.allow_network_filesystem)?.suppress(
        &finding,
        reason.trim(),
        &until.to_string(),
        &by,
    )?;
    tell(&made, "suppressed", arguments.format, printer)
}

pub fn unsuppress(cli: &Cli, text: &str, arguments: &CatalogArgs, printer: &Printer) -> Result<(), CliError> {
    let settings = load::settings(cli, arguments.db.as_ref(), printer)?;
    let path = &settings.catalog.database;
    let finding = find(&Catalog::open(path)?, text)?;
    let Some(taken) =
        Store::open_at(path, settings.catalog.allow_network_filesystem)?.unsuppress(&finding.finding_key)?
    else {
        return Err(CliError::Usage {
            problem: format!("finding {} is not suppressed", finding.finding_key),
            remedy: "`report R08 --status suppressed` lists the suppressed findings of R08".to_owned(),
        });
    };
    tell(&taken, "no longer suppressed", arguments.format, printer)
}

/// The one finding whose key begins so.
fn find(catalog: &Catalog, text: &str) -> Result<FindingRow, CliError> {
    let text = text.trim().to_ascii_lowercase();
    let mut found: Vec<FindingRow> = catalog
        .findings()?
        .into_iter()
        .filter(|finding| text.len() >= LEAST && finding.finding_key.starts_with(&text))
        .collect();
    let (problem, remedy) = match found.len() {
        1 => return Ok(found.remove(0)),
        0 if text.len() < LEAST => {
            (format!("`{text}` is too short to name a finding"), "give at least 6 characters of its key")
        }
        0 => (
            format!("there is no finding `{text}`"),
            "reports show the keys; findings are recorded by `sigma-catalog extract`",
        ),
        several => (format!("`{text}` begins the keys of {several} findings"), "give more of the key"),
    };
    Err(CliError::Usage { problem, remedy: remedy.to_owned() })
}

fn tell(suppression: &Suppression, what: &str, format: Format, printer: &Printer) -> Result<(), CliError> {
    if format == Format::Json {
        return printer.json(suppression);
    }
    let Suppression { finding_key, report_id, reason, until, suppressed_by, .. } = suppression;
    printer.line(format_args!("{report_id} finding {finding_key} is {what}"))?;
    printer.line(format_args!("  by {suppressed_by} until {until}: {reason}"))
}
