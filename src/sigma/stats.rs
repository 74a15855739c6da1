//! What a client has done so far.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A snapshot of the client's counters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientStats {
    /// HTTP calls by endpoint name and status, retries and token calls included; status 0 means no answer.
    pub requests: BTreeMap<(&'static str, u16), u64>,
    /// HTTP calls that repeated an earlier one.
    pub retries: u64,
    /// Time spent waiting because a call was refused or failed, summed over all workers.
    pub waited: Duration,
    /// Calls for a token.
    pub token_calls: u64,
    /// Rows that a listing showed more than once.
    pub duplicates: u64,
    /// The most requests that were in flight together.
    pub largest_in_flight: usize,
    /// Requests that may be in flight now: fewer than the workers after a refusal.
    pub open_lanes: usize,
    /// What was odd though nothing failed, the first hundred.
    pub remarks: Vec<Remark>,
    /// How many more there were.
    pub more_remarks: u64,
}

/// Something odd in an answer for which no row is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Stable code.
    pub code: &'static str,
    /// What was asked.
    pub about: String,
    /// What is odd; fit for a log.
    pub message: String,
}

/// Remarks that are kept.
const MOST_REMARKS: usize = 100;

impl ClientStats {
    /// All HTTP calls.
    pub fn http_calls(&self) -> u64 {
        self.requests.values().sum()
    }

    /// HTTP calls that the server refused for coming too fast.
    pub fn refused(&self) -> u64 {
        self.requests.iter().filter(|((_, status), _)| *status == 429).map(|(_, count)| count).sum()
    }

    /// HTTP calls of one endpoint, by its name.
    pub fn calls_of(&self, endpoint: &str) -> u64 {
        self.requests.iter().filter(|((name, _), _)| *name == endpoint).map(|(_, count)| count).sum()
    }
}

#[derive(Default)]
pub(crate) struct Counters(Mutex<ClientStats>);

impl Counters {
    pub(crate) fn change(&self, change: impl FnOnce(&mut ClientStats)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn remark(&self, remark: Remark) {
        self.change(|stats| match stats.remarks.len() < MOST_REMARKS {
            true => stats.remarks.push(remark),
            false => stats.more_remarks += 1,
        });
    }

    pub(crate) fn snapshot(&self) -> ClientStats {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_hundred_remarks_are_kept_and_the_others_counted() {
        let counters = Counters::default();
        for _ in 0..150 {
            counters.remark(Remark { code: "x", about: String::new(), message: String::new() });
        }
        let stats = counters.snapshot();
        assert_eq!((stats.remarks.len(), stats.more_remarks), (100, 50));
    }
}
