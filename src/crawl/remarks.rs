//! What the client found odd though nothing failed, as events of a run.

use crate::catalog::delivery::{Event, Severity};
use crate::sigma::{ClientStats, Remark};

/// The events, in the order of what they are about.
pub(super) fn events(stats: &ClientStats) -> Vec<Event> {
    let event = |Remark { code, about, message }: &Remark| Event {
        severity: if *code == "clock.skew" { Severity::Warning } else { Severity::Info },
        code: (*code).to_owned(),
        message: message.clone(),
        context: about.clone(),
    };
    let mut events: Vec<Event> = stats.remarks.iter().map(event).collect();
    events.sort_by(|a, b| (&a.context, &a.code).cmp(&(&b.context, &b.code)));
    if stats.more_remarks > 0 {
        events.push(Event {
            severity: Severity::Info,
            code: "listing.more_remarks".to_owned(),
            message: format!("{} more remarks like these are not kept", stats.more_remarks),
            context: String::new(),
        });
    }
    events
}
