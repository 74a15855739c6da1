//! Arguments of `identity`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::args::{CatalogArgs, Format};
use crate::config::{MatchOn, PermissionSettings};
use crate::identity::{Delimiter, Encoding, Include, Mapping, Matching, ReadOptions};

/// Arguments of `identity`.
#[derive(Debug, Args)]
pub struct IdentityArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: IdentityCommand,
}

/// What to do about identities.
#[derive(Debug, Subcommand)]
pub enum IdentityCommand {
    /// Print the beginning of a CSV file, and what its columns may be called.
    Template {
        /// Which file.
        #[arg(long, value_enum, default_value = "identity")]
        of: Template,
        /// How to print.
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
    },
    /// Say everything that is wrong with an identity CSV, and whom its rows name.
    Validate {
        /// The identity CSV.
        file: PathBuf,
        /// How to read it.
        #[command(flatten)]
        read: ReadArgs,
        /// Where the catalog is.
        #[command(flatten)]
        catalog: CatalogArgs,
        /// Where the catalog's users are.
        #[command(flatten)]
        users: UsersArgs,
    },
    /// Make an identity CSV the mapping in force, as a new version, after showing what changes.
    Import {
        /// The identity CSV.
        file: PathBuf,
        /// How to read it.
        #[command(flatten)]
        read: ReadArgs,
        /// Where the catalog is.
        #[command(flatten)]
        catalog: CatalogArgs,
        /// Where the catalog's users are.
        #[command(flatten)]
        users: UsersArgs,
        /// Who agrees.
        #[command(flatten)]
        consent: ConsentArgs,
    },
    /// The versions of the mapping, or the rows of one.
    List {
        /// The version whose rows to show.
        version: Option<i64>,
        /// Where the catalog is.
        #[command(flatten)]
        catalog: CatalogArgs,
    },
    /// Who is who: one row for every Sigma member and every catalog user.
    Report(ReportArgs),
    /// What would change if a file, or an earlier version, became the mapping in force.
    Diff {
        /// An identity CSV, or the number of a version.
        #[arg(value_name = "FILE|VERSION")]
        other: PathBuf,
        /// How to read a file.
        #[command(flatten)]
        read: ReadArgs,
        /// Where the catalog is.
        #[command(flatten)]
        catalog: CatalogArgs,
    },
    /// Make an earlier version the mapping in force again, as a new version, after showing what changes.
    Rollback {
        /// The version.
        version: i64,
        /// Where the catalog is.
        #[command(flatten)]
        catalog: CatalogArgs,
        /// Who agrees.
        #[command(flatten)]
        consent: ConsentArgs,
    },
}

/// Arguments of `identity report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// By what members and catalog users are matched; without it as runs do [settings: permissions.csv_mapping,
    /// permissions.match_on]. `csv` takes the mapping in force, or else the configured file.
    #[arg(long = "match", value_enum)]
    pub matching: Option<MatchBy>,
    /// Members to consider that are left out otherwise; may be repeated.
    #[arg(long, value_enum, value_name = "KIND")]
    pub include: Vec<Kind>,
    /// How to read the configured identity CSV.
    #[command(flatten)]
    pub read: ReadArgs,
    /// The identity CSV to use while none was imported [setting: permissions.identity_csv].
    #[arg(long, value_name = "FILE")]
    pub identity_csv: Option<PathBuf>,
    /// Where the catalog's users are.
    #[command(flatten)]
    pub users: UsersArgs,
    /// Where the catalog is.
    #[command(flatten)]
    pub catalog: CatalogArgs,
}

/// Where the catalog's users are.
#[derive(Debug, Default, Args)]
pub struct UsersArgs {
    /// CSV of the catalog's users [setting: permissions.catalog_users_csv].
    #[arg(long, value_name = "FILE")]
    pub catalog_users_csv: Option<PathBuf>,
}

/// Who is recorded as having done something, unless a name is given.
pub fn user_of_this_machine() -> String {
    let user = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    user.unwrap_or_else(|| "unknown".to_owned())
}

/// How to read an identity CSV.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct ReadArgs {
    /// What stands between cells; without it the header shows it.
    #[arg(long, value_enum)]
    delimiter: Option<DelimiterArg>,
    /// How the file is encoded; `unicode` is UTF-8, or UTF-16 with a byte order mark.
    #[arg(long, value_enum, default_value = "unicode")]
    encoding: EncodingArg,
    /// Accept several Sigma accounts for one catalog user.
    #[arg(long)]
    pub allow_merge: bool,
}

impl ReadArgs {
    /// The same for the library.
    pub fn options(self) -> ReadOptions {
        ReadOptions {
            encoding: match self.encoding {
                EncodingArg::Unicode => Encoding::Unicode,
                EncodingArg::Windows1252 => Encoding::Windows1252,
            },
            delimiter: self.delimiter.map(|delimiter| match delimiter {
                DelimiterArg::Comma => Delimiter::Comma,
                DelimiterArg::Semicolon => Delimiter::Semicolon,
                DelimiterArg::Tab => Delimiter::Tab,
            }),
        }
    }
}

/// Who agrees to a change.
#[derive(Debug, Args)]
pub struct ConsentArgs {
    /// Do it without asking.
    #[arg(long)]
    pub yes: bool,
    /// Only show what would change.
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Who is recorded as having done it; without it the user of this machine.
    #[arg(long, value_name = "NAME")]
    pub imported_by: Option<String>,
}

/// A file that a template is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Template {
    /// The identity CSV.
    Identity,
    /// The CSV of the catalog's users.
    CatalogUsers,
}

/// What stands between cells.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum DelimiterArg {
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// A tabulator.
    Tab,
}

/// How a file is encoded.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub enum EncodingArg {
    /// UTF-8, or UTF-16 with a byte order mark.
    #[default]
    Unicode,
    /// Western European Windows.
    #[value(name = "windows-1252")]
    Windows1252,
}

/// By what members and catalog users are matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MatchBy {
    /// By the mapping in force, or else the configured identity CSV.
    Csv,
    /// By the catalog user's e-mail address.
    Email,
    /// By the catalog user's login name, where it is an e-mail address.
    Username,
}

impl MatchBy {
    /// What was asked for, or else what runs do.
    pub fn or_as_runs_do(asked: Option<Self>, permissions: &PermissionSettings) -> Self {
        asked.unwrap_or(match (permissions.csv_mapping, permissions.match_on) {
            (true, _) => Self::Csv,
            (false, MatchOn::Email) => Self::Email,
            (false, MatchOn::Username) => Self::Username,
        })
    }

    /// The same for a reconciliation, with the mapping for those who match by one.
    pub fn with(self, mapping: &Mapping) -> Matching<'_> {
        match self {
            Self::Csv => Matching::Csv(mapping),
            Self::Email => Matching::Email,
            Self::Username => Matching::Username,
        }
    }
}

/// A kind of member that is left out unless asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Embed users.
    Embed,
    /// Guests.
    Guest,
    /// Sigma's own scheduler.
    System,
}

/// The kinds that were asked for.
pub fn include(kinds: &[Kind]) -> Include {
    Include {
        embed: kinds.contains(&Kind::Embed),
        guests: kinds.contains(&Kind::Guest),
        system: kinds.contains(&Kind::System),
    }
}
