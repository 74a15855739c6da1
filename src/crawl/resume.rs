//! Going on with what an earlier run has read: when that is right, and what is not asked again.
//!
//! A scope that was read well is taken over: what it set off is done again, its rows stay, nothing is asked. Asked again is
//! what every run begins with (the token, whose it is), what fell short, and three kinds of listing that are held against
//! each other before any of their rows is taken: those of a crawl with filters, those of one user's view, and Sigma's own
//! answers about what members see. After a longer interruption only the contents of documents and tables are taken over, for
//! the listings say whether those still hold: what nothing holds against the present, above all who may see what, is asked.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::effect::Effect;
use super::error::CrawlError;
use super::queue::{DocumentTask, Enqueue, Found, GrantsOf, Task};
use super::worker::{Crawler, settled};
use crate::catalog::delivery::{Bundle, Delivery, FollowUp, Rows, scope};
use crate::config::Settings;
use crate::sigma::ListingReport;
use crate::store::{RunStart, Staged, Staging};

/// What an earlier run has read well, until this one takes it over.
#[derive(Debug, Default)]
pub(super) struct Resumed {
    scopes: Mutex<HashMap<String, HashMap<String, Vec<Effect>>>>,
    /// Documents that are read again although an earlier run has read them.
    read_again: Mutex<HashSet<String>>,
}

/// What stands for everything that was asked, of whom, and by whom: only a run of which it is the same goes on with it.
pub(super) fn fingerprint(start: &RunStart, settings: &Settings, full: bool) -> String {
    let permissions = &settings.permissions;
    let mut asked = settings.crawl.clone();
    // How fast is asked, and for how long one may wait, does not change the answers.
    asked.concurrency = 0;
    asked.resume_within = Duration::ZERO;
    asked.previews.timeout = Duration::ZERO;
    let all = format!("{start:?} {asked:?} {full} {} {:?}", permissions.mirroring, permissions.login_user);
    Sha256::digest(all).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Why a run does not go on with what is staged; `None`: it does.
pub(super) fn why_not(
    staging: &Staging,
    fingerprint: &str,
    within: Duration,
    now: Timestamp,
) -> Option<&'static str> {
    if within.is_zero() {
        return Some("`crawl.resume_within` is 0");
    }
    if staging.fingerprint != fingerprint {
        return Some("it was read with another program version, organisation, credentials or settings");
    }
    match staging.since.parse::<Timestamp>() {
        Err(_) => Some("nobody knows when it was read"),
        Ok(since) if since > now => Some("it says that it was read later than now"),
        Ok(since) if now.duration_since(since).unsigned_abs() >= within => {
            Some("it is older than `crawl.resume_within`")
        }
        Ok(_) => None,
    }
}

/// How long a run may be interrupted before its listings are no longer taken for the present.
const LISTINGS_STAND: Duration = Duration::from_secs(15 * 60);

/// What is taken over after a longer interruption than that.
pub(super) const CONTENTS: &[&str] =
    &[scope::DOCUMENT, scope::WAREHOUSE_TABLES, scope::WAREHOUSE_COLUMNS, scope::PREVIEWS];

/// Whether the run that read what is staged was interrupted too long ago for its listings to stand.
pub(super) fn is_long_ago(staging: &Staging, now: Timestamp) -> bool {
    let until = staging.until.parse::<Timestamp>();
    until.map_or(true, |until| now.duration_since(until).unsigned_abs() > LISTINGS_STAND)
}

impl Resumed {
    /// From what the store kept; `None` where that is not what this program writes.
    pub fn of(staged: Staged) -> Option<Self> {
        let read = |follow_ups: Vec<FollowUp>| follow_ups.iter().map(Effect::of).collect::<Option<Vec<_>>>();
        let mut scopes: HashMap<String, HashMap<String, Vec<Effect>>> = HashMap::new();
        for (name, parents) in staged.scopes {
            let parents = parents.into_iter().map(|(parent, kept)| Some((parent, read(kept)?)));
            scopes.insert(name, parents.collect::<Option<_>>()?);
        }
        Some(Self { scopes: Mutex::new(scopes), read_again: Mutex::default() })
    }

    /// How much there is, in words.
    pub fn told(&self) -> String {
        let Ok(scopes) = self.scopes.lock() else { return String::new() };
        let count = |of_documents: bool| -> usize {
            let counted = scopes.iter().filter(|(name, _)| (*name == scope::DOCUMENT) == of_documents);
            counted.map(|(_, parents)| parents.len()).sum()
        };
        format!(
            "the contents of {} documents and {} other scopes are not asked again",
            count(true),
            count(false)
        )
    }

