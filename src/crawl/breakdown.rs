//! A defect of this program in one task costs that task and nothing else: its scopes failed, the others go on.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;

use super::error::CrawlError;
use super::graph;
use super::queue::{GrantsOf, Task};
use super::worker::Crawler;
use crate::catalog::delivery::{Bundle, Delivery, Event, Outcome, Rows, ScopeReport, Severity, scope};
use crate::config::CrawlSettings;

/// The code of a scope whose task broke down.
const CODE: &str = "internal";

/// What a task answers for, noted before it begins because it does not survive.
pub(super) struct Answerable {
    /// What it was about, for people.
    context: String,
    /// The document inside which its scopes lie, if they lie in one.
    document: Option<String>,
    /// Scopes with their parents.
    scopes: Vec<(&'static str, String)>,
}

impl Answerable {
    pub fn of(task: &Task, settings: &CrawlSettings) -> Self {
        let organisation = |scope: &'static str, parent: &str| Self {
            context: format!("{scope} {parent}").trim().to_owned(),
            document: None,
            scopes: vec![(scope, parent.to_owned())],
        };
        match task {
            Task::Workspaces => organisation(scope::WORKSPACES, ""),
            Task::Files { r#type } => organisation(scope::FILES, r#type),
            Task::Documents { kind } => {
                let mut both = organisation(scope::DOCUMENTS, kind);
                both.scopes.push((scope::TAGGED_VERSIONS, (*kind).to_owned()));
                both
            }
            Task::Members => organisation(scope::MEMBERS, ""),
            Task::Teams => organisation(scope::TEAMS, ""),
            Task::TeamMembers { team_id } => organisation(scope::TEAM_MEMBERS, team_id),
            Task::AccountTypes => organisation(scope::ACCOUNT_TYPES, ""),
            Task::Connections => organisation(scope::CONNECTIONS, ""),
            Task::Grants(GrantsOf::Workspace(id) | GrantsOf::Object(id)) => {
                organisation(scope::OBJECT_GRANTS, id)
            }
            Task::Grants(GrantsOf::Member(id)) => organisation(scope::MEMBER_GRANTS, id),
            Task::Grants(GrantsOf::Team(id)) => organisation(scope::TEAM_GRANTS, id),
            Task::Listing { step } => organisation(step.scope, ""),
            Task::Of { step, id } => organisation(step.scope, id),
            Task::Document(task) => Self {
                context: format!("{} {}", task.kind, task.id),
                document: Some(task.id.clone()),
                scopes: graph::scopes_of(task.kind, settings)
                    .into_iter()
                    .filter(|step| step.scope != scope::PREVIEWS)
                    .map(|step| (step.scope, String::new()))
                    .collect(),
            },
            Task::Refresh(task) => Self {
                context: format!("{} {}", task.kind, task.id),
                document: Some(task.id.clone()),
                scopes: graph::scopes_of(task.kind, settings)
                    .into_iter()
                    .filter(|step| step.changes_unseen(settings))
                    .map(|step| (step.scope, String::new()))
                    .collect(),
            },
            Task::Preview(task) => Self {
                context: format!("image of page {} of workbook {}", task.page, task.document),
                document: Some(task.document.clone()),
                scopes: vec![(scope::PREVIEWS, task.page.clone())],
            },
        }
    }

