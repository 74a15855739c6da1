//! Arguments of `report`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;

use crate::cli::args::CatalogArgs;
use crate::cli::identity::args::{MatchBy, UsersArgs};
use crate::report::finding::Status;
use crate::report::{OWNER_ABOVE, Severity};

/// Arguments of `report`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, arg_required_else_help = true)]
pub struct ReportArgs {
    /// What to do, if not to make one report.
    #[command(subcommand)]
    pub command: Option<ReportCommand>,
    /// The report: its id, such as R08, or its name, such as orphaned-grants.
    #[arg(value_name = "REPORT", required = true)]
    pub report: Option<String>,
    /// What to make it from.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Which rows.
    #[command(flatten)]
    pub filter: FilterArgs,
    /// What to compare with.
    #[command(flatten)]
    pub against: AgainstArgs,
    /// How, and where to.
    #[command(flatten)]
    pub output: OutputArgs,
    /// Exit with 11 if there is a finding that severe, suppressed ones left aside.
    #[arg(long, value_name = "SEVERITY", value_enum)]
    pub fail_on: Option<SeverityArg>,
}

/// What to do about reports.
#[derive(Debug, Subcommand)]
pub enum ReportCommand {
    /// The reports there are.
    List {
        /// The columns of one report instead.
        #[arg(long, value_name = "REPORT")]
        columns: Option<String>,
        /// How to print.
        #[arg(long, value_enum, default_value = "text")]
        format: crate::cli::args::Format,
    },
    /// All reports that need no question, one file each.
    All {
        /// The folder; it is made if need be.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// What to make them from.
        #[command(flatten)]
        source: SourceArgs,
        /// The format of the files.
        #[arg(long, value_enum, default_value = "csv")]
        format: ReportFormat,
        /// In CSV, leave cells as they are that a spreadsheet would take for a formula.
        #[arg(long)]
        csv_raw: bool,
        /// Exit with 11 if there is a finding that severe, suppressed ones left aside.
        #[arg(long, value_name = "SEVERITY", value_enum)]
        fail_on: Option<SeverityArg>,
    },
    /// One HTML page of who can see what, to search and to look at: nothing else is needed to read it.
    Html {
        /// The file.
        #[arg(long, value_name = "FILE", default_value = "catalog-report.html")]
        out: PathBuf,
        /// What to make it from.
        #[command(flatten)]
        source: SourceArgs,
    },
    /// Let a finding be, for a reason and until a day.
    Suppress {
        /// The key of the finding, or how it begins.
        finding: String,
        /// Why it may stay.
        #[arg(long)]
        reason: String,
        /// The last day on which it may, as in 2027-03-31 (UTC).
        #[arg(long, value_name = "DATE")]
        until: Date,
        /// Who is recorded as having decided; without it the user of this machine.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
        /// Where the catalog is.
        #[command(flatten)]
        catalog: CatalogArgs,
    },
    /// Take a suppression back.
    Unsuppress {
        /// The key of the finding, or how it begins.
        finding: String,
        /// Where the catalog is.
        #[command(flatten)]
        catalog: CatalogArgs,
    },
}

/// What reports are made from.
#[derive(Debug, Args)]
pub struct SourceArgs {
    /// The catalog's file [setting: catalog.database].
    #[arg(long, value_name = "FILE")]
    pub db: Option<PathBuf>,
    /// As of this earlier run.
    #[arg(long, value_name = "RUN")]
    pub at: Option<i64>,
    /// Where the catalog's users are.
    #[command(flatten)]
    pub users: UsersArgs,
    /// How members are matched with the catalog's users; without it as runs do [settings: permissions.csv_mapping,
    /// permissions.match_on].
    #[arg(long = "match", value_enum)]
    pub matching: Option<MatchBy>,
    /// A domain of addresses that belongs to the organisation; may be repeated. Without it those of its administrators.
    #[arg(long = "internal-domain", value_name = "DOMAIN")]
    pub internal_domains: Vec<String>,
    /// Members who own more objects than this count as privileged.
    #[arg(long, value_name = "N", default_value_t = OWNER_ABOVE)]
    pub owner_above: usize,
}

/// Which rows of a report.
#[derive(Debug, Args)]
#[command(next_help_heading = "Filters, where the report has such a column")]
pub struct FilterArgs {
    /// Of this member: e-mail address or id.
    #[arg(long, value_name = "EMAIL|ID")]
    pub member: Option<String>,
    /// Of this object: id, address, or path such as `Sales/Q3/Forecast`.
    #[arg(long)]
    pub object: Option<String>,
    /// In this workspace.
    #[arg(long, value_name = "NAME")]
    pub workspace: Option<String>,
    /// Of this kind.
    #[arg(long)]
    pub kind: Option<String>,
    /// Of this level.
    #[arg(long)]
    pub level: Option<String>,
    /// Findings that stand so; without it new and known ones. May be repeated.
    #[arg(long, value_enum)]
    pub status: Vec<StatusArg>,
    /// Findings at least as severe.
    #[arg(long, value_enum)]
    pub severity: Option<SeverityArg>,
}

/// What reports that compare compare with.
#[derive(Debug, Args)]
pub struct AgainstArgs {
    /// The earlier run of `drift`; without it the published one before the later run.
    #[arg(long, value_name = "RUN", requires = "to")]
    pub from: Option<i64>,
    /// The later run of `drift`; without it the published one.
    #[arg(long, value_name = "RUN", requires = "from", conflicts_with = "at")]
    pub to: Option<i64>,
    /// For `catalog-diff`: a CSV with the columns catalog_user and object, what the catalog lets its users see.
    #[arg(long, value_name = "FILE")]
    pub catalog_acl: Option<PathBuf>,
}

/// How a report is written, and where to.
#[derive(Debug, Args)]
pub struct OutputArgs {
    /// How.
    #[arg(long, value_enum, default_value = "table")]
    pub format: ReportFormat,
    /// A file instead of the standard output.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// In CSV, leave cells as they are that a spreadsheet would take for a formula.
    #[arg(long)]
    pub csv_raw: bool,
}

/// A format of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people, as wide as the terminal.
    #[value(alias = "text")]
    Table,
    /// Comma-separated values (RFC 4180).
    Csv,
    /// One JSON document, as in schemas/report.schema.json.
    Json,
    /// One JSON object per line.
    Jsonl,
    /// Markdown.
    Md,
    /// One HTML page that needs nothing else.
    Html,
}

impl ReportFormat {
    /// How names of its files end.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Table => "txt",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Md => "md",
            Self::Html => "html",
        }
    }
}

/// A severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SeverityArg {
    /// Worth knowing.
    Info,
    /// Untidy.
    Low,
    /// To be looked at.
    Medium,
    /// To be put right.
    High,
    /// To be put right at once.
    Critical,
}

impl From<SeverityArg> for Severity {
    fn from(severity: SeverityArg) -> Self {
        Self::ALL[severity as usize]
    }
}

/// Where a finding stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StatusArg {
    /// This run is the first that found it.
    New,
    /// An earlier run found it already.
    Known,
    /// Somebody let it be.
    Suppressed,
    /// It is not there any more.
    Resolved,
}

impl From<StatusArg> for Status {
    fn from(status: StatusArg) -> Self {
        Self::ALL[status as usize]
    }
}
