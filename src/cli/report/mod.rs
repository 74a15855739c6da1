//! `report`: permission reports, and the life of what they find.

mod against;
mod args;
mod list;
mod load;
mod record;
mod suppress;
mod text;
mod words;

use std::io::{self, BufWriter, Write};
use std::path::Path;

pub use args::ReportArgs;
pub use record::record;

use super::args::Cli;
use super::error::CliError;
use super::mirror::why_nothing;
use super::output::{self, BUFFER, Printer};
use crate::access::Access;
use crate::crawl::Exit;
use crate::report::filter::Filter;
use crate::report::finding::Ledger;
use crate::report::render::{Csv, Html, Json, JsonLines, Markdown};
use crate::report::table::{self, Need, REPORTS, Report};
use crate::report::{Options, R05, R15, ReportError, Severity, Totals, compared, make, page};
use args::{FilterArgs, ReportCommand, ReportFormat, SourceArgs};
use load::Loaded;
use text::Text;

pub fn run(cli: &Cli, arguments: &ReportArgs, printer: &Printer) -> Result<Exit, CliError> {
    match &arguments.command {
        Some(ReportCommand::List { columns, format }) => {
            list::run(columns.as_deref(), *format, printer)?;
            Ok(Exit::Ok)
        }
        Some(ReportCommand::All { out, source, format, csv_raw, fail_on }) => {
            let fail_on = fail_on.map(Severity::from);
            all(cli, source, out, *format, *csv_raw, fail_on, printer)
        }
        Some(ReportCommand::Html { out, source }) => {
            html(cli, source, out, printer)?;
            Ok(Exit::Ok)
        }
        Some(ReportCommand::Suppress { finding, reason, until, by, catalog }) => {
            suppress::suppress(cli, finding, reason, *until, by.as_deref(), catalog, printer)?;
            Ok(Exit::Ok)
        }
        Some(ReportCommand::Unsuppress { finding, catalog }) => {
            suppress::unsuppress(cli, finding, catalog, printer)?;
            Ok(Exit::Ok)
        }
        None => one(cli, arguments, printer),
    }
}

/// The report of that id or name.
fn named(text: &str) -> Result<&'static Report, CliError> {
    table::find(text).ok_or_else(|| {
        let wanted = text.to_ascii_lowercase();
        let near: Vec<&str> = REPORTS
            .iter()
            .filter(|report| wanted.split('-').any(|word| word.len() > 2 && report.name.contains(word)))
            .map(|report| report.name)
            .collect();
        let near =
            if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(", ")) };
        CliError::Usage {
            problem: format!("there is no report `{text}`{near}"),
            remedy: "`sigma-catalog report list` shows the reports there are".to_owned(),
        }
    })
}

fn one(cli: &Cli, arguments: &ReportArgs, printer: &Printer) -> Result<Exit, CliError> {
    let report = named(arguments.report.as_deref().unwrap_or_default())?;
    let mut options = options(&arguments.source);
    options.member.clone_from(&arguments.filter.member);
    options.object.clone_from(&arguments.filter.object);
    options.between = arguments.against.from.zip(arguments.against.to);
    options.catalog_acl = arguments.against.catalog_acl.as_deref().map(against::catalog_acl).transpose()?;
    let loaded = load::load(cli, &arguments.source, options, printer)?;
    let filter = filter(&arguments.filter, report, &loaded.inputs())?;
    let ledger = loaded.ledger()?;
    let output = &arguments.output;
    let making = Making { loaded: &loaded, ledger: &ledger, filter: &filter, raw: output.csv_raw, printer };
    let totals = match &output.out {
        None => making.to(report, output.format, &mut BufWriter::with_capacity(BUFFER, io::stdout().lock())),
        Some(path) => making.to_file(report, output.format, path),
    };
    let totals = match totals {
        // A reader that went away is no mistake.
        Err(CliError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Exit::Ok),
        other => other?,
    };
    let why = match report.id {
        id if id == R05.id => why_nothing(&loaded.catalog, loaded.run.run_id)?,
        id if id == R15.id && compared(&loaded.inputs())?.is_none() => {
            Some("no earlier run is published: there is nothing to compare with".to_owned())
        }
        _ => None,
    };
    if let Some(why) = why.filter(|_| !cli.quiet) {
        printer.note(format_args!("note: {why}"));
    }
    Ok(verdict(&totals, arguments.fail_on.map(Severity::from)))
}

