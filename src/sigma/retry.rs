//! Whether to ask again, as a pure state machine: outcome in, decision out. Something else sleeps.

use std::time::Duration;

use super::endpoints::EndpointSpec;
use super::error::ErrorKind;

/// How persistent the client is. The defaults are meant for production; tests make the delays tiny.
#[derive(Debug, Clone)]
pub struct RetryPolicy {
    /// The first delay is drawn from zero to this; the range doubles with every attempt. Default 1 s.
    pub base_delay: Duration,
    /// The range stops growing here. Default 60 s.
    pub longest_delay: Duration,
    /// Attempts for one request, the first included. Default 6.
    pub attempts: u32,
    /// Time for one request, all attempts and waits included. Default 600 s.
    pub total: Duration,
    /// The longest `Retry-After` that is obeyed; a longer one is an error. Default 300 s.
    pub longest_retry_after: Duration,
    /// `Retry-After` is a floor; up to this much is added so that workers do not return together. Default 1 s.
    pub retry_after_jitter: Duration,
    /// Retries that are free before the budget (one retry per five requests) applies. Default 20.
    pub budget_reserve: u32,
    /// From the end of one call for a token to the start of the next: Sigma allows one call per second. Default 1 s.
    pub between_token_calls: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            base_delay: Duration::from_secs(1),
            longest_delay: Duration::from_secs(60),
            attempts: 6,
            total: Duration::from_secs(600),
            longest_retry_after: Duration::from_secs(300),
            retry_after_jitter: Duration::from_secs(1),
            budget_reserve: 20,
            between_token_calls: Duration::from_secs(1),
        }
    }
}

/// What came of one attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome<'a> {
    /// An answer other than a usable 200.
    Status { status: u16, api_code: Option<&'a str>, retry_after: Option<Duration> },
    /// 200, but not JSON.
    NotJson,
    /// 200 and JSON, but of a foreign shape, or too large.
    WrongShape,
    /// No answer, or not all of it.
    Network(Network),
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Network {
    Dns,
    Refused,
    Tls,
    Timeout,
    Proxy,
    Broken,
}

impl Network {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Dns => "network.dns",
            Self::Refused => "network.refused",
            Self::Tls => "network.tls",
            Self::Timeout => "network.timeout",
            Self::Proxy => "network.proxy",
            Self::Broken => "network.broken",
        }
    }
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Get another token and ask once more.
    Renew,
    /// Ask again after this long.
    Wait(Duration),
    /// This is the final answer.
    GiveUp(ErrorKind, &'static str),
}

/// The state of one request.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    /// Attempts that counted against the limit.
    counted: u32,
    /// The token was renewed for this request.
    renewed: bool,
    /// Nothing at this address has answered yet, to this request or another one.
    pub(crate) first_contact: bool,
}

/// Attempts to reach an address from which no answer has come yet: it is more often wrong than down, and who made the mistake
/// should hear of it soon. Two more attempts are enough for a network that is about to come up.
const FIRST_CONTACT: u32 = 3;

impl Attempts {
    /// Decides after one more attempt, `elapsed` since the first one began. `draw` answers a number in `0.0..1.0`.
    pub(crate) fn next(
        &mut self,
        policy: &RetryPolicy,
        spec: &EndpointSpec,
        outcome: Outcome<'_>,
        elapsed: Duration,
        draw: impl FnOnce() -> f64,
    ) -> Decision {
        let (kind, code) = meaning(spec, outcome);
        if matches!(outcome, Outcome::Status { status: 401, .. }) && !self.renewed {
            self.renewed = true;
            return Decision::Renew;
        }
        self.counted += 1;
        let most = match outcome {
            Outcome::Network(_) if self.first_contact => policy.attempts.min(FIRST_CONTACT),
            _ => policy.attempts,
        };
        if self.counted >= tries(spec, outcome).min(most) {
            return Decision::GiveUp(kind, code);
        }
        let wait = match outcome {
            Outcome::Status { retry_after: Some(floor), .. } => {
                if floor > policy.longest_retry_after {
                    return Decision::GiveUp(ErrorKind::RateLimited, "rate.retry_after_too_long");
                }
                floor + policy.retry_after_jitter.mul_f64(draw())
            }
            _ => {
                let range = policy.base_delay.saturating_mul(1 << (self.counted - 1).min(16));
                range.min(policy.longest_delay).mul_f64(draw())
            }
        };
        if elapsed + wait > policy.total { Decision::GiveUp(kind, code) } else { Decision::Wait(wait) }
    }
}

