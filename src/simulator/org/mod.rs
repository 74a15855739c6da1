//! The organisation: what exists in it. Rows refer to one another by their place in these lists; nothing is ever
//! removed from a list, so a place stays valid.
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use super::ids::Uuid;

pub(super) mod access;
pub(super) mod attached;
pub(super) mod awkward;
mod column_truth;
pub(super) mod content;
pub(super) mod formula;
pub(super) mod generate;
mod model;
mod mutate;
pub(super) mod people;
pub(super) mod places;
mod random;
mod recipe;
pub(super) mod sql;
mod truth;
mod truth_objects;
pub(super) mod warehouse;
pub(super) mod words;

pub(super) use model::*;
pub use mutate::{Mutation, MutationError};

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
    /// Counts what was removed: listings got that much shorter at most.
    pub(super) deletions: usize,
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
