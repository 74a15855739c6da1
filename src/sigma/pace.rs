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
use tokio::sync::{Mutex as Line, Notify};
use tokio::time::{Instant, sleep_until};

use super::limit::{Limit, Pauses, Refused, Ticket, Turn, Verdict};
use super::stats::ClientStats;

/// The delay that the limit's own times belong to.
const USUAL_DELAY: Duration = Duration::from_secs(1);

/// The gate every request passes.
pub(crate) struct Gate {
    /// What was learnt of Sigma's limits, and who is in flight.
    limit: Mutex<Limit>,
    /// What the limit's times count from.
    begun: Instant,
    /// How much faster the limit's time runs. In production it does not; tests that make delays tiny mean all of them.
    haste: f64,
    /// Only who is first in line looks at the limit: first come, first served.
    line: Line<()>,
    ended: Notify,
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

/// The right to have one request in flight.
pub(crate) struct Permit<'a> {
    gate: &'a Gate,
    ticket: Option<Ticket>,
}

impl Gate {
    pub(crate) fn new(workers: usize, per_second: Option<NonZeroU32>, pauses: Pauses) -> Self {
        let haste = (USUAL_DELAY.as_secs_f64() / pauses.base.as_secs_f64()).clamp(1.0, 1000.0);
        let fastest = per_second.map(|rate| f64::from(rate.get()) / haste);
        let Pauses { base, longest, longest_asked } = pauses;
        let [base, longest, longest_asked] = [base, longest, longest_asked].map(|pause| pause.mul_f64(haste));
        Self {
            limit: Mutex::new(Limit::new(workers, fastest, Pauses { base, longest, longest_asked })),
            begun: Instant::now(),
            haste,
            line: Line::new(()),
            ended: Notify::new(),
        }
    }

    /// Waits for permission to send: in line, for the end of a pause, for a lane and for the pace. After every wait
    /// everything is looked at again, because a sibling may have been refused meanwhile.
    pub(crate) async fn admit(&self) -> Permit<'_> {
        let _first = self.line.lock().await;
        loop {
            // Asked for before looking, so that an end in between is not missed.
            let ended = self.ended.notified();
            let turn = locked(&self.limit).turn(self.now());
            match turn {
                Turn::Go(ticket) => return Permit { gate: self, ticket: Some(ticket) },
                Turn::At(at) => self.reached(at).await,
                Turn::WhenEnded => ended.await,
                Turn::WhenEndedOrAt(at) => tokio::select! {
                    () = ended => {}
                    () = self.reached(at) => {}
                },
            }
        }
    }

    /// Nobody sends for this long. A pause only ever moves forward.
    pub(crate) fn pause(&self, pause: Duration) {
        locked(&self.limit).pause(self.now().saturating_add(longer(pause, self.haste)));
    }

    async fn reached(&self, at: Duration) {
        sleep_until(self.begun + at.div_f64(self.haste)).await;
    }

    fn now(&self) -> Duration {
        self.begun.elapsed().mul_f64(self.haste)
    }

    /// What there is to tell of it.
    pub(crate) fn tell(&self, stats: &mut ClientStats) {
        let limit = locked(&self.limit);
        stats.open_lanes = limit.lanes();
        stats.largest_in_flight = limit.most_in_flight();
        stats.learnt_per_second = limit.learnt().map(|pace| pace * self.haste);
    }
}

impl Permit<'_> {
    /// The request has ended. Answers what its refusal led to.
    pub(crate) fn end(mut self, verdict: Verdict) -> Option<Refused> {
        self.finish(verdict)
    }

    fn finish(&mut self, verdict: Verdict) -> Option<Refused> {
        let (ticket, gate) = (self.ticket.take()?, self.gate);
        let verdict = match verdict {
            Verdict::Refused(asked) => Verdict::Refused(asked.map(|asked| longer(asked, gate.haste))),
            other => other,
        };
        let refused = locked(&gate.limit).end(ticket, verdict, gate.now(), fastrand::f64());
        gate.ended.notify_one();
        refused.map(|refused| Refused { pause: refused.pause.div_f64(gate.haste), ..refused })
    }
}

