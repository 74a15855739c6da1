//! The words of the answer: statuses, and what is told about each member and catalog user.

use std::collections::BTreeMap;

use serde::Serialize;

use super::mapping::Mapping;

/// What became of a member or of a catalog user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// One active catalog user is one active member.
    Mapped,
    /// No candidate.
    Unmapped,
    /// One member could be several catalog users.
    AmbiguousManyUsers,
    /// One catalog user could be several members.
    AmbiguousSharedUser,
    /// The catalog user may not sign in.
    CatalogUserInactive,
    /// The member was deactivated in Sigma, or archived by SCIM.
    SigmaInactive,
    /// An embed user: made on first access from the claims of an embedding application, no person of the directory.
    ExcludedEmbed,
    /// A guest.
    ExcludedGuest,
    /// Sigma's own scheduler.
    ExcludedSystem,
}

impl Status {
    /// All of them, in the order they are reported.
    pub const ALL: [Self; 9] = [
        Self::Mapped,
        Self::Unmapped,
        Self::AmbiguousManyUsers,
        Self::AmbiguousSharedUser,
        Self::CatalogUserInactive,
        Self::SigmaInactive,
        Self::ExcludedEmbed,
        Self::ExcludedGuest,
        Self::ExcludedSystem,
    ];

    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mapped => "mapped",
            Self::Unmapped => "unmapped",
            Self::AmbiguousManyUsers => "ambiguous_many_users",
            Self::AmbiguousSharedUser => "ambiguous_shared_user",
            Self::CatalogUserInactive => "catalog_user_inactive",
            Self::SigmaInactive => "sigma_inactive",
            Self::ExcludedEmbed => "excluded_embed",
            Self::ExcludedGuest => "excluded_guest",
            Self::ExcludedSystem => "excluded_system",
        }
    }
}

/// By what members and catalog users are matched.
#[derive(Debug, Clone, Copy)]
pub enum Matching<'a> {
    /// The identity CSV and nothing else.
    Csv(&'a Mapping),
    /// The catalog user's e-mail address.
    Email,
    /// The catalog user's login name, where it is an e-mail address.
    Username,
}

impl Matching<'_> {
    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv(_) => "csv",
            Self::Email => "email",
            Self::Username => "username",
        }
    }
}

/// Which members are considered that are excluded otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Include {
    /// Embed users.
    pub embed: bool,
    /// Guests.
    pub guests: bool,
    /// Sigma's own scheduler.
    pub system: bool,
}

/// A member of Sigma and who it is in the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemberIdentity {
    /// Sigma's `memberId`.
    pub member_id: String,
    /// E-mail address in Sigma, verbatim.
    pub sigma_email: Option<String>,
    /// Name of the account type.
    pub account_type: Option<String>,
    /// `internal`, `guest` or `embed`.
    pub user_kind: Option<String>,
    /// `active`, `deactivated` or `archived_by_scim`.
    pub state: &'static str,
    /// The catalog user, if there is exactly one candidate.
    pub catalog_user: Option<String>,
    /// That user's e-mail address, verbatim.
    pub catalog_email: Option<String>,
    /// By what the candidate was found: `csv`, `email`, `username`.
    pub method: Option<&'static str>,
    /// What became of the member.
    pub status: Status,
    /// The line of the identity CSV that names the address.
    pub csv_line: Option<u64>,
    /// Why, and what could be done; empty when there is nothing to say.
    pub hint: String,
}

/// A catalog user and who it is in Sigma.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UserIdentity {
    /// Login name, verbatim.
    pub network_id: String,
    /// E-mail address in the catalog, verbatim.
    pub email: Option<String>,
    /// Whether the user may sign in.
    pub active: bool,
    /// The members it could be, by their ids; exactly one when mapped, several only when merged or ambiguous.
    pub member_ids: Vec<String>,
    /// What became of the user.
    pub status: Status,
    /// The line of the identity CSV that names the user first.
    pub csv_line: Option<u64>,
    /// Why, and what could be done; empty when there is nothing to say.
    pub hint: String,
}

/// Who is who.
#[derive(Debug, Clone, Serialize)]
pub struct Reconciliation {
    /// Every member, by e-mail address and id.
    pub members: Vec<MemberIdentity>,
    /// Every catalog user, by login name.
    pub catalog_users: Vec<UserIdentity>,
    /// Lines of the identity CSV whose address no member has.
    pub unknown_sigma: Vec<u64>,
    /// Lines of the identity CSV whose login name no catalog user has.
    pub unknown_catalog: Vec<u64>,
    /// The unmapped members whose address could be mistaken for another one, by id. A warning, never a match.
    #[serde(skip)]
    pub look_alikes: Vec<LookAlike>,
}

/// An address that could be mistaken for a member's, and is another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookAlike {
    /// The member.
    pub member_id: String,
    /// The catalog user whose address it is.
    pub network_id: String,
    /// Whose address it is, in words.
    pub whose: String,
    /// The line of the identity CSV that names it.
    pub line: Option<u64>,
}

impl Reconciliation {
    /// How many members have each status; every status is there.
    pub fn member_counts(&self) -> BTreeMap<&'static str, usize> {
        counts(self.members.iter().map(|member| member.status))
    }

    /// How many catalog users have each status; every status is there.
    pub fn user_counts(&self) -> BTreeMap<&'static str, usize> {
        counts(self.catalog_users.iter().map(|user| user.status))
    }
}

fn counts(statuses: impl Iterator<Item = Status>) -> BTreeMap<&'static str, usize> {
    let mut counts: BTreeMap<_, _> = Status::ALL.iter().map(|status| (status.name(), 0)).collect();
    for status in statuses {
        *counts.entry(status.name()).or_default() += 1;
    }
    counts
}
