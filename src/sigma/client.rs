//! One request from question to answer: admission, attempts, renewal of the token, classification.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::RequestBuilder;
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::auth::{Flight, Token, TokenGrant, Tokens};
use super::body::{self, BodyFault};
use super::breaker::{Circuit, RetryBudget};
use super::call::Call;
use super::clock::ClockCheck;
use super::endpoints::{Endpoint, EndpointSpec, TOKEN};
use super::error::{CallFailure, Cause, ErrorKind, SigmaError};
use super::limit::{Pauses, Refused, Verdict};
use super::model::{ApiErrorRow, Row};
use super::options::ClientOptions;
use super::pace::{Gate, Pace};
use super::paging::Listing;
use super::retry::{Attempts, Decision};
use super::stats::{ClientStats, Counters, Remark};
use super::text::Secrets;
use super::transport::{Answer, Silence, Transport};
use super::verdict::{Failed, judge, token_cause};

/// A client of Sigma's REST API. Clones share everything: the token, the pace, the counters.
#[derive(Clone)]
pub struct SigmaClient(Arc<Inner>);

struct Inner {
    options: ClientOptions,
    transport: Transport,
    gate: Gate,
    tokens: Tokens,
    budget: Mutex<RetryBudget>,
    circuits: Vec<Mutex<Circuit>>,
    /// Calls that were not refused, by endpoint.
    passed: Vec<AtomicU64>,
    /// The limits that endpoints have of their own, by name.
    paces: HashMap<&'static str, Pace>,
    counters: Counters,
    /// Something at the address has answered.
    answered: AtomicBool,
    clock: ClockCheck,
    cancel: CancellationToken,
}

/// The effort that went into one request.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Effort {
    pub(crate) http_calls: u64,
    pub(crate) retries: u64,
}

/// How one attempt went: how long it waited for its turn, how long the answer took, and whether it was refused for
/// coming too fast, except for a token: that endpoint has a limit of its own.
#[derive(Clone, Copy)]
struct Course {
    waited: Duration,
    took: Duration,
    refused: Option<Refused>,
}

/// What is asked.
enum Question<'a> {
    /// The token, by whoever holds the flight.
    Token(&'a mut Flight),
    /// Data.
    Data(&'a Call),
}

/// A file, as it came.
#[derive(Debug, Clone)]
pub struct Download {
    /// What the server says it is.
    pub content_type: Option<String>,
    /// Its content.
    pub content: Vec<u8>,
}

impl std::fmt::Debug for SigmaClient {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("SigmaClient").field(&self.0.options).finish()
    }
}

impl SigmaClient {
    /// Builds a client; nothing is sent yet. Fails on options that cannot work or would not be safe. When `cancel`
    /// is triggered, every call in progress ends with [`SigmaError::Cancelled`].
    pub fn new(options: ClientOptions, cancel: CancellationToken) -> Result<Self, SigmaError> {
        options.check()?;
        let pauses = Pauses {
            base: options.retry.base_delay,
            longest: options.retry.longest_delay,
            longest_asked: options.retry.longest_retry_after,
        };
        Ok(Self(Arc::new(Inner {
            transport: Transport::new(&options)?,
            gate: Gate::new(options.workers, options.requests_per_second, pauses),
            tokens: Tokens::default(),
            budget: Mutex::new(RetryBudget::new(options.retry.budget_reserve)),
            circuits: Endpoint::ALL.iter().map(|_| Mutex::default()).collect(),
            passed: Endpoint::ALL.iter().map(|_| AtomicU64::default()).collect(),
            paces: Endpoint::ALL
                .iter()
                .filter_map(|e| Some((e.name(), Pace::of(e.spec().per_minute)?)))
                .collect(),
            counters: Counters::default(),
            answered: AtomicBool::new(false),
            clock: ClockCheck::default(),
            cancel,
            options,
        })))
    }

    /// Asks for one object.
    pub async fn one<T: DeserializeOwned>(&self, call: &Call) -> Result<T, SigmaError> {
        self.get(call, &[], &mut Effort::default(), body::one).await
    }

    /// Asks for a file; `None` while there is none yet.
    pub async fn download(&self, call: &Call) -> Result<Option<Download>, SigmaError> {
        let file = |answer: &Answer| {
            let Answer { status, content_type, body, .. } = answer;
            let file = Download { content_type: content_type.clone(), content: body.clone() };
            Ok((*status == 200).then_some(file))
        };
        self.send(call, &[], &mut Effort::default(), file).await
    }

    /// Completed when the run was told to stop.
    pub async fn cancelled(&self) {
        self.0.cancel.cancelled().await;
    }

    /// Walks a listing, page by page; nothing is sent before the first page is asked for.
    pub fn list<T: Row>(&self, call: Call) -> Listing<T> {
        Listing::new(self.clone(), call)
    }

