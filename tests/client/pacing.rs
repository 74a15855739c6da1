//! How many requests are in flight, and who waits for whom.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sigma_catalog::sigma::model::{Whoami, Workspace};
use sigma_catalog::sigma::{Endpoint, ErrorKind, SigmaClient};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn no_more_are_in_flight_than_there_are_workers() {
    for workers in [1, 3, 10] {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (counted, largest) = (Arc::clone(&now), Arc::clone(&most));
        let server = Server::data(move |_| {
            let held = counted.fetch_add(1, Ordering::SeqCst) + 1;
            largest.fetch_max(held, Ordering::SeqCst);
            let counted = Arc::clone(&counted);
            whoami().after(Duration::from_millis(15)).leaving(move || {
                counted.fetch_sub(1, Ordering::SeqCst);
            })
        })
        .await;
        let client = client_with(&server, |options| options.workers = workers);
        let mut asking = JoinSet::new();
        for _ in 0..60 {
            let client = client.clone();
            asking.spawn(async move { client.one::<Whoami>(&Endpoint::Whoami.call()).await });
        }
        while let Some(answer) = asking.join_next().await {
            answer.expect("no panic").expect("an answer");
        }
        assert!(most.load(Ordering::SeqCst) <= workers);
        assert_eq!(client.stats().largest_in_flight, workers, "and all of them have work");
    }
}

#[tokio::test]
async fn a_request_that_waits_for_its_retry_does_not_keep_others_from_asking() {
    let server = Server::data(|seen| match seen.path.as_str() {
        "/v2/workspaces/down" => Reply::status(503),
        _ => whoami(),
    })
    .await;
    let client = client_with(&server, |options| {
        options.workers = 1;
        options.retry.base_delay = Duration::from_secs(3_600);
        options.retry.longest_delay = Duration::from_secs(3_600);
        options.retry.total = Duration::from_secs(100_000);
    });
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.one::<Workspace>(&Endpoint::Workspace.call().path("workspaceId", "down")).await }
    });
    while client.stats().retries == 0 {
        tokio::task::yield_now().await;
    }
    client.one::<Whoami>(&Endpoint::Whoami.call()).await.expect("an answer");
    assert!(!waiting.is_finished());
    waiting.abort();
}

#[tokio::test]
async fn being_told_to_stop_ends_every_wait() {
    let server = Server::data(|seen| match seen.path.as_str() {
        "/v2/workspaces/down" => Reply::status(429).header("retry-after", "200"),
        _ => whoami().after(Duration::from_secs(600)),
    })
    .await;
    let cancel = CancellationToken::new();
    let client = SigmaClient::new(options(&server), cancel.clone()).expect("a client");
    let mut asking = JoinSet::new();
    for call in [
        Endpoint::Whoami.call(),
        Endpoint::Workspace.call().path("workspaceId", "down"),
        Endpoint::Whoami.call(),
    ] {
        let client = client.clone();
        asking.spawn(async move { client.one::<serde_json::Value>(&call).await });
    }
    while client.stats().retries == 0 {
        tokio::task::yield_now().await;
    }
    cancel.cancel();
    for answer in asking.join_all().await {
        assert_eq!(answer.expect_err("stopped").kind(), ErrorKind::Cancelled);
    }
    let late = client.one::<Whoami>(&Endpoint::Whoami.call()).await;
    assert_eq!(late.expect_err("stopped").kind(), ErrorKind::Cancelled);
}
