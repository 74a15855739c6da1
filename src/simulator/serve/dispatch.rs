//! The way of a request: rate, fault, token, route, handler, fault, answer.
use std::sync::{Arc, PoisonError};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request},
    http::{HeaderValue, header},
    response::Response,
};

use super::{
    State, TOKEN_PATH, breaking,
    call::{Answer, Call, Problem, Query, Reply},
    control,
    routes::{ROUTES, Who},
    wire::Cut,
};
use crate::simulator::faults::{FaultKind, SLOW, Strike};

/// Bodies of requests larger than this are refused.
const MAX_BODY: usize = 1 << 20;
/// What unknown paths are counted under.
const UNKNOWN: &str = "(unknown)";

/// The server: one function for every path.
pub fn app(state: Arc<State>) -> axum::extract::connect_info::IntoMakeServiceWithConnectInfo<Router, Cut> {
    let handle =
        move |ConnectInfo(cut): ConnectInfo<Cut>, request: Request| serve(state.clone(), cut, request);
    Router::new().fallback(handle).into_make_service_with_connect_info()
}

async fn serve(state: Arc<State>, cut: Cut, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    let method = if head.method == "POST" { "POST" } else { head.method.as_str() };
    let body = if method == "GET" { Ok(Default::default()) } else { to_bytes(body, MAX_BODY).await };
    let request_id = state.request_id();
    let Ok(body) = body else {
        return plain(
            Problem::invalid("The request body is too large").answer(&request_id),
            &request_id,
            None,
        );
    };
    if path.starts_with("/__") {
        return plain(control::answer(&state, method, path, &body).await, &request_id, None);
    }
    state.turnstile.pass(head.uri.path_and_query().map_or(path, |target| target.as_str())).await;
    let in_flight = state.stats.enter();
    if !state.options.latency.is_zero() {
        tokio::time::sleep(state.options.latency).await;
    }
    let found = state.router.find(method, path).filter(|_| matches!(method, "GET" | "POST"));
    let is_token = method == "POST" && path == TOKEN_PATH;
    let template = match &found {
        Some((place, _)) => ROUTES[*place].path,
        None if is_token => TOKEN_PATH,
        None => UNKNOWN,
    };
    let query = Query::parse(head.uri.query().unwrap_or(""));
    let header = |name| head.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let authorization = header(header::AUTHORIZATION);
    let answered_method = if method == "POST" { "POST" } else { "GET" };

    if !is_token && !state.admits() {
        state.stats.record(answered_method, template, 429);
        let retry_after = state.options.retry_after.then_some("1");
        return plain(breaking::too_fast(state.options.html_429, &request_id), &request_id, retry_after);
    }
    let target = head.uri.path_and_query().map_or(path, |target| target.as_str());
    let strike = state.faults.strike(method, template, target);
    if matches!(strike, Some(Strike { kind: FaultKind::Slow, .. })) {
        tokio::time::sleep(SLOW).await;
    }
    let instead = strike.as_ref().and_then(|strike| breaking::instead(strike.kind, &request_id));
    let mut answer = match instead {
        Some(answer) => answer,
        None => {
            let reply = if is_token {
                state.tokens.answer(header(header::CONTENT_TYPE).unwrap_or(""), authorization, &body)
            } else {
                handle(&state, found, path, authorization, query, &body, &request_id)
            };
            reply.unwrap_or_else(|problem| problem.answer(&request_id))
        }
    };
    if let Some(strike) = &strike {
        let query = Query::parse(head.uri.query().unwrap_or(""));
        answer = breaking::spoil(strike.kind, answer, &query, &request_id);
    }
    state.stats.record(answered_method, template, answer.status);
    drop(in_flight);
    let retry_after = strike.as_ref().and_then(|strike| strike.retry_after.as_deref());
    match strike.as_ref().map(|strike| strike.kind) {
        Some(FaultKind::Reset) => {
            respond(&answer, breaking::half(&answer.body, Some(cut)), &request_id, retry_after)
        }
        Some(FaultKind::Truncate) => {
            respond(&answer, breaking::half(&answer.body, None), &request_id, retry_after)
        }
        _ => plain(answer, &request_id, retry_after),
    }
}

/// Token, rights, handler.
fn handle(
    state: &State,
    found: Option<(usize, [&str; 3])>,
    path: &str,
    authorization: Option<&str>,
    query: Query<'_>,
    body: &[u8],
    request_id: &str,
) -> Reply {
    let caller = state.tokens.caller(authorization)?;
    let Some((place, params)) = found else { return Err(Problem::new(404, "Not found")) };
    let org = state.org.read().unwrap_or_else(PoisonError::into_inner);
    let route = &ROUTES[place];
    let allowed = match route.who {
        Who::Anyone => true,
        Who::Admin => org.is_admin(caller),
        Who::Self_ => org.is_admin(caller) || org.members[caller].id == params[0],
    };
    if !allowed {
        return Err(Problem::forbidden());
    }
    (route.handler)(&Call { org: &org, state, route, caller, params, query, path, body, request_id })
}

/// An undisturbed response.
fn plain(mut answer: Answer, request_id: &str, retry_after: Option<&str>) -> Response {
    let body = Body::from(std::mem::take(&mut answer.body));
    respond(&answer, body, request_id, retry_after)
}

/// A response that declares the length of `answer`, whatever `body` does; an `answer` whose body has been taken
/// declares nothing.
fn respond(answer: &Answer, body: Body, request_id: &str, retry_after: Option<&str>) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = axum::http::StatusCode::from_u16(answer.status).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    if !answer.body.is_empty() {
        headers.insert(header::CONTENT_LENGTH, answer.body.len().into());
    }
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert("x-request-id", value);
    }
    if let Some(value) = retry_after.and_then(|text| HeaderValue::from_str(text).ok()) {
        headers.insert(header::RETRY_AFTER, value);
    }
    response
}
