//! Logs tell which call took how long, and nothing that is secret or personal.
//!
//! Alone in its process: with other tests beside it, they would decide whether an event is recorded at all.

#[path = "client/support.rs"]
#[expect(dead_code, reason = "the server can misbehave in more ways than needed here")]
mod support;

use std::io::Write;
use std::sync::{Arc, Mutex};

use sigma_catalog::sigma::Endpoint;
use sigma_catalog::sigma::model::Member;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use support::*;

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic elsewhere").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn every_call_is_told_at_debug_without_secrets_and_addresses() {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("sigma_catalog=trace"))
        .with_writer(captured.clone())
        .with_ansi(false)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let calls = Mutex::new(0);
    let server = Server::data(move |_| {
        let mut calls = calls.lock().expect("no panic elsewhere");
        *calls += 1;
        match *calls {
            1 => Reply::status(429),
            2 => Reply::error(401, "unauthorized"),
            _ => Reply::status(200)
                .header("x-request-id", "r-77")
                .body(r#"{"entries":[{"memberId":"m","email":"ada@example.com"}]}"#),
        }
    })
    .await;
    let call = Endpoint::Members.call().query("email", "ada@example.com");
    client(&server).list::<Member>(call).collect().await.expect("a listing");

    let logged = String::from_utf8(captured.0.lock().expect("no panic elsewhere").clone()).expect("text");
    assert_eq!(logged.matches("DEBUG").count(), 5, "two tokens and three attempts: {logged}");
    assert_eq!(logged.matches("WARN").count(), 1, "{logged}");
    for told in [
        "endpoint=\"members\"",
        "path=\"/v2/members\"",
        "status=429",
        "status=401",
        "status=200",
        "attempt=3",
        "r-77",
    ] {
        assert!(logged.contains(told), "{told}: {logged}");
    }
    for secret in ["a-secret", "t-1", "t-2", "Bearer", "ada", "example.com"] {
        assert!(!logged.contains(secret), "{secret}: {logged}");
    }
}
