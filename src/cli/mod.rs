//! One file per command: read arguments, call, print. No rules live here, and only here is anything printed.

mod about;
mod access;
mod args;
mod backup;
mod check;
mod config;
mod demo;
mod drawing;
mod error;
mod extract;
mod identity;
mod impact;
mod layout;
mod lineage;
mod mirror;
mod models;
mod output;
mod plan;
mod progress;
mod report;
mod runs;
mod search;
mod settings;
mod show;
mod signals;
mod simulate;
mod summary;
mod table;
mod views;

use clap::Parser;

use crate::crawl::Exit;
use args::{Cli, Command};
use error::CliError;
use output::Printer;

/// Runs the command line of the process.
pub fn main() -> Exit {
    leave_no_core();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Ok };
            // Help goes to stdout, mistakes to stderr; a closed pipe is nobody's mistake.
            let _ = error.print();
            return exit;
        }
    };
    let printer = Printer::new();
    match run(&cli, &printer) {
        Ok(exit) => exit,
        Err(error) => {
            printer.error(&error);
            error.exit()
        }
    }
}

/// Memory holds the client secret and the token: a crash must not write it to disk.
fn leave_no_core() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        // Lowering a limit is always allowed; where it is not, the crash is no worse than without this.
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
}

fn run(cli: &Cli, printer: &Printer) -> Result<Exit, CliError> {
    match &cli.command {
        Command::Demo(arguments) => demo::run(cli, arguments, printer),
        Command::Simulate(arguments) => simulate::run(cli, arguments, printer),
        Command::Check(arguments) => check::run(cli, arguments, printer),
        Command::Extract(arguments) => extract::run(cli, arguments, printer),
        Command::Runs(arguments) => runs::run(cli, arguments, printer),
        Command::Access(arguments) => access::run(cli, arguments, printer),
        Command::Identity(arguments) => identity::run(cli, arguments, printer),
        Command::Mirror(arguments) => mirror::run(cli, arguments, printer),
        Command::Report(arguments) => report::run(cli, arguments, printer),
        Command::Config(arguments) => config::run(cli, arguments, printer),
        Command::Views(arguments) => views::run(arguments, printer),
        Command::Search(arguments) => search::run(cli, arguments, printer),
        Command::Lineage(arguments) => lineage::run(cli, arguments, printer),
        Command::Impact(arguments) => impact::run(cli, arguments, printer),
        Command::Models(arguments) => models::run(cli, arguments, printer),
        Command::Show(arguments) => show::run(cli, arguments, printer),
        Command::Backup(arguments) => backup::run(cli, arguments, printer),
        Command::About(arguments) => about::run(arguments, printer),
    }
}

/// The runtime of a command that talks to somebody.
fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        // What has arrived is looked for between any few tasks: one that reads an answer may take half a millisecond.
        .event_interval(4)
        .enable_all()
        .build()
        .map_err(|error| CliError::Internal(format!("no runtime: {error}")))
}
