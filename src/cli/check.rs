//! `check`: whether an extraction would work, one line for each thing it needs.

use serde::Serialize;

use super::args::{CheckArgs, Cli, Format};
use super::error::CliError;
use super::output::Printer;
use super::{runtime, settings};
use crate::config::{CatalogSettings, Settings};
use crate::crawl::{self, Answer, Client, Exit, Patience, Probe, Stop, Token};
use crate::store::{Catalog, Store, StoreError, schema};

#[derive(Debug, Serialize)]
struct Line {
    what: String,
    answer: Answer,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

#[derive(Debug, Serialize)]
struct CheckReport {
    schema_version: u32,
    ok: bool,
    exit_code: u8,
    lines: Vec<Line>,
}

pub fn run(cli: &Cli, arguments: &CheckArgs, printer: &Printer) -> Result<Exit, CliError> {
    let prepare = || -> Result<_, CliError> {
        let settings = settings::load(cli, &arguments.settings, printer)?.settings;
        let client = crawl::client_of(&settings, &Stop::default(), Patience::Person)?;
        Ok((settings, client))
    };
    match prepare() {
        Ok((settings, client)) => runtime()?.block_on(report(&settings, &client, arguments.format, printer)),
        // Programs get one object to read, whatever is wrong.
        Err(error) if arguments.format == Format::Json => {
            let line = Line::failed("configuration", &error.to_string(), &error.code(), error.remedy());
            conclude(vec![line], error.exit(), arguments.format, printer)
        }
        Err(error) => Err(error),
    }
}

impl Line {
    fn ok(what: &str, detail: impl Into<String>) -> Self {
        Self { what: what.to_owned(), answer: Answer::Ok, detail: detail.into(), remedy: None }
    }

    fn failed(what: &str, problem: &str, code: &str, remedy: Option<&str>) -> Self {
        Self {
            what: what.to_owned(),
            answer: Answer::Failed,
            detail: format!("{problem} [{code}]"),
            remedy: remedy.map(str::to_owned),
        }
    }
}

/// Whether a run could write the catalog, and whether the one there is whole.
fn catalog(settings: &CatalogSettings) -> Result<String, StoreError> {
    let path = &settings.database;
    Store::may_be_at(path, settings.allow_network_filesystem)?;
    let catalog = match Catalog::open(path) {
        Err(StoreError::Missing(_)) => {
            return Ok(format!("{}: none yet, the first run makes it", path.display()));
        }
        opened => opened?,
    };
    catalog.verify_file()?;
    let schema = match catalog.schema_version()? {
        found if found < schema::VERSION => {
            format!("schema {found}, which the next run brings to {}, keeping a copy", schema::VERSION)
        }
        found => format!("schema {found}"),
    };
    let published = catalog
        .published()?
        .map_or("nothing published yet".to_owned(), |run| format!("run {} published", run.run_id));
    Ok(format!("{}: whole, {schema}, {published}", path.display()))
}

/// Asks, prints, and says how the process should exit.
pub async fn report(
    settings: &Settings,
    client: &Client,
    format: Format,
    printer: &Printer,
) -> Result<Exit, CliError> {
    let api_url = settings.sigma.api_url.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut exit = Exit::Ok;
    let catalog = match catalog(&settings.catalog) {
        Ok(detail) => Line::ok("catalog", detail),
        Err(error) => {
            exit = Exit::from(&error);
            Line::failed("catalog", &error.to_string(), error.code(), Some(error.remedy()))
        }
    };
    let mut lines = vec![Line::ok("configuration", api_url), catalog];
    // In text the first lines appear before the endpoints are asked.
    let show = |line: &Line| if format == Format::Text { print(line, printer) } else { Ok(()) };
    lines.iter().try_for_each(show)?;
    let token = match Token::ask(client).await {
        Ok(token) => token,
        Err(error) => {
            let line = Line::failed("credentials", &error.to_string(), &error.code(), error.remedy());
            show(&line)?;
            lines.push(line);
            return conclude(lines, Exit::from(&error), format, printer);
        }
    };
    let who = crawl::describe_owner(client, &token).await;
    for line in [
        Line::ok("credentials", "accepted"),
        Line {
            what: "owner".to_owned(),
            answer: if token.is_admin() { Answer::Ok } else { Answer::Denied },
            detail: who,
            remedy: (!token.is_admin())
                .then(|| "use the credentials of an administrator to see the whole organisation".to_owned()),
        },
    ] {
        show(&line)?;
        lines.push(line);
    }
    let levels = crawl::token_levels(&token, &settings.permissions);
    for probe in levels.into_iter().chain(crawl::probe(client, &settings.crawl, &token).await) {
        if let (true, Exit::Ok, Some(kind)) = (probe.essential, exit, probe.error) {
            exit = kind.into();
        }
        let line = line_of(probe);
        show(&line)?;
        lines.push(line);
    }
    conclude(lines, exit, format, printer)
}

fn conclude(lines: Vec<Line>, exit: Exit, format: Format, printer: &Printer) -> Result<Exit, CliError> {
    if format == Format::Json {
        let report = CheckReport { schema_version: 1, ok: exit == Exit::Ok, exit_code: exit.code(), lines };
        printer.json(&report)?;
    }
    Ok(exit)
}

fn line_of(probe: Probe) -> Line {
    let Probe { feature, endpoint, answer, detail, remedy, .. } = probe;
    let detail =
        [endpoint, &detail].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(": ");
    Line { what: feature, answer, detail, remedy }
}

fn print(line: &Line, printer: &Printer) -> Result<(), CliError> {
    let mark = match line.answer {
        Answer::Ok | Answer::Nothing => "ok",
        Answer::Denied => "denied",
        Answer::NotAsked => "-",
        Answer::Failed => "failed",
    };
    printer.line(format_args!("  {mark:<7} {:<36} {}", line.what, line.detail))?;
    match &line.remedy {
        Some(remedy) => printer.line(format_args!("          help: {remedy}")),
        None => Ok(()),
    }
}
