//! Objects and the tree they stand in.

use super::level::Kind;
use super::people::asked_by_principal;
use crate::catalog::delivery::scope;
use crate::catalog::facts::{Facts, FileFact};

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
        let mut told = String::new();
        self.tell_full_path(&mut told);
        told
    }

    /// Appends its path with its own name.
    pub fn tell_full_path(&self, out: &mut String) {
        *out += &self.path;
        *out += if self.path.is_empty() { "" } else { "/" };
        *out += self.title();
    }
}

/// All objects, sorted by path, name and id.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub objects: Vec<Object>,
    /// Their places, sorted by id.
    by_id: Vec<u32>,
}

impl Tree {
    /// `files`: those of the facts, which need not hold them any more.
    pub fn new(files: Vec<FileFact>, facts: &Facts) -> Self {
        let (mut objects, by_id) = gathered(files, facts);
        for place in &by_id {
            let place = *place as usize;
            let parent_id =
                objects[place].parent_id.take().filter(|_| objects[place].kind != Kind::Workspace);
            let parent = match &parent_id {
                None => NONE,
                Some(id) => find(&objects, &by_id, id).unwrap_or(UNKNOWN),
            };
            let object = &mut objects[place];
            // What lies in something that the catalog does not know may have been granted there.
            object.unread |= parent == UNKNOWN;
            (object.parent, object.parent_id) = (parent, parent_id);
        }
        walk_all(&mut objects);
        sorted(objects, by_id)
    }

    /// The place of the object with that id.
    pub fn place_of(&self, id: &str) -> Option<u32> {
        find(&self.objects, &self.by_id, id)
    }

    /// The object and the containers above it that hand something down to it, nearest first.
    pub fn chain(&self, object: u32) -> impl Iterator<Item = u32> {
        let steps = self.objects[object as usize].ancestors as usize;
        std::iter::successors(Some(object), |at| Some(self.objects[*at as usize].parent)).take(steps + 1)
    }