    /// What was done so far.
    pub fn stats(&self) -> ClientStats {
        let mut stats = self.0.counters.snapshot();
        self.0.gate.tell(&mut stats);
        stats
    }

    /// The errors that stand for rows, without what a server repeated of our secrets in them.
    pub(crate) fn withholding(&self, mut errors: Vec<ApiErrorRow>) -> Vec<ApiErrorRow> {
        if errors.is_empty() {
            return errors;
        }
        let secrets = self.0.secrets();
        for error in &mut errors {
            error.code = secrets.withhold(std::mem::take(&mut error.code));
            error.message = secrets.withhold(std::mem::take(&mut error.message));
        }
        errors
    }

    pub(crate) fn count_duplicates(&self, duplicates: u64) {
        if duplicates > 0 {
            self.0.counters.change(|stats| stats.duplicates += duplicates);
        }
    }

    /// Notes something odd for which no row is missing.
    pub(crate) fn remark(&self, code: &'static str, about: String, message: String) {
        self.0.counters.remark(Remark { code, about, message });
    }

    /// One GET, with `extra` query parameters, parsed by `parse`.
    pub(crate) async fn get<T>(
        &self,
        call: &Call,
        extra: &[(&str, &str)],
        effort: &mut Effort,
        parse: impl Fn(&[u8]) -> Result<T, BodyFault>,
    ) -> Result<T, SigmaError> {
        self.send(call, extra, effort, |answer| parse(&answer.body)).await
    }

    async fn send<T>(
        &self,
        call: &Call,
        extra: &[(&str, &str)],
        effort: &mut Effort,
        parse: impl Fn(&Answer) -> Result<T, BodyFault>,
    ) -> Result<T, SigmaError> {
        let inner = &*self.0;
        let spec = call.spec();
        let url = call.url(&inner.options.api_url, extra).map_err(|why| {
            let cause = Cause::silent(ErrorKind::Rejected, "request.invalid", why);
            failure(spec, spec.path.to_owned(), cause, 0, Duration::ZERO)
        })?;
        tokio::select! {
            biased;
            () = inner.cancel.cancelled() => Err(SigmaError::Cancelled),
            answer = inner.ask(Question::Data(call), url, effort, parse) => answer,
        }
    }
}

impl Inner {
    /// What no message may repeat.
    fn secrets(&self) -> Secrets {
        let token = self.tokens.latest();
        let token = token.as_ref().and_then(|token| token.header.to_str().ok());
        let token = token.map(|header| header.trim_start_matches("Bearer "));
        Secrets::of(&self.options.client_id, self.options.client_secret.expose_secret(), token)
    }

    /// A token that may be used now and is newer than the one that was `refused`.
    async fn token(&self, refused: Option<&Token>) -> Result<Arc<Token>, SigmaError> {
        if let Some(token) = self.tokens.usable(refused) {
            return Ok(token);
        }
        let mut flight = self.tokens.flight().await;
        if let Some(token) = self.tokens.usable(refused) {
            return Ok(token);
        }
        let url = token_url(&self.options.api_url);
        let path = url.path().to_owned();
        if let Some(cause) = &flight.rejected {
            return Err(failure(&TOKEN, path, cause.clone(), 0, Duration::ZERO));
        }
        let (begun, mut effort) = (Instant::now(), Effort::default());
        // Boxed because a request asks for a token, which is a request.
        let asked = Box::pin(self.ask(Question::Token(&mut flight), url, &mut effort, |answer: &Answer| {
            body::one::<TokenGrant>(&answer.body)
        }))
        .await;
        let granted = asked.and_then(|grant| {
            self.tokens.replace(&grant).map_err(|why| {
                failure(&TOKEN, path, Cause::silent(ErrorKind::Shape, "body.shape", why), 1, begun.elapsed())
            })
        });
        if let Err(SigmaError::Call(failure)) = &granted
            && failure.kind == ErrorKind::Auth
        {
            flight.rejected = Some(failure.cause());
        }
        granted
    }

