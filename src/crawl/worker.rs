//! A worker: takes tasks from the queue, one request in flight, and delivers what it reads.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};

use tokio::sync::{OnceCell, mpsc};

use super::attached::ModelSql;
use super::breakdown::Answerable;
use super::carry::Carry;
use super::effect::{Effect, Taken};
use super::error::CrawlError;
use super::graph::{self, Step};
use super::left_out::LeftOut;
use super::permissions::Permissions;
use super::preview::Gallery;
use super::queue::{Enqueue, Queue, Task};
use super::resume::Resumed;
use super::rows;
use super::token::Token;
use crate::catalog::delivery::{Delivery, Outcome, Page, ScopeReport, scope};
use crate::catalog::organisation::{Connection, Member, Organization};
use crate::config::CrawlSettings;
use crate::sigma::model::Row;
use crate::sigma::{Call, ErrorKind, Incomplete, ListingReport, SigmaClient, SigmaError};

/// What all workers share. What changes is the pace inside the client, and what was learnt of the server.
#[derive(Debug)]
pub(super) struct Crawler {
    pub client: SigmaClient,
    pub settings: CrawlSettings,
    pub token: Token,
    /// The member whose view alone is crawled, while permissions are not mirrored.
    pub login: Option<String>,
    /// The members, which were listed before anything else, until they are delivered; and how that listing ended.
    pub members: Mutex<Option<(Vec<Member>, ScopeReport)>>,
    /// What the one user sees whose view is crawled; not set while permissions are mirrored.
    pub seen: OnceLock<HashSet<String>>,
    /// The published catalog's grants were asked by principal.
    pub grants_by_principal_before: bool,
    /// The organisation as the published catalog has it.
    organization_before: Option<Organization>,
    /// The connections that the published catalog has.
    pub connections_before: HashSet<String>,
    pub deliveries: mpsc::Sender<Delivery>,
    /// What is known of the endpoint for data models' SQL.
    pub model_sql: ModelSql,
    /// Where images go; `None` where none are asked for.
    pub gallery: Option<Gallery>,
    /// What the filters leave out.
    pub left_out: LeftOut,
    /// The first address of a document seen: it tells the organisation's address.
    document_url: Mutex<Option<String>>,
    /// The scopes of warehouse tables asked so far: a table that many documents read is asked about once.
    tables: Mutex<HashSet<(&'static str, String)>>,
    /// The types of connections by id, once they are listed.
    pub(super) warehouses: OnceCell<Option<HashMap<String, String>>>,
    /// The connections that what was delivered reads from, while one user's view is crawled.
    pub connections: Mutex<HashSet<String>>,
    /// All connections and how their listing ended, while one user's view is crawled.
    pub held_back: OnceLock<(Vec<Connection>, ScopeReport)>,
    /// The organisation is known to have no tenants.
    pub without_tenants: AtomicBool,
    /// The tasks in which a test wants a defect.
    #[cfg(test)]
    pub breaks: fn(&Task) -> bool,
    /// What an earlier run has read.
    pub resumed: Resumed,
    /// Which documents are not asked again.
    pub carry: Carry,
    /// Which permissions are not.
    pub permissions: Permissions,
}

/// What is known before the crawl begins.
pub(super) struct Known {
    pub token: Token,
    /// The member whose view is crawled, where it is one member's.
    pub login: Option<String>,
    pub members: (Vec<Member>, ScopeReport),
    pub grants_by_principal_before: bool,
    pub organization_before: Option<Organization>,
    pub connections_before: HashSet<String>,
    pub gallery: Option<Gallery>,
    pub resumed: Resumed,
    pub carry: Carry,
    pub permissions: Permissions,
}

impl Crawler {
    pub fn new(
        client: SigmaClient,
        settings: CrawlSettings,
        known: Known,
        deliveries: mpsc::Sender<Delivery>,
    ) -> Self {
        let Known {
            token,
            login,
            members,
            grants_by_principal_before,
            organization_before,
            connections_before,
            gallery,
            resumed,
            carry,
            permissions,
        } = known;
        Self {
            client,
            settings,
            token,
            login,
            left_out: LeftOut::of_homes(&members.0),
            members: Mutex::new(Some(members)),
            seen: OnceLock::new(),
            grants_by_principal_before,
            organization_before,
            connections_before,
            deliveries,
            model_sql: ModelSql::default(),
            gallery,
            document_url: Mutex::new(None),
            tables: Mutex::new(HashSet::new()),
            warehouses: OnceCell::new(),
            connections: Mutex::new(HashSet::new()),
            held_back: OnceLock::new(),
            without_tenants: AtomicBool::new(false),
            #[cfg(test)]
            breaks: |_| false,
            resumed,
            carry,
            permissions,
        }
    }

