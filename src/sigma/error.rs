//! What can go wrong between us and Sigma, said so that somebody can act on it.

use std::fmt;
use std::time::Duration;

/// A failure of the client. Every one has a [kind](Self::kind) to decide by, a stable [code](Self::code) to store
/// and a [remedy](Self::remedy) to show.
#[derive(Debug, thiserror::Error)]
pub enum SigmaError {
    /// The client cannot be built from these options.
    #[error("{message}")]
    Config {
        /// Stable code, `config.…`.
        code: &'static str,
        /// What is wrong with which option.
        message: String,
    },
    /// A call failed.
    #[error("{0}")]
    Call(Box<CallFailure>),
    /// The run was told to stop.
    #[error("stopped before the answer came")]
    Cancelled,
}

/// A call that failed, and after how much effort.
#[derive(Debug)]
pub struct CallFailure {
    /// [`EndpointSpec::name`](super::EndpointSpec::name) of the endpoint, or `token`.
    pub endpoint: &'static str,
    /// The path asked for, without its query.
    pub path: String,
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// Stable code, e.g. `access.forbidden`.
    pub code: &'static str,
    /// The HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// Sigma's own error code, e.g. `inode_archived`.
    pub api_code: Option<String>,
    /// What happened; fit for a log (cut, escaped, without e-mail addresses).
    pub message: String,
    /// Sigma's request id, for its support.
    pub request_id: Option<String>,
    /// HTTP calls made for it, replays included.
    pub attempts: u32,
    /// From the first attempt to giving up, waits included.
    pub elapsed: Duration,
}

/// What a failure means to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorKind {
    /// The options are wrong.
    Config,
    /// The credentials were refused.
    Auth,
    /// The credentials do not reach this object or endpoint.
    Forbidden,
    /// No such object; it was there when it was listed.
    NotFound,
    /// There is no such data for this object, which is an answer and not a failure.
    NotApplicable,
    /// The object is archived or cannot be resolved; asking again changes nothing.
    Archived,
    /// The endpoint was retired.
    Retired,
    /// Sigma asks to slow down, and longer than the client is willing to wait.
    RateLimited,
    /// Sigma cannot be reached or cannot answer.
    Unavailable,
    /// Sigma refuses this request as it is.
    Rejected,
    /// The answer is not of the shape the endpoint has.
    Shape,
    /// The run was told to stop.
    Cancelled,
}

impl SigmaError {
    /// What the failure means.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Config { .. } => ErrorKind::Config,
            Self::Call(failure) => failure.kind,
            Self::Cancelled => ErrorKind::Cancelled,
        }
    }

    /// A stable word for it, to be stored, counted and documented.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Config { code, .. } => code,
            Self::Call(failure) => failure.code,
            Self::Cancelled => "cancelled",
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        remedy(self.code())
    }

    /// The call that failed, when one did.
    pub fn call(&self) -> Option<&CallFailure> {
        match self {
            Self::Call(failure) => Some(failure),
            _ => None,
        }
    }
}

impl fmt::Display for CallFailure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = if matches!(self.endpoint, "token" | "workbook_export") { "POST" } else { "GET" };
        write!(out, "`{method} {}`: ", self.path)?;
        if let Some(status) = self.status {
            write!(out, "status {status}")?;
            if let Some(code) = &self.api_code {
                write!(out, " `{code}`")?;
            }
            out.write_str(": ")?;
        }
        out.write_str(&self.message)?;
        if let Some(request_id) = &self.request_id {
            write!(out, " (request {request_id})")?;
        }
        if self.attempts > 1 {
            write!(out, ", after {} attempts in {:.1} s", self.attempts, self.elapsed.as_secs_f32())?;
        }
        Ok(())
    }
}

impl CallFailure {
    /// Why it failed, to be told again without the effort.
    pub(crate) fn cause(&self) -> Cause {
        Cause {
            kind: self.kind,
            code: self.code,
            status: self.status,
            api_code: self.api_code.clone(),
            message: self.message.clone(),
            request_id: self.request_id.clone(),
        }
    }
}

/// Why one attempt failed for good; becomes a [`CallFailure`] when the effort is known.
#[derive(Debug, Clone)]
pub(crate) struct Cause {
    pub(crate) kind: ErrorKind,
    pub(crate) code: &'static str,
    pub(crate) status: Option<u16>,
    pub(crate) api_code: Option<String>,
    pub(crate) message: String,
    pub(crate) request_id: Option<String>,
}

impl Cause {
    /// A failure without an answer.
    pub(crate) fn silent(kind: ErrorKind, code: &'static str, message: impl Into<String>) -> Self {
        Self { kind, code, status: None, api_code: None, message: message.into(), request_id: None }
    }
}

