//! Which documents are not asked again: those that are as they were when their contents were last read to their end, as is
//! what they are built on.
//!
//! A document waits, once it is listed, until all listings are over ([`Carry::settle`]). Then it is asked after all if
//! something that it reads changed, came or went; or else the catalog keeps what it has of it. The states that are compared
//! are those that listings show *before* a document is asked, so what changes meanwhile is seen by the next run.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use super::effect::Effect;
use super::graph;
use super::organisation::kinds_on;
use super::queue::DocumentTask;
use super::token::Token;
use super::worker::settled;
use crate::catalog::attached::DocumentSource;
use crate::catalog::delivery::{DocumentRead, Outcome, Rows, ScopeReport, scope};
use crate::catalog::document::{LineageEdge, LineageNode};
use crate::catalog::governance::TaggedVersion;
use crate::catalog::organisation::{Connection, Document};
use crate::catalog::record::{Record, Table, Value};
use crate::catalog::warehouse::DatasetSource;
use crate::config::CrawlSettings;
use crate::sigma::{ListingReport, ids};
use crate::store::{Earlier, EarlierDocument, KnownDocument};

/// The kinds of what documents are built on that listings show the state of.
const LISTED: [&str; 3] = ["data-model", "dataset", CONNECTION];

/// What connections are called among them: they are listed whatever the settings say.
const CONNECTION: &str = "connection";

/// What is known of a source whose listing was not read to its end.
const UNKNOWN: &str = "?";

/// Why a document is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// The run reads everything.
    Full,
    /// No run has read it to its end, or not the latest that looked at it.
    Unread,
    /// It differs from what was read.
    Changed,
    /// Something that it is built on does.
    Sources,
    /// Other settings, other credentials or another version of this program read it.
    Questions,
    /// It was read long ago.
    Due,
    /// Sigma does not say in which version it is, or when it was changed.
    Undated,
    /// An image of it is missing.
    Images,
}

impl Why {
    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Unread => "unread",
            Self::Changed => "changed",
            Self::Sources => "sources_changed",
            Self::Questions => "asked_differently",
            Self::Due => "due",
            Self::Undated => "undated",
            Self::Images => "image_missing",
        }
    }
}

/// A document that may be carried, and the state of what it is built on when it was read.
#[derive(Debug)]
struct Held {
    task: DocumentTask,
    sources: BTreeMap<String, String>,
}

#[derive(Debug, Default)]
struct Known {
    /// The states of sources, by their keys.
    states: HashMap<String, String>,
    /// The kinds of source whose listing was read to its end.
    complete: BTreeSet<&'static str>,
    /// The kinds of source that the settings leave out: nobody knows whether one of them changed.
    unlisted: BTreeSet<&'static str>,
    /// The documents that may be carried, or are.
    held: HashMap<String, Held>,
    /// The warehouse tables that turned out to be others than before.
    woken: BTreeSet<String>,
    /// How many are asked, and why.
    asked: BTreeMap<Why, u64>,
    is_settled: bool,
}

/// What is known of the documents that may be carried.
#[derive(Debug)]
pub(super) struct Carry {
    /// The published catalog; `None` where no document is to be carried.
    earlier: Option<Arc<Earlier>>,
    /// Why everything is asked where nothing is carried.
    otherwise: Why,
    now: Timestamp,
    full_every: Duration,
    /// What stands for what is asked of a document, by kind.
    questions: HashMap<&'static str, String>,
    known: Mutex<Known>,
    /// The kinds of document whose listing is over.
    listed: watch::Sender<BTreeSet<&'static str>>,
    /// Those that others are built on and that are listed at all.
    awaited: BTreeSet<&'static str>,
}

/// The report of a scope that is not asked because what is known of it stands.
pub(super) fn carried(scope: &'static str, parent: &str) -> ScopeReport {
    ScopeReport { outcome: Outcome::Carried, ..settled(scope, parent, &ListingReport::default()) }
}

