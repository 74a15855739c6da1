//! What has been asked of the simulator.
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::{Map, Value, json};

#[derive(Default)]
struct Counts {
    by_endpoint: BTreeMap<(&'static str, &'static str), BTreeMap<u16, u64>>,
    token_calls: u64,
    faults: BTreeMap<String, BTreeMap<String, u64>>,
}

/// Counters of requests, control requests left out.
#[derive(Default)]
pub struct Stats {
    counts: Mutex<Counts>,
    in_flight: AtomicU64,
    max_in_flight: AtomicU64,
}

/// Counts a request as in flight as long as it lives.
pub struct InFlight<'a>(&'a Stats);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Stats {
    /// A request has arrived.
    pub fn enter(&self) -> InFlight<'_> {
        let now = self.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        self.max_in_flight.fetch_max(now, Ordering::Relaxed);
        InFlight(self)
    }

    /// A request has been answered.
    pub fn record(&self, method: &'static str, template: &'static str, status: u16) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if template == super::TOKEN_PATH {
            counts.token_calls += 1;
        }
        *counts.by_endpoint.entry((method, template)).or_default().entry(status).or_default() += 1;
    }

    /// A fault has struck.
    pub fn record_fault(&self, method: &str, template: &str, name: String) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let faults = counts.faults.entry(format!("{method} {template}")).or_default();
        *faults.entry(name).or_default() += 1;
    }

    pub fn reset(&self) {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner) = Counts::default();
        self.max_in_flight.store(self.in_flight.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    pub fn json(&self) -> Value {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut requests = Map::new();
        let mut by_status: BTreeMap<String, u64> = BTreeMap::new();
        for ((method, template), statuses) in &counts.by_endpoint {
            let mut row = Map::new();
            for (status, count) in statuses {
                row.insert(status.to_string(), json!(count));
                *by_status.entry(status.to_string()).or_default() += count;
            }
            requests.insert(format!("{method} {template}"), row.into());
        }
        json!({
            "requests": requests,
            "total": by_status.values().sum::<u64>(),
            "by_status": by_status,
            "token_calls": counts.token_calls,
            "faults": counts.faults,
            "max_in_flight": self.max_in_flight.load(Ordering::Relaxed),
        })
    }
}
