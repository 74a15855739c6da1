//! Objects and the tree they stand in.

use std::collections::HashMap;

use super::level::Kind;
use super::people::{asked_by_principal, places};
use crate::catalog::delivery::scope;
use crate::catalog::facts::{DocumentFact, Facts, FileFact};

/// No parent: the object stands at the top.
const NONE: u32 = u32::MAX;
/// A parent that the catalog does not know.
const UNKNOWN: u32 = u32::MAX - 1;

/// A workspace, a folder, a document, or anything else with a place in the tree.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its UUID.
    pub id: String,
    /// The id in addresses.
    pub url_id: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: Option<String>,
    /// Names of the containers above it, from the top, without its own; as Sigma states them where they are not all
    /// known.
    pub path: String,
    /// In the trash: gives nothing.
    pub archived: bool,
    /// When it was created, ISO 8601 UTC.
    pub created_at: Option<String>,
    pub(super) owner_id: Option<String>,
    /// The container it lies in, which the catalog may not know.
    pub(super) parent_id: Option<String>,
    parent: u32,
    /// How many containers above it hand something down.
    ancestors: u32,
    /// The grants on it, or where it lies, were not read.
    unread: bool,
    /// The same of it or of anything above it that hands something down.
    doubtful: bool,
}

impl Object {
    /// The object as people know it.
    pub fn title(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }

    /// Its path with its own name.
    pub fn full_path(&self) -> String {
        if self.path.is_empty() { self.title().to_owned() } else { format!("{}/{}", self.path, self.title()) }
    }
}

impl From<&Object> for FileFact {
    fn from(object: &Object) -> Self {
        Self {
            id: object.id.clone(),
            file_type: object.kind.name().to_owned(),
            url_id: object.url_id.clone(),
            name: object.name.clone(),
            parent_id: None,
            path: Some(object.path.clone()),
            owner_id: object.owner_id.clone(),
            is_archived: object.archived,
            created_at: object.created_at.clone(),
        }
    }
}

/// All objects, sorted by path, name and id.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub objects: Vec<Object>,
    pub places: HashMap<String, u32>,
}

impl Tree {
    pub fn new(facts: &Facts) -> Self {
        let mut drafts = drafts(facts);
        // Sorted by id.
        let place = |id: &String| drafts.binary_search_by(|draft| draft.object.id.cmp(id));
        let parents: Vec<u32> = drafts
            .iter()
            .map(|draft| match draft.parent_id.as_ref().map(place) {
                None => NONE,
                Some(Ok(parent)) => parent as u32,
                Some(Err(_)) => UNKNOWN,
            })
            .collect();
        for (draft, parent) in drafts.iter_mut().zip(parents) {
            // What lies in something that the catalog does not know may have been granted there.
            draft.object.unread |= parent == UNKNOWN;
            draft.object.parent = parent;
            draft.object.parent_id = draft.parent_id.take();
        }
        let mut objects: Vec<Object> = drafts.into_iter().map(|draft| draft.object).collect();
        walk_all(&mut objects);
        sorted(objects)
    }

    /// The object and the containers above it that hand something down to it, nearest first.
    pub fn chain(&self, object: u32) -> impl Iterator<Item = u32> {
        let steps = self.objects[object as usize].ancestors as usize;
        std::iter::successors(Some(object), |at| Some(self.objects[*at as usize].parent)).take(steps + 1)
    }

    /// What the object lies in, where the catalog knows it.
    pub fn parent(&self, object: u32) -> Option<u32> {
        let parent = self.objects[object as usize].parent;
        (parent < UNKNOWN).then_some(parent)
    }

    /// Whether the object stands at the top.
    pub fn is_top(&self, object: u32) -> bool {
        self.objects[object as usize].parent == NONE
    }

    /// Whether the grants on the object itself, or its place, were not read.
    pub fn is_unread(&self, object: u32) -> bool {
        self.objects[object as usize].unread
    }

    /// Whether some grants that could reach the object were not read.
    pub fn is_doubtful(&self, object: u32) -> bool {
        self.objects[object as usize].doubtful
    }
}

/// An object before its parent is found.
struct Draft {
    object: Object,
    parent_id: Option<String>,
}

