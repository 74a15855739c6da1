//! The way of a request: rate, fault, token, route, handler, fault, answer.
use std::sync::{Arc, PoisonError};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request},
    http::{HeaderValue, header},
    response::Response,
};
use serde_json::Value;
use tokio::time::sleep;

use super::{
    State, TOKEN_PATH,
    breaking::{self, Sent},
    call::{Answer, Call, Problem, Query, Reply},
    chaos::Asked,
    control, lock,
    routes::{Paging, ROUTES, Who},
    wire::Cut,
};
use crate::simulator::{
    faults::{self, EARLY, FaultKind, Lifetime, SLOW, Strike, Wire},
    org::Mutation,
};

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
    let due = state.latency.due();
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
        state.latency.wait(due).await;
        state.stats.record(answered_method, template, 429);
        let retry_after = state.options.retry_after.then_some("1");
        return plain(breaking::too_fast(state.options.html_429, &request_id), &request_id, retry_after);
    }
    let target = head.uri.path_and_query().map_or(path, |target| target.as_str());
    let paging = found.as_ref().map_or(Paging::One, |(place, _)| ROUTES[*place].paging);
    let asked = Asked {
        template,
        target,
        is_token,
        is_list: paging != Paging::One,
        is_paged: !matches!(paging, Paging::One | Paging::Bare),
        has_total: paging.extras().0,
    };
    let strike = fate(&state, answered_method, &asked);
    let kind = strike.as_ref().map(|strike| strike.kind);
    if let Some(kind) = kind {
        state.stats.record_fault(answered_method, template, kind.name());
    }
    match kind {
        Some(FaultKind::Wire(Wire::Slow)) => sleep(SLOW).await,
        Some(FaultKind::Vanish) => vanish(&state, path),
        Some(FaultKind::Appear) => {
            let newcomer = Mutation::AddDocument { kind: "workbook".to_owned(), name: None, folder: None };
            let _ = state.change(|org| org.apply(&newcomer));
        }
        _ => {}
    }
    let walked = walked(&state, kind, path, &query);
    let instead = kind.and_then(|kind| breaking::instead(kind, &request_id));
    let mut answer = match instead {
        Some(answer) => answer,
        None => {
            let reply = if is_token {
                state.tokens.answer(header(header::CONTENT_TYPE).unwrap_or(""), authorization, &body)
            } else {
                let cut = match kind {
                    Some(FaultKind::Paging(cut)) => Some(cut),
                    _ => None,
                };
                handle(&state, found, path, authorization, query, &body, &request_id, cut)
            };
            reply.unwrap_or_else(|problem| problem.answer(&request_id))
        }
    };
    if kind == Some(FaultKind::Lifetime(Lifetime::Early)) {
        state.tokens.limit(&answer, EARLY);
    }
    if let Some(kind) = kind {
        let query = Query::parse(head.uri.query().unwrap_or(""));
        answer = breaking::spoil(kind, answer, &query, &walked, &request_id);
    }
    state.latency.wait(due).await;
    state.stats.record(answered_method, template, answer.status);
    drop(in_flight);
    let wire = match kind {
        Some(FaultKind::Wire(wire)) => Some(wire),
        _ => None,
    };
    let sent = breaking::sent(wire, answer.body, cut);
    let mut response = respond(answer.status, answer.content_type, sent, &request_id);
    let location = strike.as_ref().and_then(|strike| breaking::location(strike, target));
    let advice = strike.and_then(|strike| strike.retry_after);
    for (name, value) in [(header::LOCATION, location), (header::RETRY_AFTER, advice)] {
        if let Some(value) = value.and_then(|text| HeaderValue::from_str(&text).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// What strikes a request: a rule, or else chaos, which may change the organisation as well.
fn fate(state: &State, method: &str, asked: &Asked<'_>) -> Option<Strike> {
    let by_rule = state.faults.strike(method, asked.template, asked.target);
    let fate = lock(&state.chaos).as_mut().map(|chaos| chaos.meet(asked)).unwrap_or_default();
    for seed in fate.changes {
        let _ = state.change(|org| match org.some_change(seed, true) {
            Some(mutation) => org.apply(&mutation),
            None => Ok(Value::Null),
        });
    }
    by_rule.or(fate.strike)
}

/// Deletes the document that a path is about, if it is about one.
fn vanish(state: &State, path: &str) {
    for part in path.split('/').skip(3) {
        let _ = state.change(|org| org.apply(&Mutation::DeleteDocument { document: part.to_owned() }));
    }
}

/// The cursors that a listing was asked with so far, while a fault walks it in circles.
fn walked(state: &State, kind: Option<FaultKind>, path: &str, query: &Query<'_>) -> Vec<String> {
    if !matches!(kind, Some(FaultKind::Cycle(_))) {
        return Vec::new();
    }
    let cursor = query.get("page").or(query.get("pageToken"));
    let mut walks = lock(&state.walks);
    let walk = walks.entry(format!("{path}?{}", query.without_cursor())).or_default();
    match cursor {
        None => walk.clear(),
        Some(cursor) if walk.last().is_none_or(|last| last != cursor) => walk.push(cursor.to_owned()),
        Some(_) => {}
    }
    walk.clone()
}

/// Token, rights, handler.
#[allow(clippy::too_many_arguments, reason = "the parts of one request")]
fn handle(
    state: &State,
    found: Option<(usize, [&str; 3])>,
    path: &str,
    authorization: Option<&str>,
    query: Query<'_>,
    body: &[u8],
    request_id: &str,
    cut: Option<faults::Paging>,
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
    (route.handler)(&Call { org: &org, state, route, caller, params, query, path, body, request_id, cut })
}

/// An undisturbed response.
fn plain(answer: Answer, request_id: &str, retry_after: Option<&str>) -> Response {
    let sent = Sent { length: answer.body.len(), body: Body::from(answer.body), encoding: None };
    let mut response = respond(answer.status, answer.content_type, sent, request_id);
    if let Some(value) = retry_after.and_then(|text| HeaderValue::from_str(text).ok()) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

/// A response that declares what `sent` says, whatever its body does.
fn respond(status: u16, content_type: &'static str, sent: Sent, request_id: &str) -> Response {
    let mut response = Response::new(sent.body);
    *response.status_mut() = axum::http::StatusCode::from_u16(status).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_LENGTH, sent.length.into());
    if let Some(encoding) = sent.encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert("x-request-id", value);
    }
    response
}
