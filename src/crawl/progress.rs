//! How a run goes: what the writer's thread counts while it stores, and who hears of it.

use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::catalog::delivery::{Delivery, Page, Severity, scope};
use crate::catalog::organisation::Document;
use crate::catalog::record::Record;
use crate::store::{StoreError, Writer};

/// How long a run may be silent while nothing arrives.
const LONGEST_SILENCE: Duration = Duration::from_millis(500);

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// Documents found so far.
    pub documents_found: u64,
    /// Documents read and stored.
    pub documents_done: u64,
    /// Rows received.
    pub rows: u64,
}

/// Hears how a run goes; implemented by whoever may print.
pub trait Progress: Send + Sync {
    /// Something moved.
    fn moved(&self, snapshot: Snapshot);
    /// Something worth telling happened.
    fn notice(&self, severity: Severity, message: &str);
}

/// How many documents are indexed at a time while a run waits for answers: few at a time leave the index in pieces, which
/// take time to put together.
const INDEXED_AHEAD: usize = 50;

/// The writer thread: stores deliveries until there are no more, or one fails.
pub(super) fn write(
    mut writer: Writer,
    mut waiting: mpsc::Receiver<Delivery>,
    progress: &dyn Progress,
    runtime: &Handle,
) -> (Writer, Result<(), StoreError>) {
    let mut snapshot = Snapshot::default();
    loop {
        let delivery = match runtime.block_on(async { timeout(LONGEST_SILENCE, waiting.recv()).await }) {
            Ok(Some(delivery)) => delivery,
            Ok(None) => break,
            Err(_) => {
                progress.moved(snapshot);
                match writer.flush() {
                    Ok(()) => continue,
                    Err(error) => return (writer, Err(error)),
                }
            }
        };
        match &delivery {
            Delivery::Rows(rows) | Delivery::Page(Page { rows, .. }) => {
                snapshot.rows += rows.len() as u64;
                let documents = rows.of(Document::TABLE).iter();
                // Datasets have no contents to be read.
                snapshot.documents_found +=
                    documents.filter(|row| Document::TABLE.kind_of(row) != "dataset").count() as u64;
            }
            Delivery::Document(bundle, _) => {
                snapshot.rows += bundle.rows.len() as u64;
                snapshot.documents_done += 1;
            }
            Delivery::Carried(documents) => {
                let done = documents.iter().filter(|document| document.has_contents);
                snapshot.documents_done += done.count() as u64;
            }
            Delivery::Bundle(bundle) => snapshot.rows += bundle.rows.len() as u64,
            Delivery::Adopted { scope, documents, .. } => {
                snapshot.documents_found += documents;
                snapshot.documents_done += u64::from(*scope == scope::DOCUMENT);
            }
            Delivery::Event(event) => {
                progress.notice(event.severity, &format!("{}: {}", event.context, event.message))
            }
            Delivery::Scope(_) | Delivery::Learnt { .. } | Delivery::Read(_) => {}
        }
        progress.moved(snapshot);
        let mut stored = writer.accept(delivery);
        // What nothing more waits behind is committed at once: a kill then costs what is being read, and nothing that was.
        if waiting.is_empty() {
            stored = stored.and_then(|()| writer.flush()).and_then(|()| writer.index_ahead(INDEXED_AHEAD));
        }
        if let Err(error) = stored {
            return (writer, Err(error));
        }
    }
    let flushed = writer.flush();
    (writer, flushed)
}