impl Carry {
    /// `earlier` is the published catalog; `full` asks every document whatever it says.
    pub fn new(earlier: Option<Arc<Earlier>>, full: bool, settings: &CrawlSettings, token: &Token) -> Self {
        let full = full || settings.full_every.is_zero();
        let is_on = |kind: &str| kinds_on(settings).any(|on| on == kind);
        let questions = graph::DOCUMENT_KINDS.iter().map(|kind| (*kind, questions(kind, settings, token)));
        Self {
            otherwise: if full && earlier.is_some() { Why::Full } else { Why::Unread },
            earlier: earlier.filter(|_| !full),
            now: Timestamp::now(),
            full_every: settings.full_every,
            questions: questions.collect(),
            known: Mutex::new(Known {
                unlisted: LISTED.into_iter().filter(|kind| *kind != CONNECTION && !is_on(kind)).collect(),
                ..Known::default()
            }),
            listed: watch::Sender::default(),
            awaited: kinds_on(settings).filter(|kind| LISTED.contains(kind)).collect(),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // These are plain maps, which a panic elsewhere cannot leave half written.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The published catalog, where something may be carried from it.
    pub fn earlier(&self) -> Option<&Earlier> {
        self.earlier.as_deref()
    }

    /// Notes the state of something that documents may be built on, in the catalog or not.
    pub fn note_state(&self, key: String, state: String) {
        self.known().states.insert(key, state);
    }

    /// Notes that the listing of a kind of document, or of the connections, is over.
    pub fn note_end(&self, kind: &str, is_complete: bool) {
        if let Some(kind) = LISTED.iter().find(|listed| **listed == kind) {
            if is_complete {
                self.known().complete.insert(kind);
            }
            self.listed.send_modify(|listed| {
                listed.insert(kind);
            });
        }
    }

    /// Waits until the documents that others are built on are listed. Their listings start before all others, so that
    /// some worker is at them whenever one waits here.
    pub async fn sources_listed(&self) {
        // The sender lives as long as this does.
        let _ = self.listed.subscribe().wait_for(|listed| self.awaited.is_subset(listed)).await;
    }

    /// Keeps a listed document back if it may be carried; gives it back, to be asked, if not. `has_images` tells whether
    /// the images that are wanted of it are there.
    pub fn hold(
        &self,
        task: DocumentTask,
        has_images: impl FnOnce(&Earlier, &DocumentTask) -> bool,
    ) -> Option<DocumentTask> {
        if task.archived && task.kind != "dataset" {
            // Nothing is asked of it anyway.
            return Some(task);
        }
        match self.judge(&task, has_images) {
            Ok(document) => {
                let sources = document.read.sources;
                let mut known = self.known();
                if sources.keys().any(|key| known.woken.contains(key)) {
                    *known.asked.entry(Why::Sources).or_default() += 1;
                    return Some(task);
                }
                known.held.insert(task.id.clone(), Held { task, sources });
                None
            }
            Err(why) => {
                self.count(why);
                Some(task)
            }
        }
    }

    fn judge(
        &self,
        task: &DocumentTask,
        has_images: impl FnOnce(&Earlier, &DocumentTask) -> bool,
    ) -> Result<EarlierDocument, Why> {
        let earlier = self.earlier.as_deref().ok_or(self.otherwise)?;
        // What cannot be looked up is asked.
        let document = earlier.document(&task.id).ok().flatten().ok_or(Why::Unread)?;
        if task.seen.updated_at.is_none() || (task.seen.version.is_none() && task.kind != "dataset") {
            return Err(Why::Undated);
        }
        if let Some(why) =
            self.must_ask(task.kind, &task.id, &document.read.read_at, &document.read.questions)
        {
            return Err(why);
        }
        if document.read.seen != task.seen {
            return Err(Why::Changed);
        }
        if has_images(earlier, task) { Ok(document) } else { Err(Why::Images) }
    }

    /// Why a document that did not change has to be asked all the same, given when and with which questions it was read.
    pub fn must_ask(&self, kind: &str, id: &str, read_at: &str, questions: &str) -> Option<Why> {
        if self.questions.get(kind).is_none_or(|now| now != questions) {
            return Some(Why::Questions);
        }
        let read_at = read_at.parse().ok();
        read_at.is_none_or(|read_at| is_due(read_at, self.now, self.full_every, id)).then_some(Why::Due)
    }

    fn count(&self, why: Why) {
        *self.known().asked.entry(why).or_default() += 1;
    }

    /// Decides, once all listings are over, which of the documents that were held back are asked after all.
    pub fn settle(&self) -> Vec<DocumentTask> {
        let mut known = self.known();
        known.is_settled = true;
        let changed: Vec<String> = known
            .held
            .iter()
            .filter(|(_, held)| held.sources.iter().any(|(key, state)| known.differs(key, state)))
            .map(|(id, _)| id.clone())
            .collect();
        known.release(changed)
    }

    /// Takes those out that read a warehouse table which turned out to be another one than before.
    pub fn release_readers(&self, table: &str) -> Vec<DocumentTask> {
        let mut known = self.known();
        let readers = known.readers(&table_key(table));
        known.woken.insert(table_key(table));
        let was_carried = known.is_settled;
        known.release(readers).into_iter().map(|task| DocumentTask { was_carried, ..task }).collect()
    }

    /// The documents that are carried, each with the warehouse tables that it reads.
    pub fn carried(&self) -> Vec<(DocumentTask, Vec<String>)> {
        let known = self.known();
        let tables = |held: &Held| {
            held.sources.keys().filter_map(|key| key.strip_prefix("table:")).map(str::to_owned).collect()
        };
        let mut carried: Vec<_> = known.held.values().map(|held| (held.task.clone(), tables(held))).collect();
        carried.sort_by(|(one, _), (other, _)| one.id.cmp(&other.id));
        carried
    }

    /// What a document was when it was read, to be stored once it was read to its end.
    pub fn read(&self, task: &DocumentTask, rows: &Rows, read_at: String) -> DocumentRead {
        let known = self.known();
        let state = |key: String| {
            let state = known.state(&key).unwrap_or_else(|| UNKNOWN.to_owned());
            (key, state)
        };
        DocumentRead {
            document_id: task.id.clone(),
            seen: task.seen.clone(),
            sources: sources_of(rows).into_iter().map(state).collect(),
            questions: self.questions.get(task.kind).cloned().unwrap_or_default(),
            read_at,
        }
    }

    /// What the run means to do, in one sentence; `None` where no run went before it.
    pub fn announcement(&self) -> Option<String> {
        if self.otherwise == Why::Full {
            return Some("every document is asked for its contents, changed or not".to_owned());
        }
        let known = self.earlier.as_ref()?.documents_read().ok()?;
        let is_asked = |document: &&KnownDocument| self.is_due_anyway(document);
        let asked = known.iter().filter(is_asked).count();
        Some(format!(
            "{} of {} documents are asked for their contents only if they, or what they are built on, changed",
            known.len() - asked,
            known.len()
        ))
    }

    /// Whether a document of the published catalog is asked even if it did not change.
    pub fn is_due_anyway(&self, document: &KnownDocument) -> bool {
        let KnownDocument { id, kind, read, .. } = document;
        self.earlier.is_none()
            || read
                .as_ref()
                .is_none_or(|(read_at, questions)| self.must_ask(kind, id, read_at, questions).is_some())
    }

    /// How many documents are carried, and how many are asked by reason.
    pub fn counts(&self) -> (u64, BTreeMap<&'static str, u64>) {
        let known = self.known();
        let asked = known.asked.iter().map(|(why, count)| (why.name(), *count)).collect();
        (known.held.len() as u64, asked)
    }
}

impl Known {
    /// The state of a source as this run's listings show it; `None`: they do not tell.
    fn state(&self, key: &str) -> Option<String> {
        let (kind, id) = key.split_once(':')?;
        let kinds: &[&str] = match kind {
            // Its state shows only when it is asked, which is after its readers.
            "table" => return Some(String::new()),
            // A reference that leads nowhere leads somewhere once what it means is listed.
            "unresolved" => &["data-model", "dataset"],
            _ => &[kind],
        };
        let found = kinds.iter().find_map(|kind| self.states.get(&format!("{kind}:{id}")));
        let all_known = || kinds.iter().all(|kind| self.complete.contains(kind));
        found.cloned().or_else(|| all_known().then(String::new))
    }

    /// Whether a source is not what it was, or may not be. What a failed listing does not tell, the next one will.
    fn differs(&self, key: &str, state: &str) -> bool {
        let is_unlisted = key.split_once(':').is_some_and(|(kind, _)| self.unlisted.contains(kind));
        is_unlisted || self.state(key).is_some_and(|now| now != state)
    }

    /// The documents held back that read a source.
    fn readers(&self, key: &str) -> Vec<String> {
        let readers = self.held.iter().filter(|(_, held)| held.sources.contains_key(key));
        readers.map(|(id, _)| id.clone()).collect()
    }

    /// Takes documents out, and with a data model everything that is built on it: its SQL is part of theirs.
    fn release(&mut self, documents: Vec<String>) -> Vec<DocumentTask> {
        let mut open = documents;
        let mut released = Vec::new();
        while let Some(id) = open.pop() {
            let Some(held) = self.held.remove(&id) else { continue };
            if held.task.kind == "data-model" {
                open.extend(self.readers(&format!("data-model:{id}")));
            }
            *self.asked.entry(Why::Sources).or_default() += 1;
            released.push(held.task);
        }
        released.sort_by(|one, other| one.id.cmp(&other.id));
        released
    }
}

/// The state of a document that others may be built on; `None` for kinds that nothing is built on.
pub(super) fn state_of_document(document: &Document) -> Option<Effect> {
    let Document { name, latest_version, updated_at, is_archived, migration_status, .. } = document;
    LISTED.contains(&document.kind.as_str()).then(|| Effect::State {
        key: format!("{}:{}", document.kind, document.id),
        state: digest(&format!(
            "{name:?} {latest_version:?} {updated_at:?} {is_archived:?} {migration_status:?}"
        )),
    })
}

/// The state of a connection.
pub(super) fn state_of_connection(connection: &Connection) -> Effect {
    Effect::State {
        key: format!("connection:{}", connection.id),
        state: digest(&format!("{:?}", connection.clone().into_values())),
    }
}

fn table_key(id: &str) -> String {
    format!("table:{id}")
}

/// Whether the scopes of a document's bundle were read so well that asking again would tell nothing new.
///
/// What the server failed to tell is not: lineage that it answers with 500 may be lineage that is not there, or a server in
/// trouble. Sources refused because one of them is archived may be told next time.
pub(super) fn is_read_to_its_end(scopes: &[ScopeReport]) -> bool {
    scopes.iter().all(|report| match report.outcome {
        Outcome::Excluded => report.scope != scope::SOURCES || report.code.as_deref() == Some("setting.off"),
        outcome => outcome.is_complete(),
    })
}

/// Whether contents read at `read_at` are too old. Each document comes due at a moment of its own in the second half of the
/// span, another one each time it is read, so that what was read in one night is not asked again in one night.
fn is_due(read_at: Timestamp, now: Timestamp, full_every: Duration, id: &str) -> bool {
    let Ok(age) = Duration::try_from(now.duration_since(read_at)) else {
        // The clock was set back: nobody knows how old it is.
        return true;
    };
    let hash = Sha256::digest(format!("{id} {read_at}"));
    let share = f64::from(u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])) / f64::from(u32::MAX);
    age >= full_every.mul_f64(1.0 - share / 2.0)
}

