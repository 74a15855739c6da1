//! `access`: who may see what, why, and whether Sigma agrees.

mod effective;
mod explain;
mod graph;
mod member;
mod object;
mod verify;
mod what_if;
mod words;

use std::mem::ManuallyDrop;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::args::{Cli, Format, Later};
use super::error::CliError;
use super::output::Printer;
use super::settings::{self, SettingArgs};
use crate::access::{Access, NotFound, words_for};
use crate::catalog::facts::Facts;
use crate::crawl::Exit;
use crate::store::{About, Catalog, RunRow};

/// Version of the JSON that these commands print.
const SCHEMA_VERSION: u32 = 1;

/// Arguments of `access`.
#[derive(Debug, Args)]
pub struct AccessArgs {
    /// What to ask.
    #[command(subcommand)]
    command: AccessCommand,
}

/// What to ask about access.
#[derive(Debug, Subcommand)]
enum AccessCommand {
    /// Who sees an object, how much of it, and by which path.
    Object {
        #[command(flatten)]
        source: Source,
        /// How to print.
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
        /// In text, name everybody who has access through "All Members".
        #[arg(long)]
        expand: bool,
        /// Its id, the id in its address, its address, or its path such as `Sales/Q3/Forecast`.
        object: String,
    },
    /// What a member sees, how much of it, and by which path.
    Member {
        #[command(flatten)]
        source: Source,
        /// How to print.
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
        /// The e-mail address or the id.
        #[arg(value_name = "EMAIL|ID")]
        member: String,
    },
    /// Every path from a member to an object, the winning one first.
    Explain {
        #[command(flatten)]
        source: Source,
        /// How to print.
        #[arg(long, value_enum, default_value = "text")]
        format: explain::ExplainFormat,
        /// The member's e-mail address or id.
        #[arg(value_name = "EMAIL|ID")]
        member: String,
        /// The object's id, the id in its address, its address, or its path.
        object: String,
    },
    /// Everybody's access to everything, one row for each member and object, by the object's path and the member's address.
    Effective {
        #[command(flatten)]
        source: Source,
        /// How to print.
        #[arg(long, value_enum, default_value = "csv")]
        format: TableFormat,
        /// In CSV, leave cells as they are that a spreadsheet would take for a formula.
        #[arg(long)]
        csv_raw: bool,
    },
    /// Ask Sigma what members see and compare it with the catalog; exit code 11 when the two disagree.
    Verify(Later<VerifyArgs>),
    /// Who would lose and gain access by changes to the organisation. Touches nothing.
    WhatIf {
        #[command(flatten)]
        source: Source,
        /// How to print.
        #[arg(long, value_enum, default_value = "text")]
        format: what_if::WhatIfFormat,
        #[command(flatten)]
        changes: what_if::Changes,
    },
}

/// Arguments of `access verify`.
#[derive(Debug, Args)]
struct VerifyArgs {
    #[command(flatten)]
    settings: SettingArgs,
    /// How to print.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// How many members to ask about, spread over account types and kinds of user.
    #[arg(long, value_name = "N", default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..))]
    sample: u32,
    /// Ask about every member.
    #[arg(long, conflicts_with = "sample")]
    all: bool,
}

/// Which catalog, and which state of it.
#[derive(Debug, Args)]
struct Source {
    /// The catalog's file [setting: catalog.database].
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
    /// Answer as of this earlier run.
    #[arg(long, value_name = "RUN")]
    at: Option<i64>,
}

/// How to print long tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TableFormat {
    /// Comma-separated values (RFC 4180).
    Csv,
    /// One JSON object per line.
    Jsonl,
}

/// Access as one run found it.
struct Loaded {
    run: RunRow,
    /// Kept to the end of the process, which is near once it is told: nothing is gained by taking it apart name by name.
    access: ManuallyDrop<Access>,
}

