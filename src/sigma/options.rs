//! What a client is built from, and what is refused before the first request.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use super::error::SigmaError;
use super::retry::RetryPolicy;

/// Everything a [`SigmaClient`](super::SigmaClient) needs to know.
#[derive(Clone)]
pub struct ClientOptions {
    /// Base address of the region, without a version: `https://api.sigmacomputing.com`. Only https, except on
    /// loopback; only Sigma's hosts, loopback and [`ClientOptions::allow_host`].
    pub api_url: Url,
    /// Client id of the API credential.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretString,
    /// The most requests in flight together, 1 to 10. Default 3.
    pub workers: usize,
    /// The most requests per second, evenly spaced. Default: as fast as the workers go.
    pub requests_per_second: Option<NonZeroU32>,
    /// Proxy for everything but loopback. Default: `HTTPS_PROXY` and `NO_PROXY` of the environment.
    pub proxy: Option<Url>,
    /// Certificates (PEM) to accept besides the system's.
    pub ca_bundle: Option<Vec<u8>>,
    /// Time to connect. Default 10 s.
    pub connect_timeout: Duration,
    /// Time for one attempt, body included. Default 30 s.
    pub request_timeout: Duration,
    /// The same for elements, columns and queries, which Sigma computes slowly. Default 300 s.
    pub slow_request_timeout: Duration,
    /// One more host that may be asked.
    pub allow_host: Option<String>,
    /// What the client calls itself. Default: this package and its version.
    pub user_agent: String,
    /// The largest answer that is read, in bytes after decompression. Default 64 MiB.
    pub max_body_bytes: usize,
    /// How persistent the client is.
    pub retry: RetryPolicy,
}

/// The fewest and the most workers.
pub const WORKERS: std::ops::RangeInclusive<usize> = 1..=10;

impl ClientOptions {
    /// Options with the defaults for everything but the essentials.
    pub fn new(api_url: Url, client_id: impl Into<String>, client_secret: SecretString) -> Self {
        Self {
            api_url,
            client_id: client_id.into(),
            client_secret,
            workers: 3,
            requests_per_second: None,
            proxy: None,
            ca_bundle: None,
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            slow_request_timeout: Duration::from_secs(300),
            allow_host: None,
            user_agent: concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")).to_owned(),
            max_body_bytes: 64 << 20,
            retry: RetryPolicy::default(),
        }
    }

    /// Whether requests stay on this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(&self.api_url)
    }

    /// Refuses what could not work or would not be safe.
    pub(crate) fn check(&self) -> Result<(), SigmaError> {
        self.check_api_url()?;
        if !WORKERS.contains(&self.workers) {
            return Err(config("config.workers", format!("`workers` is {}, not 1 to 10", self.workers)));
        }
        if self.client_id.trim().is_empty() {
            return Err(config("config.client_id", "the client id is empty"));
        }
        if self.client_secret.expose_secret().trim().is_empty() {
            return Err(config("config.client_secret", "the client secret is empty"));
        }
        for (name, timeout) in [
            ("connect_timeout", self.connect_timeout),
            ("request_timeout", self.request_timeout),
            ("slow_request_timeout", self.slow_request_timeout),
        ] {
            if timeout.is_zero() {
                return Err(config("config.timeout", format!("`{name}` is zero")));
            }
        }
        Ok(())
    }

    fn check_api_url(&self) -> Result<(), SigmaError> {
        let url = &self.api_url;
        let refuse = |why: &str| Err(config("config.api_url", format!("the API address {why}")));
        let Some(host) = url.host_str() else { return refuse("has no host") };
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("contains a user name or password");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("has a query or a fragment");
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(url) => {}
            scheme => return refuse(&format!("uses `{scheme}` instead of https")),
        }
        if url.path().trim_end_matches('/').rsplit('/').next().is_some_and(is_version) {
            return refuse("ends in an API version");
        }
        let allowed = self.allow_host.as_deref().is_some_and(|allowed| allowed.eq_ignore_ascii_case(host));
        if allowed || is_loopback(url) || host.ends_with(".sigmacomputing.com") {
            return Ok(());
        }
        Err(config("config.host", format!("`{host}` is not a host of Sigma")))
    }
}

impl fmt::Debug for ClientOptions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ClientOptions")
            .field("api_url", &self.api_url.as_str())
            .field("client_id", &self.client_id)
            .field("client_secret", &"[redacted]")
            .field("workers", &self.workers)
            .field("requests_per_second", &self.requests_per_second)
            .field("proxy", &self.proxy.as_ref().and_then(Url::host_str))
            .finish_non_exhaustive()
    }
}

pub(crate) fn config(code: &'static str, message: impl Into<String>) -> SigmaError {
    SigmaError::Config { code, message: message.into() }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// `v2`, `v2.1`, `v3alpha`: paths carry the version, the base address must not.
fn is_version(segment: &str) -> bool {
    let mut bytes = segment.bytes();
    bytes.next() == Some(b'v') && bytes.next().is_some_and(|byte| byte.is_ascii_digit())
}
