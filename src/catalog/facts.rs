//! What the rules of access need to know of an organisation, as one run found it.
//!
//! The store reads it, `access` draws the conclusions; neither knows the other. Ids and words are verbatim Sigma's.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::organisation::Member;

/// An organisation as far as access is concerned.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// All members, deactivated ones included.
    pub members: Vec<MemberFact>,
    /// All teams.
    pub teams: Vec<TeamFact>,
    /// Who belongs to which team.
    pub memberships: Vec<MembershipFact>,
    /// All account types.
    pub account_types: Vec<AccountTypeFact>,
    /// All workspaces.
    pub workspaces: Vec<WorkspaceFact>,
    /// Files as the token's owner sees them: the only source of what lies where.
    pub files: Vec<FileFact>,
    /// All documents.
    pub documents: Vec<DocumentFact>,
    /// Grants made directly on objects.
    pub grants: Vec<GrantFact>,
    /// What of all this was read to its end.
    pub readings: Readings,
}

/// A member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberFact {
    /// Sigma's `memberId`.
    pub id: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Given and family name.
    pub name: Option<String>,
    /// Name of the account type, in the inconsistent case of `memberType`.
    pub account_type: Option<String>,
    /// `internal`, `guest`, `embed`, ...
    pub user_kind: Option<String>,
    /// Deactivated in Sigma.
    pub is_archived: bool,
    /// Archived by SCIM.
    pub is_inactive: bool,
}

/// The account type whose members may see and edit everything, unless an organisation defined one of that name itself.
const ADMIN: &str = "admin";
/// The team everybody but guests belongs to. How the API tells it from others is not established: it is known by its
/// name, in whatever case.
const EVERYONE: &str = "all members";

impl MemberFact {
    /// Whether its account type has the name of Sigma's administrators.
    pub fn is_called_administrator(&self) -> bool {
        self.account_type.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(ADMIN))
    }
}

/// The usual types of files.
const FILE_TYPES: [&str; 6] = ["workspace", "folder", "workbook", "data-model", "report", "dataset"];

impl FileFact {
    /// The word of a type; the usual ones are there once for all files.
    pub fn type_of(word: &str) -> Cow<'static, str> {
        let usual = FILE_TYPES.into_iter().find(|usual| *usual == word);
        usual.map_or_else(|| word.to_owned().into(), Cow::Borrowed)
    }

    /// Whether it is of a type that hands down what is granted on it to what lies inside it.
    pub fn is_container(&self) -> bool {
        matches!(&*self.file_type, "workspace" | "folder")
    }
}

impl TeamFact {
    /// Whether it is the team that everybody but guests belongs to.
    pub fn is_everyone(&self) -> bool {
        self.name.as_deref().is_some_and(|name| name.trim().eq_ignore_ascii_case(EVERYONE))
    }
}

/// The member as identities are reconciled with: what facts leave out has no part in that.
impl From<&MemberFact> for Member {
    fn from(fact: &MemberFact) -> Self {
        Self {
            id: fact.id.clone(),
            email: fact.email.clone(),
            first_name: None,
            last_name: None,
            member_type: fact.account_type.clone(),
            user_kind: fact.user_kind.clone(),
            is_archived: Some(fact.is_archived),
            is_inactive: Some(fact.is_inactive),
            home_folder_id: None,
            created_at: None,
            updated_at: None,
        }
    }
}

/// A team.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TeamFact {
    /// Sigma's `teamId`.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Archived.
    pub is_archived: bool,
}

/// A member's place in a team.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MembershipFact {
    /// The team.
    pub team_id: String,
    /// The member.
    pub member_id: String,
}

/// An account type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountTypeFact {
    /// Its name.
    pub name: Option<String>,
    /// Defined by the organisation; `None` where Sigma did not say.
    pub is_custom: Option<bool>,
    /// What it allows, in Sigma's words; `None` where that was not read to its end.
    pub permissions: Option<Vec<String>>,
}

