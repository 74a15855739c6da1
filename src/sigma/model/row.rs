//! What makes two rows of one listing the same row.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use serde::de::DeserializeOwned;

/// A row of a listing: a wire type that can say which row it is.
///
/// A listing may show the same row twice, because the server's order is not stable between pages. The first one
/// is kept, and the rest are counted.
pub trait Row: DeserializeOwned + Send + 'static {
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
        self.whole = true;
        self.part(row);
    }
}

/// The rows one listing has shown so far.
pub(crate) struct SeenRows {
    keys: [RandomState; 2],
    seen: HashSet<u128>,
    /// The rows without an id that the page being read has shown.
    on_page: HashSet<u128>,
}

/// What [`SeenRows::meet`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meeting {
    /// Not seen before, or a row that cannot be recognised.
    New,
    /// Seen before, by its id.
    Duplicate,
    /// Seen before, word for word, but rows of this kind have no id: the server may well mean it twice.
    Lookalike,
    /// As [`Meeting::Lookalike`], but on this very page: the server does mean it twice.
    Twin,
}

impl SeenRows {
    pub(crate) fn new() -> Self {
        Self { keys: [RandomState::new(), RandomState::new()], seen: HashSet::new(), on_page: HashSet::new() }
    }

    /// The next rows are those of another page.
    pub(crate) fn turn_page(&mut self) {
        self.on_page.clear();
    }

    pub(crate) fn meet(&mut self, row: &impl Row) -> Meeting {
        let mut key = RowKey {
            halves: [self.keys[0].build_hasher(), self.keys[1].build_hasher()],
            named: false,
            whole: false,
        };
        row.name(&mut key);
        if !key.named {
            return Meeting::New;
        }
        let [high, low] = key.halves.map(|half| half.finish());
        let hash = (u128::from(high) << 64) | u128::from(low);
        let twin = key.whole && !self.on_page.insert(hash);
        if self.seen.insert(hash) {
            Meeting::New
        } else if twin {
            Meeting::Twin
        } else if key.whole {
            Meeting::Lookalike
        } else {
            Meeting::Duplicate
        }
    }
}
