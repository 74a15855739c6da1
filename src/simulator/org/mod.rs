//! The organisation: what exists in it. Rows refer to one another by their place in these lists; nothing is ever
//! removed from a list, so a place stays valid.
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use super::ids::Uuid;

pub(super) mod access;
pub(super) mod awkward;
pub(super) mod content;
pub(super) mod formula;
pub(super) mod generate;
mod mutate;
pub(super) mod people;
pub(super) mod places;
pub(super) mod sql;
mod truth;
pub(super) mod warehouse;
pub(super) mod words;

pub use mutate::{Mutation, MutationError};

/// A member of the organisation.
#[derive(Debug)]
pub(super) struct Member {
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
pub(super) struct Stamps {
    pub created_by: usize,
    pub updated_by: usize,
    pub created_at: String,
    pub updated_at: String,
}

/// A team and its members.
#[derive(Debug)]
pub(super) struct Team {
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
pub(super) struct AccountType {
    pub id: Uuid,
    pub name: &'static str,
    pub description: &'static str,
    pub custom: bool,
    pub permissions: &'static [&'static str],
}

/// What an inode is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
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
pub(super) struct Inode {
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
pub(super) enum Principal {
    Member(usize),
    Team(usize),
}

/// A grant on an inode, a connection or a warehouse path.
#[derive(Debug)]
pub(super) struct Grant {
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
pub(super) struct Connection {
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
pub(super) struct Scope {
    pub id: Uuid,
    pub connection: usize,
    pub path: Vec<String>,
}

/// A warehouse table.
#[derive(Debug)]
pub(super) struct Table {
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
pub(super) struct TableColumn {
    /// The warehouse's name.
    pub native: String,
    /// The friendly name Sigma shows.
    pub name: String,
    pub kind: &'static str,
}

/// How a document's contents are made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
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
pub(super) struct PageKey {
    pub key: u64,
    /// The name given by whoever added the page later.
    pub name: Option<String>,
}

/// A workbook, data model, report or dataset.
#[derive(Debug)]
pub(super) struct Document {
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
pub(super) struct TagUse {
    pub tag: usize,
    pub version: u64,
    pub tagged: Uuid,
    pub at: String,
}

/// What is particular to a dataset.
#[derive(Debug, Clone)]
pub(super) struct DatasetFacts {
    pub table: usize,
    /// Place of the data model in [`Organization::documents`].
    pub migrated_to: Option<usize>,
    pub needs_migration: bool,
}

/// A version tag.
#[derive(Debug)]
pub(super) struct Tag {
    pub id: Uuid,
    pub name: &'static str,
    pub color: Option<&'static str>,
    pub description: Option<&'static str>,
    pub owner: usize,
    pub stamps: Stamps,
}

/// A user attribute and whom it is assigned to.
#[derive(Debug)]
pub(super) struct Attribute {
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
pub(super) struct Tenant {
    pub id: Uuid,
    pub name: &'static str,
    pub slug: &'static str,
    pub region: Option<&'static str>,
    pub stamps: Stamps,
}

/// The simulated organisation. Change it through its methods or [`Organization::apply`]; look at it through
/// [`Organization::truth`].
#[derive(Debug)]
pub struct Organization {
    pub(super) seed: u64,
    pub(super) id: Uuid,
    pub(super) slug: &'static str,
    pub(super) members: Vec<Member>,
    pub(super) teams: Vec<Team>,
    pub(super) account_types: Vec<AccountType>,
    pub(super) inodes: Vec<Inode>,
    pub(super) documents: Vec<Document>,
    pub(super) grants: Vec<Grant>,
    pub(super) connections: Vec<Connection>,
    pub(super) scopes: Vec<Scope>,
    pub(super) tables: Vec<Table>,
    pub(super) tags: Vec<Tag>,
    pub(super) attributes: Vec<Attribute>,
    pub(super) tenants: Vec<Tenant>,
    /// Size of pages added later, and of their columns.
    pub(super) page_elements: usize,
    /// Members that own the simulator's credentials: admin, builder, viewer.
    pub(super) credential_owners: [usize; 3],
    /// Tables that elements may be built on: those of live, ordinary connections.
    pub(super) usable_tables: Vec<usize>,
    pub(super) usable_models: Vec<usize>,
    pub(super) usable_datasets: Vec<usize>,
    pub(super) archived_table: Option<usize>,
    /// Counts changes; what is computed from the organisation is stale when it moves on.
    pub(super) generation: u64,
    index: Index,
    cache: Mutex<Cache>,
}

/// Ways from an id to a place.
#[derive(Debug, Default)]
struct Index {
    members: HashMap<String, usize>,
    teams: HashMap<Uuid, usize>,
    inodes: HashMap<Uuid, usize>,
    connections: HashMap<Uuid, usize>,
    scopes: HashMap<Uuid, usize>,
    tables: HashMap<Uuid, usize>,
    grants_on: HashMap<Uuid, Vec<usize>>,
}

/// What is dear to compute, kept for a while.
#[derive(Debug, Default)]
struct Cache {
    contents: HashMap<usize, Arc<content::Content>>,
    levels: HashMap<usize, Arc<Vec<Option<access::Level>>>>,
}

/// Entries a cache may hold before it is emptied: enough for every worker of a crawler to keep its document.
const CACHED: usize = 256;

impl Organization {
    /// Rebuilds the index and forgets what was computed; due after every change.
    pub(super) fn changed(&mut self) {
        self.generation += 1;
        let mut grants_on: HashMap<Uuid, Vec<usize>> = HashMap::new();
        for (place, grant) in self.grants.iter().enumerate() {
            grants_on.entry(grant.inode).or_default().push(place);
        }
        let live_inodes = self.inodes.iter().enumerate().filter(|(_, inode)| !inode.deleted);
        self.index = Index {
            members: self.members.iter().enumerate().map(|(i, m)| (m.id.clone(), i)).collect(),
            teams: self.teams.iter().enumerate().map(|(i, t)| (t.id, i)).collect(),
            inodes: live_inodes.map(|(i, inode)| (inode.id, i)).collect(),
            connections: self.connections.iter().enumerate().map(|(i, c)| (c.id, i)).collect(),
            scopes: self.scopes.iter().enumerate().map(|(i, s)| (s.id, i)).collect(),
            tables: self.tables.iter().enumerate().map(|(i, t)| (t.id, i)).collect(),
            grants_on,
        };
        *self.cache.get_mut().unwrap_or_else(PoisonError::into_inner) = Cache::default();
    }

