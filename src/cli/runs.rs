//! `runs`: what earlier runs did.

use std::path::PathBuf;

use serde::Serialize;

use super::args::{CatalogArgs, Cli, Format, RunsArgs, RunsCommand};
use super::error::CliError;
use super::output::{Printer, thousands};
use super::settings::{self, SettingArgs};
use super::summary::{print_counts, words};
use crate::crawl::Exit;
use crate::store::{
    AudienceRow, Catalog, Change, ChangeKind, Counts, EventRow, RunRow, ScopeCount, ScopeRow,
};

/// How many events are shown to people.
const SHOWN_EVENTS: usize = 50;

/// How many deficient scopes are listed.
const SHOWN_SCOPES: i64 = 100;

pub fn run(cli: &Cli, arguments: &RunsArgs, printer: &Printer) -> Result<Exit, CliError> {
    match &arguments.command {
        RunsCommand::List { catalog, limit } => {
            let runs = open(cli, catalog, printer)?.runs(*limit)?;
            match catalog.format {
                Format::Json => printer.json(&runs)?,
                Format::Text => list(&runs, printer)?,
            }
        }
        RunsCommand::Show { catalog: arguments, run } => {
            let catalog = open(cli, arguments, printer)?;
            let run = match run {
                Some(run) => catalog.run(*run)?,
                None => catalog.runs(1)?.pop().ok_or_else(|| CliError::Usage {
                    problem: "the catalog has no runs yet".to_owned(),
                    remedy: "run `sigma-catalog extract` first".to_owned(),
                })?,
            };
            show(&catalog, run, arguments.format, printer)?;
        }
        RunsCommand::Diff { catalog: arguments, from, to } => {
            if from >= to {
                return Err(CliError::Usage {
                    problem: format!("run {from} is not earlier than run {to}"),
                    remedy: "name the earlier run first".to_owned(),
                });
            }
            diff(&open(cli, arguments, printer)?, *from, *to, arguments.format, printer)?;
        }
    }
    Ok(Exit::Ok)
}

/// Opens the catalog that the arguments or else the settings name.
pub(super) fn open(cli: &Cli, arguments: &CatalogArgs, printer: &Printer) -> Result<Catalog, CliError> {
    let path: PathBuf = match &arguments.db {
        Some(path) => path.clone(),
        None => settings::load(cli, &SettingArgs::default(), printer)?.settings.catalog.database,
    };
    Ok(Catalog::open(&path)?)
}

/// As [`open`], for questions that a catalog answers only once a run has published.
pub(super) fn open_published(
    cli: &Cli,
    arguments: &CatalogArgs,
    printer: &Printer,
) -> Result<Catalog, CliError> {
    let catalog = open(cli, arguments, printer)?;
    catalog.published_at(None)?;
    Ok(catalog)
}

fn list(runs: &[RunRow], printer: &Printer) -> Result<(), CliError> {
    let rows: Vec<Vec<String>> = runs
        .iter()
        .map(|run| {
            vec![
                format!("{}{}", run.run_id, if run.is_current { " *" } else { "" }),
                run.started_at.clone(),
                words(run.state).to_owned(),
                run.exit_code.map(|code| code.to_string()).unwrap_or_default(),
                thousands(run.requests),
                run.message.clone().unwrap_or_default(),
            ]
        })
        .collect();
    printer.table(&["run", "started", "state", "exit", "requests", "message"], &rows, &[3, 4])?;
    printer.line("* what readers see")
}

#[derive(Serialize)]
struct ShownRun {
    #[serde(flatten)]
    run: RunRow,
    /// When the permissions that it rests on were read, if an earlier run did that.
    permissions_since: Option<String>,
    /// Whom it mirrored, and on what that rested; null of runs that did not publish.
    audience: Option<AudienceRow>,
    objects: Vec<ShownCounts>,
    scopes: Vec<ScopeCount>,
    deficient: Vec<ScopeRow>,
    events: Vec<EventRow>,
}

#[derive(Serialize)]
struct ShownCounts {
    kind: String,
    #[serde(flatten)]
    counts: Counts,
}