    /// Whether any scope of these was read well.
    pub fn has_any(&self, scopes: &[&str]) -> bool {
        self.scopes.lock().is_ok_and(|read| scopes.iter().any(|scope| read.contains_key(*scope)))
    }

    /// Takes what a scope set off, if it was read well.
    fn take(&self, scope: &str, parent: &str) -> Option<Vec<Effect>> {
        self.scopes.lock().ok()?.get_mut(scope)?.remove(parent)
    }

    /// Whether the contents of a document were read well.
    pub fn has_read(&self, document: &DocumentTask) -> bool {
        let (scope, parent) = contents_of(document);
        // Of one that did not change only what may change unseen was read.
        let is_whole = |effects: &Vec<Effect>| !effects.contains(&Effect::Refreshed);
        let scopes = self.scopes.lock();
        scopes.is_ok_and(|scopes| scopes.get(scope).and_then(|read| read.get(parent)).is_some_and(is_whole))
    }

    fn is_read_again(&self, document: &str) -> bool {
        self.read_again.lock().is_ok_and(|documents| documents.contains(document))
    }

    fn note_read_again(&self, document: &str) {
        if let Ok(mut documents) = self.read_again.lock() {
            documents.insert(document.to_owned());
        }
    }
}

/// The scope that stands for the contents of a document, with its parent.
fn contents_of(document: &DocumentTask) -> (&'static str, &str) {
    let scope = if document.kind == "dataset" { scope::DATASET_SOURCES } else { scope::DOCUMENT };
    (scope, &document.id)
}

