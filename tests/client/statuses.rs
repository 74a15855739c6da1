//! What every status means, and whether it is worth asking again.

use std::collections::BTreeMap;

use serde_json::json;
use sigma_catalog::sigma::model::{ElementLineage, LineageEntry, Workbook};
use sigma_catalog::sigma::{Call, Endpoint, ErrorKind};

use crate::support::*;

/// Asks for `call` once for each status that is not 200, and groups the statuses by code and number of requests.
async fn table(call: impl Fn(u16) -> Call) -> String {
    let server = Server::data(|seen| {
        let status =
            seen.path.split('/').find_map(|part| part.strip_prefix("s-")).expect("the status to answer");
        Reply::status(status.parse().expect("a status"))
    })
    .await;
    let mut groups: BTreeMap<(ErrorKind, &str, usize), Vec<u16>> = BTreeMap::new();
    let mut client = client(&server);
    for status in 201..600 {
        if status % 15 == 0 {
            // A new one now and then, so that no circuit opens.
            client = crate::support::client(&server);
        }
        let before = server.data_requests().len();
        let error = client.one::<serde_json::Value>(&call(status)).await.expect_err("not 200");
        let requests = server.data_requests().len() - before;
        groups.entry((error.kind(), error.code(), requests)).or_default().push(status);
    }
    groups
        .into_iter()
        .map(|((kind, code, requests), statuses)| {
            format!("{kind:?} {code} after {requests}: {}\n", ranges(&statuses))
        })
        .collect()
}

fn ranges(statuses: &[u16]) -> String {
    let mut out: Vec<(u16, u16)> = Vec::new();
    for &status in statuses {
        match out.last_mut() {
            Some((_, last)) if *last + 1 == status => *last = status,
            _ => out.push((status, status)),
        }
    }
    let text = |(from, to): &(u16, u16)| if from == to { from.to_string() } else { format!("{from}-{to}") };
    out.iter().map(text).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn every_status_of_an_ordinary_endpoint_has_its_meaning() {
    let table =
        table(|status| Endpoint::WorkbookPages.call().path("workbookId", format!("s-{status}"))).await;
    insta::assert_snapshot!(table, @r"
    Auth auth.token_refused after 2: 401
    Forbidden access.forbidden after 1: 403
    NotFound object.not_found after 1: 404
    Archived object.archived after 1: 409
    Retired endpoint.retired after 1: 410
    RateLimited rate.limited after 6: 429
    Unavailable server.error after 1: 501 505-519 525-599
    Unavailable server.error after 2: 500
    Unavailable server.error after 6: 425 502-503 520-524
    Unavailable server.timed_out after 6: 408 504
    Rejected http.redirect after 1: 300-399
    Rejected request.rejected after 1: 400 402 405-407 411-424 426-428 430-499
    Shape body.shape after 1: 201-299
    ");
}

#[tokio::test]
async fn every_status_of_a_lineage_endpoint_has_its_meaning() {
    let table =
        table(|status| Endpoint::WorkbookLineage.call().path("workbookId", format!("s-{status}"))).await;
    insta::assert_snapshot!(table, @r"
    Auth auth.token_refused after 2: 401
    Forbidden access.forbidden after 1: 403
    NotApplicable object.no_data after 1: 400 404 500
    Archived object.archived after 1: 409
    Retired endpoint.retired after 1: 410
    RateLimited rate.limited after 6: 429
    Unavailable server.error after 1: 501 505-519 525-599
    Unavailable server.error after 6: 425 502-503 520-524
    Unavailable server.timed_out after 6: 408 504
    Rejected http.redirect after 1: 300-399
    Rejected request.rejected after 1: 402 405-407 411-424 426-428 430-499
    Shape body.shape after 1: 201-299
    ");
}

/// Which statuses are answers, endpoint by endpoint, where it is not the ordinary list.
#[test]
fn endpoints_with_answers_of_their_own() {
    let mut out = String::new();
    for endpoint in Endpoint::ALL {
        let spec = endpoint.spec();
        if !spec.no_data.is_empty() || !spec.retry_500 {
            out.push_str(&format!("{} {:?} retry_500={}\n", spec.name, spec.no_data, spec.retry_500));
        }
    }
    insta::assert_snapshot!(out, @r"
    workbook_element_query [404] retry_500=true
    workbook_lineage [400, 404, 500] retry_500=false
    workbook_element_lineage [400, 404, 500] retry_500=false
    workbook_export [] retry_500=false
    export_download [400, 404, 409] retry_500=false
    data_model_element_query [404] retry_500=true
    data_model_lineage [400, 404, 500] retry_500=false
    report_element_columns [400] retry_500=true
    report_element_query [404] retry_500=true
    report_lineage [400, 404, 500] retry_500=false
    report_element_lineage [400, 404, 500] retry_500=false
    connection_path [400] retry_500=true
    ");
}

#[tokio::test]
async fn a_computation_that_timed_out_is_asked_again_although_its_status_speaks_of_payment() {
    let server = Server::data(|_| Reply::error(402, "timedout")).await;
    let call = Endpoint::Workbook.call().path("workbookId", "w");
    let error = client(&server).one::<Workbook>(&call).await.expect_err("timed out");
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, "server.timed_out"));
    assert_eq!(server.data_requests().len(), 6);
}

#[tokio::test]
async fn an_archived_inode_is_archived_whatever_the_status() {
    for status in [400, 409] {
        let server = Server::data(move |_| Reply::error(status, "inode_archived")).await;
        let call = Endpoint::WorkbookLineage.call().path("workbookId", "w");
        let error = client(&server).one::<LineageEntry>(&call).await.expect_err("archived");
        assert_eq!((error.kind(), error.code()), (ErrorKind::Archived, "object.archived"));
        assert_eq!(server.data_requests().len(), 1);
    }
}

#[tokio::test]
async fn a_passing_failure_does_not_reach_the_caller() {
    for status in [408, 425, 429, 500, 502, 503, 504] {
        let calls = std::sync::Mutex::new(0);
        let server = Server::data(move |_| {
            let mut calls = calls.lock().expect("no panic elsewhere");
            *calls += 1;
            if *calls == 1 { Reply::status(status) } else { whoami() }
        })
        .await;
        let client = client(&server);
        client.one::<serde_json::Value>(&Endpoint::Whoami.call()).await.expect("an answer");
        assert_eq!(client.stats().retries, 1);
        assert_eq!(client.stats().requests[&("whoami", status)], 1);
        assert_eq!(client.stats().requests[&("whoami", 200)], 1);
    }
}

#[tokio::test]
async fn a_graph_with_neither_nodes_nor_edges_is_not_taken_for_an_element_without_sources() {
    let server = Server::data(|seen| match seen.path.ends_with("/none") {
        true => Reply::json(json!({"dependencies": {}, "edges": []})),
        false => Reply::json(json!({"status": "ok"})),
    })
    .await;
    let client = client(&server);
    let call =
        |element| Endpoint::WorkbookElementLineage.call().path("workbookId", "w").path("elementId", element);
    assert!(client.one::<ElementLineage>(&call("none")).await.expect("a graph").edges.is_empty());
    let error = client.one::<ElementLineage>(&call("other")).await.expect_err("no graph");
    assert_eq!((error.kind(), error.code()), (ErrorKind::Shape, "body.shape"));
}
