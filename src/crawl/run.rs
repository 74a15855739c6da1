//! A whole run: from settings to a published catalog.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::answers::ask_answers;
use super::audience::{Decision, Plan};
use super::carry::Carry;
use super::error::CrawlError;
use super::exit::Exit;
use super::left_out::LeftOutCount;
use super::organisation::{Finds, first_tasks, list_members};
use super::permissions::{PERMISSION_SCOPES, Permissions};
use super::preview::Gallery;
use super::progress::{Progress, write};
use super::queue::{Queue, Task};
use super::remarks;
use super::resume::{self, Resumed, fingerprint, why_not};
use super::stop::Stop;
use super::token::Token;
use super::worker::{Crawler, Known};
use crate::catalog::delivery::{Delivery, Event, Outcome, Rows, ScopeReport, Severity, scope};
use crate::catalog::facts::Facts;
use crate::catalog::organisation::Member;
use crate::config::{DataGrants, PermissionSource, Previews, Settings};
use crate::sigma::{ClientOptions, ClientStats, SigmaClient};
use crate::store::{
    Catalog, Earlier, ImageFolder, MappingRow, MappingVersion, Publication, Resume, RunEnd, RunOutcome,
    RunRow, RunStart, RunState, Store, StoreError,
};

/// Deliveries that may wait for the writer: enough to keep it busy, few enough to bound memory.
const WAITING_DELIVERIES: usize = 32;

/// What to extract, and how.
#[derive(Debug)]
pub struct Extract<'settings> {
    /// Validated settings.
    pub settings: &'settings Settings,
    /// A client made of them by [`client_of`].
    pub client: SigmaClient,
    /// The rejected run whose removals this one may make.
    pub accept_removals: Option<i64>,
    /// Goes on with what an interrupted run has read, where that is right.
    pub resume: bool,
    /// Every document is asked, whatever is known of it.
    pub full: bool,
}

/// What a run that reached its end has to tell.
#[derive(Debug)]
pub struct Report {
    /// How it ended in the store.
    pub outcome: RunOutcome,
    /// The run whose reading it went on with.
    pub resumes: Option<i64>,
    /// What was asked of Sigma.
    pub stats: ClientStats,
    /// Whose token it was.
    pub token: Token,
    /// Whom the run mirrored, or whose view it extracted, in one sentence.
    pub sentence: String,
    /// From the first request to the published catalog.
    pub duration: Duration,
    /// Of that, from the last answer stored to the published catalog.
    pub publishing: Duration,
    /// What the settings left out.
    pub left_out: Vec<LeftOutCount>,
    /// What became of the documents.
    pub documents: DocumentCounts,
    /// When permissions were read, if an earlier run did that.
    pub permissions_since: Option<String>,
}

/// How many documents were asked for their contents.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DocumentCounts {
    /// Not asked, because neither they nor what they are built on changed since they were read.
    pub carried: u64,
    /// Asked, by the reason.
    pub asked: BTreeMap<&'static str, u64>,
}

/// A run that produced no catalog.
#[derive(Debug)]
pub struct Failure {
    /// Why.
    pub error: CrawlError,
    /// The run in the ledger, if it got that far.
    pub run_id: Option<i64>,
}

impl From<CrawlError> for Failure {
    fn from(error: CrawlError) -> Self {
        Self { error, run_id: None }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        CrawlError::from(error).into()
    }
}

/// How long to try before saying that Sigma does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// As long as a nightly run can afford.
    Run,
    /// As long as a person waits for an answer.
    Person,
}

/// The client that the settings describe.
pub fn client_of(settings: &Settings, stop: &Stop, patience: Patience) -> Result<SigmaClient, CrawlError> {
    let credentials = settings.require_credentials()?;
    let sigma = &settings.sigma;
    let ca_bundle = match &sigma.ca_bundle {
        None => None,
        Some(path) => Some(std::fs::read(path).map_err(|source| CrawlError::File {
            setting: "sigma.ca_bundle",
            path: path.display().to_string(),
            source,
        })?),
    };
    let mut options = ClientOptions {
        workers: settings.crawl.concurrency,
        requests_per_second: sigma.requests_per_second,
        proxy: sigma.proxy.as_ref().map(|proxy| proxy.expose().clone()),
        ca_bundle,
        connect_timeout: sigma.connect_timeout,
        request_timeout: sigma.request_timeout,
        slow_request_timeout: sigma.slow_request_timeout,
        allow_host: sigma.allow_host.clone(),
        ..ClientOptions::new(credentials.api_url, credentials.client_id, credentials.client_secret)
    };
    if patience == Patience::Person {
        options.retry.attempts = 3;
    }
    SigmaClient::new(options, stop.token.clone())
        .map_err(|error| CrawlError::sigma("preparing the connection to Sigma", error))
}

