//! `simulate`: serve a made-up organisation behind Sigma's API on this machine.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::args::Cli;
use super::error::CliError;
use super::output::Printer;
use super::{runtime, signals};
use crate::crawl::Exit;
use crate::simulator::{FAULT_KINDS, FaultRule, Options, Simulator};

/// Size of a made-up organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Size {
    /// 4 workspaces, 12 workbooks, 20 members.
    Small,
    /// 10 workspaces, 60 workbooks, 100 members.
    Medium,
    /// 30 workspaces, 500 workbooks, 500 members.
    Large,
}

impl Size {
    /// The simulator's options for it.
    pub fn options(self) -> Options {
        match self {
            Self::Small => Options::small(),
            Self::Medium => Options::medium(),
            Self::Large => Options::large(),
        }
    }
}

/// Arguments of `simulate`.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// How large an organisation; the numbers below change single ones.
    #[arg(long, value_enum, default_value = "small")]
    size: Size,
    /// Which organisation: the same number is the same organisation.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Port on the loopback address; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Number of workspaces.
    #[arg(long, value_name = "N")]
    workspaces: Option<usize>,
    /// Number of workbooks.
    #[arg(long, value_name = "N")]
    workbooks: Option<usize>,
    /// Pages in each workbook.
    #[arg(long, value_name = "N")]
    pages: Option<usize>,
    /// Elements on each page.
    #[arg(long, value_name = "N")]
    elements: Option<usize>,
    /// Columns of each element.
    #[arg(long, value_name = "N")]
    columns: Option<usize>,
    /// Number of members.
    #[arg(long, value_name = "N")]
    members: Option<usize>,
    /// Number of teams.
    #[arg(long, value_name = "N")]
    teams: Option<usize>,
    /// Number of data models.
    #[arg(long, value_name = "N")]
    data_models: Option<usize>,
    /// Ordinary objects only, exactly as many as asked for: what a benchmark wants.
    #[arg(long)]
    uniform: bool,
    /// From each request to its answer, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency_ms: u64,
    /// Refuse requests beyond this rate with status 429.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    requests_per_second: Option<u32>,
    /// Leave the Retry-After header out of those refusals.
    #[arg(long)]
    no_retry_after: bool,
    /// Refuse with a web page instead of Sigma's JSON, as a proxy in front of it does.
    #[arg(long)]
    html_429: bool,
    /// Break answers on purpose; may be given several times. For example `/v2/workbooks/*/columns 503 x3`.
    #[arg(long, value_name = "RULE", long_help = fault_help())]
    fault: Vec<FaultRule>,
    /// Break answers and change the organisation as this number decides: the same number, the same trouble.
    #[arg(long, value_name = "SEED")]
    chaos: Option<u64>,
    /// Answer bare arrays on the five old listings when `limit` is left out.
    #[arg(long)]
    legacy_unpaginated: bool,
    /// How long a token is accepted, in seconds.
    #[arg(long, value_name = "SECS", default_value_t = 3600, value_parser = clap::value_parser!(u64).range(1..))]
    token_lifetime_secs: u64,
    /// Print address and credentials as JSON, for programs.
    #[arg(long)]
    json: bool,
}

/// What `--fault` takes, kind by kind.
fn fault_help() -> String {
    let kinds: Vec<String> =
        FAULT_KINDS.iter().map(|kind| format!("  {:<15} {}", kind.name, kind.what)).collect();
    format!(
        "Break answers on purpose; may be given several times.\n\n  \
         [METHOD] PATTERN STATUS|KIND [xN|pFRACTION] [skip=N] [retry-after=TEXT] [location=URL]\n\n\
         PATTERN is a path with * for anything, or the template of an endpoint, such as /v2/files/{{inodeId}}. xN breaks \
         the first N answers, pFRACTION each with that probability; skip=N spares the first N. In TEXT _ is a space. \
         For example \"/v2/workbooks/*/columns 503 x3 retry-after=1\".\n\n\
         STATUS is 400 to 599, with Sigma's error object; 402 says that the query timed out. KIND is one of\n\n{}",
        kinds.join("\n")
    )
}

impl SimulateArgs {
    fn options(&self) -> Options {
        let mut options = self.size.options();
        let sizes = [
            (&mut options.workspaces, self.workspaces),
            (&mut options.workbooks, self.workbooks),
            (&mut options.pages, self.pages),
            (&mut options.elements, self.elements),
            (&mut options.columns, self.columns),
            (&mut options.members, self.members),
            (&mut options.teams, self.teams),
            (&mut options.data_models, self.data_models),
        ];
        for (size, given) in sizes {
            if let Some(given) = given {
                *size = given;
            }
        }
        Options {
            seed: self.seed,
            port: self.port,
            latency: Duration::from_millis(self.latency_ms),
            requests_per_second: self.requests_per_second,
            retry_after: !self.no_retry_after,
            html_429: self.html_429,
            awkward: !self.uniform,
            faults: self.fault.clone(),
            chaos: self.chaos,
            legacy_unpaginated: self.legacy_unpaginated,
            token_lifetime: Duration::from_secs(self.token_lifetime_secs),
            ..options
        }
    }
}

pub fn run(_: &Cli, arguments: &SimulateArgs, printer: &Printer) -> Result<Exit, CliError> {
    let runtime = runtime()?;
    runtime.block_on(async {
        let simulator = Simulator::start(arguments.options()).await?;
        let credentials = simulator.credentials();
        if arguments.json {
            let owners: Vec<_> = credentials
                .iter()
                .map(|credential| {
                    serde_json::json!({
                        "client_id": credential.client_id,
                        "client_secret": credential.client_secret,
                        "member_id": credential.member_id,
                        "email": credential.email,
                        "account_type": credential.account_type,
                    })
                })
                .collect();
            printer.json_line(&serde_json::json!({ "api_url": simulator.url(), "credentials": owners }))?;
        } else {
            printer.line(format_args!("A made-up Sigma organisation answers at {}", simulator.url()))?;
            for credential in &credentials {
                printer.line(format_args!(
                    "  {:<8} client id {}  client secret {}  ({})",
                    credential.account_type, credential.client_id, credential.client_secret, credential.email
                ))?;
            }
            if let Some(seed) = arguments.chaos {
                printer.line(format_args!(
                    "\nChaos {seed} breaks some answers ({}) and may change the organisation. POST {}/__heal ends it.",
                    simulator.chaos_kinds().join(", "),
                    simulator.url()
                ))?;
            }
            printer.line(format_args!(
                "\nIn another terminal:\n  SIGMA_CLIENT_ID={} SIGMA_CLIENT_SECRET={} sigma-catalog extract --api-url {}\n\n\
                 What it holds: {url}/__truth    what it was asked: {url}/__stats    Ctrl-C ends it.",
                simulator.client_id(),
                simulator.client_secret(),
                simulator.url(),
                url = simulator.url()
            ))?;
        }
        signals::Signals::listen().next().await;
        simulator.stop().await;
        Ok(Exit::Ok)
    })
}
