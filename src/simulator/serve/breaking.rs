//! How a fault changes an answer.
use std::{io, time::Duration};

use axum::body::{Body, Bytes};
use futures::StreamExt;
use serde_json::{Value, json};

use super::{
    call::{Answer, Problem, Query},
    wire::Cut,
};
use crate::simulator::faults::FaultKind;

/// Cloudflare's page for error 1015, which clients get instead of Sigma's JSON when they ask too fast.
const CLOUDFLARE: &str = "<!DOCTYPE html>\n<html lang=\"en-US\">\n<head><title>Access denied | api.sigmacomputing.com used \
Cloudflare to restrict access</title></head>\n<body>\n<h1>Error 1015</h1>\n<h2>You are being rate limited</h2>\n<p>The owner \
of this website (api.sigmacomputing.com) has banned you temporarily from accessing this website.</p>\n</body>\n</html>\n";
/// What a proxy in between may answer.
const PROXY: &str =
    "<html><head><title>Sign in</title></head><body><form>Corporate proxy</form></body></html>\n";

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
        FaultKind::Null => Some(Answer::json(&Value::Null)),
        _ => None,
    }
}

/// What a fault makes of an answer's text.
pub fn spoil(kind: FaultKind, mut answer: Answer, query: &Query<'_>, request_id: &str) -> Answer {
    if kind == FaultKind::Malformed {
        answer.body.truncate(answer.body.len() / 2);
        return answer;
    }
    let Ok(mut body) = serde_json::from_slice::<Value>(&answer.body) else { return answer };
    // A bare array has rows, and no envelope to be broken.
    if answer.status != 200 || !(body.is_object() || body.is_array() && kind == FaultKind::RowError) {
        return answer;
    }
    match kind {
        FaultKind::NoEntries => {
            body.as_object_mut().and_then(|object| object.remove("entries"));
        }
        FaultKind::NullEntries => body["entries"] = Value::Null,
        FaultKind::RepeatCursor => {
            for (request, response) in [("page", "nextPage"), ("pageToken", "nextPageToken")] {
                if let Some(cursor) = query.get(request) {
                    body[response] = json!(cursor);
                }
            }
        }
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

/// How long the first half of a broken body has to reach the client before the connection ends.
const HALFWAY: Duration = Duration::from_millis(30);

/// The first half of a body, and then the end of the connection: orderly, or by reset.
pub fn half(body: &[u8], cut: Option<Cut>) -> Body {
    let first = Bytes::copy_from_slice(&body[..body.len() / 2]);
    let end = futures::stream::once(async move {
        tokio::time::sleep(HALFWAY).await;
        if let Some(cut) = cut {
            cut.set();
        }
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    Body::from_stream(futures::stream::once(async move { Ok(first) }).chain(end))
}
