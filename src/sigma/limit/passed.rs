//! How many requests passed lately.

use std::time::Duration;

/// Counts by hundredths of a second, of the last three seconds.
#[derive(Debug)]
pub(super) struct Passed {
    slots: [u16; SLOTS],
    /// The number of the slot that was counted in last, since the beginning of time.
    newest: usize,
}

const SLOTS: usize = 300;
const MILLIS: u128 = 10;

impl Default for Passed {
    fn default() -> Self {
        Self { slots: [0; SLOTS], newest: 0 }
    }
}

impl Passed {
    pub(super) fn count(&mut self, now: Duration) {
        self.forget(now);
        let slot = &mut self.slots[self.newest % SLOTS];
        *slot = slot.saturating_add(1);
    }

    /// How many passed in the last `window`, by the second. It is at most three seconds long.
    pub(super) fn per_second(&mut self, now: Duration, window: Duration) -> f64 {
        self.forget(now);
        let slots = slot(window).clamp(1, SLOTS);
        let passed =
            (0..slots.min(self.newest + 1)).map(|back| f64::from(self.slots[(self.newest - back) % SLOTS]));
        passed.sum::<f64>() / window.as_secs_f64()
    }

    fn forget(&mut self, now: Duration) {
        let now = slot(now).max(self.newest);
        for passed in (self.newest + 1..=now).rev().take(SLOTS) {
            self.slots[passed % SLOTS] = 0;
        }
        self.newest = now;
    }
}

fn slot(time: Duration) -> usize {
    usize::try_from(time.as_millis() / MILLIS).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passed_longer_ago_is_not_counted() {
        let (mut passed, at) = (Passed::default(), Duration::from_millis);
        for millis in (0..10_000).step_by(20) {
            passed.count(at(millis));
        }
        assert_eq!(passed.per_second(at(9_990), at(1_000)), 50.0);
        assert_eq!(passed.per_second(at(9_990), at(3_000)), 50.0);
        assert_eq!(passed.per_second(at(10_490), at(1_000)), 25.0);
        assert_eq!(passed.per_second(at(99_000), at(3_000)), 0.0);
        passed.count(at(98_000));
        assert_eq!(passed.per_second(at(99_000), at(1_000)), 1.0, "a clock does not go back");
    }
}
