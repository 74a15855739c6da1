//! Why a run has no audience, and what to do about it.

use std::io;

use crate::identity::Rejected;

/// Why there is no audience.
#[derive(Debug, thiserror::Error)]
pub enum AudienceError {
    /// The credentials are too weak for mirroring.
    #[error(
        "permissions cannot be mirrored with these credentials: their owner is not a Sigma administrator, who alone sees \
         all objects and what everybody may do with them"
    )]
    NotAdministrator,
    /// Nobody has the login user's address.
    #[error("no Sigma member has the e-mail address `{given}` of `permissions.login_user`{}", did_you_mean(.near))]
    UnknownLoginUser {
        /// The address.
        given: String,
        /// Addresses that look like it.
        near: Vec<String>,
    },
    /// The login user's address is no address.
    #[error("`permissions.login_user`: `{given}` {problem}")]
    MalformedLoginUser {
        /// What was given.
        given: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Several members have the login user's address.
    #[error("{} Sigma members have the e-mail address `{given}` of `permissions.login_user`: {}", .members.len(), .members.join(", "))]
    AmbiguousLoginUser {
        /// The address.
        given: String,
        /// The members' ids.
        members: Vec<String>,
    },
    /// The login user has no access any more.
    #[error("`{given}` of `permissions.login_user` was {how} and sees nothing")]
    InactiveLoginUser {
        /// The address.
        given: String,
        /// How.
        how: &'static str,
    },
    /// There is no identity mapping.
    #[error(
        "`permissions.csv_mapping` is true, but no identity mapping was imported and there is no `{file}`"
    )]
    NoMapping {
        /// The file that would be used.
        file: String,
    },
    /// The mapping has no row that names a member.
    #[error("{source_of} names nobody: {why}")]
    NobodyMapped {
        /// The mapping.
        source_of: String,
        /// Why.
        why: String,
    },
    /// A file that is not accepted.
    #[error("`{file}` is not accepted\n{}", rejected.problems.lines(file).join("\n"))]
    Rejected {
        /// The file.
        file: String,
        /// All that is wrong with it.
        rejected: Rejected,
    },
    /// A stored mapping that this version does not accept any more.
    #[error("version {version} of the identity mapping: line {line} {problem}")]
    StaleMapping {
        /// The version.
        version: i64,
        /// The line of its file.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// A file that cannot be read.
    #[error("cannot read `{file}`: {source}")]
    Unreadable {
        /// The file.
        file: String,
        /// Why.
        source: io::Error,
    },
}

fn did_you_mean(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("; did you mean `{}`?", near.join("`, `")) }
}

impl AudienceError {
    /// Its stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAdministrator => "token.not_admin",
            Self::UnknownLoginUser { .. } => "login_user.unknown",
            Self::MalformedLoginUser { .. } => "login_user.malformed",
            Self::AmbiguousLoginUser { .. } => "login_user.ambiguous",
            Self::InactiveLoginUser { .. } => "login_user.inactive",
            Self::NoMapping { .. } => "identity.missing",
            Self::NobodyMapped { .. } => "identity.empty",
            Self::Rejected { .. } => "identity.rejected",
            Self::StaleMapping { .. } => "identity.stale",
            Self::Unreadable { .. } => "config.unreadable_file",
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::NotAdministrator => {
                "give the credentials of a Sigma administrator; or extract what one user sees, with \
                 `permissions.mirroring` = false and `permissions.login_user` = that user's Sigma e-mail address"
            }
            Self::UnknownLoginUser { .. } | Self::MalformedLoginUser { .. } => {
                "set `permissions.login_user` to the e-mail address of an active Sigma member"
            }
            Self::AmbiguousLoginUser { .. } => {
                "set `permissions.login_user` to an address that one member only has: nothing says which of them is meant"
            }
            Self::InactiveLoginUser { .. } => {
                "set `permissions.login_user` to the e-mail address of an active Sigma member"
            }
            Self::NoMapping { .. } => {
                "import one with `sigma-catalog identity import FILE`, name one with `permissions.identity_csv`, or set \
                 `permissions.csv_mapping` to false; `identity template` shows what is in one"
            }
            Self::NobodyMapped { .. } => {
                "give an identity CSV with the Sigma e-mail address of at least one active member; `sigma-catalog \
                 identity report` says what became of each row"
            }
            Self::Rejected { .. } => "correct the lines above; nothing of the file was used",
            Self::StaleMapping { .. } => "import the file again after correcting it",
            Self::Unreadable { .. } => "name a file that this user may read",
        }
    }
}