/// One draft for each id, from what workspaces, files and documents say of it.
fn drafts(facts: &Facts) -> Vec<Draft> {
    let documents: HashMap<&str, &DocumentFact> =
        facts.documents.iter().map(|d| (d.id.as_str(), d)).collect();
    let files: HashMap<&str, &FileFact> = facts.files.iter().map(|file| (file.id.as_str(), file)).collect();
    let workspaces: HashMap<&str, ()> = facts.workspaces.iter().map(|w| (w.id.as_str(), ())).collect();
    let reading = Reading::new(facts);
    let mut drafts: Vec<Draft> = Vec::with_capacity(workspaces.len() + files.len());
    for workspace in &facts.workspaces {
        let file = files.get(workspace.id.as_str()).copied();
        drafts.push(Draft {
            object: Object {
                url_id: workspace.url_id.clone().or_else(|| file.and_then(|file| file.url_id.clone())),
                name: workspace.name.clone(),
                ..of_file(&workspace.id, Kind::Workspace, file, &reading)
            },
            parent_id: None,
        });
    }
    for document in &facts.documents {
        let file = files.get(document.id.as_str()).copied();
        let kind = Kind::of_type(&document.kind);
        let object = of_file(&document.id, kind, file, &reading);
        drafts.push(Draft {
            object: Object {
                url_id: document.url_id.clone().or(object.url_id),
                name: document.name.clone().or(object.name),
                path: document.path.clone().unwrap_or(object.path),
                owner_id: document.owner_id.clone().or(object.owner_id),
                archived: document.is_archived || object.archived,
                created_at: document.created_at.clone().or(object.created_at),
                // Without a file nobody says where it lies.
                unread: object.unread || file.is_none() || !reading.documents(kind),
                ..object
            },
            parent_id: file.and_then(|file| file.parent_id.clone()),
        });
    }
    let rest = facts.files.iter().filter(|file| {
        !documents.contains_key(file.id.as_str()) && !workspaces.contains_key(file.id.as_str())
    });
    for file in rest {
        let kind = Kind::of_type(&file.file_type);
        let parent_id = file.parent_id.clone().filter(|_| kind != Kind::Workspace);
        drafts.push(Draft { object: of_file(&file.id, kind, Some(file), &reading), parent_id });
    }
    drafts.sort_by(|a, b| a.object.id.cmp(&b.object.id));
    drafts.dedup_by(|a, b| a.object.id == b.object.id);
    drafts
}

fn of_file(id: &str, kind: Kind, file: Option<&FileFact>, reading: &Reading<'_>) -> Object {
    Object {
        id: id.to_owned(),
        url_id: file.and_then(|file| file.url_id.clone()),
        kind,
        name: file.and_then(|file| file.name.clone()),
        path: file.and_then(|file| file.path.clone()).unwrap_or_default(),
        archived: file.is_some_and(|file| file.is_archived),
        created_at: file.and_then(|file| file.created_at.clone()),
        owner_id: file.and_then(|file| file.owner_id.clone()),
        parent_id: None,
        parent: NONE,
        ancestors: 0,
        unread: !reading.grants(id, kind) || !reading.place(kind),
        doubtful: false,
    }
}

/// What of the objects was read.
struct Reading<'facts> {
    facts: &'facts Facts,
    by_principal: bool,
}

impl<'facts> Reading<'facts> {
    fn new(facts: &'facts Facts) -> Self {
        let readings = &facts.readings;
        // Whom to ask for grants is known from these two listings.
        let all_asked = readings.is_read(scope::MEMBERS, "") && readings.is_read(scope::TEAMS, "");
        Self { facts, by_principal: asked_by_principal(facts) && all_asked }
    }

    /// Whether the grants on an object were read. Those of workspaces are always asked for by object.
    fn grants(&self, id: &str, kind: Kind) -> bool {
        (self.by_principal && kind != Kind::Workspace)
            || self.facts.readings.is_read(scope::OBJECT_GRANTS, id)
    }

    /// Whether the places of the objects of a kind were read; a workspace needs none.
    fn place(&self, kind: Kind) -> bool {
        kind == Kind::Workspace || self.facts.readings.is_read(scope::FILES, kind.name())
    }

    fn documents(&self, kind: Kind) -> bool {
        self.facts.readings.is_read(scope::DOCUMENTS, kind.name())
    }
}

/// Walks up from each object once: how many containers hand something down to it, and whether all of that was read.
///
/// An archived container hands nothing down, neither its own grants nor those above it; nor does anything that is no
/// container. A container met for the second time ends the walk, so that a cycle is walked once.
fn walk_all(objects: &mut [Object]) {
    let mut met = vec![NONE; objects.len()];
    for start in 0..objects.len() {
        let (mut at, mut ancestors, mut doubtful) = (start, 0, objects[start].unread);
        met[start] = start as u32;
        let mut above: Vec<&str> = Vec::new();
        while let Some(next) = objects.get(objects[at].parent as usize) {
            let parent = objects[at].parent as usize;
            if met[parent] == start as u32 || !next.kind.is_container() || next.archived {
                break;
            }
            above.push(next.title());
            met[parent] = start as u32;
            doubtful |= next.unread;
            ancestors += 1;
            at = parent;
        }
        // Only names from the very top make a path; else what Sigma states is better.
        let path = (objects[at].parent == NONE && ancestors > 0).then(|| {
            above.reverse();
            above.join("/")
        });
        let object = &mut objects[start];
        (object.ancestors, object.doubtful) = (ancestors, doubtful);
        if let Some(path) = path {
            object.path = path;
        }
    }
}

/// Puts objects in their final order and parents to their new places.
fn sorted(objects: Vec<Object>) -> Tree {
    let mut order: Vec<u32> = (0..objects.len() as u32).collect();
    order.sort_by(|a, b| {
        let key = |place: u32| {
            let object = &objects[place as usize];
            (&object.path, &object.name, &object.id)
        };
        key(*a).cmp(&key(*b))
    });
    let mut moved = vec![NONE; objects.len()];
    for (new, old) in order.iter().zip(0..).map(|(old, new)| (new, *old)) {
        moved[old as usize] = new;
    }
    let mut slots: Vec<Option<Object>> = objects.into_iter().map(Some).collect();
    let mut objects: Vec<Object> = order.iter().filter_map(|old| slots[*old as usize].take()).collect();
    for object in &mut objects {
        if let Some(parent) = moved.get(object.parent as usize) {
            object.parent = *parent;
        }
    }
    let places = places(objects.iter().map(|object| &object.id));
    Tree { objects, places }
}
