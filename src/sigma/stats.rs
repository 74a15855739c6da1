//! What a client has done so far.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A snapshot of the client's counters.
#[derive(Debug, Clone, Default, PartialEq)]
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
    /// Requests in a second that Sigma was found to let pass; `None` while it has not shown a limit.
    pub learnt_per_second: Option<f64>,
}

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

    pub(crate) fn snapshot(&self) -> ClientStats {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
