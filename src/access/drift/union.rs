//! The members, teams and objects of two states in one list.

use std::collections::HashMap;

/// Things of two states by their ids, each once.
#[derive(Debug)]
pub(super) struct Union {
    /// The place of each in the list of the earlier and in that of the later state.
    pub places: Vec<[Option<u32>; 2]>,
    /// From a state's place to the place here.
    pub of: [Vec<u32>; 2],
    by_id: HashMap<String, u32>,
}

impl Union {
    /// From the ids of the two states; each thing gets its place here by the order of `key`, which is asked of the
    /// later state where the thing is in both.
    pub fn new<K: Ord>(ids: [Vec<&str>; 2], key: impl Fn(usize, u32) -> K) -> Self {
        let mut found: HashMap<&str, [Option<u32>; 2]> = HashMap::new();
        for (side, ids) in ids.iter().enumerate() {
            for (id, place) in ids.iter().zip(0..) {
                found.entry(id).or_default()[side] = Some(place);
            }
        }
        let mut sorted: Vec<(&str, [Option<u32>; 2])> = found.into_iter().collect();
        sorted.sort_by_cached_key(|(id, places)| (shown(*places).map(|(side, at)| key(side, at)), *id));
        let by_id: HashMap<String, u32> =
            sorted.iter().zip(0..).map(|((id, _), place)| ((*id).to_owned(), place)).collect();
        let of = ids.map(|ids| ids.iter().map(|id| by_id[*id]).collect());
        Self { places: sorted.into_iter().map(|(_, places)| places).collect(), of, by_id }
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn place(&self, id: &str) -> Option<u32> {
        self.by_id.get(id).copied()
    }

    /// In which states it is.
    pub fn exists(&self, place: u32) -> [bool; 2] {
        self.places[place as usize].map(|place| place.is_some())
    }

    /// What `value` says of it in either state. What is in one state only has in the other whatever it had: that it
    /// is not there says all.
    pub fn both<T: Clone>(&self, place: u32, value: impl Fn(usize, u32) -> T) -> [T; 2] {
        let [earlier, later] = self.places[place as usize];
        match (earlier.map(|at| value(0, at)), later.map(|at| value(1, at))) {
            (Some(earlier), Some(later)) => [earlier, later],
            (Some(one), None) | (None, Some(one)) => [one.clone(), one],
            (None, None) => unreachable!("a thing of neither state"),
        }
    }

    /// The state that shows it, the later one first, with its place there.
    pub fn shown(&self, place: u32) -> (usize, u32) {
        shown(self.places[place as usize]).expect("a thing of one of the states")
    }
}

fn shown([earlier, later]: [Option<u32>; 2]) -> Option<(usize, u32)> {
    later.map(|at| (1, at)).or(earlier.map(|at| (0, at)))
}
