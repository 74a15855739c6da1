//! One HTTP exchange: what leaves, what comes back, and why nothing did.
//!
//! Only three things ever leave: a GET, the POST for a token, and the POST that starts an export. Redirects are not followed and the HTTP library
//! retries nothing of its own accord.

use std::error::Error;
use std::io;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, AsHeaderName, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Method, NoProxy, Proxy, RequestBuilder};
use secrecy::ExposeSecret;
use url::Url;

use super::endpoints::TOKEN;
use super::error::SigmaError;
use super::options::{ClientOptions, config};
use super::retry::{Network, retry_after};
use super::text::for_log;

/// Shorter than a server's own, so that a connection is not reused at the moment it is closed.
const POOL_IDLE: Duration = Duration::from_secs(20);

pub(crate) struct Transport {
    http: Client,
    host: String,
    max_body: usize,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) content_type: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    /// What the server's clock says.
    pub(crate) date: Option<Timestamp>,
    /// Scheme and host a redirect points to.
    pub(crate) location: Option<String>,
}

/// Why nothing usable came back.
pub(crate) enum Silence {
    Network(Network, String),
    TooLarge(usize),
    /// It was not sent: this client only reads.
    NotARead(Method),
}

impl Transport {
    pub(crate) fn new(options: &ClientOptions) -> Result<Self, SigmaError> {
        let mut builder = Client::builder()
            .user_agent(&options.user_agent)
            .https_only(options.api_url.scheme() == "https")
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(options.connect_timeout)
            .pool_idle_timeout(POOL_IDLE)
            .gzip(true);
        if options.is_loopback() {
            builder = builder.no_proxy();
        } else if let Some(proxy) = &options.proxy {
            let proxy = Proxy::all(proxy.as_str())
                .map_err(|_| config("config.proxy", "the proxy's address cannot be used"))?
                .no_proxy(NoProxy::from_string("localhost,127.0.0.0/8,::1"));
            builder = builder.proxy(proxy);
        }
        if let Some(pem) = &options.ca_bundle {
            let certificates = Certificate::from_pem_bundle(pem)
                .ok()
                .filter(|certificates| !certificates.is_empty())
                .ok_or_else(|| config("config.ca_bundle", "the certificate bundle holds no certificate"))?;
            builder = builder.tls_certs_merge(certificates);
        }
        let http = builder.build().map_err(|error| {
            config("config.tls", format!("the HTTP client cannot be built: {}", for_log(&chain(&error))))
        })?;
        let host = options.api_url.host_str().unwrap_or_default().to_owned();
        Ok(Self { http, host, max_body: options.max_body_bytes })
    }

    pub(crate) fn get(&self, url: Url, authorization: HeaderValue, timeout: Duration) -> RequestBuilder {
        self.data(self.http.get(url), authorization, "application/json").timeout(timeout)
    }

    pub(crate) fn get_file(&self, url: Url, authorization: HeaderValue, timeout: Duration) -> RequestBuilder {
        self.data(self.http.get(url), authorization, "image/png, application/json;q=0.5").timeout(timeout)
    }

    pub(crate) fn post(
        &self,
        url: Url,
        authorization: HeaderValue,
        body: &serde_json::Value,
        timeout: Duration,
    ) -> RequestBuilder {
        let request = self.http.post(url).header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.data(request, authorization, "application/json").body(body.to_string()).timeout(timeout)
    }

    fn data(
        &self,
        request: RequestBuilder,
        authorization: HeaderValue,
        accept: &'static str,
    ) -> RequestBuilder {
        request.header(AUTHORIZATION, authorization).header(ACCEPT, HeaderValue::from_static(accept))
    }

    /// A form, although the vendor's OpenAPI document declares JSON: that is what the endpoint takes.
    pub(crate) fn post_token(&self, url: Url, options: &ClientOptions) -> RequestBuilder {
        self.http
            .post(url)
            .form(&[
                ("grant_type", "client_credentials"),
                ("client_id", &options.client_id),
                ("client_secret", options.client_secret.expose_secret()),
            ])
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .timeout(options.request_timeout)
    }