    /// Its scopes, all failed, and the event that says so once.
    fn failed(self) -> Vec<Delivery> {
        let message = "sigma-catalog broke down here: what was known stays; please report this as a defect";
        let report =
            |(scope, parent)| ScopeReport::without_rows(scope, parent, Outcome::Failed, CODE, message);
        let event = Event {
            severity: Severity::Error,
            code: CODE.to_owned(),
            message: message.to_owned(),
            context: self.context,
        };
        let scopes: Vec<ScopeReport> = self.scopes.into_iter().map(report).collect();
        let mut deliveries = vec![Delivery::Event(event)];
        match self.document {
            Some(document_id) => {
                deliveries.push(Delivery::Bundle(Bundle { document_id, rows: Rows::default(), scopes }));
            }
            None => deliveries.extend(scopes.into_iter().map(Delivery::Scope)),
        }
        deliveries
    }
}

impl Crawler {
    /// Does a task; one that panics becomes failed scopes. What it had delivered by then stays, and removes nothing.
    pub(super) async fn contained(
        &self,
        answerable: Answerable,
        task: impl Future<Output = Result<(), CrawlError>>,
    ) -> Result<(), CrawlError> {
        // What a task shares with others is complete after each single change, so a task that stops midway breaks nothing.
        if let Ok(done) = AssertUnwindSafe(task).catch_unwind().await {
            return done;
        }
        for delivery in answerable.failed() {
            // Documents wait for the listings of what they are built on.
            if let Delivery::Scope(report) = &delivery
                && report.scope == scope::DOCUMENTS
            {
                self.carry.note_end(&report.parent, false);
            }
            self.deliver(delivery).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::Router;
    use axum::extract::Request;
    use serde_json::{Value, json};
    use tokio::sync::mpsc;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::catalog::delivery::Seen;
    use crate::config::{Overrides, load};
    use crate::crawl::Token;
    use crate::crawl::carry::Carry;
    use crate::crawl::permissions::Permissions;
    use crate::crawl::queue::{DocumentTask, Queue};
    use crate::crawl::worker::Known;
    use crate::sigma::{ClientOptions, SigmaClient};

    /// The address of an organisation in which every listing is empty.
    async fn nothing_there() -> url::Url {
        let answer = |request: Request| async move {
            let token = json!({"access_token": "t", "token_type": "bearer", "expires_in": 3599});
            let is_token = request.uri().path().ends_with("/auth/token");
            axum::Json(if is_token { token } else { json!({"entries": [], "nextPage": Value::Null}) })
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
        format!("http://{address}").parse().expect("a URL")
    }

    /// What workers deliver who work these tasks off, one of which may break down.
    async fn delivered(tasks: Vec<Task>, breaks: fn(&Task) -> bool) -> Vec<ScopeReport> {
        let (ended, reports) = worked(tasks, breaks, CancellationToken::new()).await;
        assert!(ended.iter().all(Result::is_ok), "{ended:?}");
        reports
    }

    /// How those workers end, and what they deliver.
    async fn worked(
        tasks: Vec<Task>,
        breaks: fn(&Task) -> bool,
        stop: CancellationToken,
    ) -> (Vec<Result<(), CrawlError>>, Vec<ScopeReport>) {
        let client = ClientOptions::new(nothing_there().await, "id", "secret".into());
        let client = SigmaClient::new(client, stop).expect("a client");
        let settings = load(&Overrides::default(), &|_| None, std::path::Path::new("")).expect("settings");
        let (deliveries, mut waiting) = mpsc::channel(1000);
        let members = (Vec::new(), ScopeReport::without_rows(scope::MEMBERS, "", Outcome::Complete, "", ""));
        let token = Token { member_id: "m".to_owned(), organization_id: None, admin: Some(true) };
        let mut settings = settings.settings.crawl;
        // Nothing is waited for that no task lists.
        (settings.data_models, settings.datasets) = (false, false);
        let carry = Carry::new(None, false, &settings, &token);
        let permissions = Permissions::new(None, false, &settings, &token);
        let known = Known {
            token,
            login: None,
            members,
            grants_by_principal_before: false,
            organization_before: None,
            connections_before: Default::default(),
            gallery: None,
            resumed: Default::default(),
            carry,
            permissions,
        };
        let mut crawler = Crawler::new(client, settings, known, deliveries);
        crawler.breaks = breaks;
        let crawler = Arc::new(crawler);
        let (queue, enqueue, _found) = Queue::new();
        tasks.into_iter().for_each(|task| enqueue.add(task));
        drop(enqueue);
        let queue = Arc::new(queue);
        let work = |_| {
            let (crawler, queue) = (Arc::clone(&crawler), Arc::clone(&queue));
            tokio::spawn(async move { crawler.work(&queue).await })
        };
        let mut ended = Vec::new();
        for worker in [1, 2].map(work) {
            ended.push(worker.await.expect("no worker dies"));
        }
        drop(crawler);
        let mut reports = Vec::new();
        while let Some(delivery) = waiting.recv().await {
            match delivery {
                Delivery::Scope(report) => reports.push(report),
                Delivery::Document(bundle, _) | Delivery::Bundle(bundle) => {
                    reports.extend(bundle.scopes.into_iter().map(|report| ScopeReport {
                        parent: format!("{}/{}", bundle.document_id, report.parent),
                        ..report
                    }));
                }
                _ => {}
            }
        }
        (ended, reports)
    }

    fn document(id: &str) -> Task {
        let seen = Seen::default();
        Task::Document(DocumentTask {
            kind: "workbook",
            id: id.to_owned(),
            archived: false,
            seen,
            was_carried: false,
        })
    }

    fn memberships(team: &str) -> Task {
        Task::TeamMembers { team_id: team.to_owned() }
    }

    #[tokio::test]
    async fn a_task_that_panics_fails_alone_and_all_others_are_done() {
        let tasks = || vec![memberships("a"), document("x"), memberships("b"), document("y"), Task::Teams];
        let whole = delivered(tasks(), |_| false).await;
        assert!(whole.iter().all(|report| report.outcome.is_good()), "{whole:#?}");
        let broken = delivered(tasks(), |task| match task {
            Task::TeamMembers { team_id } => team_id == "a",
            Task::Document(document) => document.id == "x",
            _ => false,
        })
        .await;
        let is_of_broken = |report: &ScopeReport| report.parent == "a" || report.parent.starts_with("x/");
        let (failed, done): (Vec<_>, Vec<_>) = broken.into_iter().partition(is_of_broken);
        assert!(failed.iter().all(|report| report.outcome == Outcome::Failed), "{failed:#?}");
        assert!(failed.iter().all(|report| report.code.as_deref() == Some(CODE)), "{failed:#?}");
        let of = |reports: &[ScopeReport]| {
            let mut all: Vec<_> =
                reports.iter().map(|report| (report.scope, report.parent.clone(), report.outcome)).collect();
            all.sort_by_key(|(scope, parent, _)| (*scope, parent.clone()));
            all
        };
        let others: Vec<ScopeReport> = whole.into_iter().filter(|report| !is_of_broken(report)).collect();
        assert_eq!(of(&done), of(&others), "the others did what they do otherwise");
        let names: Vec<&str> = failed.iter().map(|report| report.scope).collect();
        for name in [scope::TEAM_MEMBERS, scope::PAGES, scope::COLUMNS, scope::LINEAGE] {
            assert!(names.contains(&name), "{name} is not among the failed: {names:?}");
        }
    }

    #[tokio::test]
    async fn who_is_told_to_stop_takes_up_nothing_further_and_removes_nothing() {
        let stop = CancellationToken::new();
        stop.cancel();
        let tasks = vec![memberships("a"), document("x"), memberships("b"), document("y"), Task::Teams];
        let (ended, reports) = worked(tasks, |_| false, stop).await;
        assert!(ended.iter().any(Result::is_err), "{ended:?}");
        let complete: Vec<_> = reports.iter().filter(|report| report.outcome.is_complete()).collect();
        assert!(complete.is_empty(), "{complete:#?}");
    }

    #[tokio::test]
    async fn every_sort_of_task_says_what_it_answers_for() {
        let step = graph::find(scope::VERSION_TAGS, graph::ORGANISATION).expect("a step");
        let tasks = || {
            vec![
                Task::Workspaces,
                Task::Files { r#type: "folder" },
                Task::Documents { kind: "report" },
                Task::Members,
                Task::Teams,
                Task::AccountTypes,
                Task::Connections,
                Task::Grants(GrantsOf::Object("o".to_owned())),
                Task::Grants(GrantsOf::Member("m".to_owned())),
                Task::Grants(GrantsOf::Team("t".to_owned())),
                Task::Listing { step },
                Task::Of {
                    step: graph::find(scope::CONNECTION_GRANTS, "connection").expect("a step"),
                    id: "c".to_owned(),
                },
            ]
        };
        let names = |reports: Vec<ScopeReport>| {
            let mut names: Vec<_> = reports.into_iter().map(|report| (report.scope, report.parent)).collect();
            names.sort();
            names
        };
        let done = names(delivered(tasks(), |_| false).await);
        let broken = names(delivered(tasks(), |_| true).await);
        assert_eq!(broken, done, "who breaks down reports what he would have reported");
    }
}
