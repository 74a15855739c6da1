//! What a run mirrors: who the audience is, what each principal may do, and for whom the catalog enforces it.
//!
//! Access is kept by principal (a team is one row of an object, "All Members" is one whatever its size) and expanded to
//! members when it is read: 3,000 members on 15,000 objects are some 300,000 rows instead of five million.

/// An object or a principal: its kind and Sigma's id. The kind of an object is the word its external id begins with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// `workspace`, `folder`, `workbook`, `report`, `data-model`, `dataset`; or one of [`principal`].
    pub kind: &'static str,
    /// Sigma's id; empty for [`principal::EVERYONE`] and [`principal::ADMINISTRATORS`].
    pub id: String,
}

/// Kinds of principal.
pub mod principal {
    /// A member: what is granted to it and what it owns.
    pub const MEMBER: &str = "member";
    /// A team.
    pub const TEAM: &str = "team";
    /// The team "All Members".
    pub const EVERYONE: &str = "everyone";
    /// All administrators.
    pub const ADMINISTRATORS: &str = "administrators";
    /// What Sigma answered when it was asked what a member sees.
    pub const ANSWER: &str = "answer";
}

/// The best level of a principal on an object. Numbers are places in [`Mirror::keys`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrincipalAccess {
    /// Who.
    pub principal: u32,
    /// On what.
    pub object: u32,
    /// 1 to 5: view, explore, organize, edit, owner.
    pub level: u8,
    /// `owner`, `direct`, `team`, `everyone`, `admin` or `sigma`.
    pub via: &'static str,
    /// The object the grant is on.
    pub granted_at: u32,
}

/// An object and where it lies. Numbers are places in [`Mirror::keys`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedObject {
    /// The object.
    pub object: u32,
    /// What it lies in, as far as that is known.
    pub parent: Option<u32>,
    /// Its id.
    pub id: String,
    /// What it is, as a file's type.
    pub kind: &'static str,
    /// Its name.
    pub name: Option<String>,
    /// Names of the containers as Sigma states them; `None` where the names of what it lies in make that.
    pub path: Option<String>,
    /// The member who owns it.
    pub owner: Option<u32>,
    /// In the trash.
    pub is_archived: bool,
}

/// A grant that could give something. Numbers are places in [`Mirror::keys`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedGrant {
    /// To whom.
    pub principal: u32,
    /// On what.
    pub object: u32,
    /// Sigma's word; empty where there is none.
    pub permission: String,
}

/// A member that is exactly one catalog user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirroredMember {
    /// The member, as a place in [`Mirror::keys`].
    pub member: u32,
    /// The catalog user's login name, verbatim.
    pub catalog_user: String,
    /// `csv`, `email` or `username`.
    pub method: &'static str,
}

/// Whose view decides what a run mirrors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Mirroring is off: the catalog holds what one user sees.
    LoginUser,
    /// The users that catalog and Sigma have in common, and Sigma's administrators.
    #[default]
    CommonUsers,
    /// Exactly the users of the identity CSV.
    IdentityCsv,
}

impl Mode {
    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::LoginUser => "login_user",
            Self::CommonUsers => "common_users",
            Self::IdentityCsv => "identity_csv",
        }
    }
}

/// What mirrored permissions were made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Source {
    /// Nothing is mirrored.
    #[default]
    None,
    /// The grants that were read.
    Grants,
    /// Sigma's own answers, member by member.
    Sigma,
}

impl Source {
    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Grants => "grants",
            Self::Sigma => "sigma",
        }
    }
}

/// A file that a decision rested on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evidence {
    /// The file's name.
    pub file: String,
    /// SHA-256 of what it held, in hexadecimal.
    pub sha256: String,
}

/// Whom a run mirrored, and on what that rested.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audience {
    /// Whose view decides.
    pub mode: Mode,
    /// The member whose view was extracted, in [`Mode::LoginUser`].
    pub login_member_id: Option<String>,
    /// `csv`, `email` or `username`; `None` where nobody is matched.
    pub matched_by: Option<&'static str>,
    /// The version of the identity mapping that was in force.
    pub mapping_version: Option<i64>,
    /// The file the identity mapping came from.
    pub mapping: Option<Evidence>,
    /// The file of the catalog's users.
    pub users: Option<Evidence>,
    /// What mirrored permissions were made from.
    pub source: Source,
    /// How many members are mapped.
    pub mapped: usize,
    /// How many members are not.
    pub excluded: usize,
}

/// What a run mirrors.
#[derive(Debug, Clone, Default)]
pub struct Mirror {
    /// Whom, and on what that rested.
    pub audience: Audience,
    /// Every object and principal that the rest names by its place here.
    pub keys: Vec<Key>,
    /// What each principal may do.
    pub access: Vec<PrincipalAccess>,
    /// The members that are mirrored.
    pub members: Vec<MirroredMember>,
    /// Each mirrored member with each principal whose access is its own.
    pub stands_for: Vec<(u32, u32)>,
    /// The objects the audience can reach, containers included; `None`: everything.
    pub reached: Option<Vec<u32>>,
    /// All objects as the rules of access see them.
    pub objects: Vec<PlacedObject>,
    /// All grants, each once.
    pub grants: Vec<PlacedGrant>,
    /// All that access rests on was read.
    pub settled: bool,
}
