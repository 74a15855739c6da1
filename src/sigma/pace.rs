//! When a request may leave: how many at once, how many per second, and not while Sigma asked for a pause.

use std::num::NonZeroU32;
use std::ops::Add;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// Calls without a refusal after which one more lane opens.
const CLEAN_CALLS_PER_LANE: u32 = 100;

/// The gate every request passes.
pub(crate) struct Gate {
    lanes: Mutex<Lanes>,
    lane_free: Notify,
    pause_until: Mutex<Instant>,
    longest_pause: Duration,
    rate: Option<RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<TokioInstant>>>,
}

/// The limit that one endpoint has of its own.
pub(crate) struct Pace(RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<TokioInstant>>);

impl Pace {
    /// No more than that many in any minute: a small burst, and the rest evenly. `None` without a limit.
    pub(crate) fn of(per_minute: u32) -> Option<Self> {
        let burst = NonZeroU32::new(per_minute / 20)?;
        let steady = NonZeroU32::new(per_minute - burst.get())?;
        Some(Self(RateLimiter::direct_with_clock(Quota::per_minute(steady).allow_burst(burst), TokioClock)))
    }

    /// Waits for a turn.
    pub(crate) async fn wait(&self) {
        while let Err(refused) = self.0.check() {
            sleep_until(refused.earliest_possible().0).await;
        }
    }
}

struct Lanes {
    configured: usize,
    open: usize,
    in_flight: usize,
    largest_in_flight: usize,
    clean_calls: u32,
}

/// The right to have one request in flight.
pub(crate) struct Permit<'a> {
    gate: &'a Gate,
}

impl Gate {
    pub(crate) fn new(workers: usize, per_second: Option<NonZeroU32>, longest_pause: Duration) -> Self {
        // A burst of one: a plain quota of ten per second lets ten through at once.
        let quota = |rate| Quota::per_second(rate).allow_burst(NonZeroU32::MIN);
        Self {
            lanes: Mutex::new(Lanes {
                configured: workers,
                open: workers,
                in_flight: 0,
                largest_in_flight: 0,
                clean_calls: 0,
            }),
            lane_free: Notify::new(),
            pause_until: Mutex::new(Instant::now()),
            longest_pause,
            rate: per_second.map(|rate| RateLimiter::direct_with_clock(quota(rate), TokioClock)),
        }
    }

    /// Waits for permission to send. In this order: a lane, the shared pause, the rate; and after every wait for
    /// the rate the pause again, because a sibling may have been refused meanwhile.
    pub(crate) async fn admit(&self) -> Permit<'_> {
        let permit = self.lane().await;
        loop {
            self.wait_for_pause().await;
            let Some(rate) = &self.rate else { return permit };
            match rate.check() {
                Ok(()) => return permit,
                Err(refused) => sleep_until(refused.earliest_possible().0).await,
            }
        }
    }

    /// Sigma said "too many": everybody waits, and half of the lanes close.
    pub(crate) fn refused(&self, pause: Duration) {
        {
            let mut lanes = locked(&self.lanes);
            lanes.open = (lanes.open / 2).max(1);
            lanes.clean_calls = 0;
        }
        self.pause(pause);
    }

    /// Nobody sends for this long. A pause only ever moves forward.
    pub(crate) fn pause(&self, pause: Duration) {
        let until = Instant::now() + pause.min(self.longest_pause);
        let mut pause_until = locked(&self.pause_until);
        *pause_until = until.max(*pause_until);
    }

    /// A call was answered without a refusal; enough of these reopen a lane.
    pub(crate) fn clean(&self) {
        let mut lanes = locked(&self.lanes);
        if lanes.open == lanes.configured {
            return;
        }
        lanes.clean_calls += 1;
        if lanes.clean_calls >= CLEAN_CALLS_PER_LANE {
            lanes.clean_calls = 0;
            lanes.open += 1;
            drop(lanes);
            self.lane_free.notify_one();
        }
    }

    /// Lanes open now, and the most requests that were ever in flight together.
    pub(crate) fn lanes(&self) -> (usize, usize) {
        let lanes = locked(&self.lanes);
        (lanes.open, lanes.largest_in_flight)
    }

    async fn lane(&self) -> Permit<'_> {
        loop {
            // Asked for before looking, so that a lane freed in between is not missed.
            let freed = self.lane_free.notified();
            {
                let mut lanes = locked(&self.lanes);
                if lanes.in_flight < lanes.open {
                    lanes.in_flight += 1;
                    lanes.largest_in_flight = lanes.largest_in_flight.max(lanes.in_flight);
                    return Permit { gate: self };
                }
            }
            freed.await;
        }
    }

    async fn wait_for_pause(&self) {
        loop {
            let until = *locked(&self.pause_until);
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        locked(&self.gate.lanes).in_flight -= 1;
        self.gate.lane_free.notify_one();
    }
}