/// What stands for everything that is asked of documents of a kind, and for whoever asks: who sees less reads less, and SQL
/// is compiled for whoever asks for it.
fn questions(kind: &str, settings: &CrawlSettings, token: &Token) -> String {
    let mut text = format!("{} {} {:?}", env!("CARGO_PKG_VERSION"), token.member_id, token.admin);
    // Data permissions are asked for in every run.
    let asked = graph::STEPS.iter().filter(|step| {
        (step.of == kind || step.of == "table")
            && step.scope != scope::CONNECTION_GRANTS
            && step.is_on(settings)
    });
    for step in asked {
        text += &format!(" {}", step.endpoint.spec().path);
    }
    text += &format!(" {}", settings.column_lineage);
    if kind == "workbook" {
        text += &format!(" {:?} {}", settings.previews.mode, settings.previews.pixel_width);
    }
    digest(&text)
}

/// What stands for the version tags of a document.
pub(super) fn tags(versions: &[TaggedVersion]) -> String {
    let mut all: Vec<String> = versions.iter().map(|version| format!("{version:?}")).collect();
    all.sort();
    if all.is_empty() { String::new() } else { digest(&all.join(" ")) }
}

/// Enough of a hash to tell a few states of one thing apart.
pub(super) fn digest(text: &str) -> String {
    Sha256::digest(text)[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The keys of everything that the rows of a document say it is built on.
fn sources_of(rows: &Rows) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    let mut each = |table: &'static Table, kind: &str, id: &str| {
        let place = |column| table.position(column);
        for row in rows.of(table) {
            let text = |place: Option<usize>| match place.map(|place| &row[place]) {
                Some(Value::Text(text)) => Some(text.as_str()),
                _ => None,
            };
            if let Some(connection) = text(place("connection_id")) {
                keys.insert(format!("connection:{connection}"));
            }
            let (Some(kind), Some(id)) = (text(place(kind)), text(place(id))) else { continue };
            let id = match kind {
                "data-model" if table.name == LineageEdge::TABLE.name => text(place("source_document_id")),
                "table" | "dataset" | "data-model" => Some(id),
                _ => None,
            };
            keys.extend(id.map(|id| format!("{kind}:{id}")));
            if kind == "unresolved"
                && let Some(raw) = text(place("source_id"))
            {
                keys.extend(ids::normalise_inode(raw).map(|id| format!("unresolved:{id}")));
            }
        }
    };
    each(LineageNode::TABLE, "type", "id");
    each(LineageEdge::TABLE, "source_type", "source_id");
    each(DocumentSource::TABLE, "type", "source_id");
    each(DatasetSource::TABLE, "source_type", "source_id");
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    #[test]
    fn a_document_comes_due_in_the_second_half_of_the_span_and_not_all_in_one_night() {
        let now: Timestamp = "2026-11-21T02:00:00Z".parse().unwrap();
        let week = DAY * 7;
        let due = |age: Duration| {
            let ids = (0..1000).map(|id| format!("document {id}"));
            ids.filter(|id| is_due(now - age, now, week, id)).count()
        };
        assert_eq!((due(week / 2 - DAY / 24), due(week)), (0, 1000));
        let mut before = 0;
        for night in 4..=7 {
            let tonight = due(DAY * night) - before;
            assert!((50..=400).contains(&tonight), "night {night}: {tonight}");
            before += tonight;
        }
        // The clock was set back.
        assert!(is_due(now + DAY, now, week, "document"));
        // Read again, a document has another moment.
        let moments = (0..50).filter(|hour| {
            let read_at = now - DAY * 5 - DAY / 24 * *hour;
            is_due(read_at, read_at + DAY * 5, week, "document")
        });
        assert!((5..45).contains(&moments.count()));
    }

    #[test]
    fn whatever_a_document_reads_from_is_a_source_of_it() {
        let mut rows = Rows::default();
        let node = |kind: &str, id: &str, connection: Option<&str>| LineageNode {
            r#type: kind.to_owned(),
            id: id.to_owned(),
            name: None,
            connection_id: connection.map(str::to_owned),
            definition: None,
        };
        let edge = |kind: &str, document: &str, id: &str| LineageEdge {
            source_type: kind.to_owned(),
            source_document_id: document.to_owned(),
            source_id: id.to_owned(),
            target_id: "t".to_owned(),
            kind: "source".to_owned(),
            evidence: "lineage".to_owned(),
        };
        rows.push(node("table", "t1", Some("c1")));
        rows.push(node("customSQL", "sql", Some("c2")));
        rows.push(node("csv-upload", "csv", None));
        rows.push(edge("data-model", "m1", "its element"));
        rows.push(edge("element", "own", "e"));
        rows.push(edge("unresolved", "", "inode-2Fby2MBLPM5jUMfBB15On1"));
        rows.push(edge("unresolved", "", "gone"));
        rows.push(DocumentSource {
            r#type: "dataset".to_owned(),
            source_id: "d1".to_owned(),
            version_tag_id: String::new(),
            element_ids: None,
            connection_id: Some("c3".to_owned()),
            definition: None,
            url: None,
        });
        let expected = [
            "connection:c1",
            "connection:c2",
            "connection:c3",
            "data-model:m1",
            "dataset:d1",
            "table:t1",
            "unresolved:578a544c-88d3-4f26-8deb-c4071928e063",
        ];
        assert_eq!(sources_of(&rows).into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_source_that_a_listing_does_not_tell_of_is_no_change_and_one_that_it_no_longer_shows_is() {
        let mut known = Known::default();
        known.states.insert("data-model:m".to_owned(), "one".to_owned());
        // Its listing failed.
        assert!(!known.differs("data-model:m", "one") && known.differs("data-model:m", "two"));
        assert!(!known.differs("data-model:other", "one") && !known.differs("unresolved:other", ""));
        known.complete.insert("data-model");
        assert!(known.differs("data-model:other", "one") && !known.differs("data-model:other", ""));
        assert!(!known.differs("unresolved:other", ""));
        known.complete.insert("dataset");
        // It leads somewhere now.
        assert!(known.differs("unresolved:m", "") && !known.differs("unresolved:other", ""));
        assert!(!known.differs("table:t", ""));
        known.unlisted.insert("data-model");
        assert!(known.differs("data-model:m", "one"));
    }

    #[test]
    fn what_the_server_may_tell_next_time_was_not_read_to_its_end() {
        let of = |scope, outcome, code| {
            is_read_to_its_end(&[ScopeReport::without_rows(scope, "", outcome, code, "")])
        };
        assert!(of(scope::COLUMNS, Outcome::Complete, "") && of(scope::QUERIES, Outcome::NotApplicable, ""));
        assert!(of(scope::QUERIES, Outcome::Excluded, "setting.off"));
        assert!(of(scope::SOURCES, Outcome::Excluded, "setting.off"));
        assert!(!of(scope::SOURCES, Outcome::Excluded, "object.archived"));
        for outcome in [
            Outcome::Carried,
            Outcome::Denied,
            Outcome::Gone,
            Outcome::Failed,
            Outcome::Incomplete,
            Outcome::Skipped,
        ] {
            assert!(!of(scope::LINEAGE, outcome, ""), "{outcome:?}");
        }
    }
}