    /// Asks until there is an answer, or no point in asking again.
    async fn ask<T>(
        &self,
        mut question: Question<'_>,
        url: Url,
        effort: &mut Effort,
        parse: impl Fn(&Answer) -> Result<T, BodyFault>,
    ) -> Result<T, SigmaError> {
        let spec = question.spec();
        let (begun, calls_before) = (Instant::now(), effort.http_calls);
        let give_up = |cause: Cause, calls: u64| {
            let attempts = u32::try_from(calls - calls_before).unwrap_or(u32::MAX);
            Err(failure(spec, url.path().to_owned(), cause, attempts, begun.elapsed()))
        };
        if !self.may_ask(&question) {
            let cause = Cause::silent(
                ErrorKind::Unavailable,
                "circuit.open",
                "not asked, because this endpoint kept failing",
            );
            return give_up(cause, effort.http_calls);
        }
        let mut attempts = Attempts::default();
        let mut first_sent = None;
        // What had passed on this endpoint when the request was last refused for its pace.
        let mut passed_before = None;
        let mut refused: Option<Arc<Token>> = None;
        loop {
            let (request, token) = self.request(&question, &url, refused.as_deref()).await?;
            let ready = Instant::now();
            let (exchanged, course) = self.exchange(&mut question, request).await;
            let first_sent = *first_sent.get_or_insert(ready + course.waited);
            effort.http_calls += 1;
            let tell = |status, request_id: Option<&str>| {
                let path = url.path();
                let (attempt, Course { waited, took, .. }) = (effort.http_calls - calls_before, course);
                let (wait_ms, took_ms) = (millis(waited), millis(took));
                tracing::debug!(
                    endpoint = spec.name,
                    path,
                    status,
                    attempt,
                    wait_ms,
                    took_ms,
                    request_id,
                    "asked"
                );
            };
            // Whoever the gate lets pass now sends first: reading an answer takes longer than sending a request.
            tokio::task::yield_now().await;
            let failed = match judge(exchanged, spec, &parse) {
                Ok((parsed, request_id)) => {
                    self.circuit(&question, Circuit::worked);
                    tell(Some(200), request_id.as_deref());
                    return Ok(parsed);
                }
                Err(failed) => failed.withholding(&self.secrets()),
            };
            tell(failed.status(), failed.request_id());
            let policy = &self.options.retry;
            attempts.first_contact = !self.answered.load(Ordering::Relaxed);
            if course.refused.is_some() {
                let passed = self.passed_on(&question);
                if passed_before.is_some_and(|before| before < passed) {
                    attempts.forgive();
                }
                passed_before = Some(passed);
            }
            let mut decision =
                attempts.next(policy, spec, failed.outcome(), first_sent.elapsed(), fastrand::f64);
            if let (Decision::Wait(wait), Some(refused)) = (&mut decision, course.refused) {
                if refused.in_a_row >= policy.attempts {
                    decision = Decision::GiveUp(ErrorKind::RateLimited, "rate.limited");
                } else if refused.in_a_row > 1 || !attempts.is_repeated() {
                    // The gate makes everybody wait. Only where others pass, and this endpoint does not, it waits alone.
                    *wait = Duration::ZERO;
                }
            }
            match decision {
                Decision::Renew if token.is_some() => refused = token,
                Decision::Wait(wait) => {
                    if !self.may_retry(&question, &failed) {
                        let cause = failed.into_cause(ErrorKind::Unavailable, "retry.budget");
                        self.circuit(&question, |circuit| conclude(circuit, spec, &cause));
                        return give_up(cause, effort.http_calls);
                    }
                    effort.retries += 1;
                    self.hold_back(spec, &failed, course.refused, wait).await;
                }
                decision => {
                    let (kind, code) = match decision {
                        Decision::GiveUp(kind, code) => (kind, code),
                        _ => (ErrorKind::Auth, "auth.rejected"),
                    };
                    let mut cause = failed.into_cause(kind, code);
                    if matches!(question, Question::Token(_)) {
                        cause = token_cause(cause);
                    }
                    self.circuit(&question, |circuit| conclude(circuit, spec, &cause));
                    return give_up(cause, effort.http_calls);
                }
            }
        }
    }

    /// The request to send and the token it carries.
    async fn request(
        &self,
        question: &Question<'_>,
        url: &Url,
        refused: Option<&Token>,
    ) -> Result<(RequestBuilder, Option<Arc<Token>>), SigmaError> {
        let Question::Data(call) = question else {
            return Ok((self.transport.post_token(url.clone(), &self.options), None));
        };
        let token = self.token(refused).await?;
        let spec = call.spec();
        let timeout = match spec.slow {
            true => self.options.slow_request_timeout,
            false => self.options.request_timeout,
        };
        let (url, authorization) = (url.clone(), token.header.clone());
        let request = if spec.is_post {
            self.transport.post(url, authorization, call.body(), timeout)
        } else if spec.is_file {
            self.transport.get_file(url, authorization, timeout)
        } else {
            self.transport.get(url, authorization, timeout)
        };
        Ok((request, Some(token)))
    }

