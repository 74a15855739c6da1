//! When failing goes on, the client stops asking; and what it says can be acted on.

use serde_json::json;
use sigma_catalog::sigma::model::{MaterializationSchedule, Page, Whoami, Workspace};
use sigma_catalog::sigma::{Call, Endpoint, ErrorKind, REMEDIES};

use crate::support::*;

fn pages(id: usize) -> Call {
    Endpoint::WorkbookPages.call().path("workbookId", format!("w{id}"))
}

#[tokio::test]
async fn an_endpoint_that_keeps_failing_is_left_alone_and_others_are_not() {
    let server = Server::data(|seen| match seen.path.as_str() {
        "/v2/whoami" => whoami(),
        _ => Reply::error(400, "invalid_request"),
    })
    .await;
    let client = client(&server);
    let mut codes = Vec::new();
    for id in 0..25 {
        codes.push(client.one::<Page>(&pages(id)).await.expect_err("refused").code());
    }
    assert_eq!(codes[..20], ["request.rejected"; 20]);
    assert_eq!(codes[20..], ["circuit.open"; 5]);
    assert_eq!(server.data_requests().len(), 20);
    client.one::<Whoami>(&Endpoint::Whoami.call()).await.expect("another endpoint");
}

#[tokio::test]
async fn answers_that_say_no_never_open_a_circuit() {
    for (status, endpoint, parameter) in [
        (403, Endpoint::Workspace, "workspaceId"),
        (404, Endpoint::WorkbookPages, "workbookId"),
        (409, Endpoint::File, "inodeId"),
        (500, Endpoint::WorkbookLineage, "workbookId"),
        (400, Endpoint::DataModelLineage, "dataModelId"),
    ] {
        let server = Server::data(move |_| Reply::status(status)).await;
        let client = client(&server);
        for id in 0..60 {
            let call = endpoint.call().path(parameter, id.to_string());
            let error = client.one::<Workspace>(&call).await.expect_err("refused");
            assert_ne!(error.code(), "circuit.open", "{status} {endpoint:?} {id}");
        }
    }
}

#[tokio::test]
async fn an_endpoint_closed_to_these_credentials_is_not_asked_for_every_member() {
    let server = Server::data(|_| Reply::error(403, "forbidden")).await;
    let client = client(&server);
    for id in 0..60 {
        let call = Endpoint::MemberFiles.call().path("memberId", id.to_string());
        client.one::<Workspace>(&call).await.expect_err("refused");
    }
    assert_eq!(server.data_requests().len(), 20);
}

#[tokio::test]
async fn retries_of_a_whole_run_are_limited() {
    let server = Server::data(|seen| match seen.path.ends_with("/pages") {
        true => Reply::status(503),
        false => whoami(),
    })
    .await;
    let client = client_with(&server, |options| options.retry.budget_reserve = 7);
    let mut codes = Vec::new();
    for id in 0..4 {
        codes.push(client.one::<Page>(&pages(id)).await.expect_err("down").code());
    }
    // Five retries for the first, two for the second, then none.
    assert_eq!(codes, ["server.error", "retry.budget", "retry.budget", "retry.budget"]);
    assert_eq!(server.data_requests().len(), 6 + 3 + 1 + 1);
    // Failures without retries are failures all the same: in the end the endpoint is left alone.
    for id in 4..30 {
        client.one::<Page>(&pages(id)).await.expect_err("down");
    }
    assert_eq!(client.one::<Page>(&pages(30)).await.expect_err("down").code(), "circuit.open");
}

#[tokio::test]
async fn a_failure_carries_what_support_will_ask_for() {
    let server = Server::data(|_| {
        Reply::status(403)
            .header("x-request-id", "r-header")
            .body(json!({"code": "forbidden", "message": "no entry", "requestId": "r-body"}).to_string())
    })
    .await;
    let error = client(&server).one::<Page>(&pages(1).query("tag", "x")).await.expect_err("refused");
    let call = error.call().expect("a call");
    assert_eq!((call.endpoint, call.path.as_str()), ("workbook_pages", "/v2/workbooks/w1/pages"));
    assert_eq!((call.status, call.api_code.as_deref()), (Some(403), Some("forbidden")));
    assert_eq!((call.request_id.as_deref(), call.attempts), (Some("r-header"), 1));
    assert_eq!(
        error.to_string(),
        "`GET /v2/workbooks/w1/pages`: status 403 `forbidden`: no entry (request r-header)"
    );
}

#[tokio::test]
async fn what_sigma_says_cannot_forge_a_log_line_or_leak_an_address() {
    let message = format!("a\nb\u{1b}[31m who ada@example.com {}", "x".repeat(1_000));
    let server = Server::data(move |_| {
        Reply::status(400).body(json!({"code": "c\nd", "message": message}).to_string())
    })
    .await;
    let error = client(&server).one::<Page>(&pages(1)).await.expect_err("refused");
    let said = error.to_string();
    assert!(said.contains(r"`c\nd`: a\nb\u{1b}[31m who [e-mail] xxx"), "{said}");
    assert!(!said.contains('\n') && !said.contains("ada") && said.len() < 520, "{said}");
}

#[test]
fn every_code_has_a_remedy_and_only_one() {
    let mut codes: Vec<_> = REMEDIES.iter().map(|(code, _)| *code).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), REMEDIES.len());
    assert!(REMEDIES.iter().all(|(_, remedy)| remedy.len() > 20));
    insta::assert_snapshot!(codes.join("\n"), @r"
    access.forbidden
    auth.rejected
    auth.token_refused
    body.not_json
    body.shape
    body.too_large
    cancelled
    circuit.open
    config.api_url
    config.ca_bundle
    config.client_id
    config.client_secret
    config.host
    config.proxy
    config.timeout
    config.tls
    config.workers
    endpoint.retired
    http.redirect
    network.broken
    network.dns
    network.proxy
    network.refused
    network.timeout
    network.tls
    object.archived
    object.no_data
    object.not_found
    rate.limited
    rate.retry_after_too_long
    request.invalid
    request.rejected
    retry.budget
    server.error
    server.timed_out
    ");
}

#[tokio::test]
async fn a_request_that_cannot_be_built_is_not_sent() {
    let server = Server::data(|_| whoami()).await;
    let client = client(&server);
    for id in ["", ".", ".."] {
        let call = Endpoint::WorkbookPages.call().path("workbookId", id);
        let error = client.one::<Page>(&call).await.expect_err("no id");
        assert_eq!((error.kind(), error.code()), (ErrorKind::Rejected, "request.invalid"));
    }
    let error = client.one::<MaterializationSchedule>(&Endpoint::Workbook.call()).await.expect_err("no id");
    assert!(error.to_string().contains("`workbookId` is missing"), "{error}");
    assert_eq!(server.seen().len(), 0);
}
