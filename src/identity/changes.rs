//! What a mapping changes for the catalog's users, compared with the mapping it replaces.

use std::collections::BTreeMap;

use serde::Serialize;

use super::key::{EmailKey, UserKey};
use super::mapping::Pair;

/// What changes for one catalog user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UserChange {
    /// Login name, as the newer of the two mappings that know it writes it.
    pub network_id: String,
    /// Sigma addresses before, verbatim.
    pub before: Vec<String>,
    /// Sigma addresses after, verbatim.
    pub after: Vec<String>,
}

/// What a mapping changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Users that had no Sigma account and have one now: they will see what it sees.
    pub gained: Vec<UserChange>,
    /// Users that had one and have none any more: they will see nothing.
    pub lost: Vec<UserChange>,
    /// Users that stand for another account now: they will see what somebody else saw.
    pub repointed: Vec<UserChange>,
    /// Users for whom nothing changes.
    pub unchanged: usize,
}

impl Changes {
    /// What changes from one mapping to another. Spellings of one address or one login name are no change.
    pub fn between(before: &[Pair], after: &[Pair]) -> Self {
        let mut users: BTreeMap<&UserKey, [Vec<&Pair>; 2]> = BTreeMap::new();
        for (side, pairs) in [before, after].into_iter().enumerate() {
            for pair in pairs {
                users.entry(&pair.user).or_default()[side].push(pair);
            }
        }
        let mut changes = Self::default();
        for [before, after] in users.into_values() {
            let keys = |pairs: &[&Pair]| {
                let mut keys: Vec<EmailKey> = pairs.iter().map(|pair| pair.email.clone()).collect();
                keys.sort();
                keys
            };
            let list = match (before.is_empty(), after.is_empty()) {
                (true, _) => &mut changes.gained,
                (_, true) => &mut changes.lost,
                _ if keys(&before) != keys(&after) => &mut changes.repointed,
                _ => {
                    changes.unchanged += 1;
                    continue;
                }
            };
            let verbatim = |pairs: &[&Pair]| pairs.iter().map(|pair| pair.sigma_email.clone()).collect();
            let newest = after.first().or(before.first());
            list.push(UserChange {
                network_id: newest.map(|pair| pair.network_id.clone()).unwrap_or_default(),
                before: verbatim(&before),
                after: verbatim(&after),
            });
        }
        changes
    }

    /// Whether nothing changes for anybody.
    pub fn is_empty(&self) -> bool {
        self.gained.is_empty() && self.lost.is_empty() && self.repointed.is_empty()
    }
}