/// These mutexes guard plain numbers, which a panic elsewhere cannot leave half written.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// governor's own clock does not follow tokio's, which tests pause.
#[derive(Debug, Clone, Copy)]
struct TokioClock;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct TokioInstant(Instant);

impl Clock for TokioClock {
    type Instant = TokioInstant;

    fn now(&self) -> TokioInstant {
        TokioInstant(Instant::now())
    }
}

impl Add<Nanos> for TokioInstant {
    type Output = Self;

    fn add(self, later: Nanos) -> Self {
        Self(self.0 + Duration::from(later))
    }
}

impl Reference for TokioInstant {
    fn duration_since(&self, earlier: Self) -> Nanos {
        self.0.saturating_duration_since(earlier.0).into()
    }

    fn saturating_sub(&self, duration: Nanos) -> Self {
        Self(self.0.checked_sub(duration.into()).unwrap_or(self.0))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const LONG: Duration = Duration::from_secs(300);

    #[tokio::test(start_paused = true)]
    async fn requests_leave_at_the_configured_rate_and_not_in_bursts() {
        let gate = Gate::new(10, NonZeroU32::new(2), LONG);
        let begun = Instant::now();
        for _ in 0..1001 {
            drop(gate.admit().await);
        }
        assert_eq!(begun.elapsed().as_secs(), 500);
    }

    #[tokio::test(start_paused = true)]
    async fn no_minute_sees_more_than_an_endpoints_own_limit() {
        let pace = Pace::of(400).expect("a limit");
        let begun = Instant::now();
        let mut sent = Vec::new();
        for _ in 0..1000 {
            pace.wait().await;
            sent.push(begun.elapsed());
        }
        for (first, after) in sent.iter().zip(&sent[400..]) {
            assert!(*after - *first >= Duration::from_secs(59), "{first:?} {after:?}");
        }
        assert!(sent[999] < Duration::from_secs(160), "{:?}", sent[999]);
        assert!(Pace::of(0).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_waits_for_the_rate_sees_a_pause_set_meanwhile() {
        let gate = Arc::new(Gate::new(2, NonZeroU32::new(1), LONG));
        drop(gate.admit().await);
        let begun = Instant::now();
        let waiting = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { drop(gate.admit().await) }
        });
        tokio::time::sleep(Duration::from_millis(500)).await;
        gate.refused(Duration::from_secs(30));
        waiting.await.expect("admitted");
        assert!(begun.elapsed() >= Duration::from_millis(30_500));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_only_moves_forward_and_is_capped() {
        let gate = Gate::new(1, None, LONG);
        let begun = Instant::now();
        gate.pause(Duration::from_secs(9_999));
        gate.pause(Duration::from_secs(1));
        drop(gate.admit().await);
        assert_eq!(begun.elapsed().as_secs(), 300);
    }

    #[tokio::test]
    async fn a_refusal_halves_the_lanes_and_a_hundred_clean_calls_open_one() {
        let gate = Gate::new(10, None, LONG);
        gate.refused(Duration::ZERO);
        gate.refused(Duration::ZERO);
        gate.refused(Duration::ZERO);
        gate.refused(Duration::ZERO);
        assert_eq!(gate.lanes().0, 1, "10, 5, 2, 1, and never none");
        for _ in 0..99 {
            gate.clean();
        }
        assert_eq!(gate.lanes().0, 1);
        gate.clean();
        assert_eq!(gate.lanes().0, 2);
        for _ in 0..100_000 {
            gate.clean();
        }
        assert_eq!(gate.lanes().0, 10, "never above the setting");
    }

    #[tokio::test]
    async fn closed_lanes_hold_requests_back_and_a_freed_one_lets_them_go() {
        let gate = Arc::new(Gate::new(2, None, LONG));
        let first = gate.admit().await;
        gate.refused(Duration::ZERO);
        let waiting = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { drop(gate.admit().await) }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(first);
        waiting.await.expect("admitted");
        assert_eq!(gate.lanes().1, 1);
    }
}
