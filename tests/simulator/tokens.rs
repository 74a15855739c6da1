//! The token endpoint and what a token opens.
use std::time::Duration;

use sigma_catalog::simulator::{Options, Simulator};

use crate::client::{json, objects, quick, sign_in, start};

async fn call(simulator: &Simulator, form: &[(&str, &str)]) -> (u16, serde_json::Value) {
    let http = reqwest::Client::new();
    let answer =
        http.post(format!("{}/v2/auth/token", simulator.url())).form(form).send().await.expect("an answer");
    (answer.status().as_u16(), json(answer).await)
}

#[tokio::test]
async fn credentials_are_taken_from_the_form_or_from_the_header_but_not_from_json() {
    let simulator = Simulator::start(quick()).await.expect("a free port");
    let (id, secret) = (simulator.client_id(), simulator.client_secret());
    let grant = ("grant_type", "client_credentials");
    let (status, body) = call(&simulator, &[grant, ("client_id", id), ("client_secret", secret)]).await;
    assert_eq!((status, &body["token_type"], &body["expires_in"]), (200, &"bearer".into(), &3599.into()));
    assert_eq!(call(&simulator, &[grant, ("client_id", id), ("client_secret", "wrong")]).await.0, 401);
    assert_eq!(call(&simulator, &[grant]).await.0, 400);
    let odd = [("grant_type", "password"), ("client_id", id), ("client_secret", secret)];
    assert_eq!(call(&simulator, &odd).await.1["code"], "unsupported_grant_type");

    let post = || reqwest::Client::new().post(format!("{}/v2/auth/token", simulator.url()));
    let basic = post().basic_auth(id, Some(secret)).form(&[grant]).send().await.expect("an answer");
    assert_eq!(basic.status(), 200);
    let text = format!(
        "{{\"grant_type\":\"client_credentials\",\"client_id\":\"{id}\",\"client_secret\":\"{secret}\"}}"
    );
    let as_json =
        post().header("content-type", "application/json").body(text).send().await.expect("an answer");
    assert_eq!(as_json.status(), 400);
}

#[tokio::test]
async fn a_refresh_token_gives_a_new_access_token() {
    let simulator = Simulator::start(quick()).await.expect("a free port");
    let client = [("client_id", simulator.client_id()), ("client_secret", simulator.client_secret())];
    let first = call(&simulator, &[&[("grant_type", "client_credentials")], &client[..]].concat()).await.1;
    let refresh = first["refresh_token"].as_str().expect("a refresh token");
    let form = [&[("grant_type", "refresh_token"), ("refresh_token", refresh)], &client[..]].concat();
    let (status, second) = call(&simulator, &form).await;
    assert_eq!(status, 200);
    assert_ne!(first["access_token"], second["access_token"]);
    let wrong = [&[("grant_type", "refresh_token"), ("refresh_token", "made-up")], &client[..]].concat();
    assert_eq!(call(&simulator, &wrong).await.0, 401);
}

#[tokio::test]
async fn a_second_token_call_within_a_second_is_refused() {
    let simulator = Simulator::start(Options::small()).await.expect("a free port");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", simulator.client_id()),
        ("client_secret", simulator.client_secret()),
    ];
    assert_eq!(call(&simulator, &form).await.0, 200);
    assert_eq!(call(&simulator, &form).await.0, 429);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(call(&simulator, &form).await.0, 200);
    assert_eq!(simulator.stats()["token_calls"], 3);
}

#[tokio::test]
async fn nothing_is_answered_without_a_valid_token() {
    let (simulator, mut admin) = start(quick()).await;
    let (status, body) = admin.ask("/v2/whoami").await;
    assert_eq!(status, 200);
    assert_eq!(body["userId"].as_str(), Some(simulator.credentials()[0].member_id.as_str()));
    simulator.revoke_tokens();
    assert_eq!(admin.ask("/v2/whoami").await.0, 401);
    admin.token = "made-up".to_owned();
    let response = admin.send("/v2/whoami").await.expect("an answer");
    let in_header = response.headers()["x-request-id"].to_str().expect("text").to_owned();
    let body = json(response).await;
    assert_eq!(body["code"], "unauthorized");
    assert_eq!(body["requestId"].as_str(), Some(in_header.as_str()));
    assert!(body["message"].is_string());
}

#[tokio::test]
async fn a_token_ends_after_its_lifetime() {
    // The others live an hour; this one is over when it is issued, so that no test has to wait.
    let (_simulator, admin) = start(Options { token_lifetime: Duration::ZERO, ..quick() }).await;
    let (status, body) = admin.ask("/v2/whoami").await;
    assert_eq!((status.as_u16(), body["message"].as_str()), (401, Some("Token expired")));
}

#[tokio::test]
async fn only_admins_ask_for_what_is_the_admins() {
    let (simulator, admin) = start(quick()).await;
    let viewer = sign_in(&simulator, &simulator.credentials()[2]).await;
    let truth = simulator.truth();
    let other = objects(&truth, "member")[5]["id"].as_str().expect("an id").to_owned();
    for path in [
        "/v2/accountTypes".to_owned(),
        "/v2/tenants".to_owned(),
        "/v2/workbooks?skipPermissionCheck=true".to_owned(),
        "/v2/dataModels?skipPermissionCheck=true".to_owned(),
        "/v2/reports?skipPermissionCheck=true".to_owned(),
        format!("/v2/members/{other}/files"),
        format!("/v2/members/{other}/teams"),
        format!("/v2/grants?userId={other}"),
    ] {
        assert_eq!(admin.ask(&path).await.0, 200, "{path} as admin");
        assert_eq!(viewer.ask(&path).await.0, 403, "{path} as viewer");
    }
    let own = &simulator.credentials()[2].member_id;
    assert_eq!(viewer.ask(&format!("/v2/members/{own}/files")).await.0, 200);
}

#[tokio::test]
async fn unknown_paths_are_not_found() {
    let (_simulator, admin) = start(quick()).await;
    for path in ["/v2/account-types", "/v2/workbooks/x", "/v2/nothing", "/v3/workbooks"] {
        let (status, body) = admin.ask(path).await;
        assert_eq!((status.as_u16(), body["code"].as_str()), (404, Some("not_found")), "{path}");
    }
}
