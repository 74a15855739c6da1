//! The one queue that all workers share.
//!
//! A queued task carries a handle to the queue, so that it can add what it discovers. When the last task and with it the
//! last handle is gone, the queue is over: no counting.

use std::time::Duration;

use tokio::sync::{Mutex, mpsc};
use tokio::time::{Instant, sleep};

use crate::sigma::SigmaClient;

use super::graph::Step;
use crate::catalog::delivery::Seen;

/// What a worker does next.
#[derive(Debug)]
pub(super) enum Task {
    Workspaces,
    Files {
        r#type: &'static str,
    },
    Documents {
        kind: &'static str,
    },
    Members,
    Teams,
    TeamMembers {
        team_id: String,
    },
    AccountTypes,
    Connections,
    Grants(GrantsOf),
    /// A listing of the organisation that asks nothing but its step.
    Listing {
        step: &'static Step,
    },
    /// What a step asks of one object of the organisation.
    Of {
        step: &'static Step,
        id: String,
    },
    Document(DocumentTask),
    /// What may have changed of a document that did not.
    Refresh(DocumentTask),
    Preview(PreviewTask),
}

/// A document whose contents are to be read.
#[derive(Debug, Clone)]
pub(super) struct DocumentTask {
    pub kind: &'static str,
    pub id: String,
    pub archived: bool,
    /// Its state as its listing shows it.
    pub seen: Seen,
    /// The ledger has it already as carried.
    pub was_carried: bool,
}

/// A page of which an image is wanted.
#[derive(Debug)]
pub(super) struct PreviewTask {
    pub document: String,
    pub version: Option<i64>,
    pub page: String,
    /// The export once it was started, and when.
    pub export: Option<(String, Instant)>,
    /// How often it was asked for.
    pub asked: u32,
}

/// Whose grants to ask for.
#[derive(Debug)]
pub(super) enum GrantsOf {
    Workspace(String),
    Object(String),
    Member(String),
    Team(String),
}

/// Something that the choice between grants by object and grants by principal depends on.
#[derive(Debug)]
pub(super) enum Found {
    Object(String),
    Member(String),
    Team(String),
}

/// Adds tasks. Tasks that list people and objects also report them, for the choice that waits for all of them.
#[derive(Debug, Clone)]
pub(super) struct Enqueue {
    tasks: mpsc::UnboundedSender<Item>,
    found: Option<mpsc::UnboundedSender<Found>>,
}

#[derive(Debug)]
struct Item {
    task: Task,
    enqueue: Enqueue,
}

impl Enqueue {
    /// Adds a task that lists nothing the choice waits for.
    pub fn add(&self, task: Task) {
        self.send(task, None);
    }

    /// Adds a task that the choice waits for.
    pub fn add_listing(&self, task: Task) {
        self.send(task, self.found.clone());
    }

    /// Adds a task when its time has come, or at once when the run is told to stop. No worker waits for it.
    pub fn add_later(&self, task: Task, wait: Duration, client: SigmaClient) {
        let later = self.without_listing();
        tokio::spawn(async move {
            tokio::select! {
                () = sleep(wait) => {}
                () = client.cancelled() => {}
            }
            later.add(task);
        });
    }

    /// A handle that the choice does not wait for.
    pub fn without_listing(&self) -> Self {
        Self { tasks: self.tasks.clone(), found: None }
    }

    fn send(&self, task: Task, found: Option<mpsc::UnboundedSender<Found>>) {
        let enqueue = Self { tasks: self.tasks.clone(), found };
        // Nobody listens any more only when the run is being given up.
        let _ = self.tasks.send(Item { task, enqueue });
    }

    /// Reports something found.
    pub fn found(&self, found: Found) {
        if let Some(sender) = &self.found {
            let _ = sender.send(found);
        }
    }
}

/// The receiving end, shared by the workers.
#[derive(Debug)]
pub(super) struct Queue {
    items: Mutex<mpsc::UnboundedReceiver<Item>>,
}

impl Queue {
    /// A queue, the first handle to it, and the stream of what listings find.
    pub fn new() -> (Self, Enqueue, mpsc::UnboundedReceiver<Found>) {
        let (tasks, items) = mpsc::unbounded_channel();
        let (found, finds) = mpsc::unbounded_channel();
        (Self { items: Mutex::new(items) }, Enqueue { tasks, found: Some(found) }, finds)
    }

    /// The next task with its handle; `None` when there will never be one again.
    pub async fn next(&self) -> Option<(Task, Enqueue)> {
        let item = self.items.lock().await.recv().await?;
        Some((item.task, item.enqueue))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn team(id: &str) -> Task {
        Task::TeamMembers { team_id: id.to_owned() }
    }

    #[tokio::test]
    async fn who_adds_many_tasks_keeps_nobody_elses_waiting() {
        let (queue, enqueue, _found) = Queue::new();
        enqueue.add(team("busy"));
        enqueue.add(team("first"));
        enqueue.add(team("second"));
        drop(enqueue);
        let mut order = Vec::new();
        while let Some((Task::TeamMembers { team_id }, enqueue)) = queue.next().await {
            // One task finds ever more to do, up to an end.
            if team_id.starts_with("busy") && order.len() < 100 {
                (0..10).for_each(|at| enqueue.add(team(&format!("busy {at}"))));
            }
            order.push(team_id);
        }
        assert_eq!(order[..3], ["busy", "first", "second"], "each takes its turn");
        assert!(order.len() > 500, "everything is done in the end: {}", order.len());
    }
}
