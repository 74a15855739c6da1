//! `demo`: the simulator, a check, an extraction and a look at the catalog, with nothing else needed.

use super::args::{Cli, DemoArgs, Format};
use super::check;
use super::error::CliError;
use super::extract::{extract, record};
use super::output::Printer;
use super::runtime;
use super::settings::{self, SettingArgs};
use super::summary::Summary;
use crate::crawl::{self, Exit, Patience, Stop};
use crate::simulator::{Options, Simulator};

/// What a person may ask a catalog first: a title and a query.
const EXAMPLES: &[(&str, &str)] = &[
    (
        "workbooks that carry a badge",
        "SELECT name, badge, bi_object_type FROM bi_folder WHERE badge IS NOT NULL ORDER BY badge, name LIMIT 5",
    ),
    (
        "formulas that sum something",
        "SELECT name, expression FROM bi_report_column WHERE expression LIKE 'Sum(%' LIMIT 5",
    ),
    (
        "the warehouse tables that most elements read",
        "SELECT c.name, count(*) AS elements FROM bi_lineage l JOIN bi_connection c ON c.external_id = l.source_external_id WHERE l.target_type = 'element' GROUP BY c.external_id ORDER BY 2 DESC LIMIT 5",
    ),
    (
        "embeds that the whole world can read",
        "SELECT d.name, e.source_type, e.embed_url FROM embed e JOIN document d ON d.id = e.document_id WHERE e.is_public LIMIT 5",
    ),
    (
        "who was granted what, by team",
        "SELECT t.name, g.permission, count(*) AS objects FROM object_grant g JOIN team t ON t.id = g.team_id GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 5",
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
        let report = extract(cli, &loaded.settings, client, &stop, None).await?;
        let exit = Exit::of_state(report.outcome.state);
        Summary::new(&report, &arguments.db, exit).print(printer)?;
        record(&loaded.settings, printer);
        simulator.stop().await;

        printer.line("\nLook into it with any SQLite client, for example:")?;
        for (title, query) in EXAMPLES {
            printer
                .line(format_args!("\n  # {title}\n  sqlite3 -box {} \"{query}\"", arguments.db.display()))?;
        }
        printer.line("\nAsk who may see what, or what a catalog should let its users see:")?;
        for question in ["report R17", "mirror export"] {
            printer.line(format_args!("  sigma-catalog {question} --db {}", arguments.db.display()))?;
        }
        printer.line("\nRun the demo again: nothing has changed, so nothing is written.")?;
        Ok(exit)
    })
}
