//! Objects and the tree they stand in.

use std::sync::Arc;

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
    pub path: Arc<str>,
    /// In the trash: gives nothing.
    pub archived: bool,
    /// When it was created, ISO 8601 UTC.
    pub created_at: Option<String>,
    pub(super) owner_id: Option<String>,
    /// The container it lies in, which the catalog may not know.
    pub(super) parent_id: Option<Arc<str>>,
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
    by_id: Ids,
}

impl Tree {
    /// `files`: those of the facts, which need not hold them any more.
    pub fn new(files: Vec<FileFact>, facts: &Facts) -> Self {
        let (mut objects, by_id) = gathered(files, facts);
        for place in 0..objects.len() {
            if objects[place].kind == Kind::Workspace {
                objects[place].parent_id = None;
            }
            let object = &objects[place];
            let parent = match (&object.parent_id, &objects[place.saturating_sub(1)]) {
                (None, _) => NONE,
                // What lies in the same container mostly comes together.
                (Some(_), before) if place > 0 && before.parent_id == object.parent_id => before.parent,
                (Some(id), _) => by_id.find(&objects, id).unwrap_or(UNKNOWN),
            };
            let object = &mut objects[place];
            // What lies in something that the catalog does not know may have been granted there.
            object.unread |= parent == UNKNOWN;
            object.parent = parent;
        }
        walk_all(&mut objects);
        sorted(objects, by_id)
    }

    /// The place of the object with that id.
    pub fn place_of(&self, id: &str) -> Option<u32> {
        self.by_id.find(&self.objects, id)
    }

    /// The object and the containers above it that hand something down to it, nearest first.
    pub fn chain(&self, object: u32) -> impl Iterator<Item = u32> {
        let steps = self.objects[object as usize].ancestors as usize;
        std::iter::successors(Some(object), |at| Some(self.objects[*at as usize].parent)).take(steps + 1)
    }