    /// Works until the queue is over.
    pub async fn work(&self, queue: &Queue) -> Result<(), CrawlError> {
        while let Some((task, enqueue)) = queue.next().await {
            let answerable = Answerable::of(&task, &self.settings);
            self.contained(answerable, self.do_task(task, &enqueue)).await?;
        }
        Ok(())
    }

    /// Does a task, unless an earlier run has.
    pub async fn do_task(&self, task: Task, enqueue: &Enqueue) -> Result<(), CrawlError> {
        #[cfg(test)]
        assert!(!(self.breaks)(&task), "a defect");
        if self.take_over(&task, enqueue).await? {
            return Ok(());
        }
        match task {
            Task::Document(document) => self.document(&document, enqueue).await,
            Task::Refresh(document) => self.refresh(&document).await,
            Task::Preview(preview) => self.preview(preview, enqueue).await,
            listing => self.list(listing, enqueue).await,
        }
    }

    /// Says of every kind that is turned off that it was left out, so that its rows are known to be old.
    pub async fn leave_out_what_is_off(&self) -> Result<(), CrawlError> {
        let kinds =
            graph::STEPS.iter().filter(|step| step.scope == scope::DOCUMENTS && !step.is_on(&self.settings));
        for step in kinds {
            for scope in [scope::DOCUMENTS, scope::FILES] {
                self.deliver_scope(turned_off(step, scope, step.of)).await?;
            }
        }
        let on = |scope| graph::STEPS.iter().any(|step| step.scope == scope && step.is_on(&self.settings));
        let mut told: Vec<(&str, &str)> = Vec::new();
        for step in graph::STEPS.iter().filter(|step| !graph::DOCUMENT_KINDS.contains(&step.of)) {
            let parent = if on(step.scope) { step.of } else { "" };
            if !step.is_on(&self.settings) && !told.contains(&(step.scope, parent)) {
                told.push((step.scope, parent));
                self.deliver_scope(turned_off(step, step.scope, parent)).await?;
            }
        }
        let optional = graph::STEPS.iter().filter(|step| step.is_optional() && !step.is_on(&self.settings));
        for step in optional {
            self.deliver_scope(turned_off(step, step.scope, step.of)).await?;
        }
        Ok(())
    }

    pub fn step(&self, scope: &str, of: &str) -> Result<&'static Step, CrawlError> {
        graph::find(scope, of).ok_or_else(|| CrawlError::Internal(format!("no step lists {scope} of {of}")))
    }

    /// Notes the address of a document; whether that is news.
    pub fn note_document_url(&self, url: Option<&str>) -> bool {
        if let (Some(url), Ok(mut known)) = (url, self.document_url.lock()) {
            // The smallest, so that the order of answers does not matter.
            if known.as_deref().is_none_or(|known| url < known) {
                *known = Some(url.to_owned());
                return true;
            }
        }
        false
    }

    pub fn note_no_tenants(&self) {
        self.without_tenants.store(true, Ordering::Relaxed);
    }

    /// The organisation: its address as documents tell it, or as it was known where none was listed.
    pub fn organization(&self, id: String) -> Organization {
        let url = self.document_url.lock().ok().and_then(|known| known.clone());
        match (url, &self.organization_before) {
            (None, Some(before)) if before.id == id => before.clone(),
            (url, _) => rows::organization(id, url.as_deref()),
        }
    }

    /// Whether this is the first that is heard of a scope of a warehouse table.
    pub fn is_new_scope(&self, step: &Step, id: &str) -> bool {
        self.tables.lock().is_ok_and(|mut known| known.insert((step.scope, id.to_owned())))
    }