/// Extracts an organisation into the catalog that the settings name.
pub async fn extract(
    request: Extract<'_>,
    progress: Arc<dyn Progress>,
    stop: &Stop,
) -> Result<Report, Failure> {
    let started = Instant::now();
    let Extract { settings, client, accept_removals, resume, full } = request;
    let path = &settings.catalog.database;
    // A catalog that exists is locked at once; a new one is made only when Sigma has let us in.
    let open = || Store::open_at(path, settings.catalog.allow_network_filesystem);
    // A path that exists without leading to a file is a link to nowhere, which opening refuses.
    let exists = path.exists() || path.is_symlink();
    let existing = if exists { Some(open()?) } else { None };
    let last = existing.as_ref().map(Store::last_run).transpose()?.flatten();
    let accepted = accepted_removals(existing.as_ref(), last.as_ref(), accept_removals)?;
    let active = if existing.is_some() { active_mapping(path)? } else { None };
    let plan = Plan::read(&settings.permissions, active).map_err(CrawlError::from)?;
    let mut start = RunStart {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        api_url: settings.sigma.api_url.as_ref().map(ToString::to_string).unwrap_or_default(),
        organization_id: None,
        token_member_id: None,
        token_is_admin: None,
    };
    let asked = async {
        match &plan {
            Plan::Mirror(_) => Token::ask_for_certain(&client).await,
            _ => Token::ask(&client).await,
        }
    };
    // Members decide whose view is crawled. Where an interrupted run may have read them, that is seen first.
    let may_go_on = existing.as_ref().map(Store::staging).transpose()?.flatten().is_some();
    let listed = async { Ok(if may_go_on { None } else { Some(list_members(&client).await) }) };
    let (token, listed) = match tokio::try_join!(asked, listed) {
        Ok(asked) => asked,
        Err(error) => return Err(refused_at_the_door(existing, &start, error, &client, stop)),
    };
    start.organization_id = token.organization_id.clone();
    start.token_member_id = Some(token.member_id.clone());
    start.token_is_admin = token.admin;
    let asked = fingerprint(&start, settings, full);
    let left_behind =
        existing.as_ref().map(|store| LeftBehind::read(store, &asked, settings, resume)).transpose()?;
    let LeftBehind { why_not, resumed, members, permissions_begun, only } = left_behind.unwrap_or_default();
    let listed = async {
        match (members, listed) {
            (Some(members), _) => {
                Ok((members, ScopeReport::without_rows(scope::MEMBERS, "", Outcome::Complete, "", "")))
            }
            (None, Some(listed)) => listed,
            (None, None) => list_members(&client).await,
        }
    };
    let (decision, members) = match decide(&plan, &token, listed).await {
        Ok(decided) => decided,
        Err(error) => return Err(refused_at_the_door(existing, &start, error, &client, stop)),
    };
    let store = match existing {
        Some(store) => store,
        None => open()?,
    };
    let published = store.published()?;
    let held = published.as_ref().and_then(|run| run.organization_id.as_deref());
    CrawlError::unless_same_organization(held, token.organization_id.as_deref())?;
    let severity = if decision.is_warning { Severity::Warning } else { Severity::Info };
    progress.notice(severity, &decision.sentence);
    let by_principal = store.published_scope_is_known(scope::MEMBER_GRANTS)?;
    let organization_before = store.organization()?;
    let connections_before = store.connections()?;

    let previews = &settings.crawl.previews;
    let images = (previews.mode != Previews::Off).then(|| ImageFolder::new(&previews.folder));
    let gallery = match &images {
        Some(images) => Some(Gallery::new(images.clone(), store.previews()?)),
        None => None,
    };
    let mut crawled = settings.crawl.clone();
    // Who may read which data is no part of what one user sees.
    if decision.login.is_some() {
        crawled.data_grants = DataGrants::Off;
    }
    let earlier = if published.is_some() { Some(Arc::new(Earlier::open(path)?)) } else { None };
    let carry = Carry::new(earlier.clone(), full, &crawled, &token);
    // What one user sees rests on nobody's permissions.
    let mut permissions = Permissions::new(earlier, full || decision.login.is_some(), &crawled, &token);
    if let Some(since) = &permissions_begun {
        permissions = permissions.taken_over(since);
    }
    let permissions_read = permissions.read.clone();
    let permissions_since = permissions.since();
    for sentence in [carry.announcement(), permissions.announcement()].iter().flatten() {
        progress.notice(Severity::Info, sentence);
    }
    let resume =
        Resume { fingerprint: &asked, goes_on: resumed.is_some(), only, why_not: why_not.as_deref() };
    let mut writer = store.begin_as(&start, resume)?;
    let (run_id, resumes) = (writer.run_id(), writer.resumes());
    if let (Some(resumed), Some(run)) = (&resumed, resumes) {
        let message = format!("goes on with run {run}: {}", resumed.told());
        let code = "run.resumed".to_owned();
        let event = Event { severity: Severity::Info, code, message, context: format!("run {run}") };
        progress.notice(Severity::Info, &event.message);
        writer.accept(Delivery::Event(event))?;
    } else if let Some(why) = &why_not {
        progress.notice(Severity::Info, &format!("what an interrupted run had read is not used: {why}"));
    }
    let (deliveries, waiting) = mpsc::channel(WAITING_DELIVERIES);
    let listener = Arc::clone(&progress);
    let runtime = Handle::current();
    let writing = std::thread::Builder::new()
        .name("store".to_owned())
        .spawn(move || write(writer, waiting, listener.as_ref(), &runtime))
        .map_err(|error| CrawlError::Internal(format!("no thread for the store: {error}")))?;

    let known = Known {
        token: token.clone(),
        login: decision.login.clone(),
        members: members.clone(),
        grants_by_principal_before: by_principal,
        organization_before,
        connections_before,
        gallery,
        resumed: resumed.unwrap_or_default(),
        carry,
        permissions,
    };
    let crawler = Crawler::new(client.clone(), crawled, known, deliveries);
    let crawler = Arc::new(crawler);
    let crawled = crawl(Arc::clone(&crawler)).await;
    let left_out = crawler.left_out.counts();
    let (carried, asked) = crawler.carry.counts();
    let documents = DocumentCounts { carried, asked };
    let held = crawler.held();
    // The writer waits for the last handle.
    drop(crawler);
    let answered = match (&crawled, &plan) {
        (Ok(()), Plan::Mirror(mirroring)) if settings.permissions.source == PermissionSource::Sigma => {
            ask_answers(&client, mirroring, &members.0, settings.crawl.concurrency).await.map(Some)
        }
        _ => Ok(None),
    };
    let (mut writer, written) = tokio::task::spawn_blocking(move || writing.join())
        .await
        .map_err(|error| CrawlError::Internal(error.to_string()))?
        .map_err(|_| CrawlError::Internal("the store's thread panicked".to_owned()))?;

    let stats = client.stats();
    let end = |exit: Option<Exit>, message: Option<String>| RunEnd {
        exit_code: exit.map(|exit| i64::from(exit.code())),
        requests: stats.http_calls(),
        retries: stats.retries,
        refused: stats.refused(),
        waited_ms: u64::try_from(stats.waited.as_millis()).unwrap_or(u64::MAX),
        message,
        if_rejected: told(&left_out),
        images: images.clone(),
    };
    // What the store says comes first: its failure is why the workers stopped.
    let (answers, refusals) = match crawled.and(answered) {
        Ok(answered) => (answered, None),
        Err(error) => (None, Some(error)),
    };
    if let Some(error) = written.err().map(CrawlError::from).or(refusals) {
        let (state, exit) = match &error {
            CrawlError::Interrupted => (RunState::Interrupted, stop.exit()),
            error => (RunState::Failed, Exit::from(error)),
        };
        // The failure itself is what to report, even where the store can no longer note it.
        let _ = writer.abandon_as(state, &end(Some(exit), Some(error.to_string())));
        return Err(Failure { error, run_id: Some(run_id) });
    }
    let fail = |error: StoreError| Failure { error: error.into(), run_id: Some(run_id) };
    let (answers, scopes) = answers.unzip();
    for report in scopes.into_iter().flatten() {
        if !report.outcome.is_good() {
            let event = report.warning(format!("{} {}", report.scope, report.parent));
            progress.notice(event.severity, &format!("{}: {}", event.context, event.message));
            writer.accept(Delivery::Event(event)).map_err(fail)?;
        }
        writer.accept(Delivery::Scope(report)).map_err(fail)?;
    }
    for event in remarks::events(&stats) {
        if event.severity > Severity::Info {
            progress.notice(event.severity, &format!("{}: {}", event.context, event.message));
        }
        writer.accept(Delivery::Event(event)).map_err(fail)?;
    }
    if decision.login.is_none() {
        writer.note_permissions(&permissions_read).map_err(fail)?;
    }
    let mirror = |facts: &Facts| plan.mirror(facts, &decision, answers.as_ref());
    let ended = end(None, None);
    let publication =
        Publication { end: &ended, accepted: &accepted, only: held.as_ref(), mirror: Some(&mirror) };
    let crawled_in = started.elapsed();
    let outcome = tokio::task::block_in_place(|| writer.publish_as(publication)).map_err(fail)?;
    let (sentence, duration) = (decision.sentence, started.elapsed());
    Ok(Report {
        outcome,
        resumes,
        stats,
        token,
        sentence,
        duration,
        publishing: duration - crawled_in,
        left_out,
        documents,
        permissions_since,
    })
}

