//! Options that cannot work, or would not be safe, are refused before the first request.

use secrecy::SecretString;
use sigma_catalog::sigma::{ClientOptions, ErrorKind, REMEDIES, SigmaClient, SigmaError};
use tokio_util::sync::CancellationToken;

fn build(api_url: &str, change: impl FnOnce(&mut ClientOptions)) -> Result<SigmaClient, SigmaError> {
    let mut options = ClientOptions::new(api_url.parse().expect("a URL"), "id", SecretString::from("secret"));
    change(&mut options);
    SigmaClient::new(options, CancellationToken::new())
}

#[track_caller]
fn refused(api_url: &str, code: &str, change: impl FnOnce(&mut ClientOptions)) {
    let error = build(api_url, change).expect_err(api_url);
    assert_eq!((error.kind(), error.code()), (ErrorKind::Config, code), "{api_url}: {error}");
    assert!(!error.to_string().contains("secret") || code == "config.client_secret", "{error}");
    assert!(REMEDIES.iter().any(|(known, _)| *known == code));
}

#[test]
fn sigmas_hosts_and_loopback_are_accepted() {
    for url in [
        "https://api.sigmacomputing.com",
        "https://api.au.azure.sigmacomputing.com/",
        "https://aws-api.sigmacomputing.com:443",
        "http://127.0.0.1:8080",
        "http://127.9.9.9",
        "http://[::1]:1",
        "http://localhost:3000",
    ] {
        build(url, |_| {}).expect(url);
    }
}

#[test]
fn plain_http_is_refused_off_this_machine() {
    for url in [
        "http://api.sigmacomputing.com",
        "http://10.0.0.1",
        "http://localhost.example.com",
        "ftp://api.sigmacomputing.com",
    ] {
        refused(url, "config.api_url", |_| {});
    }
    refused("http://sigma.example.com", "config.api_url", |options| {
        options.allow_host = Some("sigma.example.com".into());
    });
}

#[test]
fn other_hosts_are_refused_unless_allowed_by_name() {
    for url in [
        "https://example.com",
        "https://sigmacomputing.com.example.com",
        "https://evilsigmacomputing.com",
        "https://sigmacomputing.com",
    ] {
        refused(url, "config.host", |_| {});
    }
    build("https://sigma.example.com", |options| options.allow_host = Some("Sigma.Example.com".into()))
        .expect("allowed");
    refused("https://other.example.com", "config.host", |options| {
        options.allow_host = Some("sigma.example.com".into());
    });
}

#[test]
fn addresses_that_carry_more_than_an_address_are_refused() {
    for url in [
        "https://api.sigmacomputing.com/v2",
        "https://api.sigmacomputing.com/v2.1/",
        "https://user@api.sigmacomputing.com",
        "https://user:word@api.sigmacomputing.com",
        "https://api.sigmacomputing.com?x=1",
        "https://api.sigmacomputing.com#x",
    ] {
        refused(url, "config.api_url", |_| {});
    }
}

#[test]
fn values_out_of_range_are_refused() {
    const URL: &str = "https://api.sigmacomputing.com";
    refused(URL, "config.workers", |options| options.workers = 0);
    refused(URL, "config.workers", |options| options.workers = 11);
    refused(URL, "config.client_id", |options| options.client_id = " ".into());
    refused(URL, "config.client_secret", |options| options.client_secret = SecretString::from(""));
    refused(URL, "config.timeout", |options| options.request_timeout = std::time::Duration::ZERO);
    refused(URL, "config.ca_bundle", |options| options.ca_bundle = Some(b"no certificate".to_vec()));
    refused(URL, "config.ca_bundle", |options| options.ca_bundle = Some(Vec::new()));
    refused(URL, "config.proxy", |options| options.proxy = Some("data:,x".parse().expect("a URL")));
}
