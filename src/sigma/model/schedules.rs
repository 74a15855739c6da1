//! What runs by itself: exports and materialisations.

use serde::Deserialize;
use serde_json::Value;

use super::{rows, wire};

wire! {
    /// A scheduled export (`…/schedules`). Its recipients are not in the answer.
    Schedule;
    /// The schedule id.
    scheduled_notification_id;
    /// The workbook, when it exports one.
    workbook_id: Option<String>;
    /// The report, when it exports one.
    report_id: Option<String>;
    /// When it runs.
    schedule: Option<Cron>;
    /// What it sends, as sent: a deep union.
    #[serde(rename = "configV2")]
    config: Option<Value>;
    /// Suspended.
    is_suspended: Option<bool>;
    /// Member id of the owner.
    owner_id: Option<String>;
    /// Member id of whoever changed it last.
    last_updated_by_user: Option<String>;
    /// When it was disabled, ISO-8601.
    disabled_at: Option<String>;
    /// Who disabled it.
    disabled_by: Option<String>;
    + audit
}

impl Schedule {
    /// The title of the message it sends.
    pub fn title(&self) -> Option<&str> {
        self.config.as_ref()?.get("title")?.as_str()
    }

    /// Whether it sends the data as each recipient may see it.
    pub fn run_as_recipient(&self) -> Option<bool> {
        self.config.as_ref()?.get("runAsRecipient")?.as_bool()
    }

    /// The formats of what it attaches, one for each attachment (`CSV`, `PDF`, `NONE`, …, verbatim; `None` where one does
    /// not say its own).
    pub fn attachment_formats(&self) -> Option<Vec<Option<&str>>> {
        let attachments = self.config.as_ref()?.get("notificationAttachments")?.as_array()?;
        Some(
            attachments
                .iter()
                .map(|attachment| attachment.pointer("/formatOptions/type")?.as_str())
                .collect(),
        )
    }
}

wire! {
    /// A scheduled materialisation (`…/materialization-schedules`, `…/materializationSchedules`).
    MaterializationSchedule;
    /// The sheet, which is not the element.
    sheet_id;
    /// The element.
    element_id: Option<String>;
    /// Its name.
    element_name: Option<String>;
    /// When it runs; `None` when only on request.
    schedule: Option<Cron>;
    /// When it was set up, ISO-8601.
    configured_at: Option<String>;
    /// Paused.
    paused: Option<bool>
}

wire! {
    /// An export that was started (`…/export`). Its file is asked for by its query.
    StartedExport;
    /// The query that makes the file.
    query_id;
    /// The file is ready.
    job_complete: Option<bool>
}

/// A cron expression with its time zone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Cron {
    /// The cron expression.
    pub cron_spec: Option<String>,
    /// The IANA time zone.
    pub timezone: Option<String>,
}

rows! {
    StartedExport: query_id;
    Schedule: scheduled_notification_id;
    MaterializationSchedule: sheet_id, element_id;
}