/// Writes every report that needs no question to a file of its own.
fn all(
    cli: &Cli,
    source: &SourceArgs,
    folder: &Path,
    format: ReportFormat,
    raw: bool,
    fail_on: Option<Severity>,
    printer: &Printer,
) -> Result<Exit, CliError> {
    std::fs::create_dir_all(folder).map_err(|error| output::cannot_write(folder, &error))?;
    let loaded = load::load(cli, source, options(source), printer)?;
    let (ledger, filter) = (loaded.ledger()?, Filter::default());
    let making = Making { loaded: &loaded, ledger: &ledger, filter: &filter, raw, printer };
    let mut exit = Exit::Ok;
    let mut written = Vec::new();
    for report in REPORTS {
        let file = format!("{}-{}.{}", report.id, report.name, format.extension());
        let has_identity = loaded.inputs().identity.is_some();
        let missing = report.needs.iter().find(|need| **need != Need::Identity || !has_identity);
        if let Some(need) = missing {
            let why = match need {
                Need::Member => "left out: it is about one member (--member)",
                Need::Object => "left out: it is about one object (--object)",
                Need::Identity => "left out: it needs the catalog's users and the identity mapping",
                Need::Choice => "left out: it needs to be asked for by itself",
            };
            written.push(vec![report.id.to_owned(), report.name.to_owned(), String::new(), why.to_owned()]);
            continue;
        }
        let totals = making.to_file(report, format, &folder.join(&file))?;
        if verdict(&totals, fail_on) == Exit::Findings {
            exit = Exit::Findings;
        }
        let sure = totals.confidence.map_or("exact", |confidence| confidence.name());
        written.push(vec![report.id.to_owned(), file, totals.rows.to_string(), sure.to_owned()]);
    }
    printer.table(&["report", "file", "rows", "confidence"], &written, &[2])?;
    Ok(exit)
}

/// Writes the page of a catalog.
fn html(cli: &Cli, source: &SourceArgs, path: &Path, printer: &Printer) -> Result<(), CliError> {
    let loaded = load::load(cli, source, options(source), printer)?;
    let text = page(&loaded.inputs(), &loaded.ledger()?)?;
    output::write_file(path, |out| Ok(out.write_all(text.as_bytes())?))?;
    printer.line(format_args!("wrote {} ({:.1} MB)", path.display(), text.len() as f64 / 1e6))
}

/// Makes reports of one state of a catalog.
struct Making<'a> {
    loaded: &'a Loaded,
    ledger: &'a Ledger,
    filter: &'a Filter,
    raw: bool,
    printer: &'a Printer,
}

impl Making<'_> {
    fn to(&self, report: &Report, format: ReportFormat, out: &mut dyn Write) -> Result<Totals, CliError> {
        let inputs = self.loaded.inputs();
        let totals = match format {
            ReportFormat::Table => {
                make(report, &inputs, self.ledger, self.filter, &mut Text::new(out, self.printer))
            }
            ReportFormat::Csv => {
                make(report, &inputs, self.ledger, self.filter, &mut Csv::new(out, self.raw))
            }
            ReportFormat::Json => make(report, &inputs, self.ledger, self.filter, &mut Json::new(out)),
            ReportFormat::Jsonl => make(report, &inputs, self.ledger, self.filter, &mut JsonLines::new(out)),
            ReportFormat::Md => make(report, &inputs, self.ledger, self.filter, &mut Markdown::new(out)),
            ReportFormat::Html => make(report, &inputs, self.ledger, self.filter, &mut Html::new(out)),
        }?;
        out.flush()?;
        Ok(totals)
    }

    fn to_file(&self, report: &Report, format: ReportFormat, path: &Path) -> Result<Totals, CliError> {
        output::write_file(path, |out| self.to(report, format, out))
    }
}

fn options(source: &SourceArgs) -> Options {
    Options {
        internal_domains: source.internal_domains.clone(),
        owner_above: source.owner_above,
        ..Options::default()
    }
}

/// The filter with ids in place of what a person calls things. A report about a member or an object is not filtered by it.
fn filter(
    arguments: &FilterArgs,
    report: &Report,
    inputs: &crate::report::Inputs<'_>,
) -> Result<Filter, CliError> {
    let access: &Access = inputs.access;
    words::check(arguments, access)?;
    let is_about = |need: Need| report.needs.contains(&need);
    let member = inputs.member().map_err(ReportError::from)?.filter(|_| !is_about(Need::Member));
    let object = inputs.object().map_err(ReportError::from)?.filter(|_| !is_about(Need::Object));
    Ok(Filter {
        member: member.map(|place| access.members()[place as usize].id.clone()),
        object: object.map(|place| access.objects()[place as usize].id.clone()),
        workspace: arguments.workspace.clone(),
        kind: arguments.kind.clone(),
        level: arguments.level.clone(),
        statuses: arguments.status.iter().map(|status| (*status).into()).collect(),
        severity: arguments.severity.map(Severity::from),
    })
}

fn verdict(totals: &Totals, fail_on: Option<Severity>) -> Exit {
    let found = fail_on.is_some_and(|least| totals.by_severity.keys().any(|severity| *severity >= least));
    if found { Exit::Findings } else { Exit::Ok }
}
