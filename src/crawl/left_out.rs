//! What the settings leave out of the catalog, remembered while the crawl goes on.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::filter::Setting;
use crate::catalog::delivery::{LEFT_OUT, Outcome, ScopeReport, scope};
use crate::catalog::organisation::Member;

/// How many objects of a kind a setting left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LeftOutCount {
    /// The setting.
    pub setting: &'static str,
    /// The kind: `workbook`, `folder`, ...
    pub kind: String,
    /// How many.
    pub count: u64,
}

/// What was left out, by id, and whose folders are personal.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    objects: Mutex<HashMap<String, (String, Setting)>>,
    homes: Mutex<HashSet<String>>,
}

impl LeftOut {
    /// Nothing yet, knowing whose folders are personal.
    pub fn of_homes(members: &[Member]) -> Self {
        let homes = members.iter().filter_map(|member| member.home_folder_id.clone()).collect();
        Self { homes: Mutex::new(homes), ..Self::default() }
    }

    /// Notes an object that is left out.
    pub fn note(&self, id: &str, kind: &str, setting: Setting) {
        locked(&self.objects).insert(id.to_owned(), (kind.to_owned(), setting));
    }

    /// Whether an object was left out.
    pub fn holds(&self, id: &str) -> bool {
        locked(&self.objects).contains_key(id)
    }

    /// Notes a member's own folder.
    pub fn note_home(&self, id: &str) {
        locked(&self.homes).insert(id.to_owned());
    }

    /// Whether a folder is a member's own.
    pub fn is_home(&self, id: &str) -> bool {
        locked(&self.homes).contains(id)
    }

    /// The members' own folders.
    pub fn homes(&self) -> HashSet<String> {
        locked(&self.homes).clone()
    }

    /// How many objects each setting left out.
    pub fn counts(&self) -> Vec<LeftOutCount> {
        let mut counts: BTreeMap<(Setting, String), u64> = BTreeMap::new();
        for (kind, setting) in locked(&self.objects).values() {
            *counts.entry((setting, kind.clone())).or_default() += 1;
        }
        counts.into_iter().map(|((setting, kind), count)| LeftOutCount { setting, kind, count }).collect()
    }

    /// A scope for each document left out, so that the ledger can say why one is not in the catalog.
    pub fn scopes(&self) -> Vec<ScopeReport> {
        let objects = locked(&self.objects);
        let documents =
            objects.iter().filter(|(_, (kind, _))| super::graph::DOCUMENT_KINDS.contains(&kind.as_str()));
        documents
            .map(|(id, (kind, setting))| {
                let message = format!("this {kind} is left out by `{setting}`");
                ScopeReport::without_rows(scope::DOCUMENTS, id, Outcome::Excluded, LEFT_OUT, message)
            })
            .collect()
    }
}

/// These mutexes guard plain maps, which a panic elsewhere cannot leave half written.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
