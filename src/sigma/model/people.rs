//! Members, teams and account types.

use super::{AttributeValue, rows, wire};

wire! {
    /// Whose credentials these are (`/v2/whoami`).
    Whoami;
    /// The member id of the credentials' owner.
    user_id;
    /// The organisation the credentials belong to.
    organization_id: Option<String>
}

wire! {
    /// A person, an embed user or Sigma's own robot (`/v2/members`).
    Member;
    /// The member id, about 29 characters of base62; the robot is literally `SigmaSchedulerRobot`.
    member_id;
    /// The organisation.
    organization_id: Option<String>;
    /// The name of the account type, in whatever case Sigma stored it (`admin`, `View`, `creator`).
    member_type: Option<String>;
    /// First name.
    first_name: Option<String>;
    /// Last name.
    last_name: Option<String>;
    /// E-mail address: personal data, not for logs.
    email: Option<String>;
    /// Address of the portrait.
    profile_img_url: Option<String>;
    /// UUID of the member's My Documents folder.
    home_folder_id: Option<String>;
    /// `internal`, `guest` or `embed`.
    user_kind: Option<String>;
    /// Deactivated in Sigma; absent unless the listing asked for archived members.
    is_archived: Option<bool>;
    /// Archived through SCIM; absent unless the listing asked for inactive members.
    is_inactive: Option<bool>;
    + audit
}

wire! {
    /// A team (`/v2/teams`, `/v2/teams/{id}`, `/v2/members/{id}/teams`).
    Team;
    /// The team id.
    team_id;
    /// Its name.
    name: Option<String>;
    /// Its description.
    description: Option<String>;
    /// `public` or `private`.
    visibility: Option<String>;
    /// Archived.
    is_archived: Option<bool>;
    /// Member ids; only the single team carries them.
    #[serde(deserialize_with = "super::lenient::texts")]
    members: Option<Vec<String>>;
    + audit
}

wire! {
    /// A member of a team (`/v2/teams/{id}/members`): ids only.
    TeamMember;
    /// The member id.
    user_id;
    /// May administer the team.
    is_team_admin: Option<bool>;
    /// Member id of whoever added them.
    added_by: Option<String>
}

wire! {
    /// A user attribute's value for a team (`/v2/teams/{id}/user-attributes`).
    TeamAttribute;
    /// The attribute.
    user_attribute_id;
    /// Its name.
    user_attribute_name: Option<String>;
    /// Its value.
    value: Option<AttributeValue>
}

wire! {
    /// An account type (`/v2/accountTypes`): it caps what grants give.
    AccountType;
    /// The account type id.
    account_type_id;
    /// Its name, which [`Member::member_type`] repeats in another case.
    account_type_name: Option<String>;
    /// Its description.
    description: Option<String>;
    /// Defined by the organisation rather than by Sigma.
    is_custom: Option<bool>
}

wire! {
    /// One thing an account type allows (`/v2/accountTypes/{id}/permissions`).
    AccountTypePermission;
    /// Its name, e.g. `view-worksheet`.
    permission;
    /// What it means.
    description: Option<String>
}

rows! {
    Whoami: user_id;
    Member: member_id;
    Team: team_id;
    TeamMember: user_id;
    TeamAttribute: user_attribute_id;
    AccountType: account_type_id;
    AccountTypePermission: permission;
}
