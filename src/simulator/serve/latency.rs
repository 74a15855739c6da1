//! How long an answer takes: as long as the options say, counted from the question.
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

/// The runtime's timers count in milliseconds and fire one or two late. What is left of a wait after one of them is slept by
/// a thread, which is nearly exact.
const TIMER_IS_LATE: Duration = Duration::from_millis(3);
/// By how much a wait is shortened at most.
const AT_MOST: u64 = 1_000_000;
/// How many answers tell how late they are.
const REMEMBERED: u64 = 16;

/// Keeps answers back until they are due.
pub struct Latency {
    whole: Duration,
    /// How late, in nanoseconds, those before were woken, though they aimed at the right moment: the next aims as much
    /// earlier, so that they take on average as long as they should.
    late: AtomicU64,
}

impl Latency {
    pub fn new(whole: Duration) -> Self {
        Self { whole, late: AtomicU64::new(0) }
    }

    /// When a question that arrives now is to be answered; what the answer takes to be made is part of that.
    pub fn due(&self) -> Option<Instant> {
        (!self.whole.is_zero()).then(|| Instant::now() + self.whole)
    }

    /// Waits until an answer is due.
    pub async fn wait(&self, due: Option<Instant>) {
        let Some(due) = due else { return };
        let late = self.late.load(Ordering::Relaxed);
        let aim = due - Duration::from_nanos(late);
        // Making the answer took longer than it should: that tells nothing of waiting.
        if aim <= Instant::now() {
            return;
        }
        sleep_until(aim - TIMER_IS_LATE).await;
        let rest = move || std::thread::sleep(aim.saturating_duration_since(Instant::now()));
        // It fails only where the runtime ends, and the wait with it.
        let _ = tokio::task::spawn_blocking(rest).await;
        let took = Instant::now().saturating_duration_since(aim).as_nanos();
        let took = u64::try_from(took).unwrap_or(AT_MOST).min(AT_MOST);
        // Two that do this at once lose what one of them learned.
        self.late.store((late * (REMEMBERED - 1) + took) / REMEMBERED, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_latency_is_no_wait() {
        assert_eq!(Latency::new(Duration::ZERO).due(), None);
    }

    #[tokio::test]
    async fn what_waits_learns_how_late_it_is_and_never_takes_more_than_a_millisecond_off() {
        let latency = Latency::new(Duration::from_millis(5));
        for _ in 0..20 {
            let asked = Instant::now();
            latency.wait(latency.due()).await;
            assert!(asked.elapsed() >= Duration::from_millis(4));
        }
        let learned = latency.late.load(Ordering::Relaxed);
        assert!(learned > 0 && learned <= AT_MOST, "{learned}");
    }
}