    /// Hands something to the writer. It stops listening only when it failed, and then the run is over.
    pub async fn deliver(&self, mut delivery: Delivery) -> Result<(), CrawlError> {
        let (rows, kept) = match &mut delivery {
            Delivery::Rows(rows) => (Some(&*rows), None),
            Delivery::Page(page) => (Some(&page.rows), Some(&mut page.follow_ups)),
            Delivery::Document(bundle, follow_ups) => (Some(&bundle.rows), Some(follow_ups)),
            Delivery::Bundle(bundle) => (Some(&bundle.rows), None),
            Delivery::Scope(_)
            | Delivery::Learnt { .. }
            | Delivery::Adopted { .. }
            | Delivery::Read(_)
            | Delivery::Carried(_)
            | Delivery::Event(_) => (None, None),
        };
        let read_from: Vec<String> = rows.into_iter().flat_map(|rows| self.connections_of(rows)).collect();
        if let Some(kept) = kept {
            kept.extend(read_from.iter().map(|id| Effect::ReadsFrom(id.clone()).follow_up()));
        }
        read_from.into_iter().for_each(|id| self.note_connection(id));
        self.deliveries.send(delivery).await.map_err(|_| CrawlError::Interrupted)
    }

    /// Hands what was taken of a scope to the writer.
    pub async fn deliver_page(
        &self,
        scope: &'static str,
        parent: &str,
        taken: Taken,
    ) -> Result<(), CrawlError> {
        let Taken { rows, follow_ups } = taken;
        self.deliver(Delivery::Page(Page { scope, parent: parent.to_owned(), rows, follow_ups })).await
    }

    pub async fn deliver_scope(&self, report: ScopeReport) -> Result<(), CrawlError> {
        if !report.outcome.is_good() {
            let event = report.warning(format!("{} {}", report.scope, report.parent).trim().to_owned());
            self.deliver(Delivery::Event(event)).await?;
        }
        self.deliver(Delivery::Scope(report)).await
    }

    /// Reads a scope of the organisation page by page: each page is delivered as it comes, its outcome at the end.
    pub async fn page_through<T: Row + Send + 'static>(
        &self,
        step: &Step,
        parent: &str,
        calls: Vec<Call>,
        each: impl FnMut(T, &mut Taken),
    ) -> Result<(), CrawlError> {
        match self.read_scope(step, parent, calls, each).await? {
            Some(report) => self.deliver_scope(report).await,
            None => Ok(()),
        }
    }

    /// Reads a scope of the organisation page by page. What `each` makes of a page is delivered as it comes; the outcome is
    /// the caller's to deliver.
    pub async fn read_scope<T: Row + Send + 'static>(
        &self,
        step: &Step,
        parent: &str,
        calls: Vec<Call>,
        mut each: impl FnMut(T, &mut Taken),
    ) -> Result<Option<ScopeReport>, CrawlError> {
        let mut total: Option<ScopeReport> = None;
        for call in calls {
            let mut listing = self.client.list::<T>(call);
            let report = loop {
                match listing.next_page().await {
                    Ok(None) => {
                        let listed = listing.report();
                        let mut report = settled(step.scope, parent, &listed);
                        let only_untold = listed.row_errors.iter().all(|error| error.code == "null");
                        if listed.incomplete == Some(Incomplete::RowErrors)
                            && step.endpoint.spec().nullable
                            && only_untold
                        {
                            // An answer by the rules makes no run partial; what it does not tell about may be what is known.
                            report.outcome = Outcome::Carried;
                        }
                        break report;
                    }
                    Ok(Some(page)) => {
                        let mut taken = Taken::default();
                        for row in page {
                            each(row, &mut taken);
                        }
                        if !taken.is_empty() {
                            self.deliver_page(step.scope, parent, taken).await?;
                        }
                    }
                    Err(error) => {
                        let doing = format!("listing {}", step.feature);
                        // The types of file that are documents only add to what the documents' own listings say.
                        // Not so where they say what one user sees, and hence what the catalog may hold.
                        let adds = self.login.is_none()
                            && step.scope == scope::FILES
                            && !matches!(parent, "workspace" | "folder");
                        if (step.essential && !adds) || ends_the_run(&error) {
                            return Err(CrawlError::sigma(doing, error));
                        }
                        let mut report = failed(step.scope, parent, &error, &listing.report());
                        if is_told_of_no_more(step, error.kind()) {
                            report.outcome = Outcome::Excluded;
                        }
                        break report;
                    }
                }
            };
            total = Some(match total {
                None => report,
                Some(total) => combined(total, report),
            });
        }
        Ok(total)
    }
}

/// Whether that answer is the expected end of a kind of object, which makes no run partial: what is known of it stays.
///
/// Datasets: Sigma ended them in 2026; what an organisation without them answers is not known. Warehouse tables: lineage
/// goes on naming one after it was dropped or its connection was archived.
pub(super) fn is_told_of_no_more(step: &Step, kind: ErrorKind) -> bool {
    match step.of {
        "dataset" => matches!(kind, ErrorKind::NotFound | ErrorKind::Archived | ErrorKind::Retired),
        "table" => matches!(kind, ErrorKind::NotFound | ErrorKind::Archived),
        _ => false,
    }
}