impl Drop for Permit<'_> {
    /// A request that was given up, for a run that was told to stop does not wait for answers.
    fn drop(&mut self) {
        self.finish(Verdict::Silence);
    }
}

/// What a server asks for can be longer than a duration can hold.
fn longer(time: Duration, times: f64) -> Duration {
    Duration::try_from_secs_f64(time.as_secs_f64() * times).unwrap_or(Duration::MAX)
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

    const PAUSES: Pauses = Pauses {
        base: USUAL_DELAY,
        longest: Duration::from_secs(60),
        longest_asked: Duration::from_secs(300),
    };

    async fn refuse(gate: &Gate, asked: Duration) {
        gate.admit().await.end(Verdict::Refused(Some(asked)));
    }

    #[tokio::test(start_paused = true)]
    async fn requests_leave_at_the_configured_rate_and_not_in_bursts() {
        let gate = Gate::new(10, NonZeroU32::new(2), PAUSES);
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
        let gate = Arc::new(Gate::new(2, NonZeroU32::new(1), PAUSES));
        drop(gate.admit().await);
        let begun = Instant::now();
        let waiting = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { drop(gate.admit().await) }
        });
        tokio::time::sleep(Duration::from_millis(500)).await;
        gate.pause(Duration::from_secs(30));
        waiting.await.expect("admitted");
        assert!(begun.elapsed() >= Duration::from_millis(30_500));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_only_moves_forward_and_what_sigma_asks_is_capped() {
        let gate = Gate::new(1, None, PAUSES);
        let begun = Instant::now();
        refuse(&gate, Duration::from_secs(9_999)).await;
        gate.pause(Duration::from_secs(1));
        drop(gate.admit().await);
        assert_eq!(begun.elapsed().as_secs(), 300);
    }

    #[tokio::test(start_paused = true)]
    async fn closed_lanes_hold_requests_back_and_a_freed_one_lets_them_go() {
        let gate = Arc::new(Gate::new(2, None, PAUSES));
        let first = gate.admit().await;
        refuse(&gate, Duration::ZERO).await;
        let waiting = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { drop(gate.admit().await) }
        });
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert!(!waiting.is_finished());
        drop(first);
        waiting.await.expect("admitted");
    }

    #[tokio::test(start_paused = true)]
    async fn who_follows_the_first_after_a_refusal_goes_when_that_has_passed() {
        let gate = Arc::new(Gate::new(10, None, PAUSES));
        for _ in 0..20 {
            let quick = gate.admit().await;
            tokio::time::sleep(Duration::from_millis(10)).await;
            quick.end(Verdict::Passed);
        }
        refuse(&gate, Duration::from_secs(1)).await;
        let first = gate.admit().await;
        let begun = Instant::now();
        let next = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { drop(gate.admit().await) }
        });
        tokio::time::sleep(Duration::from_millis(30)).await;
        first.end(Verdict::Passed);
        next.await.expect("admitted");
        assert_eq!(begun.elapsed(), Duration::from_millis(30));
    }

    #[tokio::test(start_paused = true)]
    async fn who_came_first_goes_first() {
        let gate = Arc::new(Gate::new(1, NonZeroU32::new(1), PAUSES));
        let gone = Arc::new(Mutex::new(Vec::new()));
        let mut waiting = tokio::task::JoinSet::new();
        for number in 0..50 {
            let (gate, gone) = (Arc::clone(&gate), Arc::clone(&gone));
            waiting.spawn(async move {
                drop(gate.admit().await);
                locked(&gone).push(number);
            });
            tokio::task::yield_now().await;
        }
        waiting.join_all().await;
        assert_eq!(*locked(&gone), (0..50).collect::<Vec<_>>());
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_stops_waiting_does_not_stop_the_line() {
        let gate = Arc::new(Gate::new(1, None, PAUSES));
        let first = gate.admit().await;
        let wait = || {
            let gate = Arc::clone(&gate);
            tokio::spawn(async move { drop(gate.admit().await) })
        };
        let (leaves, stays) = (wait(), wait());
        tokio::time::sleep(Duration::from_secs(1)).await;
        leaves.abort();
        drop(first);
        stays.await.expect("admitted");
    }
}
