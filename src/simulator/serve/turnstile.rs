//! Which requests come through, one by one: for tests that stop a client at one point of its way and want to know what it
//! asked for until then.
use std::{collections::BTreeMap, sync::Mutex};

use tokio::sync::watch;

use super::lock;

#[derive(Default)]
struct Passed {
    by_target: BTreeMap<String, u64>,
    total: u64,
    /// A large benchmark has no use for every address that it asked for.
    is_noted: bool,
    waiting: usize,
}

/// Lets requests through up to a number; the others wait until there is room, or their client has gone.
pub struct Turnstile {
    passed: Mutex<Passed>,
    most: watch::Sender<u64>,
}

/// Counts a request as waiting as long as it does.
struct Waiting<'a>(&'a Mutex<Passed>);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        lock(self.0).waiting -= 1;
    }
}

impl Default for Turnstile {
    fn default() -> Self {
        Self { passed: Mutex::default(), most: watch::Sender::new(u64::MAX) }
    }
}

impl Turnstile {
    /// Waits for its turn. `target` is what is asked for, with its query.
    pub async fn pass(&self, target: &str) {
        lock(&self.passed).waiting += 1;
        let waiting = Waiting(&self.passed);
        let mut most = self.most.subscribe();
        loop {
            let limit = *most.borrow_and_update();
            {
                let mut passed = lock(&self.passed);
                if passed.total < limit {
                    passed.total += 1;
                    if passed.is_noted {
                        *passed.by_target.entry(target.to_owned()).or_default() += 1;
                    }
                    break;
                }
            }
            if most.changed().await.is_err() {
                break;
            }
        }
        drop(waiting);
    }

    /// From now on lets so many through; notes who that is.
    pub fn limit(&self, most: u64) {
        {
            let mut passed = lock(&self.passed);
            (passed.by_target, passed.total, passed.is_noted) = (BTreeMap::new(), 0, true);
        }
        self.most.send_replace(most);
    }

    /// What came through, and how often; how many wait.
    pub fn passed(&self) -> (BTreeMap<String, u64>, usize) {
        let passed = lock(&self.passed);
        (passed.by_target.clone(), passed.waiting)
    }
}
