//! When to stop trying: the budget of retries for a run, and the circuit of one endpoint.

use std::time::Duration;

use tokio::time::Instant;

/// Requests that earn one retry.
const REQUESTS_PER_RETRY: u32 = 5;
/// Failures in a row that open a circuit.
const CONSECUTIVE: u32 = 20;
/// Calls looked back upon; half of them failing opens the circuit too.
const WINDOW: u32 = 40;
/// While a circuit is open, one call in this time may try whether the endpoint has recovered.
const PROBE_EVERY: Duration = Duration::from_secs(30);

/// A token bucket: every request puts a fifth of a retry in, every retry takes one out.
#[derive(Debug)]
pub(crate) struct RetryBudget {
    fifths: u32,
    most: u32,
}

impl RetryBudget {
    pub(crate) fn new(reserve: u32) -> Self {
        let reserve = reserve.saturating_mul(REQUESTS_PER_RETRY);
        // What a long quiet time may save up is bounded: a storm of retries is not earned hours ahead.
        Self { fifths: reserve, most: reserve.saturating_mul(5).max(REQUESTS_PER_RETRY) }
    }

    pub(crate) fn request(&mut self) {
        self.fifths = (self.fifths + 1).min(self.most);
    }

    pub(crate) fn retry(&mut self) -> bool {
        let left = self.fifths.checked_sub(REQUESTS_PER_RETRY);
        self.fifths = left.unwrap_or(self.fifths);
        left.is_some()
    }
}

/// The circuit of one endpoint: closed while it works, open when it keeps failing in ways that are no answer.
#[derive(Debug, Default)]
pub(crate) struct Circuit {
    /// The last [`WINDOW`] calls, newest in the lowest bit; set means failed.
    history: u64,
    calls: u32,
    consecutive: u32,
    next_probe: Option<Instant>,
}

impl Circuit {
    /// Whether a call may be made now. An open circuit lets a probe through now and then.
    pub(crate) fn admits(&mut self, now: Instant) -> bool {
        match self.next_probe {
            Some(at) if now < at => false,
            Some(_) => {
                self.next_probe = Some(now + PROBE_EVERY);
                true
            }
            None => true,
        }
    }

    pub(crate) fn worked(&mut self) {
        if self.next_probe.take().is_some() {
            *self = Self::default();
        }
        self.record(false);
        self.consecutive = 0;
    }

    pub(crate) fn failed(&mut self, now: Instant) {
        self.record(true);
        self.consecutive += 1;
        let often = self.calls >= WINDOW && self.history.count_ones() * 2 >= WINDOW;
        if self.consecutive >= CONSECUTIVE || often {
            self.next_probe = Some(now + PROBE_EVERY);
        }
    }

    fn record(&mut self, failed: bool) {
        self.history = ((self.history << 1) | u64::from(failed)) & ((1 << WINDOW) - 1);
        self.calls = self.calls.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_in_five_may_be_retried_beyond_the_reserve() {
        let mut budget = RetryBudget::new(20);
        assert_eq!((0..100).filter(|_| budget.retry()).count(), 20);
        for _ in 0..50 {
            budget.request();
        }
        assert_eq!((0..100).filter(|_| budget.retry()).count(), 10);
    }

    #[test]
    fn a_quiet_time_does_not_pay_for_a_storm() {
        let mut budget = RetryBudget::new(20);
        for _ in 0..1_000_000 {
            budget.request();
        }
        assert_eq!((0..1_000).filter(|_| budget.retry()).count(), 100);
    }

    #[test]
    fn twenty_failures_in_a_row_open_the_circuit_and_nineteen_do_not() {
        let (mut circuit, now) = (Circuit::default(), Instant::now());
        for _ in 0..19 {
            circuit.failed(now);
        }
        assert!(circuit.admits(now));
        circuit.failed(now);
        assert!(!circuit.admits(now));
    }

    #[test]
    fn half_of_forty_open_the_circuit_and_less_do_not() {
        let (mut fair, mut poor, now) = (Circuit::default(), Circuit::default(), Instant::now());
        for call in 0..200 {
            if call % 2 == 0 {
                poor.failed(now)
            } else {
                poor.worked()
            }
            if call % 3 == 0 {
                fair.failed(now)
            } else {
                fair.worked()
            }
            assert!(fair.admits(now));
            if call < 38 {
                assert!(poor.admits(now), "too few calls to judge: {call}");
            }
            if call == 40 {
                assert!(!poor.admits(now));
            }
        }
    }

    #[test]
    fn an_open_circuit_lets_one_probe_through_and_closes_when_it_works() {
        let (mut circuit, now) = (Circuit::default(), Instant::now());
        for _ in 0..20 {
            circuit.failed(now);
        }
        let later = now + PROBE_EVERY;
        assert!(circuit.admits(later));
        assert!(!circuit.admits(later), "one probe at a time");
        circuit.worked();
        assert!(circuit.admits(later));
    }
}