/// Runs the workers until everything is read and delivered.
async fn crawl(crawler: Arc<Crawler>) -> Result<(), CrawlError> {
    crawler.leave_out_what_is_off().await?;
    if let Some(login) = &crawler.login {
        crawler.read_view(login).await?;
    }
    let (queue, enqueue, mut found) = Queue::new();
    let one_view = crawler.login.is_some();
    if !crawler.settings.filters.is_empty() && !one_view {
        crawler.census(&enqueue).await?;
    }
    first_tasks(&crawler.settings, one_view, &enqueue);
    // This future holds no handle that counts as a listing, so `found` ends with the last listing.
    let later = enqueue.without_listing();
    drop(enqueue);
    let choose = async {
        let mut finds = Finds::default();
        while let Some(found) = found.recv().await {
            finds.add(found);
        }
        crawler.settle(&later).await?;
        for of in crawler.choose_grants(finds).await? {
            later.add(Task::Grants(of));
        }
        drop(later);
        Ok::<(), CrawlError>(())
    };
    let queue = Arc::new(queue);
    let mut workers = JoinSet::new();
    // The gate lets no more requests out than `concurrency`; with a few workers more, a turn that comes free while others are
    // busy with what they were answered does not pass unused.
    let concurrency = crawler.settings.concurrency;
    for _ in 0..concurrency + concurrency / 3 {
        let (crawler, queue) = (Arc::clone(&crawler), Arc::clone(&queue));
        workers.spawn(async move { crawler.work(&queue).await });
    }
    let work = async {
        // One that fails ends the others: dropping the set aborts them wherever they wait.
        while let Some(ended) = workers.join_next().await {
            ended.map_err(|error| CrawlError::Internal(format!("a worker panicked: {error}")))??;
        }
        Ok(())
    };
    let worked: Result<(), CrawlError> = tokio::select! {
        worked = work => worked,
        // The queue lives at least as long as the choice, so the work cannot end well before it.
        chosen = async {
            match choose.await {
                Ok(()) => std::future::pending().await,
                Err(error) => error,
            }
        } => Err(chosen),
    };
    worked?;
    crawler.deliver_connections().await?;
    for report in crawler.left_out.scopes() {
        crawler.deliver_scope(report).await?;
    }
    let Some(id) = crawler.token.organization_id.clone() else { return Ok(()) };
    let mut rows = Rows::default();
    rows.push(crawler.organization(id));
    crawler.deliver(Delivery::Rows(rows)).await?;
    crawler
        .deliver_scope(ScopeReport {
            scope: scope::ORGANIZATION,
            parent: String::new(),
            outcome: Outcome::Complete,
            pages: 1,
            rows: 1,
            http_calls: 1,
            retries: 0,
            code: None,
            message: None,
        })
        .await
}

