//! What a listing or a document sets off besides the rows it becomes: kept with them, so that a scope which an earlier run
//! has read sets off the same without being asked again.

use serde::{Deserialize, Serialize};

use super::error::CrawlError;
use super::filter::PERSONAL;
use super::graph;
use super::queue::{DocumentTask, Enqueue, Found, GrantsOf, Task};
use super::worker::Crawler;
use crate::catalog::delivery::{Delivery, Event, FollowUp, Rows, Seen, Severity};
use crate::catalog::record::Record;

/// One thing that a scope sets off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Effect {
    /// A document or folder was found, whose grants may be asked for.
    Object(String),
    /// A team was found: its members are asked for, and maybe its grants.
    Team(String),
    /// A workspace was found: its grants are asked for.
    Workspace(String),
    /// A document was found: its contents are asked for.
    Document { kind: String, id: String, archived: bool, seen: Seen },
    /// The state of something that documents are built on.
    State { key: String, state: String },
    /// A warehouse table is not what it was: what is built on it is asked.
    Woke(String),
    /// The document of which this was read.
    Read { archived: bool, seen: Seen },
    /// The pages that a document shows, of which images may be wanted.
    Pages(Vec<String>),
    /// An object was found: each scope of it that the settings ask for is asked for.
    Ask { kind: String, id: String },
    /// A warehouse table was named.
    Table(String),
    /// The type of a connection.
    ConnectionType { id: String, r#type: String },
    /// Something reads from that connection; noted where one user's view is crawled.
    ReadsFrom(String),
    /// A folder is a member's own.
    Home(String),
    /// An object was left out because it is personal.
    Personal { id: String, kind: String },
    /// The address of a document.
    Address(String),
    /// The organisation has no tenants.
    NoTenants,
    /// Whether grants are asked by principal.
    GrantsByPrincipal(bool),
    /// Something worth knowing.
    Told { severity: String, code: String, message: String, context: String },
}

/// What a page of a listing comes to: rows, and what they set off.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub rows: Rows,
    pub follow_ups: Vec<FollowUp>,
}

impl Taken {
    /// Adds a record.
    pub fn push<R: Record>(&mut self, record: R) {
        self.rows.push(record);
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.follow_ups.is_empty()
    }
}

impl Effect {
    /// As the store keeps it.
    pub fn follow_up(&self) -> FollowUp {
        FollowUp(serde_json::to_string(self).unwrap_or_default())
    }

    /// From what the store kept; `None` where that is no effect of this program.
    pub fn of(follow_up: &FollowUp) -> Option<Self> {
        serde_json::from_str(&follow_up.0).ok()
    }

    pub fn told(event: &Event) -> Self {
        let Event { severity, code, message, context } = event.clone();
        Self::Told { severity: severity.name().to_owned(), code, message, context }
    }
}

impl Crawler {
    /// Does what a row sets off, and keeps it with the row.
    pub(super) fn set_off(&self, effect: Effect, enqueue: &Enqueue, out: &mut Taken) {
        out.follow_ups.push(effect.follow_up());
        self.perform(effect, enqueue);
    }

    /// Does what a scope sets off.
    pub(super) fn perform(&self, effect: Effect, enqueue: &Enqueue) {
        match effect {
            Effect::Object(id) => enqueue.found(Found::Object(id)),
            Effect::Team(id) => {
                enqueue.found(Found::Team(id.clone()));
                enqueue.add(Task::TeamMembers { team_id: id });
            }
            Effect::Workspace(id) => enqueue.add(Task::Grants(GrantsOf::Workspace(id))),
            Effect::Document { kind, id, archived, seen } => {
                if let Some(kind) = graph::DOCUMENT_KINDS.iter().copied().find(|known| *known == kind) {
                    let task = DocumentTask { kind, id, archived, seen, was_carried: false };
                    self.document_listed(task, enqueue);
                }
            }
            Effect::Ask { kind, id } => self.ask_of(&kind, &id, enqueue),
            Effect::Table(id) => self.table_found(&id, enqueue),
            Effect::State { key, state } => self.carry.note_state(key, state),
            Effect::Woke(table) => {
                for task in self.carry.release_readers(&table) {
                    enqueue.add(Task::Document(task));
                }
            }
            Effect::ReadsFrom(id) => self.note_connection(id),
            Effect::Home(id) => self.left_out.note_home(&id),
            Effect::Personal { id, kind } => self.left_out.note(&id, &kind, PERSONAL),
            Effect::Address(url) => drop(self.note_document_url(Some(&url))),
            Effect::NoTenants => self.note_no_tenants(),
            // Who takes over a scope sees to these.
            Effect::Read { .. }
            | Effect::Pages(_)
            | Effect::ConnectionType { .. }
            | Effect::GrantsByPrincipal(_)
            | Effect::Told { .. } => {}
        }
    }

    /// Tells again what was told of a scope that is taken over.
    pub(super) async fn tell_again(&self, effects: &[Effect]) -> Result<(), CrawlError> {
        for effect in effects {
            if let Effect::Told { severity, code, message, context } = effect.clone() {
                let known = [Severity::Info, Severity::Warning, Severity::Error];
                let severity =
                    known.into_iter().find(|known| known.name() == severity).unwrap_or(Severity::Info);
                self.deliver(Delivery::Event(Event { severity, code, message, context })).await?;
            }
        }
        Ok(())
    }
}