/// A scope that the settings leave out.
pub(super) fn turned_off(step: &Step, scope: &'static str, parent: &str) -> ScopeReport {
    let message = format!("`{}` is off", step.setting.unwrap_or_default());
    ScopeReport::without_rows(scope, parent, Outcome::Excluded, "setting.off", message)
}

/// Whether an answer means that asking anything else is pointless.
pub(super) fn ends_the_run(error: &SigmaError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Auth | ErrorKind::Cancelled | ErrorKind::Config | ErrorKind::RateLimited
    )
}

/// The outcome of a listing that came to its end.
pub(super) fn settled(scope: &'static str, parent: &str, report: &ListingReport) -> ScopeReport {
    let incomplete = report.incomplete.as_ref();
    ScopeReport {
        scope,
        parent: parent.to_owned(),
        outcome: if incomplete.is_some() { Outcome::Incomplete } else { Outcome::Complete },
        pages: report.pages,
        rows: report.rows,
        http_calls: report.http_calls,
        retries: report.retries,
        code: incomplete.map(|incomplete| incomplete.code().to_owned()),
        message: incomplete.map(|incomplete| match report.row_errors.first() {
            Some(first) => {
                let count = report.row_errors.len();
                format!("{incomplete}: {count} of them, the first `{}` {}", first.code, first.message)
            }
            None => incomplete.to_string(),
        }),
    }
}

/// The outcome of a listing that failed.
pub(super) fn failed(
    scope: &'static str,
    parent: &str,
    error: &SigmaError,
    report: &ListingReport,
) -> ScopeReport {
    let status = error.call().and_then(|call| call.status);
    let outcome = match error.kind() {
        // The ordinary way to say that there is no lineage, but a server in trouble says so too: nothing is taken away.
        ErrorKind::NotApplicable if status == Some(500) => Outcome::Carried,
        ErrorKind::NotApplicable => Outcome::NotApplicable,
        ErrorKind::Forbidden => Outcome::Denied,
        ErrorKind::NotFound => Outcome::Gone,
        // Archived or not resolvable although nothing said so, or no longer offered: asking again changes nothing, what is
        // known stays, and somebody has to know.
        ErrorKind::Archived | ErrorKind::Retired => Outcome::Skipped,
        _ => Outcome::Failed,
    };
    ScopeReport {
        scope,
        parent: parent.to_owned(),
        outcome,
        pages: report.pages,
        rows: report.rows,
        http_calls: report.http_calls,
        retries: report.retries,
        code: Some(error.code().to_owned()),
        message: Some(error.to_string()),
    }
}

/// Where Sigma does not know a document any more, that it has nothing to tell of it is no answer about what lies in it.
pub(super) fn gone_with_the_document(scopes: &mut [ScopeReport]) {
    let lists = |report: &ScopeReport| matches!(report.scope, scope::PAGES | scope::ELEMENTS);
    if scopes.iter().any(|report| lists(report) && report.outcome == Outcome::Gone) {
        for report in scopes.iter_mut().filter(|report| report.outcome == Outcome::NotApplicable) {
            report.outcome = Outcome::Gone;
        }
    }
}

/// Two listings of one scope: as good as the worse one.
pub(super) fn combined(first: ScopeReport, second: ScopeReport) -> ScopeReport {
    // What is not complete removes nothing, however good it is.
    let rank = |report: &ScopeReport| (!report.outcome.is_good(), !report.outcome.is_complete());
    let (worse, other) = if rank(&first) < rank(&second) { (second, first) } else { (first, second) };
    ScopeReport {
        pages: worse.pages + other.pages,
        rows: worse.rows + other.rows,
        http_calls: worse.http_calls + other.http_calls,
        retries: worse.retries + other.retries,
        ..worse
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_listings_are_as_good_as_the_worse_one_whatever_their_order() {
        let worst_first = [Outcome::Denied, Outcome::Carried, Outcome::Complete];
        let listed = |outcome| ScopeReport::without_rows(scope::FILES, "", outcome, "", "");
        for (place, worse) in worst_first.into_iter().enumerate() {
            for better in &worst_first[place..] {
                assert_eq!(combined(listed(worse), listed(*better)).outcome, worse);
                assert_eq!(combined(listed(*better), listed(worse)).outcome, worse);
            }
        }
    }
}
