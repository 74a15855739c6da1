//! `check`: whether an extraction would work, one line for each thing it needs.

use serde::Serialize;

use super::args::{CheckArgs, Cli, Format};
use super::error::CliError;
use super::output::Printer;
use super::{runtime, settings};
use crate::config::Settings;
use crate::crawl::{self, Answer, Client, Exit, Patience, Probe, Stop, Token};

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
    let loaded = settings::load(cli, &arguments.settings, printer)?;
    let client = crawl::client_of(&loaded.settings, &Stop::default(), Patience::Person)?;
    runtime()?.block_on(report(&loaded.settings, &client, arguments.format, printer))
}

/// Asks, prints, and says how the process should exit.
pub async fn report(
    settings: &Settings,
    client: &Client,
    format: Format,
    printer: &Printer,
) -> Result<Exit, CliError> {
    let mut lines = vec![Line {
        what: "configuration".to_owned(),
        answer: Answer::Ok,
        detail: settings.sigma.api_url.as_ref().map(ToString::to_string).unwrap_or_default(),
        remedy: None,
    }];
    // In text the first lines appear before the endpoints are asked.
    let show = |line: &Line| if format == Format::Text { print(line, printer) } else { Ok(()) };
    show(&lines[0])?;
    let token = match Token::ask(client).await {
        Ok(token) => token,
        Err(error) => {
            let line = Line {
                what: "credentials".to_owned(),
                answer: Answer::Failed,
                detail: format!("{error} [{}]", error.code()),
                remedy: error.remedy().map(str::to_owned),
            };
            show(&line)?;
            lines.push(line);
            return conclude(lines, Exit::from(&error), format, printer);
        }
    };
    let who = crawl::describe_owner(client, &token).await;
    for line in [
        Line {
            what: "credentials".to_owned(),
            answer: Answer::Ok,
            detail: "accepted".to_owned(),
            remedy: None,
        },
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
    let mut exit = Exit::Ok;
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