pub fn run(cli: &Cli, arguments: &AccessArgs, printer: &Printer) -> Result<Exit, CliError> {
    let load = |source: &Source| load(cli, source, printer);
    match &arguments.command {
        AccessCommand::Object { source, format, expand, object } => {
            object::run(&load_for(cli, source, object, printer)?, object, *format, *expand, printer)?;
        }
        AccessCommand::Member { source, format, member } => {
            member::run(&load_of(cli, source, member, printer)?, member, *format, printer)?;
        }
        AccessCommand::Explain { source, format, member, object } => {
            explain::run(&load_for(cli, source, object, printer)?, member, object, *format, printer)?;
        }
        AccessCommand::Effective { source, format, csv_raw } => {
            effective::run(&load(source)?, *format, *csv_raw)?;
        }
        AccessCommand::Verify(arguments) => {
            let sample = (!arguments.all).then_some(arguments.sample as usize);
            return verify::run(cli, &arguments.settings, arguments.format, sample, printer);
        }
        AccessCommand::WhatIf { source, format, changes } => {
            // What cannot be understood is told before the catalog is read.
            let planned = changes.all()?;
            what_if::run(&planned, *format, &facts(cli, source, printer)?, printer)?;
        }
    }
    Ok(Exit::Ok)
}

/// Opens the catalog that the arguments or else the settings name, and works access out.
fn load(cli: &Cli, source: &Source, printer: &Printer) -> Result<Loaded, CliError> {
    let (run, mut facts) = facts(cli, source, printer)?;
    Ok(Loaded { run, access: ManuallyDrop::new(Access::of(&mut facts)) })
}

/// The same from as little of the catalog as answers questions about one object.
fn load_for(cli: &Cli, source: &Source, object: &str, printer: &Printer) -> Result<Loaded, CliError> {
    let words = words_for(object);
    let about = words.as_deref().map_or(About::Everything, About::Objects);
    load_narrow(cli, source, about, |access| access.find_object(object).is_ok(), printer)
}

/// The same from as little of the catalog as answers what one member sees.
fn load_of(cli: &Cli, source: &Source, member: &str, printer: &Printer) -> Result<Loaded, CliError> {
    load_narrow(cli, source, About::Member(member), |access| access.find_member(member).is_ok(), printer)
}

/// The same from the facts about something or, where that is not `found` in them, from all: only these tell what was
/// meant.
fn load_narrow(
    cli: &Cli,
    source: &Source,
    about: About<'_>,
    found: impl Fn(&Access) -> bool,
    printer: &Printer,
) -> Result<Loaded, CliError> {
    let catalog = ManuallyDrop::new(open(cli, source, printer)?);
    let (mut run, mut facts) = catalog.facts_about(source.at, about)?;
    let mut access = Access::of(&mut facts);
    if !found(&access) {
        (run, facts) = catalog.facts(source.at)?;
        access = Access::of(&mut facts);
    }
    tell_deficient(cli, &run, &facts, printer);
    // As with `Loaded`: the process ends soon.
    std::mem::forget(facts);
    Ok(Loaded { run, access: ManuallyDrop::new(access) })
}

/// What the catalog knows, with a word to people about what it does not.
fn facts(cli: &Cli, source: &Source, printer: &Printer) -> Result<(RunRow, Facts), CliError> {
    let (run, facts) = open(cli, source, printer)?.facts(source.at)?;
    tell_deficient(cli, &run, &facts, printer);
    Ok((run, facts))
}

fn open(cli: &Cli, source: &Source, printer: &Printer) -> Result<Catalog, CliError> {
    let path = match &source.db {
        Some(path) => path.clone(),
        None => settings::load(cli, &SettingArgs::default(), printer)?.settings.catalog.database,
    };
    let catalog = Catalog::open(&path)?;
    if !cli.quiet
        && let Ok(run) = catalog.published_at(source.at)
        && let Some(since) = catalog.permissions_carried_from(&run)?
    {
        printer.note(format_args!(
            "note: run {} took over grants and memberships as they were on {since}",
            run.run_id
        ));
    }
    Ok(catalog)
}

fn tell_deficient(cli: &Cli, run: &RunRow, facts: &Facts, printer: &Printer) {
    let deficient = facts.readings.deficient();
    if !deficient.is_empty() && !cli.quiet {
        let list: Vec<_> = deficient.iter().map(|(scope, count)| format!("{count} of {scope}")).collect();
        printer.note(format_args!(
            "note: run {} could not read everything ({}): answers that rest on it say so",
            run.run_id,
            list.join(", ")
        ));
    }
}

impl From<NotFound> for CliError {
    fn from(error: NotFound) -> Self {
        Self::Usage { problem: error.to_string(), remedy: error.remedy() }
    }
}
