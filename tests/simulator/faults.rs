//! Faults, limits and the account of what was asked.
use std::{collections::BTreeSet, time::Duration};

use futures::future::join_all;
use sigma_catalog::simulator::{Options, Simulator};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::client::{Asker, quick, start};

async fn with_fault(rule: &str) -> (Simulator, Asker) {
    start(Options { faults: vec![rule.parse().expect("a rule")], ..quick() }).await
}

/// Status, `Retry-After` and body of one answer.
async fn answer(admin: &Asker, path: &str) -> (u16, Option<String>, String) {
    let response = admin.send(path).await.expect("an answer");
    let status = response.status().as_u16();
    let retry_after =
        response.headers().get("retry-after").map(|value| value.to_str().expect("text").to_owned());
    (status, retry_after, response.text().await.expect("a body"))
}

#[tokio::test]
async fn a_status_comes_with_sigmas_envelope_as_often_as_told() {
    let (simulator, admin) = with_fault("GET /v2/members 503 x2 skip=1 retry-after=7").await;
    let mut statuses = Vec::new();
    for _ in 0..5 {
        let (status, retry_after, body) = answer(&admin, "/v2/members?limit=1").await;
        assert_eq!(retry_after.as_deref(), (status == 503).then_some("7"));
        assert_eq!(body.contains("requestId"), status == 503);
        statuses.push(status);
    }
    assert_eq!(statuses, [200, 503, 503, 200, 200]);
    assert_eq!(simulator.stats()["requests"]["GET /v2/members"], serde_json::json!({ "200": 3, "503": 2 }));
}

#[tokio::test]
async fn faults_that_replace_the_answer() {
    for (kind, status, piece) in [
        ("402", 402, "\"timedout\""),
        ("409", 409, "\"inode_archived\""),
        ("unauthorized", 401, "\"unauthorized\""),
        ("html429", 429, "Error 1015"),
        ("html200", 200, "<html>"),
        ("null", 200, "null"),
    ] {
        let (_simulator, admin) = with_fault(&format!("/v2/teams {kind}")).await;
        let (found, _, body) = answer(&admin, "/v2/teams").await;
        assert_eq!(found, status, "{kind}");
        assert!(body.contains(piece), "{kind}: {body}");
    }
}

#[tokio::test]
async fn faults_that_spoil_the_answer() {
    for (kind, test) in [
        (
            "malformed",
            (|body: &str| serde_json::from_str::<serde_json::Value>(body).is_err()) as fn(&str) -> bool,
        ),
        ("no-entries", |body| !body.contains("entries") && body.contains("nextPage")),
        ("null-entries", |body| body.contains("\"entries\":null")),
        ("row-error", |body| body.contains("Failed to load row") && body.contains("teamId")),
    ] {
        let (simulator, admin) = with_fault(&format!("/v2/teams {kind}")).await;
        let (status, _, body) = answer(&admin, "/v2/teams?limit=4").await;
        assert_eq!(status, 200, "{kind}");
        assert!(test(&body), "{kind}: {body}");
        simulator.set_faults(Vec::new());
        assert!(!test(&answer(&admin, "/v2/teams?limit=4").await.2), "{kind} does not heal");
    }
}

#[tokio::test]
async fn a_repeated_cursor_never_moves_on() {
    let (_simulator, admin) = with_fault("/v2/teams repeat-cursor").await;
    let second = admin.get("/v2/teams?limit=3").await["nextPage"].as_str().expect("a cursor").to_owned();
    let body = admin.get(&format!("/v2/teams?limit=3&page={second}")).await;
    assert_eq!(body["nextPage"], second);
}

#[tokio::test]
async fn a_connection_that_ends_early_is_an_error_and_the_next_one_works() {
    for kind in ["reset", "truncate"] {
        let (_simulator, admin) = with_fault(&format!("/v2/members {kind} x1")).await;
        let response = admin.send("/v2/members?limit=50").await.expect("headers arrive");
        assert_eq!(response.status(), 200, "{kind}");
        assert!(response.text().await.is_err(), "{kind}: the body should not be complete");
        assert_eq!(answer(&admin, "/v2/members?limit=50").await.0, 200, "{kind}");
    }
}

