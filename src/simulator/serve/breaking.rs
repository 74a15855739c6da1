//! How a fault changes an answer.
use std::io;

use axum::body::{Body, Bytes};
use futures::{StreamExt, stream};
use serde_json::{Value, json};

use super::{
    call::{Answer, Problem, Query},
    wire::Cut,
};
use crate::simulator::faults::{DRIP, FaultKind, Lie, Lifetime, Strike, Towards, Wire};

/// Cloudflare's page for error 1015, which clients get instead of Sigma's JSON when they ask too fast.
const CLOUDFLARE: &str = "<!DOCTYPE html>\n<html lang=\"en-US\">\n<head><title>Access denied | api.sigmacomputing.com used \
Cloudflare to restrict access</title></head>\n<body>\n<h1>Error 1015</h1>\n<h2>You are being rate limited</h2>\n<p>The owner \
of this website (api.sigmacomputing.com) has banned you temporarily from accessing this website.</p>\n</body>\n</html>\n";
/// What a proxy in between may answer.
const PROXY: &str =
    "<html><head><title>Sign in</title></head><body><form>Corporate proxy</form></body></html>\n";
/// Where a redirect to another host leads if the rule does not say.
const ELSEWHERE: &str = "https://elsewhere.invalid/v2/whoami";

/// An HTML page with some status.
fn html(status: u16, page: &str) -> Answer {
    Answer { status, content_type: "text/html; charset=UTF-8", body: page.as_bytes().to_vec() }
}

/// The answer to a request beyond the rate.
pub fn too_fast(as_html: bool, request_id: &str) -> Answer {
    if as_html { html(429, CLOUDFLARE) } else { Problem::new(429, "Too many requests").answer(request_id) }
}

/// The answer a fault gives without looking at the request, if it is of that sort.
pub fn instead(kind: FaultKind, request_id: &str) -> Option<Answer> {
    match kind {
        FaultKind::Status(402) => Some(Problem::new(402, "The query timed out").answer(request_id)),
        FaultKind::Status(status) => Some(Problem::new(status, "Injected fault").answer(request_id)),
        FaultKind::Html429 => Some(html(429, CLOUDFLARE)),
        FaultKind::Html200 => Some(html(200, PROXY)),
        FaultKind::Unauthorized => Some(Problem::new(401, "Token expired").answer(request_id)),
        FaultKind::Redirect(_) => Some(Answer { status: 307, ..html(307, "") }),
        FaultKind::Null => Some(Answer::json(&Value::Null)),
        _ => None,
    }
}

/// The `Location` that goes with it. `target` is the path asked for, with its query.
pub fn location(strike: &Strike, target: &str) -> Option<String> {
    match strike.kind {
        FaultKind::Redirect(Towards::SameHost) => Some("/v2/elsewhere".to_owned()),
        FaultKind::Redirect(Towards::OtherHost) => {
            Some(strike.location.clone().unwrap_or_else(|| ELSEWHERE.to_owned()))
        }
        FaultKind::Redirect(Towards::Itself) => Some(target.to_owned()),
        _ => None,
    }
}

