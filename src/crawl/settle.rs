//! What becomes of the documents that did not change: held back when they are listed, decided over when all listings are over.

use super::carry::carried;
use super::error::CrawlError;
use super::graph;
use super::queue::{DocumentTask, Enqueue, Task};
use super::worker::{Crawler, turned_off};
use crate::catalog::delivery::{Carried, Delivery, scope};

/// Documents to hand over together.
const BATCH: usize = 1000;

impl Crawler {
    /// Has a document asked for its contents, unless it may be carried. What a run that this one goes on with has read of it
    /// is newer than what the catalog has.
    pub(super) fn ask_or_carry(&self, task: DocumentTask, enqueue: &Enqueue) {
        let task = match self.resumed.has_contents(&task.id) {
            true => Some(self.carry.resumed(task)),
            false => self.carry.hold(task, |before, task| self.has_images(before, task)),
        };
        if let Some(task) = task {
            enqueue.add(Task::Document(task));
        }
    }

    /// Has the documents asked for their contents after all that read a warehouse table which is another one than it was.
    pub(super) fn ask_readers(&self, table: &str, enqueue: &Enqueue) {
        for task in self.carry.release_readers(table) {
            enqueue.add(Task::Document(task));
        }
    }

    /// Decides over the documents that did not change, once all listings are over: what is built on something that did is
    /// asked, of the others only what may change unseen.
    pub(super) async fn settle(&self, enqueue: &Enqueue) -> Result<(), CrawlError> {
        let Some(before) = self.carry.before() else { return Ok(()) };
        self.warehouses(enqueue).await?;
        for task in self.carry.settle() {
            enqueue.add(Task::Document(task));
        }
        let fell_short = before.deficient(&[scope::WAREHOUSE_TABLES, scope::WAREHOUSE_COLUMNS])?;
        let mut batch = Vec::new();
        for (task, tables) in self.carry.carried() {
            for table in tables {
                if fell_short.contains(&table) {
                    self.table_found(&table, enqueue);
                } else {
                    self.table_kept(&table, enqueue);
                }
            }
            let document_id = task.id.clone();
            let mut scopes = vec![carried(scope::CONTENTS, "")];
            for step in graph::STEPS.iter().filter(|step| step.of == task.kind && !step.fallback) {
                if !step.is_on(&self.settings) && !step.is_optional() && step.scope != scope::PREVIEWS {
                    scopes.push(turned_off(step, step.scope, ""));
                }
            }
            let asked = graph::scopes_of(task.kind, &self.settings);
            let is_refreshed = asked.iter().any(|step| step.changes_unseen(&self.settings));
            let is_done = !is_refreshed && task.kind != "dataset";
            if is_refreshed {
                enqueue.add(Task::Refresh(task));
            }
            batch.push(Carried { document_id, scopes, is_done });
            if batch.len() >= BATCH {
                self.deliver(Delivery::Carried(std::mem::take(&mut batch))).await?;
            }
        }
        self.deliver(Delivery::Carried(batch)).await
    }
}
