//! A network that fails is told apart, asked again where that can help, and never trusted with the token.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::json;
use sigma_catalog::sigma::model::{Team, Whoami};
use sigma_catalog::sigma::{ClientOptions, Endpoint, ErrorKind, SigmaClient, SigmaError};
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;

use crate::support::*;

async fn ask(client: &SigmaClient) -> Result<Whoami, SigmaError> {
    client.one(&Endpoint::Whoami.call()).await
}

/// Asks a server that always answers like this.
async fn always(reply: Reply) -> (SigmaError, usize) {
    let server = Server::data(move |_| reply.clone()).await;
    let client = client_with(&server, |options| options.request_timeout = Duration::from_millis(300));
    let error = ask(&client).await.expect_err("no usable answer");
    (error, server.data_requests().len())
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_named() {
    let server = Server::data(|_| whoami()).await;
    let client = client_with(&server, |options| {
        options.api_url = "https://no-such-region.invalid".parse().expect("a URL");
        options.allow_host = Some("no-such-region.invalid".into());
    });
    let error = ask(&client).await.expect_err("no such host");
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, "network.dns"));
    assert!(error.to_string().contains("`no-such-region.invalid`"), "{error}");
    assert!(error.remedy().contains("region"), "{}", error.remedy());
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_refused() {
    let server = Server::data(|_| whoami()).await;
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = free.local_addr().expect("an address");
    drop(free);
    let client = client_with(&server, |options| {
        options.api_url = format!("http://{address}").parse().expect("a URL");
        options.retry.attempts = 2;
    });
    let error = ask(&client).await.expect_err("nobody there");
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, "network.refused"));
    assert_eq!(error.call().expect("a call").attempts, 2);
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_not_asked_twice() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("https://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            // Whether the client still listens does not matter.
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let server = Server::data(|_| whoami()).await;
    let client = client_with(&server, |options| options.api_url = url.parse().expect("a URL"));
    let error = ask(&client).await.expect_err("no TLS");
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, "network.tls"));
    assert_eq!(error.call().expect("a call").attempts, 1);
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_a_timeout() {
    let (error, requests) = always(whoami().after(Duration::from_secs(5))).await;
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, "network.timeout"));
    assert_eq!(requests, 6);
}

#[tokio::test]
async fn an_answer_that_drips_is_a_timeout() {
    let (error, requests) = always(whoami().one_byte_every(Duration::from_millis(100))).await;
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, "network.timeout"));
    assert_eq!(requests, 6);
}

#[tokio::test]
async fn slow_endpoints_are_given_more_time() {
    let server =
        Server::data(|_| Reply::json(json!({"entries": []})).after(Duration::from_millis(400))).await;
    let client = client_with(&server, |options| {
        options.request_timeout = Duration::from_millis(100);
        options.slow_request_timeout = Duration::from_secs(20);
        options.retry.attempts = 1;
    });
    let list = |endpoint: Endpoint| {
        client.list::<sigma_catalog::sigma::model::Element>(endpoint.call().path("workbookId", "w")).collect()
    };
    assert_eq!(list(Endpoint::WorkbookPages).await.expect_err("too slow").code(), "network.timeout");
    list(Endpoint::WorkbookElements).await.expect("patience");
}

#[tokio::test]
async fn half_an_answer_is_never_taken_for_a_short_one() {
    let two_teams = r#"{"entries":[{"teamId":"a"},{"teamId":"b"}],"nextPage":null}"#;
    // What was sent so far would even be JSON, had it ended here.
    let one_team = r#"{"entries":[{"teamId":"a"}],"nextPage":null}"#;
    // A gzip stream that breaks off.
    let gzip = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xab, 0x56, 0x4a, 0xcd];
    for reply in [
        Reply::status(200).body(two_teams).cut_after(20),
        Reply::status(200).body(one_team).header("content-length", "4000"),
        Reply::status(200).body(gzip).header("content-encoding", "gzip"),
    ] {
        let server = Server::data(move |_| reply.clone()).await;
        let error = client(&server).list::<Team>(Endpoint::Teams.call()).collect().await.expect_err("half");
        assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, "network.broken"));
        assert_eq!(server.data_requests().len(), 6);
    }
}

#[tokio::test]
async fn a_web_page_with_status_200_is_asked_again_and_only_its_size_is_told() {
    let (error, requests) = always(Reply::status(200).body("<html>intranet-host</html>")).await;
    assert_eq!((error.kind(), error.code()), (ErrorKind::Shape, "body.not_json"));
    assert_eq!(requests, 6);
    assert!(error.to_string().contains("26 bytes") && !error.to_string().contains("intranet"), "{error}");
}

