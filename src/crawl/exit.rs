//! The exit codes, decided here and nowhere else.

use super::audience::AudienceError;
use super::error::CrawlError;
use crate::sigma::ErrorKind;
use crate::store::{RunState, StoreError};

/// What the process tells its caller. Documented in the README; stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All is well.
    Ok = 0,
    /// A defect of this program.
    Internal = 1,
    /// The command line is wrong.
    Usage = 2,
    /// Published, with some scopes kept from earlier.
    Partial = 3,
    /// A deletion guard stopped the run; the previous catalog stays.
    Rejected = 4,
    /// Sigma does not accept the credentials.
    Auth = 5,
    /// The credentials may not do what is needed.
    Permission = 6,
    /// Sigma cannot be reached, or refuses for coming too fast.
    Unavailable = 7,
    /// A setting is wrong or missing.
    Config = 8,
    /// The catalog's file cannot be used.
    Storage = 9,
    /// Another run holds the lock.
    AnotherRun = 10,
    /// What was to be verified does not hold.
    Findings = 11,
    /// SIGINT.
    Interrupted = 130,
    /// SIGTERM.
    Terminated = 143,
}

impl Exit {
    /// Every code with what it means, for the documentation.
    pub const ALL: &'static [(Self, &'static str)] = &[
        (Self::Ok, "all is well"),
        (Self::Internal, "a defect of sigma-catalog"),
        (Self::Usage, "the command line is wrong"),
        (Self::Partial, "published, but some parts could not be read: their earlier rows were kept"),
        (Self::Rejected, "a deletion guard stopped the run: the previous catalog stays"),
        (Self::Auth, "Sigma does not accept the credentials"),
        (Self::Permission, "the credentials may not do what is needed"),
        (Self::Unavailable, "Sigma cannot be reached, or kept refusing"),
        (Self::Config, "a setting is wrong or missing"),
        (Self::Storage, "the catalog's file cannot be used: full, locked, corrupt, from a newer version"),
        (Self::AnotherRun, "another run is writing this catalog"),
        (Self::Findings, "a verification found disagreements"),
        (Self::Interrupted, "interrupted (SIGINT)"),
        (Self::Terminated, "terminated (SIGTERM)"),
    ];

    /// The number.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// Of a run that ended without an error.
    pub fn of_state(state: RunState) -> Self {
        let code = state.exit_code();
        let known = [Self::Ok, Self::Partial, Self::Rejected];
        known.into_iter().find(|exit| code == Some(i64::from(exit.code()))).unwrap_or(Self::Internal)
    }
}

impl From<&StoreError> for Exit {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Locked { .. } => Self::AnotherRun,
            StoreError::NoSuchRun(_) | StoreError::NothingPublished => Self::Usage,
            StoreError::Internal(_) => Self::Internal,
            _ => Self::Storage,
        }
    }
}

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Config => Self::Config,
            ErrorKind::Auth => Self::Auth,
            ErrorKind::Forbidden => Self::Permission,
            ErrorKind::Cancelled => Self::Interrupted,
            ErrorKind::RateLimited
            | ErrorKind::Unavailable
            | ErrorKind::NotFound
            | ErrorKind::NotApplicable
            | ErrorKind::Archived
            | ErrorKind::Retired
            | ErrorKind::Rejected
            | ErrorKind::Shape => Self::Unavailable,
        }
    }
}

impl From<&CrawlError> for Exit {
    fn from(error: &CrawlError) -> Self {
        match error {
            CrawlError::Config(_)
            | CrawlError::File { .. }
            | CrawlError::OtherOrganization { .. }
            | CrawlError::Filters(_) => Self::Config,
            CrawlError::Audience(AudienceError::NotAdministrator) => Self::Permission,
            CrawlError::Audience(_) => Self::Config,
            CrawlError::Sigma { source, .. } => source.kind().into(),
            CrawlError::Store(error) => error.into(),
            CrawlError::Interrupted => Self::Interrupted,
            CrawlError::NothingToAccept { .. } => Self::Usage,
            CrawlError::Internal(_) => Self::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn the_readme_documents_every_exit_code() {
        let readme = include_str!("../../README.md");
        for (exit, meaning) in Exit::ALL {
            let documented = match exit {
                Exit::Interrupted | Exit::Terminated => {
                    readme.contains("| 130, 143 | interrupted (SIGINT), terminated (SIGTERM) |")
                }
                _ => readme.contains(&format!("| {} | {meaning}", exit.code())),
            };
            assert!(documented, "{} {meaning}", exit.code());
        }
    }
}
