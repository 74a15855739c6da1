//! One token for everybody, renewed in time, and never asked for more than once per second.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use sigma_catalog::sigma::model::{Page, Whoami};
use sigma_catalog::sigma::{Endpoint, ErrorKind, SigmaClient, SigmaError};
use tokio::task::JoinSet;

use crate::support::*;

async fn ask(client: &SigmaClient) -> Result<Whoami, SigmaError> {
    client.one(&Endpoint::Whoami.call()).await
}

async fn ask_together(client: &SigmaClient, times: usize) -> Vec<Result<Whoami, SigmaError>> {
    let mut asking = JoinSet::new();
    for _ in 0..times {
        let client = client.clone();
        asking.spawn(async move { ask(&client).await });
    }
    asking.join_all().await
}

/// No two token calls within a second of each other.
fn assert_spaced(server: &Server) {
    let at: Vec<_> = server.token_requests().iter().map(|seen| seen.at).collect();
    assert!(at.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_secs(1)), "{at:?}");
}

#[tokio::test]
async fn the_token_is_asked_for_with_a_form_and_carried_by_every_request() {
    let server = Server::data(|_| whoami()).await;
    let client = client(&server);
    ask(&client).await.expect("an answer");
    ask(&client).await.expect("an answer");
    let tokens = server.token_requests();
    assert_eq!(tokens.len(), 1);
    assert_eq!(tokens[0].method, "POST");
    assert_eq!(tokens[0].content_type.as_deref(), Some("application/x-www-form-urlencoded"));
    let mut form: Vec<_> = url::form_urlencoded::parse(tokens[0].body.as_bytes()).into_owned().collect();
    form.sort();
    let expected =
        [("client_id", "an-id"), ("client_secret", "a-secret"), ("grant_type", "client_credentials")];
    assert_eq!(form, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(tokens[0].authorization, None);
    for request in server.data_requests() {
        assert_eq!(request.authorization.as_deref(), Some("Bearer t-1"));
    }
    assert_eq!(client.stats().token_calls, 1);
}

#[tokio::test]
async fn ten_workers_at_once_ask_for_one_token() {
    let server = Server::everything(|seen| match seen.path.as_str() {
        TOKEN_PATH => grant("t").after(Duration::from_millis(50)),
        _ => whoami(),
    })
    .await;
    for answer in ask_together(&client(&server), 10).await {
        answer.expect("an answer");
    }
    assert_eq!(server.token_requests().len(), 1);
    assert_eq!(server.data_requests().len(), 10);
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends() {
    let granted = Mutex::new(0);
    let server = Server::everything(move |seen| {
        if seen.path != TOKEN_PATH {
            return whoami();
        }
        let mut granted = granted.lock().expect("no panic elsewhere");
        *granted += 1;
        Reply::json(json!({"access_token": format!("t-{granted}"), "expires_in": 1}))
    })
    .await;
    let client = client(&server);
    ask(&client).await.expect("an answer");
    tokio::time::sleep(Duration::from_millis(900)).await;
    ask(&client).await.expect("an answer");
    let carried: Vec<_> = server.data_requests().into_iter().filter_map(|seen| seen.authorization).collect();
    assert_eq!(carried, ["Bearer t-1", "Bearer t-2"]);
    // There was no refresh token, and none is needed: the credentials are given again.
    let form =
        |seen: Seen| url::form_urlencoded::parse(seen.body.as_bytes()).into_owned().collect::<Vec<_>>();
    for asked in server.token_requests() {
        assert!(form(asked).contains(&("grant_type".to_owned(), "client_credentials".to_owned())));
    }
    assert_spaced(&server);
}

#[tokio::test]
async fn a_token_that_ends_while_ten_are_in_flight_is_renewed_once_and_all_are_replayed_once() {
    let server = Server::data(|seen| match seen.authorization.as_deref() {
        Some("Bearer t-1") => Reply::error(401, "unauthorized").after(Duration::from_millis(30)),
        _ => whoami(),
    })
    .await;
    let client = client(&server);
    for answer in ask_together(&client, 10).await {
        answer.expect("an answer");
    }
    assert_eq!(server.token_requests().len(), 2);
    assert_eq!(server.data_requests().len(), 20);
    assert_spaced(&server);
}

#[tokio::test]
async fn a_second_refusal_of_a_fresh_token_is_an_authentication_failure() {
    let server = Server::data(|_| Reply::error(401, "unauthorized")).await;
    let error = ask(&client(&server)).await.expect_err("refused");
    assert_eq!((error.kind(), error.code()), (ErrorKind::Auth, "auth.token_refused"));
    assert_eq!(server.data_requests().len(), 2);
    assert_eq!(server.token_requests().len(), 2);
}

#[tokio::test]
async fn wrong_credentials_are_named_and_tried_only_once() {
    for status in [400, 401, 403] {
        let server = Server::everything(move |_| {
            Reply::status(status).body(r#"{"code":"unauthorized","message":"invalid client"}"#)
        })
        .await;
        let client = client(&server);
        for answer in ask_together(&client, 10).await {
            let error = answer.expect_err("refused");
            assert_eq!((error.kind(), error.code()), (ErrorKind::Auth, "auth.rejected"), "{status}");
            let said = error.to_string();
            assert!(said.contains("client id or the client secret: invalid client"), "{said}");
            assert!(error.remedy().contains("client secret"), "{}", error.remedy());
        }
        assert_eq!(server.seen().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn an_address_without_a_token_endpoint_is_a_wrong_address() {
    let server = Server::everything(|_| Reply::status(404)).await;
    let error = ask(&client(&server)).await.expect_err("refused");
    assert_eq!((error.kind(), error.code()), (ErrorKind::Config, "config.api_url"));
}

#[tokio::test]
async fn a_busy_token_endpoint_is_asked_again_but_never_twice_in_a_second() {
    for busy in [429, 503] {
        let calls = Mutex::new(0);
        let server = Server::everything(move |seen| {
            if seen.path != TOKEN_PATH {
                return whoami();
            }
            let mut calls = calls.lock().expect("no panic elsewhere");
            *calls += 1;
            if *calls < 3 { Reply::status(busy) } else { grant("t") }
        })
        .await;
        ask(&client(&server)).await.expect("an answer");
        assert_eq!(server.token_requests().len(), 3);
        assert_spaced(&server);
    }
}

#[tokio::test]
async fn the_distance_between_token_calls_begins_when_the_first_one_is_over() {
    let calls = Mutex::new(0);
    let server = Server::everything(move |seen| {
        if seen.path != TOKEN_PATH {
            return whoami();
        }
        let mut calls = calls.lock().expect("no panic elsewhere");
        *calls += 1;
        if *calls == 1 { Reply::status(503).after(Duration::from_millis(400)) } else { grant("t") }
    })
    .await;
    ask(&client(&server)).await.expect("an answer");
    let at: Vec<_> = server.token_requests().iter().map(|seen| seen.at).collect();
    assert!(at[1] - at[0] >= Duration::from_millis(1_400));
}

#[tokio::test]
async fn a_token_endpoint_that_stays_down_makes_sigma_unavailable() {
    let server = Server::everything(|_| Reply::status(503)).await;
    let client = client_with(&server, |options| options.retry.attempts = 2);
    let error = ask(&client).await.expect_err("down");
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, "server.error"));
    assert_eq!(error.call().expect("a call").endpoint, "token");
    assert_eq!(server.token_requests().len(), 2);
}

#[tokio::test]
async fn a_lifetime_that_makes_no_sense_causes_no_storm_and_a_refusal_still_renews() {
    let lifetimes =
        [None, Some(json!(0)), Some(json!(null)), Some(json!("soon")), Some(json!("3599")), Some(json!(-1))];
    for lifetime in lifetimes {
        let said = format!("{lifetime:?}");
        let ended = Arc::new(AtomicBool::new(false));
        let (has_ended, granted) = (Arc::clone(&ended), Mutex::new(0));
        let server = Server::everything(move |seen| {
            if seen.path == TOKEN_PATH {
                let mut granted = granted.lock().expect("no panic elsewhere");
                *granted += 1;
                let mut body = json!({"access_token": format!("t-{granted}")});
                if let Some(lifetime) = &lifetime {
                    body["expires_in"] = lifetime.clone();
                }
                return Reply::json(body);
            }
            let stale = seen.authorization.as_deref() == Some("Bearer t-1");
            match stale && has_ended.load(Ordering::SeqCst) {
                true => Reply::error(401, "unauthorized"),
                false => whoami(),
            }
        })
        .await;
        let client = client(&server);
        for answer in ask_together(&client, 20).await {
            answer.expect("an answer");
        }
        assert_eq!(server.token_requests().len(), 1, "{said}");
        // The token ends sooner than thought: only the refusal tells.
        ended.store(true, Ordering::SeqCst);
        for answer in ask_together(&client, 4).await {
            answer.expect("an answer");
        }
        assert_eq!(server.token_requests().len(), 2, "{said}");
    }
}

#[tokio::test]
async fn a_token_that_ends_in_the_middle_of_four_listings_is_renewed_once() {
    for (endpoint, parameter, next) in [
        (Endpoint::WorkbookPages, "workbookId", "nextPage"),
        (Endpoint::ReportPages, "reportId", "nextPageToken"),
    ] {
        let server = Server::data(move |seen| {
            let at: u32 = seen.cursor().map_or(1, |cursor| cursor.parse().expect("our cursor"));
            if at == 2 && seen.authorization.as_deref() == Some("Bearer t-1") {
                // Late enough that all four are on their way.
                return Reply::error(401, "unauthorized").after(Duration::from_millis(100));
            }
            let mut body = json!({"entries": [{"pageId": format!("p{at}")}]});
            if at < 3 {
                body[next] = json!((at + 1).to_string());
            }
            Reply::json(body)
        })
        .await;
        let client = client_with(&server, |options| options.workers = 4);
        let mut listings = JoinSet::new();
        for id in 0..4 {
            let listing = client.list::<Page>(endpoint.call().path(parameter, format!("w{id}")));
            listings.spawn(listing.collect());
        }
        for listed in listings.join_all().await {
            let (rows, report) = listed.expect("a listing");
            let ids: Vec<_> = rows.iter().map(|row| row.page_id.as_str()).collect();
            assert_eq!((ids, report.incomplete), (vec!["p1", "p2", "p3"], None));
        }
        assert_eq!(server.token_requests().len(), 2);
        // Three pages of four listings, and the second page of each once more.
        assert_eq!(server.data_requests().len(), 16);
    }
}

#[tokio::test]
async fn neither_secret_nor_token_can_be_printed() {
    let server = Server::data(|_| Reply::status(404).body("a-secret t-1")).await;
    let client = client(&server);
    let error = ask(&client).await.expect_err("not found");
    for printed in [format!("{client:?}"), format!("{:?}", options(&server)), format!("{error:?} {error}")] {
        assert!(!printed.contains("a-secret") && !printed.contains("t-1"), "{printed}");
    }
}