    /// The object's path, unless the names of what it lies in make that.
    pub fn stated_path(&self, object: u32) -> Option<&str> {
        let top = self.chain(object).last().filter(|top| *top != object && self.is_top(*top));
        top.is_none().then(|| &*self.objects[object as usize].path)
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

/// All that files, workspaces and documents say, and which of it is found by its id.
fn gathered(files: Vec<FileFact>, facts: &Facts) -> (Vec<Object>, Ids) {
    let reading = Reading::new(facts);
    let mut objects: Vec<Object> = files.into_iter().map(|file| Object::of(file, &reading)).collect();
    let files = Ids::of(&objects);
    // Of two that have the same id the first counts, and a workspace before a document.
    let mut told = vec![false; objects.len()];
    let mut place = |objects: &mut Vec<Object>, id: &str| match files.find(objects, id) {
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
    let by_id = if told.len() == objects.len() { files } else { Ids::of(&objects) };
    (objects, by_id)
}

/// The places of one object for each id, the first of those that share one; sorted by id.
#[derive(Debug, Default)]
struct Ids(Vec<(u64, u32)>);

impl Ids {
    fn of(objects: &[Object]) -> Self {
        let id = |place: u32| objects[place as usize].id.as_str();
        let mut places: Vec<(u64, u32)> =
            objects.iter().zip(0..).map(|(object, place)| (beginning(&object.id), place)).collect();
        places.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| (id(a.1), a.1).cmp(&(id(b.1), b.1))));
        places.dedup_by(|a, b| a.0 == b.0 && id(a.1) == id(b.1));
        Self(places)
    }

    /// The place of the object with that id. `objects`: those that these are the ids of.
    fn find(&self, objects: &[Object], id: &str) -> Option<u32> {
        let wanted = beginning(id);
        let found = self.0.binary_search_by(|(beginning, place)| {
            beginning.cmp(&wanted).then_with(|| objects[*place as usize].id.as_str().cmp(id))
        });
        found.ok().map(|at| self.0[at].1)
    }
}

/// The first bytes of an id, in the order of ids: most of them differ there, and a number is compared without a look at
/// the object.
fn beginning(id: &str) -> u64 {
    let mut bytes = [0; 8];
    let length = id.len().min(8);
    bytes[..length].copy_from_slice(&id.as_bytes()[..length]);
    u64::from_be_bytes(bytes)
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

/// Walks up from each object: how many containers hand something down to it, and whether all of that was read.
///
/// An archived container hands nothing down, neither its own grants nor those above it; nor does anything that is no
/// container. A container met for the second time ends the walk, so that a cycle is walked once.
fn walk_all(objects: &mut [Object]) {
    let mut walk = Walk { met: vec![NONE; objects.len()], above: Vec::new() };
    let (mut last, mut above) = (None, Above::default());
    for start in 0..objects.len() {
        // What else lies in the same container has the same above it, but for a container: it may lie in itself.
        let parent = Some(objects[start].parent).filter(|_| !objects[start].kind.is_container());
        if parent.is_none() || parent != last {
            above = walk.up_from(start as u32, objects);
            last = parent;
        }
        let object = &mut objects[start];
        object.ancestors = above.count;
        object.doubtful = object.unread || above.doubtful;
        if let Some(path) = &above.path {
            object.path.clone_from(path);
        }
    }
}

/// What lies above an object and hands something down to it.
#[derive(Default)]
struct Above {
    count: u32,
    /// Something of it was not read.
    doubtful: bool,
    /// The names of it all, where they begin at the very top: elsewhere what Sigma states is better.
    path: Option<Arc<str>>,
}

/// Room to walk in.
struct Walk {
    /// From where each container was met last.
    met: Vec<u32>,
    above: Vec<usize>,
}

impl Walk {
    fn up_from(&mut self, start: u32, objects: &[Object]) -> Above {
        let (mut at, mut doubtful) = (start as usize, false);
        self.met[at] = start;
        self.above.clear();
        while let Some(next) = objects.get(objects[at].parent as usize) {
            let parent = objects[at].parent as usize;
            if self.met[parent] == start || !next.kind.is_container() || next.archived {
                break;
            }
            self.met[parent] = start;
            doubtful |= next.unread;
            self.above.push(parent);
            at = parent;
        }
        let is_whole = objects[at].parent == NONE && !self.above.is_empty();
        let path = is_whole.then(|| {
            let names: Vec<&str> = self.above.iter().rev().map(|place| objects[*place].title()).collect();
            names.join("/").into()
        });
        Above { count: self.above.len() as u32, doubtful, path }
    }
}

/// Places by path, name and id.
fn in_order(objects: &[Object], mut places: Vec<u32>) -> Vec<u32> {
    let object = |place: u32| &objects[place as usize];
    places.sort_unstable();
    // What lies in one container shares its path and mostly stands together: that is one path to compare.
    let mut groups: Vec<&[u32]> =
        places.chunk_by(|a, b| Arc::ptr_eq(&object(*a).path, &object(*b).path)).collect();
    let path = |group: &[u32]| &*object(group[0]).path;
    groups.sort_by(|a, b| path(a).cmp(path(b)));
    let mut order = Vec::with_capacity(places.len());
    for same in groups.chunk_by(|a, b| path(a) == path(b)) {
        let from = order.len();
        order.extend(same.iter().copied().flatten());
        order[from..].sort_unstable_by(|a, b| {
            let (a, b) = (object(*a), object(*b));
            (&a.name, &a.id).cmp(&(&b.name, &b.id))
        });
    }
    order
}

/// Puts objects in their final order and parents to their new places.
fn sorted(mut objects: Vec<Object>, mut by_id: Ids) -> Tree {
    let order = in_order(&objects, by_id.0.iter().map(|(_, place)| *place).collect());
    let mut moved = vec![NONE; objects.len()];
    for (new, old) in (0..).zip(&order) {
        moved[*old as usize] = new;
    }
    for object in &mut objects {
        if let Some(parent) = moved.get(object.parent as usize) {
            object.parent = *parent;
        }
    }
    for (_, place) in &mut by_id.0 {
        *place = moved[*place as usize];
    }
    // Those whose ids others have go to the end, and from there.
    let kept = order.len();
    for (place, new) in (kept as u32..).zip(moved.iter_mut().filter(|new| **new == NONE)) {
        *new = place;
    }
    for place in 0..objects.len() {
        while moved[place] as usize != place {
            let new = moved[place] as usize;
            objects.swap(place, new);
            moved.swap(place, new);
        }
    }
    objects.truncate(kept);
    Tree { objects, by_id }
}
