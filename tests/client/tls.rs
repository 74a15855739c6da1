//! Whom the client believes to be Sigma.

use rcgen::{Certificate, KeyPair};
use sigma_catalog::sigma::model::Whoami;
use sigma_catalog::sigma::{Endpoint, ErrorKind, SigmaError};

use crate::certificates::{authority, front, shown};
use crate::support::*;

/// Asks over TLS, with more authorities than the system's if there are any.
async fn ask(
    server: &Server,
    shown: (Certificate, KeyPair),
    bundle: Option<String>,
) -> Result<Whoami, SigmaError> {
    let port = front(&server.url, shown).await.expect("a server");
    let client = client_with(server, |options| {
        options.api_url = format!("https://localhost:{port}").parse().expect("a URL");
        options.ca_bundle = bundle.map(String::into_bytes);
    });
    client.one(&Endpoint::Whoami.call()).await
}

#[tokio::test]
async fn a_certificate_that_is_not_sigmas_is_refused_with_its_fault_and_asked_for_once() {
    let authority = authority();
    let bundle = Some(authority.pem());
    for (shown, bundle, fault) in [
        (shown("localhost", 2021, Some(&authority)), &bundle, "expired"),
        (shown("other.example.com", 2100, Some(&authority)), &bundle, "not valid for name"),
        (shown("localhost", 2100, None), &None, "UnknownIssuer"),
        (shown("localhost", 2100, None), &bundle, "UnknownIssuer"),
        (shown("localhost", 2100, Some(&authority)), &None, "UnknownIssuer"),
    ] {
        let server = Server::data(|_| whoami()).await;
        let error = ask(&server, shown, bundle.clone()).await.expect_err(fault);
        assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, "network.tls"), "{error}");
        let said = error.to_string();
        assert!(said.contains(fault) && said.contains("`localhost`"), "{fault}: {said}");
        assert!(error.remedy().contains("certificate bundle"), "{}", error.remedy());
        assert_eq!(error.call().expect("a call").attempts, 1, "{error}");
        assert!(server.seen().is_empty(), "nothing was said to it");
    }
}

#[tokio::test]
async fn a_certificate_that_the_bundle_vouches_for_is_accepted() {
    let server = Server::data(|_| whoami()).await;
    let authority = authority();
    ask(&server, shown("localhost", 2100, Some(&authority)), Some(authority.pem())).await.expect("an answer");
    let own = shown("localhost", 2100, None);
    let bundle = format!("{}{}", authority.pem(), own.0.pem());
    ask(&server, own, Some(bundle)).await.expect("an answer");
}

#[tokio::test]
async fn a_redirect_away_from_tls_is_not_followed() {
    let thief = Server::everything(|_| whoami()).await;
    let target = format!("{}v2/whoami", thief.url);
    let server = Server::data(move |_| Reply::status(307).header("location", target.clone())).await;
    let authority = authority();
    let shown = shown("localhost", 2100, Some(&authority));
    let error = ask(&server, shown, Some(authority.pem())).await.expect_err("redirected");
    assert_eq!((error.kind(), error.code()), (ErrorKind::Rejected, "http.redirect"));
    assert_eq!((server.data_requests().len(), thief.seen().len()), (1, 0));
}
