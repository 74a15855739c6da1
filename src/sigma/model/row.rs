//! What makes two rows of one listing the same row.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use serde::de::DeserializeOwned;

/// A row of a listing: a wire type that can say which row it is.
///
/// A listing may show the same row twice, because the server's order is not stable between pages. The first one
/// is kept, so that what is read of an object later is never older than its row; the rest are counted.
pub trait Row: DeserializeOwned + Hash + Send + 'static {
    /// Names the row: one [`RowKey::part`] for each part of its key, or [`RowKey::whole`] when nothing less than
    /// the whole row identifies it. A row that names nothing is never taken for a duplicate.
    fn name(&self, key: &mut RowKey);
}

/// Collects a row's identity without copying it: 128 bits of keyed hash, so that a listing of millions of rows
/// keeps 16 bytes for each and a collision (which would hide a row) is out of the question.
pub struct RowKey {
    halves: [std::hash::DefaultHasher; 2],
    named: bool,
    whole: bool,
    repeats: bool,
}

impl RowKey {
    /// Adds one part of the key.
    pub fn part(&mut self, part: impl Hash) {
        self.named = true;
        for half in &mut self.halves {
            part.hash(half);
        }
    }

    /// The row has no id: only an identical row is the same one, and two identical rows may both be meant. Those on one
    /// page are.
    pub fn whole(&mut self, row: impl Hash) {
        self.repeats = true;
        self.once(row);
    }

    /// As [`RowKey::whole`], but nobody means it on two pages: where it stands on both, rows moved.
    pub fn once(&mut self, row: impl Hash) {
        self.whole = true;
        self.part(row);
    }
}

/// Two hashes of what names a row.
type Identity = [u64; 2];

/// The rows one listing has shown so far.
pub(crate) struct SeenRows {
    keys: [RandomState; 2],
    /// Each row by its identity, with a hash of its content.
    seen: HashMap<Identity, u64>,
    /// The rows without an id that the page being read has shown.
    on_page: HashSet<Identity>,
}

/// What [`SeenRows::meet`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meeting {
    /// Not seen before, or a row that cannot be recognised.
    New,
    /// Seen before, by its id.
    Duplicate,
    /// Seen before, by its id, with another content.
    Changed,
    /// Seen before, word for word, but rows of this kind have no id: the server may well mean it twice.
    Lookalike,
    /// As [`Meeting::Lookalike`], but on this very page: the server does mean it twice.
    Twin,
}

impl SeenRows {
    pub(crate) fn new() -> Self {
        Self { keys: [RandomState::new(), RandomState::new()], seen: HashMap::new(), on_page: HashSet::new() }
    }

    /// The next rows are those of another page.
    pub(crate) fn turn_page(&mut self) {
        self.on_page.clear();
    }

    /// What that row is. Contents are compared only where there are `several_pages`: on a single one nothing can drift.
    pub(crate) fn meet(&mut self, row: &impl Row, several_pages: bool) -> Meeting {
        let mut key = RowKey {
            halves: [self.keys[0].build_hasher(), self.keys[1].build_hasher()],
            named: false,
            whole: false,
            repeats: false,
        };
        row.name(&mut key);
        if !key.named {
            return Meeting::New;
        }
        let identity = key.halves.map(|half| half.finish());
        let twin = key.whole && !self.on_page.insert(identity);
        let content = if several_pages && !key.whole { self.keys[0].hash_one(row) } else { 0 };
        match self.seen.entry(identity) {
            Entry::Vacant(new) => {
                new.insert(content);
                Meeting::New
            }
            Entry::Occupied(_) if twin => Meeting::Twin,
            Entry::Occupied(_) if key.repeats => Meeting::Lookalike,
            Entry::Occupied(mut known) => match known.insert(content) == content {
                true => Meeting::Duplicate,
                false => Meeting::Changed,
            },
        }
    }
}
