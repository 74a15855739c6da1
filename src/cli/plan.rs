//! `extract --dry-run`: what an extraction would ask.

use serde::Serialize;

use super::args::Format;
use super::error::CliError;
use super::output::{Printer, thousands};
use crate::crawl::Plan;

#[derive(Debug, Serialize)]
struct Printed<'a> {
    schema_version: u32,
    #[serde(flatten)]
    plan: &'a Plan,
}

pub fn print(plan: &Plan, format: Format, printer: &Printer) -> Result<(), CliError> {
    if format == Format::Json {
        return printer.json(&Printed { schema_version: 1, plan });
    }
    let rows: Vec<Vec<String>> = plan
        .steps
        .iter()
        .map(|step| {
            let requests = match (step.requests, step.note) {
                (Some(0), Some(_)) => "-".to_owned(),
                (Some(requests), _) => thousands(requests),
                (None, _) => "n/a".to_owned(),
            };
            let setting = step.setting.unwrap_or_default().to_owned();
            vec![requests, short(step.endpoint), step.of.to_owned(), setting, step.token.to_owned()]
        })
        .collect();
    printer.table(&["requests", "endpoint", "of each", "setting", "token"], &rows, &[0])?;
    printer.line("")?;
    let mut notes: Vec<&str> = plan.steps.iter().filter_map(|step| step.note).collect();
    notes.sort_unstable();
    notes.dedup();
    for note in notes {
        printer.line(format_args!("-    {note}"))?;
    }
    if plan.unknown_steps > 0 {
        printer.line("n/a  known when the objects are listed")?;
    }
    printer.line(format_args!("grants: {}, {}", grants_words(plan.grants.by), plan.grants.why))?;
    match plan.sizes_of_run {
        Some(run) => printer.line(format_args!("sizes: those of the catalog that run {run} published"))?,
        None => printer.line("sizes: the server's own counts, for there is no published catalog yet")?,
    }
    if let Some(asked) = plan.asked {
        printer.line(format_args!(
            "documents: {} asked for their contents, {} more only if they or what they are built on changed",
            thousands(asked as u64),
            thousands(plan.carried as u64)
        ))?;
    }
    if plan.filtered {
        printer.line("filters are looked up when the crawl begins; the figures do not know them")?;
    }
    let at_least = if plan.unknown_steps > 0 { "at least " } else { "about " };
    printer.line(format_args!(
        "{at_least}{} requests, {} at {} at once if each takes as long as those just asked",
        thousands(plan.requests),
        words(plan.seconds),
        plan.concurrency
    ))?;
    printer.line("nothing was crawled or written")
}

/// A path in which one word stands for every id, to fit a line.
fn short(path: &str) -> String {
    let part = |part: &str| if part.starts_with('{') { "{id}".to_owned() } else { part.to_owned() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

fn grants_words(by: &str) -> &'static str {
    match by {
        "object" => "asked object by object",
        "principal" => "asked by member and team",
        _ => "undecided",
    }
}

/// A time in words.
fn words(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 90.0 => format!("{:.0} s", seconds.ceil()),
        seconds if seconds < 5400.0 => format!("{:.0} min", seconds / 60.0),
        seconds => format!("{:.1} h", seconds / 3600.0),
    }
}