/// Every code the client can answer with, and what to do about it.
pub const REMEDIES: &[(&str, &str)] = &[
    (
        "config.api_url",
        "set the API address of your Sigma region, e.g. `https://aws-api.sigmacomputing.com`, without `/v2`",
    ),
    (
        "config.host",
        "Sigma's hosts end in `.sigmacomputing.com`; to use another one, allow that host explicitly",
    ),
    ("config.workers", "choose 1 to 10 workers; 3 is a good start, Sigma begins to refuse above 4"),
    ("config.client_id", "set the client id of a Sigma API credential"),
    ("config.client_secret", "set the client secret that belongs to the client id"),
    ("config.ca_bundle", "give the certificate bundle as PEM text with at least one certificate"),
    ("config.proxy", "give the proxy as `http://host:port`, `https://host:port` or `socks5h://host:port`"),
    ("config.timeout", "give timeouts longer than zero"),
    (
        "config.tls",
        "the system's certificate store could not be used: install `ca-certificates` or give a certificate bundle",
    ),
    (
        "auth.rejected",
        "check the client id and the client secret, that both belong to the same credential, and that its owner is not deactivated",
    ),
    (
        "auth.token_refused",
        "Sigma refuses tokens it has just issued: check that the API address belongs to the region of your organisation and that the credential still exists",
    ),
    (
        "access.forbidden",
        "share the object with the credential's owner, or use credentials of a member with the Admin account type",
    ),
    (
        "object.not_found",
        "nothing to do: the object was deleted after it was listed, or it is not visible to the credential's owner",
    ),
    ("object.no_data", "nothing to do: the object has no such data"),
    (
        "object.archived",
        "nothing to do, unless the object is wanted: restore it, or the connection it reads, in Sigma",
    ),
    (
        "endpoint.retired",
        "this part of Sigma's API is gone: update sigma-catalog, or turn this part of the crawl off",
    ),
    ("rate.limited", "use fewer workers or set a lower number of requests per second, and try again later"),
    ("rate.retry_after_too_long", "try again after the time that Sigma asks for"),
    (
        "network.dns",
        "check the API address for a typing error, and that this machine can resolve it; Sigma has one address per region",
    ),
    (
        "network.refused",
        "nothing answers at this address and port: check the API address, the firewall and the proxy",
    ),
    (
        "network.tls",
        "the server's certificate was not accepted: if a proxy inspects TLS give its certificate bundle, otherwise do not go on",
    ),
    ("network.timeout", "the answer took too long: check the network, or allow longer timeouts"),
    ("network.proxy", "the proxy did not let the call through: check its address and its credentials"),
    (
        "network.broken",
        "the connection broke before the answer was complete: check the network and any proxy, then try again",
    ),
    (
        "server.error",
        "Sigma failed to answer: try again later, and give its support the request id if it goes on",
    ),
    ("server.timed_out", "Sigma gave up computing the answer: try again at a quieter time"),
    (
        "request.rejected",
        "Sigma does not accept this request: if the message does not explain it, report it with the request id",
    ),
    ("request.invalid", "the request cannot be built: report this as a defect"),
    (
        "http.redirect",
        "redirects are never followed, because they would carry the token elsewhere: set the API address to its final form",
    ),
    (
        "body.not_json",
        "something between here and Sigma answers in its place: check the API address and the proxy",
    ),
    (
        "body.shape",
        "Sigma's answer is not what its API reference says: update sigma-catalog or report it with the request id",
    ),
    ("body.too_large", "the answer exceeds the limit on bodies: report it as a defect"),
    (
        "circuit.open",
        "this endpoint kept failing and is left alone for now: see the earlier failures of the same endpoint",
    ),
    ("retry.budget", "too many calls needed a retry: Sigma or the network is in trouble, try again later"),
    ("cancelled", "run it again; the last published catalog is intact"),
];

fn remedy(code: &str) -> &'static str {
    (REMEDIES.iter().find(|(known, _)| *known == code))
        .map_or("report this as a defect", |(_, remedy)| remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_what_happened_to_what_and_after_how_much_effort() {
        let failure = CallFailure {
            endpoint: "workbook_pages",
            path: "/v2/workbooks/w1/pages".into(),
            kind: ErrorKind::Unavailable,
            code: "server.error",
            status: Some(503),
            api_code: Some("busy".into()),
            message: "come back".into(),
            request_id: Some("r-1".into()),
            attempts: 6,
            elapsed: Duration::from_millis(2_250),
        };
        let error = SigmaError::Call(Box::new(failure));
        assert_eq!(
            error.to_string(),
            "`GET /v2/workbooks/w1/pages`: status 503 `busy`: come back (request r-1), after 6 attempts in 2.2 s"
        );
        assert!(error.remedy().starts_with("Sigma failed to answer"));
    }
}