    pub(super) fn member(&self, id: &str) -> Option<usize> {
        self.index.members.get(id).copied()
    }

    pub(super) fn team(&self, id: Uuid) -> Option<usize> {
        self.index.teams.get(&id).copied()
    }

    pub(super) fn inode(&self, id: Uuid) -> Option<usize> {
        self.index.inodes.get(&id).copied()
    }

    pub(super) fn connection(&self, id: Uuid) -> Option<usize> {
        self.index.connections.get(&id).copied()
    }

    pub(super) fn scope(&self, id: Uuid) -> Option<usize> {
        self.index.scopes.get(&id).copied()
    }

    pub(super) fn table(&self, id: Uuid) -> Option<usize> {
        self.index.tables.get(&id).copied()
    }

    /// Places of the grants made on one object.
    pub(super) fn grants_on(&self, inode: Uuid) -> &[usize] {
        self.index.grants_on.get(&inode).map_or(&[], Vec::as_slice)
    }

    pub(super) fn inode_of(&self, document: usize) -> &Inode {
        &self.inodes[self.documents[document].inode]
    }

    pub(super) fn is_admin(&self, member: usize) -> bool {
        self.account_types[self.members[member].account_type].name == "Admin"
    }

    /// The places of the containers above an inode, nearest first; a personal folder that contains itself ends the
    /// walk.
    pub(super) fn ancestors(&self, inode: usize) -> Vec<usize> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::from([inode]);
        let mut at = self.inodes[inode].parent;
        while let Some(place) = at.filter(|place| seen.insert(*place)) {
            found.push(place);
            at = self.inodes[place].parent;
        }
        found
    }

    /// The names of the containers above an inode, joined by `/`.
    pub(super) fn path(&self, inode: usize) -> String {
        let mut names: Vec<&str> =
            self.ancestors(inode).iter().map(|i| self.inodes[*i].name.as_str()).collect();
        names.reverse();
        names.join("/")
    }

    /// The contents of a document.
    pub(super) fn content(&self, document: usize) -> Arc<content::Content> {
        if let Some(content) = self.cached(|cache| cache.contents.get(&document).cloned()) {
            return content;
        }
        let content = Arc::new(content::build(self, document));
        self.cached(|cache| {
            if cache.contents.len() >= CACHED {
                cache.contents.clear();
            }
            cache.contents.insert(document, content.clone());
        });
        content
    }

    /// What a member may do with each inode.
    pub(super) fn levels(&self, member: usize) -> Arc<Vec<Option<access::Level>>> {
        if let Some(levels) = self.cached(|cache| cache.levels.get(&member).cloned()) {
            return levels;
        }
        let levels = Arc::new(access::levels(self, member));
        self.cached(|cache| {
            if cache.levels.len() >= CACHED {
                cache.levels.clear();
            }
            cache.levels.insert(member, levels.clone());
        });
        levels
    }

    fn cached<T>(&self, with: impl FnOnce(&mut Cache) -> T) -> T {
        with(&mut self.cache.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