    /// The object's path, unless the names of what it lies in make that.
    pub fn stated_path(&self, object: u32) -> Option<&str> {
        let top = self.chain(object).last().filter(|top| *top != object && self.is_top(*top));
        top.is_none().then(|| self.objects[object as usize].path.as_str())
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

/// All that files, workspaces and documents say, and the places of one object for each id, sorted by id.
fn gathered(files: Vec<FileFact>, facts: &Facts) -> (Vec<Object>, Vec<u32>) {
    let reading = Reading::new(facts);
    let mut objects: Vec<Object> = files.into_iter().map(|file| Object::of(file, &reading)).collect();
    let files = sorted_by_id(&objects, (0..objects.len() as u32).collect());
    // Of two that have the same id the first counts, and a workspace before a document.
    let mut told = vec![false; objects.len()];
    let mut place = |objects: &mut Vec<Object>, id: &str| match find(objects, &files, id) {
        Some(file) => (!std::mem::replace(&mut told[file as usize], true)).then_some((file as usize, true)),
        None => {
            objects.push(Object::of(FileFact { id: id.to_owned(), ..FileFact::default() }, &reading));
            Some((objects.len() - 1, false))
        }
    };
    for workspace in &facts.workspaces {
        let Some((place, _)) = place(&mut objects, &workspace.id) else { continue };
        let object = &mut objects[place];
        object.kind = Kind::Workspace;
        object.url_id = workspace.url_id.clone().or(object.url_id.take());
        object.name.clone_from(&workspace.name);
        object.unread = reading.lacks(&workspace.id, Kind::Workspace);
    }
    for document in &facts.documents {
        let Some((place, is_placed)) = place(&mut objects, &document.id) else { continue };
        let (object, kind) = (&mut objects[place], Kind::of_type(&document.kind));
        let or = |said: &Option<String>, filed: &mut Option<String>| said.clone().or(filed.take());
        object.kind = kind;
        object.url_id = or(&document.url_id, &mut object.url_id);
        object.name = or(&document.name, &mut object.name);
        object.owner_id = or(&document.owner_id, &mut object.owner_id);
        object.created_at = or(&document.created_at, &mut object.created_at);
        if let Some(path) = &document.path {
            object.path.clone_from(path);
        }
        object.archived |= document.is_archived;
        // Without a file nobody says where it lies.
        object.unread = reading.lacks(&document.id, kind) || !is_placed || !reading.documents(kind);
    }
    let more = (told.len()..objects.len()).map(|place| place as u32);
    let all = files.into_iter().chain(more).collect();
    let by_id = sorted_by_id(&objects, all);
    (objects, by_id)
}

/// Those places sorted by the ids of the objects there, the first of those that share one.
fn sorted_by_id(objects: &[Object], mut places: Vec<u32>) -> Vec<u32> {
    let id = |place: &u32| objects[*place as usize].id.as_str();
    places.sort_by(|a, b| id(a).cmp(id(b)));
    places.dedup_by(|a, b| id(a) == id(b));
    places
}

/// The place of the object with that id.
fn find(objects: &[Object], by_id: &[u32], id: &str) -> Option<u32> {
    let found = by_id.binary_search_by(|place| objects[*place as usize].id.as_str().cmp(id));
    found.ok().map(|at| by_id[at])
}

impl Object {
    fn of(file: FileFact, reading: &Reading<'_>) -> Self {
        let kind = Kind::of_type(&file.file_type);
        Self {
            unread: reading.lacks(&file.id, kind),
            id: file.id,
            url_id: file.url_id,
            kind,
            name: file.name,
            path: file.path.unwrap_or_default(),
            archived: file.is_archived,
            created_at: file.created_at,
            owner_id: file.owner_id,
            parent_id: file.parent_id,
            parent: NONE,
            ancestors: 0,
            doubtful: false,
        }
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

    /// Whether the grants on an object, or its place, were not read.
    fn lacks(&self, id: &str, kind: Kind) -> bool {
        !self.grants(id, kind) || !self.place(kind)
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
    let (mut above, mut path) = (Vec::new(), String::new());
    for start in 0..objects.len() {
        let (mut at, mut doubtful) = (start, objects[start].unread);
        met[start] = start as u32;
        above.clear();
        while let Some(next) = objects.get(objects[at].parent as usize) {
            let parent = objects[at].parent as usize;
            if met[parent] == start as u32 || !next.kind.is_container() || next.archived {
                break;
            }
            met[parent] = start as u32;
            doubtful |= next.unread;
            above.push(parent);
            at = parent;
        }
        (objects[start].ancestors, objects[start].doubtful) = (above.len() as u32, doubtful);
        // Only names from the very top make a path; else what Sigma states is better.
        if objects[at].parent != NONE || above.is_empty() {
            continue;
        }
        path.clear();
        for (steps, place) in above.iter().rev().enumerate() {
            path += if steps > 0 { "/" } else { "" };
            path += objects[*place].title();
        }
        if objects[start].path != path {
            objects[start].path.clone_from(&path);
        }
    }
}

/// Puts objects in their final order and parents to their new places.
fn sorted(objects: Vec<Object>, mut by_id: Vec<u32>) -> Tree {
    let mut order = by_id.clone();
    // What comes in order, or nearly so, is quick to sort.
    order.sort_unstable();
    order.sort_by(|a, b| {
        let key = |place: u32| {
            let object = &objects[place as usize];
            (&object.path, &object.name, &object.id)
        };
        key(*a).cmp(&key(*b))
    });
    let mut moved = vec![NONE; objects.len()];
    for (new, old) in (0..).zip(&order) {
        moved[*old as usize] = new;
    }
    let mut slots: Vec<Option<Object>> = objects.into_iter().map(Some).collect();
    let mut objects: Vec<Object> = order.iter().filter_map(|old| slots[*old as usize].take()).collect();
    for object in &mut objects {
        if let Some(parent) = moved.get(object.parent as usize) {
            object.parent = *parent;
        }
    }
    for place in &mut by_id {
        *place = moved[*place as usize];
    }
    Tree { objects, by_id }
}
