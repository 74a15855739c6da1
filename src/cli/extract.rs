//! `extract`: crawl the organisation and publish its catalog.

use std::sync::Arc;

use super::args::{Cli, ExtractArgs, Format};
use super::error::CliError;
use super::output::Printer;
use super::progress::ShownProgress;
use super::signals::Signals;
use super::summary::Summary;
use super::{plan, report, runtime, settings};
use crate::config::Settings;
use crate::crawl::{self, Client, Exit, Extract, Patience, Report, Stop};

pub fn run(cli: &Cli, arguments: &ExtractArgs, printer: &Printer) -> Result<Exit, CliError> {
    let loaded = settings::load(cli, &arguments.settings, printer)?;
    let runtime = runtime()?;
    let stop = Stop::default();
    if arguments.dry_run {
        let client = crawl::client_of(&loaded.settings, &stop, Patience::Person)?;
        let plan = runtime.block_on(crawl::plan(&client, &loaded.settings, arguments.full))?;
        plan::print(&plan, arguments.format, printer)?;
        return Ok(Exit::Ok);
    }
    let client = crawl::client_of(&loaded.settings, &stop, Patience::Run)?;
    let report = runtime.block_on(extract(cli, request(&loaded.settings, client, arguments), &stop))?;
    let mut exit = Exit::of_state(report.outcome.state);
    if matches!(exit, Exit::Ok | Exit::Partial) {
        record(&loaded.settings, printer);
    }
    if exit == Exit::Partial && arguments.partial_ok {
        exit = Exit::Ok;
    }
    let summary = Summary::new(&report, &loaded.settings.catalog.database, exit);
    match arguments.format {
        Format::Text => summary.print(printer)?,
        Format::Json => printer.json(&summary)?,
    }
    Ok(exit)
}

/// Records what the reports find in the catalog that was just published. The catalog stands without that; what is missing
/// is only since when a finding is known.
pub fn record(settings: &Settings, printer: &Printer) {
    let record = || {
        if let Err(error) = report::record(settings) {
            printer.note(format_args!(
                "warning[{}]: the findings of this run are not recorded: {error}",
                error.code()
            ));
        }
    };
    // In a thread of its own: it gets the memory that the store's thread has left, where this one would take more.
    std::thread::scope(|scope| {
        scope.spawn(record);
    });
}

fn request<'settings>(
    settings: &'settings Settings,
    client: Client,
    arguments: &ExtractArgs,
) -> Extract<'settings> {
    let ExtractArgs { accept_removals, no_resume, full, .. } = *arguments;
    Extract { settings, client, accept_removals, resume: !no_resume, full }
}

/// Extracts with progress and signals. A second signal ends the process at once.
pub async fn extract(cli: &Cli, request: Extract<'_>, stop: &Stop) -> Result<Report, CliError> {
    let listening = tokio::spawn(stop_on_signals(stop.clone()));
    let progress = Arc::new(ShownProgress::start(cli.quiet));
    let ended = crawl::extract(request, progress.clone(), stop).await;
    listening.abort();
    progress.finish();
    ended.map_err(|failure| CliError::Run { error: failure.error, run_id: failure.run_id, exit: stop.exit() })
}

/// Turns the first SIGINT or SIGTERM into an orderly stop, and the second into an immediate one.
async fn stop_on_signals(stop: Stop) {
    let mut signals = Signals::listen();
    let exit = signals.next().await;
    stop.request(exit);
    let exit = signals.next().await;
    std::process::exit(i32::from(exit.code()));
}
