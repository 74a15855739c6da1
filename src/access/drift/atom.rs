//! The single differences between two states of an organisation.

/// What sort of difference it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// A grant that was not there before.
    GrantAdded,
    /// A grant that is no longer there.
    GrantRemoved,
    /// The same object and grantee, another word.
    GrantChanged,
    /// A member joined or left a team.
    TeamMembership,
    /// A team was archived, or is no longer.
    TeamArchived,
    /// A team became "All Members", or ceased to be.
    TeamRenamed,
    /// A team that was not there before.
    TeamNew,
    /// A team that is no longer there, with who belonged to it and what was granted to it.
    TeamGone,
    /// An object lies in another container.
    MovedFolder,
    /// An object belongs to somebody else.
    OwnerChanged,
    /// A member's account type, or what that account type is.
    AccountType,
    /// A member became a guest, or ceased to be.
    UserKind,
    /// A member was deactivated or archived by SCIM, or is active again.
    MemberArchived,
    /// A member that was not there before.
    MemberNew,
    /// A member that is no longer there.
    MemberGone,
    /// An object that was not there before.
    ObjectNew,
    /// An object that is no longer there, with what was granted on it.
    ObjectGone,
    /// An object came into the trash, or out of it.
    ObjectArchived,
    /// An object turned into one of another kind.
    ObjectKind,
    /// Another catalog user, or none, stands for a member.
    MappingChanged,
}

impl Cause {
    /// Its stable names. A grant whose word changed is one removed and one added.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::GrantAdded => &["grant_added"],
            Self::GrantRemoved => &["grant_removed"],
            Self::GrantChanged => &["grant_removed", "grant_added"],
            Self::TeamMembership => &["team_membership"],
            Self::TeamArchived => &["team_archived"],
            Self::TeamRenamed => &["team_renamed"],
            Self::TeamNew => &["team_new"],
            Self::TeamGone => &["team_gone"],
            Self::MovedFolder => &["moved_folder"],
            Self::OwnerChanged => &["owner_changed"],
            Self::AccountType => &["account_type"],
            Self::UserKind => &["user_kind"],
            Self::MemberArchived => &["member_archived"],
            Self::MemberNew => &["member_new"],
            Self::MemberGone => &["member_gone"],
            Self::ObjectNew => &["object_new"],
            Self::ObjectGone => &["object_gone"],
            Self::ObjectArchived => &["object_archived"],
            Self::ObjectKind => &["object_kind"],
            Self::MappingChanged => &["mapping_changed"],
        }
    }
}

/// One difference that cannot be taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Atom {
    /// Its sort.
    pub cause: Cause,
    /// The ids of what it is about: a grant's; a team's and a member's; an object's; a member's.
    pub ids: Vec<String>,
    /// The same for people.
    pub text: String,
    /// Whose access it may change.
    pub(super) reach: Reach,
}

/// Whose access to what an atom may change. Members and objects are places in the lists of both states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Anybody's to the object and to all that lies in it.
    Below(u32),
    /// Anybody's to the object.
    Object(u32),
    /// The member's to anything.
    Member(u32),
    /// Anybody's to what the team has a grant on.
    Team(u32),
}
