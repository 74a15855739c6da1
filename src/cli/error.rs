//! Why a command failed, for people: what happened, why, what to do, a stable code.

use crate::config::ConfigErrors;
use crate::crawl::{CrawlError, Exit};
use crate::identity::Rejected;
use crate::report::ReportError;
use crate::simulator::SimulatorError;
use crate::store::StoreError;
use crate::store::find::FindError;

/// A failure of a command.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// Settings.
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    /// Something that a run begins with.
    #[error(transparent)]
    Crawl(#[from] CrawlError),
    /// A run that produced no catalog.
    #[error("{}{error}", run_id.map(|run| format!("run {run}: ")).unwrap_or_default())]
    Run {
        /// Why.
        error: CrawlError,
        /// The run in the ledger, if it got that far.
        run_id: Option<i64>,
        /// What to exit with if it was a signal.
        exit: Exit,
    },
    /// A catalog.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An object that is asked for by a text that does not name just one.
    #[error(transparent)]
    Find(#[from] FindError),
    /// A file that cannot be read.
    #[error("cannot read `{file}`: {source}")]
    File {
        /// The file.
        file: String,
        /// Why.
        source: std::io::Error,
        /// What to do.
        remedy: String,
    },
    /// A CSV file that is not accepted.
    #[error("`{file}` is not accepted\n{}", rejected.problems.lines(file).join("\n"))]
    Csv {
        /// The file.
        file: String,
        /// All that is wrong with it.
        rejected: Rejected,
    },
    /// The simulator.
    #[error(transparent)]
    Simulator(#[from] SimulatorError),
    /// A report.
    #[error(transparent)]
    Report(ReportError),
    /// What was asked for makes no sense.
    #[error("{problem}")]
    Usage {
        /// What is wrong.
        problem: String,
        /// What to do.
        remedy: String,
    },
    /// The output could not be written.
    #[error("writing the output: {0}")]
    Output(#[from] std::io::Error),
    /// A defect of this program.
    #[error("internal: {0}")]
    Internal(String),
}

impl CliError {
    /// The status the process exits with.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Config(_) | Self::File { .. } | Self::Csv { .. } => Exit::Config,
            Self::Crawl(error) => error.into(),
            Self::Run { error: CrawlError::Interrupted, exit, .. } => *exit,
            Self::Run { error, .. } => error.into(),
            Self::Store(error) => error.into(),
            Self::Find(FindError::Store(error)) => error.into(),
            Self::Output(error) if is_of_the_disk(error.kind()) => Exit::Storage,
            Self::Usage { .. } | Self::Find(_) | Self::Report(ReportError::Needs { .. }) => Exit::Usage,
            Self::Simulator(_) | Self::Output(_) | Self::Internal(_) | Self::Report(_) => Exit::Internal,
        }
    }

    /// Its stable code.
    pub fn code(&self) -> String {
        match self {
            Self::Config(errors) => errors.codes().first().copied().unwrap_or("config").to_owned(),
            Self::Crawl(error) | Self::Run { error, .. } => error.code(),
            Self::Store(error) => error.code().to_owned(),
            Self::Find(error) => error.code().to_owned(),
            Self::File { .. } => "config.unreadable_file".to_owned(),
            Self::Csv { .. } => "identity.rejected".to_owned(),
            Self::Simulator(_) => "simulator".to_owned(),
            Self::Report(ReportError::Needs { .. }) | Self::Usage { .. } => "usage".to_owned(),
            Self::Report(_) => "report".to_owned(),
            Self::Output(_) => "output".to_owned(),
            Self::Internal(_) => "internal".to_owned(),
        }
    }

    /// What to do about it; configuration errors say it themselves.
    pub fn remedy(&self) -> Option<&str> {
        match self {
            Self::Config(_) => None,
            Self::Crawl(error) | Self::Run { error, .. } => error.remedy(),
            Self::Store(error) => Some(error.remedy()),
            Self::Find(error) => Some(error.remedy()),
            Self::File { remedy, .. } => Some(remedy),
            Self::Csv { .. } => Some("correct the lines above; nothing of the file was used"),
            Self::Simulator(_) => Some("choose another port, or leave --port out"),
            Self::Report(ReportError::Needs { remedy, .. }) | Self::Usage { remedy, .. } => Some(remedy),
            Self::Output(_) => Some("see whether the disk or the program that reads the output is at fault"),
            Self::Internal(_) | Self::Report(_) => {
                Some("this is a defect of sigma-catalog; please report it")
            }
        }
    }
}

/// Whether it is the disk that cannot take what is written.
fn is_of_the_disk(kind: std::io::ErrorKind) -> bool {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(kind, StorageFull | FileTooLarge | QuotaExceeded | ReadOnlyFilesystem)
}

impl From<ReportError> for CliError {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Store(error) => Self::Store(error),
            ReportError::Output(error) => Self::Output(error),
            ReportError::NotFound(error) => error.into(),
            ReportError::Internal(problem) => Self::Internal(problem),
            needs @ ReportError::Needs { .. } => Self::Report(needs),
        }
    }
}