    /// Sends it when the gate lets it pass.
    async fn exchange(
        &self,
        question: &mut Question<'_>,
        request: RequestBuilder,
    ) -> (Result<Answer, Silence>, Course) {
        let ready = Instant::now();
        // An endpoint's own limit first: who waits for it holds no lane.
        if let Some(pace) = self.paces.get(&question.spec().name) {
            pace.wait().await;
        }
        let permit = self.gate.admit().await;
        if let Question::Token(flight) = question {
            flight.keep_distance(self.options.retry.between_token_calls).await;
        }
        let sent = Instant::now();
        let exchanged = self.transport.exchange(request).await;
        let took = sent.elapsed();
        if let Question::Token(flight) = question {
            flight.called();
        }
        let status = exchanged.as_ref().map_or(0, |answer| answer.status);
        let refused = permit.end(match (&exchanged, &question) {
            (Err(_), _) | (Ok(Answer { status: 429, .. }), Question::Token(_)) => Verdict::Silence,
            (Ok(Answer { status: 429, retry_after, .. }), _) => Verdict::Refused(*retry_after),
            (Ok(_), _) => Verdict::Passed,
        });
        if let Question::Data(call) = question
            && !matches!(status, 0 | 429)
        {
            self.passed[call.endpoint() as usize].fetch_add(1, Ordering::Relaxed);
        }
        if let Ok(answer) = &exchanged {
            self.answered.store(true, Ordering::Relaxed);
            if let Some(message) = self.clock.compare(answer.date) {
                tracing::warn!("{message}");
                self.counters.remark(Remark { code: "clock.skew", about: "clock".to_owned(), message });
            }
        }
        self.counters.change(|stats| {
            *stats.requests.entry((question.spec().name, status)).or_default() += 1;
            stats.token_calls += u64::from(matches!(question, Question::Token(_)));
        });
        (exchanged, Course { waited: sent - ready, took, refused })
    }

    fn may_ask(&self, question: &Question<'_>) -> bool {
        let Question::Data(call) = question else { return true };
        locked(&self.budget).request();
        locked(&self.circuits[call.endpoint() as usize]).admits(Instant::now())
    }

    /// Whether the budget of the run has a retry left. A refusal for being too fast does not draw on it: everybody
    /// pauses and fewer ask, which already is the remedy.
    fn may_retry(&self, question: &Question<'_>, failed: &Failed) -> bool {
        failed.status() == Some(429) || matches!(question, Question::Token(_)) || locked(&self.budget).retry()
    }

    /// Waits before the next attempt, and makes the others wait where the server meant everybody. For who was `refused`
    /// the gate has seen to that.
    async fn hold_back(
        &self,
        spec: &EndpointSpec,
        failed: &Failed,
        refused: Option<Refused>,
        wait: Duration,
    ) {
        self.counters.change(|stats| {
            stats.retries += 1;
            stats.waited += refused.map_or(wait, |refused| refused.pause.max(wait));
        });
        match refused {
            Some(Refused { pause, is_news: true, .. }) => {
                let mut stats = ClientStats::default();
                self.gate.tell(&mut stats);
                tracing::warn!(
                    endpoint = spec.name,
                    wait_ms = millis(pause),
                    at_once = stats.open_lanes,
                    per_second = stats.learnt_per_second,
                    "Sigma asks to slow down"
                );
            }
            Some(_) => {}
            None if failed.retry_after().is_some() => self.gate.pause(wait),
            None => {}
        }
        sleep(wait).await;
    }

    /// How many calls of this endpoint were not refused so far.
    fn passed_on(&self, question: &Question<'_>) -> u64 {
        match question {
            Question::Token(_) => 0,
            Question::Data(call) => self.passed[call.endpoint() as usize].load(Ordering::Relaxed),
        }
    }

    fn circuit(&self, question: &Question<'_>, change: impl FnOnce(&mut Circuit)) {
        if let Question::Data(call) = question {
            change(&mut locked(&self.circuits[call.endpoint() as usize]));
        }
    }
}

impl Question<'_> {
    fn spec(&self) -> &'static EndpointSpec {
        match self {
            Self::Token(_) => &TOKEN,
            Self::Data(call) => call.spec(),
        }
    }
}

/// What a final failure says about the endpoint: an answer shows that it works, and trouble with the credentials or
/// the pace says nothing.
fn conclude(circuit: &mut Circuit, spec: &EndpointSpec, cause: &Cause) {
    match cause.kind {
        ErrorKind::Auth | ErrorKind::RateLimited => {}
        ErrorKind::NotApplicable | ErrorKind::Archived => circuit.worked(),
        _ if cause.status.is_some_and(|status| spec.is_about_the_object(status)) => circuit.worked(),
        _ => circuit.failed(Instant::now()),
    }
}

fn failure(spec: &EndpointSpec, path: String, cause: Cause, attempts: u32, elapsed: Duration) -> SigmaError {
    let Cause { kind, code, status, api_code, message, request_id } = cause;
    SigmaError::Call(Box::new(CallFailure {
        endpoint: spec.name,
        path,
        kind,
        code,
        status,
        api_code,
        message,
        request_id,
        attempts,
        elapsed,
    }))
}

fn token_url(base: &Url) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{}", base.path().trim_end_matches('/'), TOKEN.path));
    url
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// These mutexes guard plain numbers, which a panic elsewhere cannot leave half written.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