/// The scope that a task reads, with its parent.
fn scope_of(task: &Task) -> Option<(&'static str, String)> {
    Some(match task {
        Task::Workspaces => (scope::WORKSPACES, String::new()),
        Task::Files { r#type } => (scope::FILES, (*r#type).to_owned()),
        Task::Documents { kind } => (scope::DOCUMENTS, (*kind).to_owned()),
        Task::Members => (scope::MEMBERS, String::new()),
        Task::Teams => (scope::TEAMS, String::new()),
        Task::TeamMembers { team_id } => (scope::TEAM_MEMBERS, team_id.clone()),
        Task::AccountTypes => (scope::ACCOUNT_TYPES, String::new()),
        Task::Grants(GrantsOf::Workspace(id) | GrantsOf::Object(id)) => (scope::OBJECT_GRANTS, id.clone()),
        Task::Grants(GrantsOf::Member(id)) => (scope::MEMBER_GRANTS, id.clone()),
        Task::Grants(GrantsOf::Team(id)) => (scope::TEAM_GRANTS, id.clone()),
        Task::Listing { step } => (step.scope, String::new()),
        Task::Of { step, id } => (step.scope, id.clone()),
        Task::Document(document) => {
            let (scope, parent) = contents_of(document);
            (scope, parent.to_owned())
        }
        Task::Preview(preview) => (scope::PREVIEWS, format!("{}/{}", preview.document, preview.page)),
        Task::Refresh(document) => (scope::DOCUMENT, document.id.clone()),
        // Those who need connections list them, and take over that listing themselves.
        Task::Connections => return None,
    })
}

impl Crawler {
    /// Takes over what an earlier run has read of a task; whether there was anything.
    pub(super) async fn take_over(&self, task: &Task, enqueue: &Enqueue) -> Result<bool, CrawlError> {
        let Some((scope, parent)) = scope_of(task) else { return Ok(false) };
        if matches!(task, Task::Preview(preview) if self.resumed.is_read_again(&preview.document)) {
            return Ok(false);
        }
        let Some(effects) = self.resumed.take(scope, &parent) else { return Ok(false) };
        match task {
            Task::Document(document) if document.kind != "dataset" && !is_same(document, &effects) => {
                self.resumed.note_read_again(&document.id);
                return Ok(false);
            }
            Task::Refresh(_) if !effects.contains(&Effect::Refreshed) => return Ok(false),
            _ => {}
        }
        self.do_again(&effects, enqueue).await?;
        match task {
            Task::Document(document) if document.kind != "dataset" => {
                self.adopt(scope, parent, 0).await?;
                if document.was_carried {
                    let scopes = vec![settled(scope::CONTENTS, "", &ListingReport::default())];
                    let (document_id, rows) = (document.id.clone(), Rows::default());
                    self.deliver(Delivery::Bundle(Bundle { document_id, rows, scopes })).await?;
                }
                for effect in effects {
                    if let Effect::Pages(visible) = effect {
                        self.previews(document, &visible, enqueue).await?;
                    }
                }
            }
            Task::Documents { kind } => {
                // Of a listing that showed nothing it is not kept whether there was nothing.
                self.carry.note_end(kind, !effects.is_empty());
                let has_contents =
                    |effect: &&Effect| matches!(effect, Effect::Document { kind, .. } if kind != "dataset");
                let documents = effects.iter().filter(has_contents);
                self.adopt(scope, parent.clone(), documents.count() as u64).await?;
                self.adopt(scope::TAGGED_VERSIONS, parent, 0).await?;
            }
            Task::Members => {
                let listed = self.members.lock().ok().and_then(|mut members| members.take());
                for member in listed.into_iter().flat_map(|(members, _)| members) {
                    enqueue.found(Found::Member(member.id));
                }
                self.adopt(scope, parent, 0).await?;
            }
            Task::Listing { step } => {
                self.adopt(scope, parent, 0).await?;
                self.after_listing(step, enqueue)?;
            }
            _ => self.adopt(scope, parent, 0).await?,
        }
        Ok(true)
    }

    /// Does again what a scope set off that an earlier run has read; what that was, if it has.
    pub(super) async fn take_over_scope(
        &self,
        scope: &str,
        parent: &str,
        enqueue: &Enqueue,
    ) -> Result<Option<Vec<Effect>>, CrawlError> {
        let Some(effects) = self.resumed.take(scope, parent) else { return Ok(None) };
        self.do_again(&effects, enqueue).await?;
        Ok(Some(effects))
    }

    async fn do_again(&self, effects: &[Effect], enqueue: &Enqueue) -> Result<(), CrawlError> {
        for effect in effects {
            self.perform(effect.clone(), enqueue);
        }
        self.tell_again(effects).await
    }

    /// Whether grants were asked by principal, if that was decided: what was asked one way is not asked the other way halfway
    /// through.
    pub(super) async fn take_over_choice(&self) -> Result<Option<bool>, CrawlError> {
        let Some(effects) = self.resumed.take(scope::GRANTS_BY, "") else { return Ok(None) };
        self.adopt(scope::GRANTS_BY, String::new(), 0).await?;
        Ok(effects.iter().find_map(|effect| match effect {
            Effect::GrantsByPrincipal(by_principal) => Some(*by_principal),
            _ => None,
        }))
    }

    /// Tells the store that a scope is this run's.
    pub(super) async fn adopt(
        &self,
        scope: &'static str,
        parent: String,
        documents: u64,
    ) -> Result<(), CrawlError> {
        self.deliver(Delivery::Adopted { scope, parent, documents }).await
    }
}

/// Whether a document is still what it was when it was read.
fn is_same(document: &DocumentTask, effects: &[Effect]) -> bool {
    effects.iter().any(|effect| {
        matches!(effect, Effect::Read { archived, seen }
            if *archived == document.archived && *seen == document.seen)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_young_and_was_asked_alike_is_gone_on_with() {
        let within = Duration::from_secs(3600);
        let now: Timestamp = "2026-05-01T12:00:00Z".parse().unwrap();
        let refused = |since: &str, fingerprint: &str, within| {
            let (since, fingerprint_of) = (since.to_owned(), "a".to_owned());
            let staging = Staging { run_id: 1, until: since.clone(), since, fingerprint: fingerprint_of };
            why_not(&staging, fingerprint, within, now)
        };
        assert_eq!(refused("2026-05-01T11:00:00.001Z", "a", within), None);
        assert_eq!(refused("2026-05-01T12:00:00.000Z", "a", within), None);
        for (since, fingerprint, within, why) in [
            ("2026-05-01T11:00:00.000Z", "a", within, "older"),
            ("2026-05-01T12:00:00.001Z", "a", within, "later than now"),
            ("yesterday", "a", within, "nobody knows"),
            ("2026-05-01T11:59:00.000Z", "b", within, "another program version"),
            ("2026-05-01T11:59:00.000Z", "a", Duration::ZERO, "`crawl.resume_within` is 0"),
        ] {
            assert!(refused(since, fingerprint, within).is_some_and(|found| found.contains(why)), "{why}");
        }
    }
}
