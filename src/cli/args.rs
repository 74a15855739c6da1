//! The command line.

use std::path::PathBuf;

use clap::builder::Resettable;
use clap::{ArgMatches, Args, FromArgMatches, Parser, Subcommand, ValueEnum};

use super::about::AboutArgs;
use super::access::AccessArgs;
use super::backup::BackupArgs;
use super::identity::IdentityArgs;
use super::impact::ImpactArgs;
use super::lineage::LineageArgs;
use super::mirror::MirrorArgs;
use super::models::ModelsArgs;
use super::report::ReportArgs;
use super::search::SearchArgs;
use super::settings::SettingArgs;
use super::show::ShowArgs;
use super::simulate::SimulateArgs;

/// Crawls a Sigma Computing organisation into a local SQLite catalog.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    long_about = None,
    infer_subcommands = false,
    after_help = "Start with `sigma-catalog demo`: it needs nothing else and shows what a catalog holds."
)]
pub struct Cli {
    /// Settings file; without it `sigma-catalog.toml` in the current folder, if there is one.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Say more: twice for every request.
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Say only what went wrong.
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Crawl a made-up organisation into `sigma-catalog-demo.db`, to see what a catalog holds.
    Demo(Later<DemoArgs>),
    /// Serve a made-up organisation behind Sigma's API on this machine.
    Simulate(Later<SimulateArgs>),
    /// Say whether an extraction would work, and what each feature's endpoint answers.
    Check(Later<CheckArgs>),
    /// Crawl the organisation and publish its catalog.
    Extract(Later<ExtractArgs>),
    /// What earlier runs did.
    Runs(Later<RunsArgs>),
    /// Who may see what, why, and whether Sigma agrees.
    Access(Later<AccessArgs>),
    /// Which catalog user is which Sigma member: check, import and compare the identity CSV.
    Identity(Later<IdentityArgs>),
    /// What the catalog should let its users see.
    Mirror(Later<MirrorArgs>),
    /// Permission reports: who can see what, what is exposed, what is out of order, and how sure that is.
    Report(Later<ReportArgs>),
    /// The settings in force.
    Config(Later<ConfigArgs>),
    /// The views of a catalog, column by column.
    Views(Later<ViewsArgs>),
    /// Find objects by the words in their names, descriptions, columns, formulas and SQL.
    Search(Later<SearchArgs>),
    /// What an object is built from, and what is built from it.
    Lineage(Later<LineageArgs>),
    /// Which documents and which owners are affected if a table or column changes.
    Impact(Later<ImpactArgs>),
    /// Data elements as row-and-column models, with their SQL.
    Models(Later<ModelsArgs>),
    /// One object of whatever kind, with what it lies in, what lies in it, owner and lineage.
    Show(Later<ShowArgs>),
    /// Copy the catalog to one file, also while a run is writing it, and check the copy.
    Backup(Later<BackupArgs>),
    /// Versions of this program, its SQLite and its catalogs, and what its exit codes mean.
    About(Later<AboutArgs>),
}

/// Arguments that are put together when their command is asked for: those of all commands take longer than many an answer.
#[derive(Debug)]
pub struct Later<T>(Box<T>);

impl<T> std::ops::Deref for Later<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Args> Args for Later<T> {
    fn augment_args(command: clap::Command) -> clap::Command {
        command.defer(|command| with_its_words(command, T::augment_args))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        command.defer(|command| with_its_words(command, T::augment_args_for_update))
    }
}

/// A command with arguments, which bring words of their own about themselves.
fn with_its_words(command: clap::Command, add: fn(clap::Command) -> clap::Command) -> clap::Command {
    let (about, long_about) = (command.get_about().cloned(), command.get_long_about().cloned());
    add(command).about(Resettable::from(about)).long_about(Resettable::from(long_about))
}

impl<T: FromArgMatches> FromArgMatches for Later<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        T::from_arg_matches(matches).map(|found| Self(Box::new(found)))
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, clap::Error> {
        T::from_arg_matches_mut(matches).map(|found| Self(Box::new(found)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// How large an organisation.
    #[arg(long, value_enum, default_value = "small")]
    pub size: super::simulate::Size,
    /// Which organisation: the same number is the same organisation.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Where to put the catalog.
    #[arg(long, value_name = "FILE", default_value = "sigma-catalog-demo.db")]
    pub db: PathBuf,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Settings.
    #[command(flatten)]
    pub settings: SettingArgs,
    /// How to print.
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

/// Arguments of `extract`.
#[derive(Debug, Args)]
pub struct ExtractArgs {
    /// Settings.
    #[command(flatten)]
    pub settings: SettingArgs,
    /// How to print the summary.
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    /// Exit with 0 instead of 3 when the catalog was published with parts kept from earlier.
    #[arg(long)]
    pub partial_ok: bool,
    /// Print what would be asked, and how often; crawl and write nothing.
    #[arg(long, conflicts_with_all = ["partial_ok", "accept_removals"])]
    pub dry_run: bool,
    /// Ask every document for its contents, changed or not.
    #[arg(long)]
    pub full: bool,
    /// Let this one run remove what run RUN was stopped from removing.
    #[arg(long, value_name = "RUN")]
    pub accept_removals: Option<i64>,
    /// Begin anew: do not go on with what an interrupted run has read.
    #[arg(long)]
    pub no_resume: bool,
}

/// Arguments of `runs`.
#[derive(Debug, Args)]
pub struct RunsArgs {
    /// What to show.
    #[command(subcommand)]
    pub command: RunsCommand,
}

/// What of the runs to show.
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// The latest runs.
    List {
        /// Where the catalog is.
        #[command(flatten)]
        catalog: CatalogArgs,
        /// How many.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..))]
        limit: i64,
    },
    /// One run with its counts, scopes and events.
    Show {
        /// Where the catalog is.
        #[command(flatten)]
        catalog: CatalogArgs,
        /// The run; without it the latest.
        run: Option<i64>,
    },
    /// What changed between two published runs.
    Diff {
        /// Where the catalog is.
        #[command(flatten)]
        catalog: CatalogArgs,
        /// The earlier run.
        from: i64,
        /// The later run.
        to: i64,
    },
}

/// Where a catalog is, and how to print what it says.
#[derive(Debug, Args)]
pub struct CatalogArgs {
    /// The catalog's file [setting: catalog.database].
    #[arg(long, value_name = "FILE")]
    pub db: Option<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

/// Arguments of `config`.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// What to show.
    #[command(subcommand)]
    pub command: ConfigCommand,
}

/// What of the configuration to show.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Every setting with its value, secrets masked, and where the value came from.
    Show {
        /// Settings.
        #[command(flatten)]
        settings: SettingArgs,
        /// How to print.
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
    },
    /// The JSON Schema of the settings file: every setting with its type, range, default and meaning.
    Schema,
}

/// Arguments of `views`.
#[derive(Debug, Args)]
pub struct ViewsArgs {
    /// How to print.
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}
