//! What one exchange amounts to: the parsed answer, or why there is none.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::body::BodyFault;
use super::endpoints::EndpointSpec;
use super::error::{Cause, ErrorKind};
use super::retry::{Network, Outcome};
use super::text::{Secrets, for_log};
use super::transport::{Answer, Silence};

/// An attempt without a usable answer.
pub(crate) struct Failed {
    how: How,
    message: String,
    api_code: Option<String>,
    request_id: Option<String>,
}

enum How {
    Status { status: u16, retry_after: Option<Duration> },
    NotJson,
    WrongShape,
    TooLarge,
    Network(Network),
    NotSent,
}

/// The error object of Sigma's API; nothing in it is certain to be there.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ApiError {
    code: Value,
    message: Value,
    error: Value,
    request_id: Value,
}

/// The parsed answer with its request id, or why there is none.
pub(crate) fn judge<T>(
    exchanged: Result<Answer, Silence>,
    spec: &EndpointSpec,
    parse: impl Fn(&Answer) -> Result<T, BodyFault>,
) -> Result<(T, Option<String>), Failed> {
    let answer = match exchanged {
        Ok(answer) => answer,
        Err(silence) => return Err(Failed::silent(silence)),
    };
    if answer.status != 200 && !(spec.is_file && answer.status == 204) {
        return Err(Failed::refused(answer));
    }
    match parse(&answer) {
        Ok(parsed) => Ok((parsed, answer.request_id)),
        Err(fault) => Err(Failed {
            how: match fault {
                BodyFault::NotJson { .. } => How::NotJson,
                BodyFault::Shape(_) => How::WrongShape,
            },
            message: fault.to_string(),
            api_code: None,
            request_id: answer.request_id,
        }),
    }
}

impl Failed {
    fn silent(silence: Silence) -> Self {
        let (how, message) = match silence {
            Silence::Network(network, message) => (How::Network(network), message),
            Silence::TooLarge(limit) => (How::TooLarge, format!("the body exceeds {limit} bytes")),
            Silence::NotARead(method) => {
                (How::NotSent, format!("{method} is not sent: this client only reads"))
            }
        };
        Self { how, message, api_code: None, request_id: None }
    }

    fn refused(answer: Answer) -> Self {
        let error: Option<ApiError> = serde_json::from_slice(&answer.body).ok();
        let message = match (&answer.location, &error) {
            (Some(location), _) if (300..400).contains(&answer.status) => {
                format!("redirected to `{}`, which is not followed", for_log(location))
            }
            (_, Some(error)) => (text(&error.message).or_else(|| text(&error.error)))
                .unwrap_or_else(|| "no explanation was given".to_owned()),
            (_, None) if answer.body.is_empty() => "no explanation was given".to_owned(),
            // A page of some proxy may hold internal names: only its size is said.
            (_, None) => format!("a body of {} bytes that is not an error object", answer.body.len()),
        };
        let error = error.unwrap_or_default();
        Self {
            how: How::Status { status: answer.status, retry_after: answer.retry_after },
            message,
            api_code: text(&error.code),
            request_id: answer.request_id.or_else(|| text(&error.request_id)),
        }
    }

    /// The same without what a server repeated of our secrets.
    pub(crate) fn withholding(mut self, secrets: &Secrets) -> Self {
        self.message = secrets.withhold(self.message);
        self.api_code = self.api_code.map(|code| secrets.withhold(code));
        self.request_id = self.request_id.map(|id| secrets.withhold(id));
        self
    }

    /// The outcome as the retry rules see it.
    pub(crate) fn outcome(&self) -> Outcome<'_> {
        match self.how {
            How::Status { status, retry_after } => {
                Outcome::Status { status, api_code: self.api_code.as_deref(), retry_after }
            }
            How::NotJson => Outcome::NotJson,
            How::WrongShape | How::TooLarge | How::NotSent => Outcome::WrongShape,
            How::Network(network) => Outcome::Network(network),
        }
    }

    /// The HTTP status, when there was an answer.
    pub(crate) fn status(&self) -> Option<u16> {
        match self.how {
            How::Status { status, .. } => Some(status),
            How::NotJson | How::WrongShape => Some(200),
            How::TooLarge | How::Network(_) | How::NotSent => None,
        }
    }

    pub(crate) fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// How long the server asks to stay away, if it does.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self.how {
            How::Status { retry_after, .. } => retry_after,
            _ => None,
        }
    }

    /// As the reason of giving up.
    pub(crate) fn into_cause(self, kind: ErrorKind, code: &'static str) -> Cause {
        let message = match (code, self.retry_after()) {
            ("rate.retry_after_too_long", Some(wait)) => {
                format!("Sigma asks to come back in {} seconds", wait.as_secs())
            }
            ("retry.budget", _) => format!("too many calls needed a retry; this one: {}", self.message),
            _ => self.message.clone(),
        };
        let (kind, code) = match self.how {
            How::TooLarge => (kind, "body.too_large"),
            How::NotSent => (ErrorKind::Rejected, "request.invalid"),
            _ => (kind, code),
        };
        Cause {
            kind,
            code,
            status: self.status(),
            api_code: self.api_code,
            message,
            request_id: self.request_id,
        }
    }
}

/// What a refusal means when it was the token that was asked for.
pub(crate) fn token_cause(cause: Cause) -> Cause {
    match (cause.status, cause.kind) {
        (Some(400 | 401 | 403), _) => Cause {
            kind: ErrorKind::Auth,
            code: "auth.rejected",
            message: format!("Sigma refuses the client id or the client secret: {}", cause.message),
            ..cause
        },
        (
            Some(402..=499),
            ErrorKind::NotFound | ErrorKind::Retired | ErrorKind::Archived | ErrorKind::Rejected,
        ) => Cause {
            kind: ErrorKind::Config,
            code: "config.api_url",
            message: format!("no tokens are issued at this address: {}", cause.message),
            ..cause
        },
        _ => cause,
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(for_log(text)),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