/// What a plain socket reads until the connection ends, and how it ends.
async fn read_raw(admin: &Asker, path: &str) -> (Vec<u8>, std::io::Result<()>) {
    let address = admin.base.trim_start_matches("http://");
    let mut socket = tokio::net::TcpStream::connect(address).await.expect("a connection");
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\r\n", admin.token);
    socket.write_all(request.as_bytes()).await.expect("sent");
    let mut bytes = Vec::new();
    let end = socket.read_to_end(&mut bytes).await.map(drop);
    (bytes, end)
}

#[tokio::test]
async fn a_reset_is_a_reset_and_a_truncated_body_an_orderly_end_before_its_length() {
    let (_simulator, admin) = with_fault("/v2/members reset").await;
    let (_, end) = read_raw(&admin, "/v2/members").await;
    assert_eq!(end.expect_err("a reset").kind(), std::io::ErrorKind::ConnectionReset);

    let (_simulator, admin) = with_fault("/v2/members truncate").await;
    let (bytes, end) = read_raw(&admin, "/v2/members").await;
    end.expect("an orderly end");
    let text = String::from_utf8(bytes).expect("text");
    let (head, body) = text.split_once("\r\n\r\n").expect("head and body");
    let declared = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    assert_eq!(declared.parse::<usize>().expect("a number") / 2, body.len());
}

#[tokio::test]
async fn a_slow_answer_outlasts_a_short_patience() {
    let (_simulator, admin) = with_fault("/v2/whoami slow x1").await;
    let url = format!("{}/v2/whoami", admin.base);
    let impatient =
        admin.http.get(&url).bearer_auth(&admin.token).timeout(Duration::from_millis(300)).send().await;
    assert!(impatient.is_err_and(|error| error.is_timeout()));
    assert_eq!(answer(&admin, "/v2/whoami").await.0, 200);
}

#[tokio::test]
async fn requests_beyond_the_rate_are_refused_with_or_without_advice() {
    for (retry_after, html_429, piece) in
        [(true, false, "too_many_requests"), (false, false, "too_many_requests"), (false, true, "Error 1015")]
    {
        let options = Options { requests_per_second: Some(5), retry_after, html_429, ..quick() };
        let (_simulator, admin) = start(options).await;
        let answers = join_all((0..20).map(|_| answer(&admin, "/v2/whoami"))).await;
        let refused: Vec<_> = answers.iter().filter(|(status, ..)| *status == 429).collect();
        assert!(!refused.is_empty() && refused.len() < 20, "{} refused", refused.len());
        for (_, advice, body) in refused {
            assert_eq!(advice.is_some(), retry_after);
            assert!(body.contains(piece), "{body}");
        }
    }
}

#[tokio::test]
async fn the_account_names_endpoints_statuses_and_the_crowd() {
    let options = Options { latency: Duration::from_millis(500), ..quick() };
    let (simulator, admin) = start(options).await;
    simulator.reset_stats();
    join_all((0..6).map(|_| answer(&admin, "/v2/teams?limit=2"))).await;
    answer(&admin, "/v2/members/nobody").await;
    let stats = admin.get("/__stats").await;
    assert_eq!(stats, simulator.stats());
    assert_eq!(stats["requests"]["GET /v2/teams"]["200"], 6);
    assert_eq!(stats["requests"]["GET /v2/members/{memberId}"]["404"], 1);
    assert_eq!((&stats["total"], &stats["by_status"]["200"]), (&7.into(), &6.into()));
    assert_eq!(stats["max_in_flight"], 6);
    assert_eq!(stats["token_calls"], 0);
}

#[tokio::test]
async fn other_processes_can_change_faults_and_ask_without_a_token() {
    let (simulator, mut admin) = start(quick()).await;
    let post = |path: &str, body: &str| {
        let request = admin.http.post(format!("{}{path}", admin.base)).body(body.to_owned());
        async move { request.send().await.expect("an answer").status().as_u16() }
    };
    assert_eq!(post("/__faults", r#"["/v2/whoami 500"]"#).await, 200);
    assert_eq!(post("/__faults", r#"["/v2/whoami often"]"#).await, 400);
    assert_eq!(answer(&admin, "/v2/whoami").await.0, 500);
    assert_eq!(post("/__stats/reset", "").await, 200);
    assert_eq!(simulator.stats()["total"], 0);
    admin.token = String::new();
    assert_eq!(admin.get("/__truth").await, simulator.truth());
    assert_eq!(admin.get("/__credentials").await[0]["client_id"], simulator.client_id());
    let ids: BTreeSet<String> = simulator.credentials().into_iter().map(|c| c.member_id).collect();
    assert_eq!(ids.len(), 3);
}
