//! When Sigma says when to come back, the client does.

use std::sync::Mutex;
use std::time::Duration;

use sigma_catalog::sigma::model::Whoami;
use sigma_catalog::sigma::{Endpoint, ErrorKind};

use crate::support::*;

/// Refuses the first request with this header, and answers the next.
async fn refusing_once(status: u16, header: Option<String>) -> Server {
    let calls = Mutex::new(0);
    Server::data(move |_| {
        let mut calls = calls.lock().expect("no panic elsewhere");
        *calls += 1;
        match (*calls, &header) {
            (1, Some(header)) => Reply::status(status).header("retry-after", header.clone()),
            (1, None) => Reply::status(status),
            _ => whoami(),
        }
    })
    .await
}

fn gap(server: &Server) -> Duration {
    let at: Vec<_> = server.data_requests().iter().map(|seen| seen.at).collect();
    assert_eq!(at.len(), 2);
    at[1] - at[0]
}

#[tokio::test]
async fn seconds_are_a_floor() {
    for status in [429, 503] {
        let server = refusing_once(status, Some("1".into())).await;
        let client = client(&server);
        client.one::<Whoami>(&Endpoint::Whoami.call()).await.expect("an answer");
        assert!(gap(&server) >= Duration::from_secs(1));
        assert!(client.stats().waited >= Duration::from_secs(1));
    }
}

#[tokio::test]
async fn everybody_waits_when_one_is_told_to() {
    for status in [429, 503] {
        let server = refusing_once(status, Some("1".into())).await;
        let client = client(&server);
        let refused = tokio::spawn({
            let client = client.clone();
            async move { client.one::<Whoami>(&Endpoint::Whoami.call()).await }
        });
        while client.stats().retries == 0 {
            tokio::task::yield_now().await;
        }
        client.one::<Whoami>(&Endpoint::Whoami.call()).await.expect("an answer");
        refused.await.expect("no panic").expect("an answer");
        let at: Vec<_> = server.data_requests().iter().map(|seen| seen.at).collect();
        assert_eq!(at.len(), 3);
        assert!(at[1] - at[0] >= Duration::from_secs(1), "{status}");
    }
}

#[tokio::test]
async fn a_date_is_a_floor() {
    // Dates have no fractions: three seconds from now are at least two.
    let date = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(3);
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&date).expect("a date");
    let server = refusing_once(429, Some(date)).await;
    client(&server).one::<Whoami>(&Endpoint::Whoami.call()).await.expect("an answer");
    assert!(gap(&server) >= Duration::from_secs(1));
}

#[tokio::test]
async fn what_cannot_be_obeyed_is_ignored() {
    for header in ["-5", "soon", "1.5", "Thu, 01 Oct 2020 12:00:00 GMT"] {
        let server = refusing_once(429, Some(header.into())).await;
        let client = client(&server);
        client.one::<Whoami>(&Endpoint::Whoami.call()).await.expect("an answer");
        // The client's own back-off in these tests is two milliseconds at most.
        assert!(client.stats().waited <= Duration::from_millis(2), "{header}");
    }
}

#[tokio::test]
async fn a_wait_that_is_too_long_ends_the_request_and_is_named() {
    for (header, seconds) in
        [("301", "301 seconds"), ("86400", "86400 seconds"), ("99999999999999999999999", "seconds")]
    {
        let server = refusing_once(429, Some(header.into())).await;
        let error = client(&server).one::<Whoami>(&Endpoint::Whoami.call()).await.expect_err("too long");
        assert_eq!((error.kind(), error.code()), (ErrorKind::RateLimited, "rate.retry_after_too_long"));
        assert!(error.to_string().contains(seconds), "{error}");
        assert_eq!(server.data_requests().len(), 1);
    }
}

#[tokio::test]
async fn a_refusal_in_html_is_a_refusal_and_its_page_is_not_repeated() {
    let server = Server::data(|_| {
        Reply::status(429).header("content-type", "text/html").body("<html>error 1015 internal-host</html>")
    })
    .await;
    let error = client(&server).one::<Whoami>(&Endpoint::Whoami.call()).await.expect_err("refused");
    assert_eq!((error.kind(), error.code()), (ErrorKind::RateLimited, "rate.limited"));
    assert!(!error.to_string().contains("1015") && error.to_string().contains("37 bytes"), "{error}");
    assert_eq!(server.data_requests().len(), 6);
}

#[tokio::test]
async fn one_refusal_halves_what_may_be_in_flight() {
    let server = refusing_once(429, None).await;
    let client = client(&server);
    assert_eq!(client.stats().open_lanes, 10);
    client.one::<Whoami>(&Endpoint::Whoami.call()).await.expect("an answer");
    assert_eq!(client.stats().open_lanes, 5);
}