#[tokio::test]
async fn json_of_another_shape_is_not_asked_again() {
    for body in ["null", "[]", "{}", r#"{"userId":null}"#, r#"{"userId":""}"#, r#"{"userId":7}"#, "\"text\""]
    {
        let (error, requests) = always(Reply::status(200).body(body)).await;
        assert_eq!((error.kind(), error.code()), (ErrorKind::Shape, "body.shape"), "{body}");
        assert_eq!(requests, 1, "{body}");
    }
}

#[tokio::test]
async fn an_answer_of_fifty_megabytes_is_read_and_one_above_the_limit_is_not() {
    let mut large = br#"{"userId":"u1"}"#.to_vec();
    large.resize(50 << 20, b' ');
    let server = Server::data(move |_| Reply::status(200).body(large.clone())).await;
    ask(&client(&server)).await.expect("an answer");
    let small = client_with(&server, |options| options.max_body_bytes = 1 << 20);
    let error = ask(&small).await.expect_err("too large");
    assert_eq!((error.kind(), error.code()), (ErrorKind::Shape, "body.too_large"));
}

#[tokio::test]
async fn a_redirect_is_named_and_not_followed_and_nobody_else_sees_the_token() {
    let thief = Server::everything(|_| whoami()).await;
    for status in [301, 302, 303, 307, 308] {
        for target in [format!("{}v2/whoami?x=1", thief.url), "/v2/whoami".to_owned()] {
            let server =
                Server::data(move |_| Reply::status(status).header("location", target.clone())).await;
            let error = ask(&client(&server)).await.expect_err("redirected");
            assert_eq!((error.kind(), error.code()), (ErrorKind::Rejected, "http.redirect"));
            assert!(error.to_string().contains("redirected to `http://127.0.0.1:"), "{error}");
            assert!(!error.to_string().contains("x=1"), "{error}");
            assert_eq!(server.data_requests().len(), 1);
        }
    }
    assert_eq!(thief.seen().len(), 0);
}

#[tokio::test]
async fn a_redirect_of_the_token_call_does_not_carry_the_secret_away() {
    let thief = Server::everything(|_| grant("stolen")).await;
    let target = thief.url.to_string();
    let server = Server::everything(move |_| Reply::status(307).header("location", target.clone())).await;
    let error = ask(&client(&server)).await.expect_err("redirected");
    assert_eq!(error.code(), "http.redirect");
    assert_eq!((server.seen().len(), thief.seen().len()), (1, 0));
}

#[tokio::test]
async fn loopback_is_asked_directly_even_when_a_proxy_is_set() {
    let proxy = Server::everything(|_| whoami()).await;
    let server = Server::data(|_| whoami()).await;
    let client = client_with(&server, |options| options.proxy = Some(proxy.url.clone()));
    ask(&client).await.expect("an answer");
    assert_eq!(proxy.seen().len(), 0);
}

/// The environment of a running process cannot be changed safely: the test above is run again in one of its own.
#[test]
fn loopback_is_asked_directly_even_when_the_environment_names_a_proxy() {
    let mut child = std::process::Command::new(std::env::current_exe().expect("this test"));
    child.args(["--exact", "transport::loopback_is_asked_directly_even_when_a_proxy_is_set"]);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"] {
        child.env(name, "http://127.0.0.1:9");
    }
    let output = child.env_remove("NO_PROXY").env_remove("no_proxy").output().expect("a process");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
async fn a_proxy_is_asked_for_a_tunnel_and_never_shown_the_secret() {
    let proxy = Server::everything(|_| Reply::status(502)).await;
    let mut options = ClientOptions::new(
        "https://api.sigmacomputing.com".parse().expect("a URL"),
        "an-id",
        SecretString::from("a-secret"),
    );
    options.proxy = Some(proxy.url.clone());
    options.retry.attempts = 1;
    let client = SigmaClient::new(options, CancellationToken::new()).expect("a client");
    let error = ask(&client).await.expect_err("no tunnel");
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, "network.proxy"));
    let seen = proxy.seen();
    assert_eq!(seen.iter().map(|seen| seen.method.as_str()).collect::<Vec<_>>(), ["CONNECT"]);
    assert!(seen.iter().all(|seen| seen.body.is_empty() && seen.authorization.is_none()));
}
