//! The rows the organisation consists of.
use crate::simulator::ids::Uuid;

/// A member of the organisation.
#[derive(Debug)]
pub struct Member {
    pub id: String,
    pub first: String,
    pub last: String,
    pub email: String,
    /// The account type's name as member rows spell it: in inconsistent case.
    pub member_type: String,
    /// Place in [`Organization::account_types`].
    pub account_type: usize,
    /// `internal`, `guest` or `embed`.
    pub kind: &'static str,
    /// Deactivated in Sigma.
    pub archived: bool,
    /// Archived by the directory (SCIM).
    pub inactive: bool,
    /// Place of the personal folder in [`Organization::inodes`].
    pub home: usize,
    pub home_id: Uuid,
    pub stamps: Stamps,
}

impl Member {
    pub fn is_active(&self) -> bool {
        !self.archived && !self.inactive
    }
}

/// Who made something and when, as every row carries it. Places of members, times in Sigma's notation.
#[derive(Debug, Clone)]
pub struct Stamps {
    pub created_by: usize,
    pub updated_by: usize,
    pub created_at: String,
    pub updated_at: String,
}

/// A team and its members.
#[derive(Debug)]
pub struct Team {
    pub id: Uuid,
    pub name: String,
    pub description: Option<String>,
    pub private: bool,
    pub archived: bool,
    /// (place of the member, whether a team admin).
    pub members: Vec<(usize, bool)>,
    pub stamps: Stamps,
}

/// An account type (licence).
#[derive(Debug)]
pub struct AccountType {
    pub id: Uuid,
    pub name: &'static str,
    pub description: &'static str,
    pub custom: bool,
    pub permissions: &'static [&'static str],
}

/// What an inode is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Workspace,
    Folder,
    Workbook,
    DataModel,
    Report,
    Dataset,
    Symlink,
}

impl Kind {
    /// The `type` of file rows.
    pub fn file_type(self) -> &'static str {
        match self {
            Kind::Workspace => "workspace",
            Kind::Folder => "folder",
            Kind::Workbook => "workbook",
            Kind::DataModel => "data-model",
            Kind::Report => "report",
            Kind::Dataset => "dataset",
            Kind::Symlink => "symlink",
        }
    }

    /// The `inodeType` of grant rows, whose list has neither workspaces nor data models.
    pub fn grant_type(self) -> &'static str {
        match self {
            Kind::Workspace | Kind::Folder => "folder",
            Kind::DataModel => "worksheet",
            other => other.file_type(),
        }
    }

    pub fn is_container(self) -> bool {
        matches!(self, Kind::Workspace | Kind::Folder)
    }
}

/// A file: a workspace, a folder or something in one.
#[derive(Debug)]
pub struct Inode {
    pub id: Uuid,
    pub kind: Kind,
    pub name: String,
    /// Place of the container; the root of a tree is its own parent if it is a personal folder, else has none.
    pub parent: Option<usize>,
    pub owner: Option<usize>,
    pub badge: Option<&'static str>,
    pub description: Option<String>,
    pub archived: bool,
    /// Gone for good: answers as if it had never been.
    pub deleted: bool,
    /// A throwaway copy of a workbook, listed only with `skipPermissionCheck`.
    pub exploration: bool,
    /// Place in [`Organization::documents`], for documents.
    pub document: Option<usize>,
    pub stamps: Stamps,
}

/// Whom a grant names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Principal {
    Member(usize),
    Team(usize),
}

/// A grant on an inode, a connection or a warehouse path.
#[derive(Debug)]
pub struct Grant {
    pub id: Uuid,
    /// The object; for one grant an object that no longer exists.
    pub inode: Uuid,
    pub inode_type: &'static str,
    pub to: Principal,
    pub permission: String,
    /// A data permission (on a connection or a path in it) and not one on a file.
    pub data: bool,
    pub stamps: Stamps,
}

