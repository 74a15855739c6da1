//! Why a run could not produce a catalog.

use super::audience::AudienceError;
use std::fmt;

use crate::config::ConfigErrors;
use crate::sigma::SigmaError;
use crate::store::StoreError;

/// A filter that names nothing the credentials can see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownFilter {
    /// The setting it stands in.
    pub setting: &'static str,
    /// What it should name: workspace, folder or document.
    pub what: &'static str,
    /// What it says.
    pub name: String,
    /// Something like it that does exist.
    pub near: Option<String>,
}

impl fmt::Display for UnknownFilter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { setting, what, name, near } = self;
        write!(out, "`{setting}` names {name:?}, which is no {what} that the credentials can see")?;
        match near {
            Some(near) => write!(out, ": did you mean {near:?}?"),
            None => Ok(()),
        }
    }
}

/// A failure of a whole run. What fails below that is an outcome of a scope.
#[derive(Debug, thiserror::Error)]
pub enum CrawlError {
    /// A setting.
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    /// Sigma refused, or could not be reached, at something there is no catalog without.
    #[error("{doing}: {source}")]
    Sigma {
        /// What was being done.
        doing: String,
        /// What happened.
        source: Box<SigmaError>,
    },
    /// The catalog's file.
    #[error("writing the catalog: {0}")]
    Store(#[from] StoreError),
    /// Whose view is to be crawled cannot be said, or not with these credentials.
    #[error(transparent)]
    Audience(#[from] AudienceError),
    /// A signal.
    #[error("interrupted")]
    Interrupted,
    /// A file that a setting names.
    #[error("cannot read `{path}`, which `{setting}` names: {source}")]
    File {
        /// The setting.
        setting: &'static str,
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// `--accept-removals` does not name the last run, or that run was not rejected.
    #[error("run {given} is not the last run, or was not rejected: there is nothing to accept")]
    NothingToAccept {
        /// The run that was named.
        given: i64,
    },
    /// The catalog holds another organisation than the token's.
    #[error("the catalog holds organisation {held}, but the credentials belong to organisation {given}")]
    OtherOrganization {
        /// The organisation in the catalog.
        held: String,
        /// The token's organisation.
        given: String,
    },
    /// Filters that name nothing the credentials can see.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Filters(Vec<UnknownFilter>),
    /// A defect of this program.
    #[error("internal: {0}")]
    Internal(String),
}

impl CrawlError {
    /// Wraps what Sigma answered.
    pub(super) fn sigma(doing: impl Into<String>, source: SigmaError) -> Self {
        if source.kind() == crate::sigma::ErrorKind::Cancelled {
            return Self::Interrupted;
        }
        Self::Sigma { doing: doing.into(), source: Box::new(source) }
    }

    /// An error when the catalog holds one organisation and the token belongs to another, as far as both are known.
    pub(super) fn unless_same_organization(held: Option<&str>, given: Option<&str>) -> Result<(), Self> {
        match (held, given) {
            (Some(held), Some(given)) if held != given => {
                Err(Self::OtherOrganization { held: held.to_owned(), given: given.to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// Its stable code.
    pub fn code(&self) -> String {
        match self {
            Self::Config(errors) => errors.codes().first().copied().unwrap_or("config").to_owned(),
            Self::Sigma { source, .. } => source.code().to_owned(),
            Self::Store(error) => error.code().to_owned(),
            Self::Audience(error) => error.code().to_owned(),
            Self::Interrupted => "run.interrupted".to_owned(),
            Self::File { .. } => "config.unreadable_file".to_owned(),
            Self::NothingToAccept { .. } => "run.nothing_to_accept".to_owned(),
            Self::OtherOrganization { .. } => "run.other_organization".to_owned(),
            Self::Filters(_) => "config.unknown_object".to_owned(),
            Self::Internal(_) => "internal".to_owned(),
        }
    }

    /// What to do about it; configuration errors carry their own.
    pub fn remedy(&self) -> Option<&str> {
        match self {
            Self::Config(_) => None,
            Self::Sigma { source, .. } => Some(source.remedy()),
            Self::Store(error) => Some(error.remedy()),
            Self::Audience(error) => Some(error.remedy()),
            Self::Interrupted => {
                Some("run again: it goes on where this run was stopped; the last published catalog is intact")
            }
            Self::File { .. } => Some("name a file that exists and that this user may read"),
            Self::NothingToAccept { .. } => Some(
                "`sigma-catalog runs list` shows which run was rejected; name the last one, or leave the flag out",
            ),
            Self::OtherOrganization { .. } => {
                Some("give each organisation a database of its own (`catalog.database`, --db)")
            }
            Self::Filters(_) => Some(
                "correct the filter, or let the credentials' owner see the object; nothing was read or changed",
            ),
            Self::Internal(_) => Some("this is a defect of sigma-catalog; please report it"),
        }
    }
}