    pub(crate) async fn exchange(&self, request: RequestBuilder) -> Result<Answer, Silence> {
        let request = request.build().map_err(|error| self.silence(&error))?;
        if !only_reads(request.method(), request.url().path()) {
            return Err(Silence::NotARead(request.method().clone()));
        }
        let mut response = self.http.execute(request).await.map_err(|error| self.silence(&error))?;
        let headers = response.headers();
        let mut answer = Answer {
            status: response.status().as_u16(),
            body: Vec::new(),
            content_type: header(headers, CONTENT_TYPE).map(for_log),
            request_id: header(headers, "x-request-id").map(for_log),
            retry_after: header(headers, RETRY_AFTER).and_then(|value| retry_after(value, Timestamp::now())),
            date: header(headers, DATE)
                .and_then(|value| jiff::fmt::rfc2822::parse(value).ok())
                .map(|date| date.timestamp()),
            location: header(headers, LOCATION)
                .and_then(|value| response.url().join(value).ok())
                .map(|url| url.origin().ascii_serialization()),
        };
        while let Some(chunk) = response.chunk().await.map_err(|error| self.silence(&error))? {
            if answer.body.len() + chunk.len() > self.max_body {
                return Err(Silence::TooLarge(self.max_body));
            }
            answer.body.extend_from_slice(&chunk);
        }
        Ok(answer)
    }

    fn silence(&self, error: &reqwest::Error) -> Silence {
        let network = classify(error);
        let host = &self.host;
        let said = match network {
            Network::Dns => format!("the name `{host}` cannot be resolved"),
            Network::Refused => format!("`{host}` refused the connection"),
            Network::Tls => format!("no secure connection to `{host}`: {}", for_log(&root(error))),
            Network::Timeout => format!("`{host}` did not answer in time"),
            Network::Proxy => format!("the proxy did not connect to `{host}`: {}", for_log(&root(error))),
            Network::Broken => format!("the connection to `{host}` broke: {}", for_log(&root(error))),
        };
        Silence::Network(network, said)
    }
}

/// What lies at the bottom of a network error. The layers between have no public types for DNS and TLS, so their
/// words are read; where a type exists it decides.
fn classify(error: &reqwest::Error) -> Network {
    let io_kind = |error: &(dyn Error + 'static)| error.downcast_ref::<io::Error>().map(io::Error::kind);
    let kinds: Vec<io::ErrorKind> = causes(error).filter_map(io_kind).collect();
    let said = chain(error).to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if error.is_timeout() || kinds.contains(&io::ErrorKind::TimedOut) {
        Network::Timeout
    } else if says(&["dns error", "failed to lookup address"]) {
        Network::Dns
    } else if says(&[
        "certificate",
        "tls handshake",
        "received fatal alert",
        "corrupt message",
        "invalidmessage",
    ]) {
        Network::Tls
    } else if says(&["tunnel error", "socks", "proxy"]) {
        Network::Proxy
    } else if kinds.contains(&io::ErrorKind::ConnectionRefused) {
        Network::Refused
    } else {
        Network::Broken
    }
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}

/// Every cause but the outermost, which repeats the address with its query.
fn chain(error: &reqwest::Error) -> String {
    causes(error).skip(1).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn root(error: &reqwest::Error) -> String {
    causes(error).skip(1).last().map_or_else(|| "no reason given".to_owned(), ToString::to_string)
}

fn header(headers: &HeaderMap, name: impl AsHeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether a request changes nothing in Sigma: a GET, the POST for a token, or the POST that starts an export.
fn only_reads(method: &Method, path: &str) -> bool {
    *method == Method::GET
        || *method == Method::POST && (path.ends_with(TOKEN.path) || path.ends_with("/export"))
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::super::Endpoint;
    use super::*;

    #[tokio::test]
    async fn what_would_change_something_is_not_sent() {
        let url: Url = "http://127.0.0.1:9".parse().expect("a URL");
        let options = ClientOptions::new(url.clone(), "id", SecretString::from("secret"));
        let transport = Transport::new(&options).expect("a transport");
        for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::POST] {
            for endpoint in Endpoint::ALL.iter().filter(|e| method != Method::POST || !e.spec().is_post) {
                let url = url.join(endpoint.spec().path).expect("a URL");
                let request = transport.http.request(method.clone(), url);
                let refused = transport.exchange(request).await.err();
                assert!(matches!(refused, Some(Silence::NotARead(_))), "{method} {endpoint:?}");
            }
        }
        for endpoint in Endpoint::ALL {
            let method = if endpoint.spec().is_post { Method::POST } else { Method::GET };
            assert!(only_reads(&method, endpoint.spec().path), "{endpoint:?}");
        }
        assert!(only_reads(&Method::POST, "/sigma/v2/auth/token"));
    }
}
