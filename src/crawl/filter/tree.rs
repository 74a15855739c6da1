//! Workspaces and folders as a tree, and where documents lie in it.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Listed;
use crate::catalog::organisation::Document;

/// A workspace or folder.
#[derive(Debug)]
pub(super) struct Container<'a> {
    pub name: &'a str,
    pub url_id: Option<&'a str>,
    pub parent: Option<&'a str>,
    /// The names from the workspace down, joined by slashes.
    pub path: String,
    pub is_workspace: bool,
}

/// The containers, and where documents lie.
pub(super) struct Tree<'a> {
    pub containers: BTreeMap<&'a str, Container<'a>>,
    by_path: HashMap<String, &'a str>,
    parents: HashMap<&'a str, &'a str>,
    pub documents: HashSet<&'a str>,
}

impl<'a> Tree<'a> {
    pub fn new(listed: Listed<'a>) -> Self {
        let mut containers = BTreeMap::new();
        for workspace in listed.workspaces {
            let name = workspace.name.as_deref().unwrap_or_default();
            containers.insert(
                workspace.id.as_str(),
                Container {
                    name,
                    url_id: workspace.url_id.as_deref(),
                    parent: None,
                    path: name.to_owned(),
                    is_workspace: true,
                },
            );
        }
        let mut said: HashMap<&str, &str> = HashMap::new();
        for folder in listed.files.iter().filter(|file| file.r#type == "folder") {
            said.insert(&folder.id, folder.path.as_deref().unwrap_or_default());
            containers.entry(folder.id.as_str()).or_insert(Container {
                name: folder.name.as_deref().unwrap_or_default(),
                url_id: folder.url_id.as_deref(),
                parent: folder.parent_id.as_deref(),
                path: String::new(),
                is_workspace: false,
            });
        }
        let parents =
            listed.files.iter().filter_map(|file| Some((file.id.as_str(), file.parent_id.as_deref()?)));
        let mut tree = Self {
            parents: parents.collect(),
            documents: listed.documents.iter().map(|document| document.id.as_str()).collect(),
            by_path: HashMap::new(),
            containers,
        };
        let paths: Vec<(&str, String)> =
            tree.containers.keys().map(|id| (*id, tree.path_of(id, &said))).collect();
        for (id, path) in paths {
            tree.by_path.entry(path.clone()).or_insert(id);
            if let Some(container) = tree.containers.get_mut(id) {
                container.path = path;
            }
        }
        tree
    }

    /// The names from the top down. Where a container above is not listed, what the folder's own row says of it.
    fn path_of(&self, id: &'a str, said: &HashMap<&str, &str>) -> String {
        let chain: Vec<&str> = self.upwards(Some(id)).collect();
        let names = chain.iter().rev().map(|id| self.containers[id].name);
        let top = chain.last().copied().unwrap_or(id);
        let above = said.get(top).copied().filter(|path| !path.is_empty());
        above.into_iter().chain(names).collect::<Vec<_>>().join("/")
    }

    /// A container and those above it, nearest first; a folder that contains itself ends the walk.
    pub fn upwards<'t>(&'t self, from: Option<&'a str>) -> impl Iterator<Item = &'a str> + use<'a, 't> {
        let mut met = HashSet::new();
        std::iter::successors(from, |id| self.containers.get(id)?.parent)
            .take_while(move |id| self.containers.contains_key(id) && met.insert(*id))
    }

    /// The container of a document: its file's parent, else the nearest listed one on its path.
    pub fn place_of(&self, document: &'a Document) -> Option<&'a str> {
        if let Some(parent) = self.parents.get(document.id.as_str()) {
            return Some(parent);
        }
        let mut path = document.path.as_deref()?;
        loop {
            if let Some(id) = self.by_path.get(path) {
                return Some(id);
            }
            path = path.rsplit_once('/')?.0;
        }
    }
}