/// A workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkspaceFact {
    /// Sigma's `workspaceId`.
    pub id: String,
    /// The id in addresses.
    pub url_id: Option<String>,
    /// Its name.
    pub name: Option<String>,
}

/// A file: the row that tells where a folder or document lies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileFact {
    /// The id, shared with the workspace or document it shows.
    pub id: String,
    /// `workspace`, `folder`, `workbook`, `data-model`, `report`, `dataset`, ...
    pub file_type: Cow<'static, str>,
    /// The id in addresses.
    pub url_id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// The folder or workspace it lies in; `None` at the top.
    pub parent_id: Option<Arc<str>>,
    /// Names of the containers, as Sigma states them.
    pub path: Option<Arc<str>>,
    /// The member who owns it.
    pub owner_id: Option<String>,
    /// In the trash.
    pub is_archived: bool,
    /// When it was created, ISO 8601 UTC.
    pub created_at: Option<String>,
}

/// A document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentFact {
    /// The id, shared with its file.
    pub id: String,
    /// `workbook`, `report`, `data-model` or `dataset`.
    pub kind: String,
    /// The id in addresses.
    pub url_id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Names of the containers, as Sigma states them.
    pub path: Option<Arc<str>>,
    /// The member who owns it.
    pub owner_id: Option<String>,
    /// In the trash.
    pub is_archived: bool,
    /// When it was created, ISO 8601 UTC.
    pub created_at: Option<String>,
}

/// A grant on an object, to a member or to a team.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GrantFact {
    /// Sigma's `grantId`.
    pub id: String,
    /// The object.
    pub object_id: String,
    /// The member it is made to; empty for a team.
    pub member_id: String,
    /// The team it is made to; empty for a member.
    pub team_id: String,
    /// `view`, `explore`, ... verbatim.
    pub permission: Option<String>,
    /// Member who made it.
    pub created_by: Option<String>,
    /// When it was made, ISO 8601 UTC.
    pub created_at: Option<String>,
}

/// Which listings were read to their end, so that what they do not show is not there.
#[derive(Debug, Clone, Default)]
pub struct Readings {
    scopes: HashMap<String, HashMap<String, bool>>,
    /// What to hold of a scope that nothing is known of.
    pub otherwise: bool,
    /// The credentials were an administrator's: what others see was not kept from them.
    pub by_administrator: bool,
}

impl Readings {
    /// Nothing is known; `otherwise` is what to hold of every scope.
    pub fn new(otherwise: bool, by_administrator: bool) -> Self {
        Self { scopes: HashMap::new(), otherwise, by_administrator }
    }

    /// Notes whether a scope was read to its end.
    pub fn note(&mut self, scope: &str, parent: &str, read: bool) {
        match self.scopes.get_mut(scope) {
            Some(parents) => parents.insert(parent.to_owned(), read),
            None => self.scopes.entry(scope.to_owned()).or_default().insert(parent.to_owned(), read),
        };
    }

    /// Whether a scope was read to its end.
    pub fn is_read(&self, scope: &str, parent: &str) -> bool {
        let noted = self.scopes.get(scope).and_then(|parents| parents.get(parent));
        noted.copied().unwrap_or(self.otherwise)
    }

    /// Whether anything was noted of a scope's kind, whatever its parent.
    pub fn knows(&self, scope: &str) -> bool {
        self.scopes.contains_key(scope)
    }

    /// The scopes known not to be read to their end: kind and how many, sorted.
    pub fn deficient(&self) -> Vec<(&str, usize)> {
        let count = |parents: &HashMap<String, bool>| parents.values().filter(|read| !**read).count();
        let mut deficient: Vec<_> =
            self.scopes.iter().map(|(scope, parents)| (scope.as_str(), count(parents))).collect();
        deficient.retain(|(_, count)| *count > 0);
        deficient.sort_unstable();
        deficient
    }
}