/// What a fault makes of an answer's text. `walked` are the cursors that this listing was asked with, this one last.
pub fn spoil(
    kind: FaultKind,
    mut answer: Answer,
    query: &Query<'_>,
    walked: &[String],
    request_id: &str,
) -> Answer {
    if kind == FaultKind::Malformed {
        answer.body.truncate(answer.body.len() / 2);
        return answer;
    }
    let Ok(mut body) = serde_json::from_slice::<Value>(&answer.body) else { return answer };
    // A bare array has rows, and no envelope to be broken.
    if answer.status != 200 || !(body.is_object() || body.is_array() && kind == FaultKind::RowError) {
        return answer;
    }
    let has_entries = body["entries"].is_array();
    match kind {
        FaultKind::NoEntries if has_entries => {
            body.as_object_mut().and_then(|object| object.remove("entries"));
        }
        FaultKind::NullEntries if has_entries => body["entries"] = Value::Null,
        FaultKind::ObjectEntries if has_entries => body["entries"] = json!({ "first": body["entries"][0] }),
        FaultKind::Cycle(length) => {
            let Some(back) = walked.len().checked_sub(length) else { return answer };
            for (request, response) in [("page", "nextPage"), ("pageToken", "nextPageToken")] {
                if query.get(request).is_some() {
                    body[response] = json!(walked[back]);
                }
            }
        }
        FaultKind::Total(lie) => {
            let Some(total) = body["total"].as_u64() else { return answer };
            match lie {
                Lie::TooLow => body["total"] = json!(total / 2),
                Lie::TooHigh => body["total"] = json!(total + 3),
                Lie::Text => body["total"] = json!(total.to_string()),
                Lie::Nothing => {
                    body.as_object_mut().and_then(|object| object.remove("total"));
                }
            }
        }
        FaultKind::Lifetime(fault) if body["expires_in"].is_number() => match fault {
            Lifetime::Early => {}
            Lifetime::Zero => body["expires_in"] = json!(0),
            Lifetime::Text => body["expires_in"] = json!(body["expires_in"].to_string()),
            Lifetime::Missing => {
                body.as_object_mut().and_then(|object| object.remove("expires_in"));
            }
        },
        FaultKind::RowError => {
            let rows = if body.is_array() { &mut body } else { &mut body["entries"] };
            if let Some(rows) = rows.as_array_mut() {
                let middle = rows.len() / 2;
                rows.insert(
                    middle,
                    json!({ "code": 500, "message": "Failed to load row", "requestId": request_id }),
                );
            }
        }
        _ => return answer,
    }
    answer.body = body.to_string().into_bytes();
    answer
}

/// How long the part of a broken body has to reach the client before the connection ends.
const HALFWAY: std::time::Duration = std::time::Duration::from_millis(30);
/// By how much a wrong length is too large.
const TOO_LARGE: usize = 100;

/// A body on its way, with the length and the encoding that are declared for it.
pub struct Sent {
    pub body: Body,
    pub length: usize,
    pub encoding: Option<&'static str>,
}

/// Sends an answer's body, as broken as the fault says.
pub fn sent(fault: Option<Wire>, body: Vec<u8>, cut: Cut) -> Sent {
    let length = body.len();
    let half = length / 2;
    let plain = |body, length| Sent { body, length, encoding: None };
    match fault {
        None | Some(Wire::Slow) => plain(Body::from(body), length),
        Some(Wire::Reset) => plain(broken(body, half, Some(cut)), length),
        Some(Wire::Truncated) => plain(broken(body, half, None), length),
        Some(Wire::WrongLength) => plain(broken(body, length, None), length + TOO_LARGE),
        Some(Wire::TruncatedGzip) => {
            let body = half_a_gzip(&body);
            let length = body.len();
            Sent { body: Body::from(body), length, encoding: Some("gzip") }
        }
        Some(Wire::Drip) => {
            let bytes = stream::iter(body).then(|byte| async move {
                tokio::time::sleep(DRIP).await;
                Ok::<_, io::Error>(Bytes::copy_from_slice(&[byte]))
            });
            plain(Body::from_stream(bytes), length)
        }
    }
}

/// The first bytes of a body, and then the end of the connection: orderly, or by reset.
fn broken(mut body: Vec<u8>, bytes: usize, cut: Option<Cut>) -> Body {
    body.truncate(bytes);
    let end = stream::once(async move {
        tokio::time::sleep(HALFWAY).await;
        if let Some(cut) = cut {
            cut.set();
        }
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    Body::from_stream(stream::once(async move { Ok(Bytes::from(body)) }).chain(end))
}

/// A gzip stream (RFC 1952) with one stored block (RFC 1951) that ends in the middle of its content.
fn half_a_gzip(body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap_or(u16::MAX);
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    bytes.extend(length.to_le_bytes());
    bytes.extend((!length).to_le_bytes());
    bytes.extend(&body[..usize::from(length) / 2]);
    bytes
}