/// How often this outcome may be met, the first time included.
fn tries(spec: &EndpointSpec, outcome: Outcome<'_>) -> u32 {
    const UNTIL_THE_LIMIT: u32 = u32::MAX;
    // What starts work is repeated only where it surely did not begin.
    let surely_not_begun = matches!(
        outcome,
        Outcome::Status { status: 429, .. } | Outcome::Network(Network::Dns | Network::Refused)
    );
    if spec.is_post && !surely_not_begun {
        return 1;
    }
    match outcome {
        Outcome::Status { status, api_code, .. } => match status {
            402 if api_code == Some("timedout") => UNTIL_THE_LIMIT,
            408 | 425 | 429 | 502 | 503 | 504 => UNTIL_THE_LIMIT,
            // What Cloudflare, which stands before Sigma, says when it cannot reach it.
            520..=524 => UNTIL_THE_LIMIT,
            500 if spec.retry_500 => 2,
            _ => 1,
        },
        Outcome::NotJson => UNTIL_THE_LIMIT,
        Outcome::WrongShape | Outcome::Network(Network::Tls) => 1,
        // A name that does not resolve is more often wrong than late.
        Outcome::Network(Network::Dns) => 3,
        Outcome::Network(_) => UNTIL_THE_LIMIT,
    }
}

/// What an outcome means on this endpoint, should it be the last one.
pub(crate) fn meaning(spec: &EndpointSpec, outcome: Outcome<'_>) -> (ErrorKind, &'static str) {
    let (status, api_code) = match outcome {
        Outcome::Status { status, api_code, .. } => (status, api_code),
        Outcome::NotJson => return (ErrorKind::Shape, "body.not_json"),
        Outcome::WrongShape => return (ErrorKind::Shape, "body.shape"),
        Outcome::Network(network) => return (ErrorKind::Unavailable, network.code()),
    };
    match status {
        400 if api_code == Some("inode_archived") => (ErrorKind::Archived, "object.archived"),
        _ if spec.no_data.contains(&status) => (ErrorKind::NotApplicable, "object.no_data"),
        200..=299 => (ErrorKind::Shape, "body.shape"),
        300..=399 => (ErrorKind::Rejected, "http.redirect"),
        401 => (ErrorKind::Auth, "auth.token_refused"),
        402 if api_code == Some("timedout") => (ErrorKind::Unavailable, "server.timed_out"),
        403 => (ErrorKind::Forbidden, "access.forbidden"),
        404 => (ErrorKind::NotFound, "object.not_found"),
        408 | 504 => (ErrorKind::Unavailable, "server.timed_out"),
        409 => (ErrorKind::Archived, "object.archived"),
        410 => (ErrorKind::Retired, "endpoint.retired"),
        425 => (ErrorKind::Unavailable, "server.error"),
        429 => (ErrorKind::RateLimited, "rate.limited"),
        400..=499 => (ErrorKind::Rejected, "request.rejected"),
        _ => (ErrorKind::Unavailable, "server.error"),
    }
}

/// Reads a `Retry-After` header: seconds, or an HTTP date. What is negative, in the past or not readable is `None`.
pub(crate) fn retry_after(header: &str, now: jiff::Timestamp) -> Option<Duration> {
    let header = header.trim();
    if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit is a wait of ages, not a typing error.
        return Some(Duration::from_secs(header.parse().unwrap_or(u64::MAX)));
    }
    let when = jiff::fmt::rfc2822::parse(header).ok()?.timestamp();
    Duration::try_from(when.duration_since(now)).ok().filter(|wait| !wait.is_zero())
}

#[cfg(test)]
mod tests {
    use super::super::Endpoint;
    use super::*;

