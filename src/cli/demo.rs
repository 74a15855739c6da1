//! `demo`: the simulator, a check, an extraction and a look at the catalog, with nothing else needed.

use super::args::{Cli, DemoArgs, Format};
use super::check;
use super::error::CliError;
use super::extract::{extract, record};
use super::output::Printer;
use super::runtime;
use super::settings::{self, SettingArgs};
use super::summary::Summary;
use crate::crawl::{self, Exit, Extract, Patience, Stop};
use crate::simulator::{Options, Simulator};

/// What a person may ask first: a title and the arguments.
const QUESTIONS: &[(&str, &str)] = &[
    ("where a word occurs: names, columns, formulas, SQL", "search amount"),
    ("what somebody sees, and how", "access member chris.creator@northwind-labs.example"),
    ("which teams reach which workspaces", "report R17"),
    ("what a catalog should let its users see", "mirror export"),
    ("everything on a page for a browser", "report html --out catalog-report.html"),
];

/// What any SQLite client may ask: a title and a query.
const EXAMPLES: &[(&str, &str)] = &[
    (
        "formulas that sum something",
        "SELECT name, expression FROM bi_report_column WHERE expression LIKE 'Sum(%' LIMIT 5",
    ),
    (
        "embeds that the whole world can read",
        "SELECT d.name, e.embed_url FROM embed e JOIN document d ON d.id = e.document_id WHERE e.is_public LIMIT 5",
    ),
];

pub fn run(cli: &Cli, arguments: &DemoArgs, printer: &Printer) -> Result<Exit, CliError> {
    let runtime = runtime()?;
    runtime.block_on(async {
        let options = arguments.size.options();
        let simulator = Simulator::start(Options { seed: arguments.seed, ..options }).await?;
        printer.line(format_args!("A made-up Sigma organisation answers at {}", simulator.url()))?;
        let settings = SettingArgs::default()
            .with("sigma.api_url", simulator.url())
            .with("sigma.client_id", simulator.client_id())
            .with("crawl.everything", "true")
            .with("catalog.database", arguments.db.display().to_string());
        let loaded = settings::load_for_demo(&settings, simulator.client_secret())?;
        settings::start_logging(cli, &loaded);

        printer.line("\nsigma-catalog check --everything true")?;
        let stop = Stop::default();
        let client = crawl::client_of(&loaded.settings, &stop, Patience::Run)?;
        let exit = check::report(&loaded.settings, &client, Format::Text, printer).await?;
        if exit != Exit::Ok {
            return Ok(exit);
        }
        printer.line("\nsigma-catalog extract --everything true")?;
        let request =
            Extract { settings: &loaded.settings, client, accept_removals: None, resume: false, full: false };
        let report = extract(cli, request, &stop).await?;
        let exit = Exit::of_state(report.outcome.state);
        Summary::new(&report, &arguments.db, exit).print(printer)?;
        record(&loaded.settings, printer);
        simulator.stop().await;

        let (db, program) = (arguments.db.display(), program());
        printer.line("\nAsk it:")?;
        for (title, question) in QUESTIONS {
            printer.line(format_args!("\n  # {title}\n  {program} {question} --db {db}"))?;
        }
        printer.line("\nOr with any SQLite client:")?;
        for (title, query) in EXAMPLES {
            printer.line(format_args!("\n  # {title}\n  sqlite3 -box {db} \"{query}\""))?;
        }
        printer.line("\nRun the demo again: nothing has changed, so nothing is written.")?;
        Ok(exit)
    })
}

/// How this program was called, so that its examples can be called likewise.
fn program() -> String {
    std::env::args().next().unwrap_or_else(|| env!("CARGO_PKG_NAME").to_owned())
}