/// What the settings left out, in words: a run that is stopped because too much would go has to name who took it out.
fn told(left_out: &[LeftOutCount]) -> Option<String> {
    let each =
        left_out.iter().map(|LeftOutCount { setting, kind, count }| format!("{count} {kind} by `{setting}`"));
    let each: Vec<String> = each.collect();
    (!each.is_empty()).then(|| format!("left out by the settings: {}", each.join(", ")))
}

/// Notes in an existing catalog's ledger that Sigma did not let the run begin.
fn refused_at_the_door(
    existing: Option<Store>,
    start: &RunStart,
    error: CrawlError,
    client: &SigmaClient,
    stop: &Stop,
) -> Failure {
    let stats = client.stats();
    let (state, exit) = match &error {
        CrawlError::Interrupted => (RunState::Interrupted, stop.exit()),
        error => (RunState::Failed, Exit::from(error)),
    };
    let end = RunEnd {
        exit_code: Some(i64::from(exit.code())),
        requests: stats.http_calls(),
        retries: stats.retries,
        message: Some(error.to_string()),
        ..RunEnd::default()
    };
    let run_id = existing.and_then(|store| store.note_refused(start, state, &end).ok());
    Failure { error, run_id }
}

/// The removals, by kind, that the last run was stopped from making and that this one may make.
fn accepted_removals(
    store: Option<&Store>,
    last: Option<&RunRow>,
    accepted: Option<i64>,
) -> Result<BTreeMap<String, i64>, CrawlError> {
    let Some(given) = accepted else { return Ok(BTreeMap::new()) };
    match (store, last) {
        (Some(store), Some(run)) if run.run_id == given && run.state == RunState::Rejected => {
            Ok(store.refused_removals(given)?)
        }
        _ => Err(CrawlError::NothingToAccept { given }),
    }
}

