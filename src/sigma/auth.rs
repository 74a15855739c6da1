//! The token: one for all workers, renewed ahead of its end, never fetched twice at once.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use reqwest::header::HeaderValue;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

use super::error::Cause;

/// What Sigma's tokens last when an answer does not say, or says nonsense. Should it be less, a 401 tells.
const USUAL_LIFETIME: Duration = Duration::from_secs(3_600);
const RENEW_AT: f64 = 0.8;

/// A token as requests carry it.
pub(crate) struct Token {
    pub(crate) header: HeaderValue,
    generation: u64,
    renew_at: Instant,
}

/// The shared token. Readers take it without waiting; whoever finds it stale queues for [`Tokens::flight`].
#[derive(Default)]
pub(crate) struct Tokens {
    current: RwLock<Option<Arc<Token>>>,
    flight: Mutex<Flight>,
}

/// What only the one who fetches may touch.
#[derive(Default)]
pub(crate) struct Flight {
    last_call: Option<Instant>,
    /// Why the credentials were refused. They will not get better within a run, so nobody asks again.
    pub(crate) rejected: Option<Cause>,
}

impl Tokens {
    /// The token, if it may still be used. A token that was `refused` may not, nor any older one.
    pub(crate) fn usable(&self, refused: Option<&Token>) -> Option<Arc<Token>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current
            .as_ref()
            .filter(|token| Instant::now() < token.renew_at)
            .filter(|token| refused.is_none_or(|refused| token.generation > refused.generation))
            .map(Arc::clone)
    }

    /// The token that was granted last, be it stale.
    pub(crate) fn latest(&self) -> Option<Arc<Token>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for the right to fetch. Look again for a usable token afterwards: the one before may have fetched it.
    pub(crate) async fn flight(&self) -> tokio::sync::MutexGuard<'_, Flight> {
        self.flight.lock().await
    }

    /// Puts a new token in place.
    pub(crate) fn replace(&self, grant: &TokenGrant) -> Result<Arc<Token>, &'static str> {
        let mut header = HeaderValue::from_str(&format!("Bearer {}", grant.access_token))
            .map_err(|_| "the token contains characters that no header can carry")?;
        header.set_sensitive(true);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let token = Arc::new(Token {
            header,
            generation: current.as_ref().map_or(1, |token| token.generation + 1),
            renew_at: Instant::now() + grant.lifetime().mul_f64(RENEW_AT),
        });
        *current = Some(Arc::clone(&token));
        Ok(token)
    }
}

impl Flight {
    /// Keeps the distance that the token endpoint demands, also between the attempts of one fetch: from the end of one
    /// call to the start of the next, so that it holds on the server's clock too, however long a call was under way.
    pub(crate) async fn keep_distance(&mut self, distance: Duration) {
        if let Some(last) = self.last_call {
            sleep_until(last + distance).await;
        }
        self.called();
    }

    /// A call was made just now.
    pub(crate) fn called(&mut self) {
        self.last_call = Some(Instant::now());
    }
}

/// What the token endpoint grants. A `refresh_token` is not used: it is optional, and the credentials do as well.
#[derive(Deserialize)]
pub(crate) struct TokenGrant {
    access_token: String,
    #[serde(default)]
    expires_in: Value,
}

impl TokenGrant {
    fn lifetime(&self) -> Duration {
        let seconds = match &self.expires_in {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        seconds
            .filter(|seconds| *seconds > 0.0)
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            // A day is longer than any run should trust one token, and keeps the clock from overflowing.
            .map_or(USUAL_LIFETIME, |lifetime| lifetime.min(Duration::from_secs(86_400)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lifetime(expires_in: &str) -> u64 {
        let grant = format!(r#"{{"access_token":"t"{expires_in}}}"#);
        serde_json::from_str::<TokenGrant>(&grant).expect("a grant").lifetime().as_secs()
    }

    #[test]
    fn a_lifetime_that_makes_no_sense_is_an_hour_and_causes_no_storm() {
        assert_eq!(lifetime(r#","expires_in":3599"#), 3599);
        assert_eq!(lifetime(r#","expires_in":"1800""#), 1800);
        for nonsense in [
            "",
            r#","expires_in":0"#,
            r#","expires_in":-5"#,
            r#","expires_in":"soon""#,
            r#","expires_in":null"#,
            r#","expires_in":[1]"#,
        ] {
            assert_eq!(lifetime(nonsense), 3600, "{nonsense}");
        }
        assert_eq!(lifetime(r#","expires_in":1e300"#), 3600);
        assert_eq!(lifetime(r#","expires_in":1e9"#), 86_400);
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_stale_at_four_fifths_of_its_life() {
        let tokens = Tokens::default();
        let grant = TokenGrant { access_token: "t".into(), expires_in: 1000.into() };
        tokens.replace(&grant).expect("a header");
        tokio::time::advance(Duration::from_secs(799)).await;
        assert!(tokens.usable(None).is_some());
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(tokens.usable(None).is_none());
    }

    #[tokio::test]
    async fn only_the_token_that_was_refused_is_unusable() {
        let tokens = Tokens::default();
        let grant = TokenGrant { access_token: "t".into(), expires_in: 1000.into() };
        let first = tokens.replace(&grant).expect("a header");
        assert!(tokens.usable(Some(&first)).is_none());
        tokens.replace(&grant).expect("a header");
        assert!(tokens.usable(Some(&first)).is_some());
    }
}