fn show(catalog: &Catalog, run: RunRow, format: Format, printer: &Printer) -> Result<(), CliError> {
    let id = run.run_id;
    let objects =
        catalog.counts(id)?.into_iter().map(|(kind, counts)| ShownCounts { kind, counts }).collect();
    let shown = ShownRun {
        permissions_since: catalog.permissions_carried_from(&run)?,
        run,
        audience: catalog.audience(id)?,
        objects,
        scopes: catalog.scope_counts(id)?,
        deficient: catalog.deficient_scopes(id, SHOWN_SCOPES)?,
        events: catalog.events(id)?,
    };
    if format == Format::Json {
        return printer.json(&shown);
    }
    let run = &shown.run;
    printer.line(format_args!("run {id} {}", words(run.state)))?;
    let facts = [
        ("started", Some(run.started_at.clone())),
        ("ended", run.ended_at.clone()),
        ("api", Some(run.api_url.clone())),
        ("organisation", run.organization_id.clone()),
        ("administrator", run.token_is_admin.map(|admin| if admin { "yes" } else { "no" }.to_owned())),
        ("exit code", run.exit_code.map(|code| code.to_string())),
        ("requests", Some(requests(run))),
        ("permissions of", shown.permissions_since.clone()),
        ("message", run.message.clone()),
    ];
    for (name, value) in facts.into_iter().chain(shown.audience.as_ref().map(told).into_iter().flatten()) {
        if let Some(value) = value {
            printer.line(format_args!("  {name:<14} {value}"))?;
        }
    }
    if !shown.objects.is_empty() {
        printer.line("")?;
        print_counts(printer, shown.objects.iter().map(|shown| (shown.kind.as_str(), &shown.counts)))?;
    }
    if !shown.scopes.is_empty() {
        printer.line("")?;
        let rows: Vec<Vec<String>> = shown
            .scopes
            .iter()
            .map(|scope| {
                vec![
                    scope.scope.clone(),
                    scope.outcome.clone(),
                    thousands(scope.count),
                    thousands(scope.rows),
                ]
            })
            .collect();
        printer.table(&["scope", "outcome", "scopes", "rows"], &rows, &[2, 3])?;
    }
    if !shown.deficient.is_empty() {
        printer.line("")?;
        let rows: Vec<Vec<String>> = shown
            .deficient
            .iter()
            .map(|scope| {
                vec![
                    format!("{} {}", scope.scope, scope.parent_id),
                    scope.outcome.clone(),
                    scope.code.clone().unwrap_or_default(),
                    scope.message.clone().unwrap_or_default(),
                ]
            })
            .collect();
        printer.table(&["kept from earlier", "outcome", "code", "why"], &rows, &[])?;
    }
    if !shown.events.is_empty() {
        printer.line("")?;
        let rows: Vec<Vec<String>> = shown
            .events
            .iter()
            .take(SHOWN_EVENTS)
            .map(|event| {
                vec![event.severity.clone(), event.code.clone(), event.context.clone(), event.message.clone()]
            })
            .collect();
        printer.table(&["event", "code", "of", "what"], &rows, &[])?;
        if let Some(more) = shown.events.len().checked_sub(SHOWN_EVENTS).filter(|more| *more > 0) {
            printer.line(format_args!("and {more} more: --format json shows all"))?;
        }
    }
    Ok(())
}

/// What a run asked, and what of it was in vain.
fn requests(run: &RunRow) -> String {
    let mut told = format!("{} ({} retries", thousands(run.requests), thousands(run.retries));
    if run.refused > 0 {
        told += &format!(", {} refused for coming too fast", thousands(run.refused));
    }
    if run.waited_ms > 0 {
        told += &format!(", waited {:.1} s", run.waited_ms as f64 / 1000.0);
    }
    told + ")"
}

/// Whom a run mirrored, as lines of name and value.
fn told(audience: &AudienceRow) -> [(&'static str, Option<String>); 4] {
    let file = |file: &Option<String>, sha256: &Option<String>| {
        Some(format!("{}, SHA-256 {}", file.as_ref()?, sha256.as_ref()?))
    };
    let mapping = file(&audience.mapping_file, &audience.mapping_sha256);
    let mirrors = match &audience.login_member_id {
        Some(member) => format!("nothing: the view of member {member}"),
        None => format!(
            "{} mapped users by {}, {} excluded; from {}{}",
            thousands(audience.mapped),
            audience.matched_by.as_deref().unwrap_or("nothing"),
            thousands(audience.excluded),
            if audience.source == "sigma" { "Sigma's own answers" } else { "grants" },
            if audience.limited { "; the bi_ views show what they reach" } else { "" }
        ),
    };
    [
        ("mirrors", Some(mirrors)),
        (
            "identity",
            mapping.as_ref().and(audience.mapping_version).map(|version| format!("version {version}")),
        ),
        ("identity file", mapping),
        ("catalog users", file(&audience.users_file, &audience.users_sha256)),
    ]
}

fn diff(catalog: &Catalog, from: i64, to: i64, format: Format, printer: &Printer) -> Result<(), CliError> {
    let mut any = false;
    catalog.diff(from, to, |change: Change| -> Result<(), CliError> {
        any = true;
        if format == Format::Json {
            return printer.json_line(&change);
        }
        let sign = match change.change {
            ChangeKind::New => '+',
            ChangeKind::Changed => '~',
            ChangeKind::Removed => '-',
        };
        let name = change.name.as_deref().unwrap_or_default().replace('\n', "\\n");
        printer.line(format_args!("{sign} {:<15} {}  {name}", change.kind.replace('_', " "), change.id))
    })?;
    if !any && format == Format::Text {
        printer.line("no difference")?;
    }
    Ok(())
}