/// A warehouse connection.
#[derive(Debug)]
pub struct Connection {
    pub id: Uuid,
    pub name: &'static str,
    pub kind: &'static str,
    pub sample: bool,
    pub audit_log: bool,
    pub archived: bool,
    pub oauth: bool,
    pub stamps: Stamps,
}

/// A database or schema.
#[derive(Debug)]
pub struct Scope {
    pub id: Uuid,
    pub connection: usize,
    pub path: Vec<String>,
}

/// A warehouse table.
#[derive(Debug)]
pub struct Table {
    pub id: Uuid,
    pub connection: usize,
    /// Two or three segments; the last is the name.
    pub path: Vec<String>,
    pub columns: Vec<TableColumn>,
}

impl Table {
    pub fn name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }
}

/// A column of a warehouse table.
#[derive(Debug)]
pub struct TableColumn {
    /// The warehouse's name.
    pub native: String,
    /// The friendly name Sigma shows.
    pub name: String,
    pub kind: &'static str,
}

/// How a document's contents are made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// Data elements of every kind, controls, texts and images, at random.
    Mixed,
    /// Data elements only, each with exactly as many columns as asked for.
    Uniform,
    /// Nothing but text: no lineage graph.
    TextOnly,
    /// One of every kind of source and every kind of broken element, in a fixed order.
    Showcase,
    /// As `Mixed`, but the last page is empty and hidden.
    EmptyPage,
    /// As `Mixed`, but built on a table of an archived connection.
    ArchivedSource,
}

/// A page as the document's list of pages holds it; its elements follow from the key.
#[derive(Debug, Clone)]
pub struct PageKey {
    pub key: u64,
    /// The name given by whoever added the page later.
    pub name: Option<String>,
}

/// A workbook, data model, report or dataset.
#[derive(Debug)]
pub struct Document {
    /// Place in [`Organization::inodes`].
    pub inode: usize,
    pub version: u64,
    pub flavour: Flavour,
    /// What its contents follow from; a copy has the seed of its original, hence the same element ids.
    pub seed: u64,
    /// Number of elements on each page and columns in each data element.
    pub elements: usize,
    pub columns: usize,
    pub pages: Vec<PageKey>,
    /// Version tags: (place of the tag, tagged version, the tagged document if it has an inode of its own).
    pub tags: Vec<TagUse>,
    /// The workbook of which this is a tagged version.
    pub tagged_source: Option<usize>,
    /// Datasets only: its table, and the data model it was migrated to.
    pub dataset: Option<DatasetFacts>,
}

/// One use of a version tag.
#[derive(Debug, Clone)]
pub struct TagUse {
    pub tag: usize,
    pub version: u64,
    pub tagged: Uuid,
    pub at: String,
}

/// What is particular to a dataset.
#[derive(Debug, Clone)]
pub struct DatasetFacts {
    pub table: usize,
    /// Place of the data model in [`Organization::documents`].
    pub migrated_to: Option<usize>,
    pub needs_migration: bool,
}

/// A version tag.
#[derive(Debug)]
pub struct Tag {
    pub id: Uuid,
    pub name: &'static str,
    pub color: Option<&'static str>,
    pub description: Option<&'static str>,
    pub owner: usize,
    pub stamps: Stamps,
}

/// A user attribute and whom it is assigned to.
#[derive(Debug)]
pub struct Attribute {
    pub id: Uuid,
    pub name: &'static str,
    pub description: Option<&'static str>,
    pub default: Option<&'static str>,
    pub users: Vec<(usize, &'static str)>,
    pub teams: Vec<(usize, &'static str)>,
    pub stamps: Stamps,
}

/// A tenant organisation.
#[derive(Debug)]
pub struct Tenant {
    pub id: Uuid,
    pub name: &'static str,
    pub slug: &'static str,
    pub region: Option<&'static str>,
    pub stamps: Stamps,
}