    fn status(status: u16) -> Outcome<'static> {
        Outcome::Status { status, api_code: None, retry_after: None }
    }

    /// All decisions for one outcome that never changes, with the given draw.
    fn decisions(outcome: Outcome<'_>, draw: f64) -> Vec<Decision> {
        let (policy, mut attempts, mut all) = (RetryPolicy::default(), Attempts::default(), Vec::new());
        loop {
            let next =
                attempts.next(&policy, Endpoint::Workbooks.spec(), outcome, Duration::from_secs(1), || draw);
            all.push(next);
            if matches!(next, Decision::GiveUp(..)) {
                return all;
            }
        }
    }

    #[test]
    fn delays_are_drawn_from_a_range_that_doubles() {
        let waits = |draw| -> Vec<u64> {
            (decisions(status(503), draw).iter())
                .filter_map(|next| match next {
                    Decision::Wait(wait) => Some(wait.as_secs()),
                    _ => None,
                })
                .collect()
        };
        assert_eq!(waits(1.0), [1, 2, 4, 8, 16]);
        assert_eq!(waits(0.0), [0, 0, 0, 0, 0]);
    }

    #[test]
    fn the_range_stops_growing_at_a_minute() {
        let policy = RetryPolicy { attempts: 20, ..RetryPolicy::default() };
        let mut attempts = Attempts { counted: 12, ..Attempts::default() };
        let next = attempts.next(&policy, Endpoint::Workbooks.spec(), status(503), Duration::ZERO, || 1.0);
        assert_eq!(next, Decision::Wait(Duration::from_secs(60)));
    }

    #[test]
    fn retry_after_is_a_floor_and_a_long_one_ends_the_request() {
        let with = |seconds| Outcome::Status {
            status: 429,
            api_code: None,
            retry_after: Some(Duration::from_secs(seconds)),
        };
        assert_eq!(decisions(with(7), 0.0)[0], Decision::Wait(Duration::from_secs(7)));
        assert_eq!(decisions(with(7), 0.5)[0], Decision::Wait(Duration::from_millis(7_500)));
        assert!(matches!(decisions(with(300), 0.0)[0], Decision::Wait(_)));
        assert_eq!(
            decisions(with(301), 0.0),
            [Decision::GiveUp(ErrorKind::RateLimited, "rate.retry_after_too_long")]
        );
    }

    #[test]
    fn a_request_ends_before_its_time_is_over() {
        let (policy, mut attempts) = (RetryPolicy::default(), Attempts::default());
        let next =
            attempts.next(&policy, Endpoint::Workbooks.spec(), status(503), Duration::from_secs(600), || 0.5);
        assert_eq!(next, Decision::GiveUp(ErrorKind::Unavailable, "server.error"));
    }

    #[test]
    fn a_token_is_renewed_once_per_request() {
        assert_eq!(
            decisions(status(401), 0.0),
            [Decision::Renew, Decision::GiveUp(ErrorKind::Auth, "auth.token_refused")]
        );
    }

    #[test]
    fn a_certificate_is_not_asked_for_twice_and_a_name_three_times() {
        assert_eq!(decisions(Outcome::Network(Network::Tls), 0.0).len(), 1);
        assert_eq!(decisions(Outcome::Network(Network::Dns), 0.0).len(), 3);
        assert_eq!(decisions(Outcome::Network(Network::Refused), 0.0).len(), 6);
    }

    #[test]
    fn an_address_that_never_answered_is_tried_three_times() {
        let policy = RetryPolicy::default();
        for (first_contact, tries) in [(true, 3), (false, 6)] {
            for network in [Network::Refused, Network::Timeout, Network::Proxy, Network::Broken] {
                let mut attempts = Attempts { first_contact, ..Attempts::default() };
                let outcome = Outcome::Network(network);
                let mut next =
                    || attempts.next(&policy, Endpoint::Whoami.spec(), outcome, Duration::ZERO, || 0.5);
                let waits =
                    std::iter::from_fn(|| Some(next())).take_while(|d| matches!(d, Decision::Wait(_)));
                assert_eq!(waits.count() + 1, tries, "{network:?}");
            }
        }
        // What does answer, if only to say that it is busy, is no mistake of address.
        let mut attempts = Attempts { first_contact: true, counted: 3, ..Attempts::default() };
        let next = attempts.next(&policy, Endpoint::Whoami.spec(), status(503), Duration::ZERO, || 0.5);
        assert!(matches!(next, Decision::Wait(_)));
    }

    #[test]
    fn an_export_is_started_again_only_where_it_surely_did_not_begin() {
        let tries = |outcome| super::tries(Endpoint::WorkbookExport.spec(), outcome);
        for again in [status(429), Outcome::Network(Network::Refused), Outcome::Network(Network::Dns)] {
            assert!(tries(again) > 1, "{again:?}");
        }
        let timed_out = Outcome::Status { status: 402, api_code: Some("timedout"), retry_after: None };
        let broken = [Network::Timeout, Network::Broken, Network::Proxy, Network::Tls].map(Outcome::Network);
        for never in [status(500), status(502), status(503), status(504), timed_out, Outcome::NotJson]
            .into_iter()
            .chain(broken)
        {
            assert_eq!(tries(never), 1, "{never:?}");
        }
    }

    #[test]
    fn every_form_of_retry_after_is_understood_or_ignored() {
        let now: jiff::Timestamp = "2026-10-01T12:00:00Z".parse().expect("a time");
        let seconds = |header| retry_after(header, now).map(|wait| wait.as_secs());
        assert_eq!(seconds("0"), Some(0));
        assert_eq!(seconds(" 17 "), Some(17));
        assert_eq!(seconds("Thu, 01 Oct 2026 12:01:30 GMT"), Some(90));
        assert_eq!(seconds("99999999999999999999999"), Some(u64::MAX));
        for ignored in
            ["", "-5", "1.5", "soon", "Thu, 01 Oct 2026 11:59:59 GMT", "Thu, 01 Oct 2026 12:00:00 GMT"]
        {
            assert_eq!(seconds(ignored), None, "{ignored}");
        }
    }
}
