//! Whether this machine's clock can be believed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;

/// How far this machine's clock and the server's may be apart before somebody should know.
const APART: Duration = Duration::from_secs(300);

/// Compares this machine's clock with the server's, once. Nothing is measured by it but a `Retry-After` that is a date; times in
/// the catalog would be off.
#[derive(Default)]
pub(crate) struct ClockCheck(AtomicBool);

impl ClockCheck {
    /// What to say of the difference, the first time there is a `Date` to compare with.
    pub(crate) fn compare(&self, date: Option<Timestamp>) -> Option<String> {
        let date = date.filter(|_| !self.0.swap(true, Ordering::Relaxed))?;
        let ahead = Timestamp::now().duration_since(date);
        let apart = ahead.unsigned_abs();
        let minutes = (apart.as_secs() + 30) / 60;
        let side = if ahead.is_negative() { "behind" } else { "ahead of" };
        (apart > APART).then(|| format!("this machine's clock is {minutes} minutes {side} Sigma's: set it"))
    }
}