/// The identity mapping in force in a catalog, with its rows.
fn active_mapping(path: &Path) -> Result<Option<(MappingVersion, Vec<MappingRow>)>, StoreError> {
    let catalog = Catalog::open(path)?;
    let Some(version) = catalog.active_mapping()? else { return Ok(None) };
    let rows = catalog.mapping_rows(version.version)?;
    Ok(Some((version, rows)))
}

/// All members, and how their listing ended.
type Listed = (Vec<Member>, ScopeReport);

/// Decides whose view is crawled, with the members that decide it.
async fn decide(
    plan: &Plan,
    token: &Token,
    listed: impl Future<Output = Result<Listed, CrawlError>>,
) -> Result<(Decision, Listed), CrawlError> {
    plan.accepts(token)?;
    let members = listed.await?;
    Ok((plan.decide(&members.0)?, members))
}

/// What an earlier run has read and this one goes on with, or why it does not; neither where there is nothing.
#[derive(Debug, Default)]
struct LeftBehind {
    why_not: Option<String>,
    resumed: Option<Resumed>,
    members: Option<Vec<Member>>,
    /// When the first run began that read any permissions of it.
    permissions_begun: Option<String>,
    /// What alone of it is taken over.
    only: Option<&'static [&'static str]>,
}

impl LeftBehind {
    fn read(store: &Store, asked: &str, settings: &Settings, resume: bool) -> Result<Self, StoreError> {
        let Some(staging) = store.staging()? else { return Ok(Self::default()) };
        let not = |why: String| Ok(Self { why_not: Some(why), ..Self::default() });
        if !resume {
            return not("`--no-resume`".to_owned());
        }
        if let Some(why) = why_not(&staging, asked, settings.crawl.resume_within, Timestamp::now()) {
            return not(why.to_owned());
        }
        let mut staged = match store.staged() {
            Ok(staged) => staged,
            Err(error) => return not(format!("it cannot be read: {error}")),
        };
        let only = resume::is_long_ago(&staging, Timestamp::now()).then_some(resume::CONTENTS);
        if let Some(only) = only {
            staged.scopes.retain(|name, _| only.contains(&name.as_str()));
        }
        let members = staged.members.take().filter(|_| only.is_none());
        match Resumed::of(staged) {
            Some(resumed) => {
                let permissions_begun = resumed.has_any(&PERMISSION_SCOPES).then_some(staging.since);
                Ok(Self { why_not: None, resumed: Some(resumed), members, permissions_begun, only })
            }
            None => not("it is not what this program writes".to_owned()),
        }
    }
}
