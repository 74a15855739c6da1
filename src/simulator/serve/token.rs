//! The token endpoint: form-encoded, at most one call a second for each client.
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::call::{Answer, Problem, Query, Reply};
use crate::simulator::{ids::Dice, options::Options, org::Organization};

/// A credential and the member that owns it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Credential {
    /// The client id.
    pub client_id: String,
    /// The client secret; worthless outside this simulator.
    pub client_secret: String,
    /// The member the credential acts as.
    pub member_id: String,
    /// That member's address.
    pub email: String,
    /// That member's account type: `Admin`, `Build` or `View`.
    pub account_type: String,
}

/// The credentials of an organisation: admin, builder, viewer.
pub fn credentials(org: &Organization) -> Vec<Credential> {
    let mut dice = Dice::new(&[org.seed, 0x0a17]);
    let row = |place: &usize| {
        let member = &org.members[*place];
        Credential {
            client_id: dice.hex(64),
            client_secret: dice.hex(128),
            member_id: member.id.clone(),
            email: member.email.clone(),
            account_type: org.account_types[member.account_type].name.to_owned(),
        }
    };
    org.credential_owners.iter().map(row).collect()
}

struct Grant {
    member: usize,
    expires: Instant,
    /// Requests it is still good for.
    uses: Option<u64>,
}

#[derive(Default)]
struct Issued {
    access: HashMap<String, Grant>,
    refresh: HashMap<String, usize>,
    last_call: HashMap<String, Instant>,
    count: u64,
}

/// The tokens that have been issued.
pub struct Tokens {
    seed: u64,
    lifetime: Duration,
    enforce_rate: bool,
    credentials: Vec<Credential>,
    owners: [usize; 3],
    issued: Mutex<Issued>,
}

impl Tokens {
    pub fn new(options: &Options, org: &Organization) -> Self {
        Self {
            seed: options.seed,
            lifetime: options.token_lifetime,
            enforce_rate: options.enforce_token_rate,
            credentials: credentials(org),
            owners: org.credential_owners,
            issued: Mutex::default(),
        }
    }

    pub fn credentials(&self) -> &[Credential] {
        &self.credentials
    }

    /// The place of the member that a token acts as.
    pub fn caller(&self, authorization: Option<&str>) -> Result<usize, Problem> {
        let token = authorization.and_then(|header| header.strip_prefix("Bearer "));
        let malformed = || Problem::new(401, "Token missing or malformed");
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        let grant = issued.access.get_mut(token.ok_or_else(malformed)?).ok_or_else(malformed)?;
        if Instant::now() >= grant.expires || grant.uses == Some(0) {
            return Err(Problem::new(401, "Token expired"));
        }
        grant.uses = grant.uses.map(|uses| uses - 1);
        Ok(grant.member)
    }

    /// Makes every access token invalid at once, as an administrator can.
    pub fn revoke(&self) {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner).access.clear();
    }

    /// Makes the token that was just issued good for so many requests only, whatever it was announced for.
    pub fn limit(&self, answer: &Answer, uses: u64) {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(grant) = body["access_token"].as_str().and_then(|token| issued.access.get_mut(token)) {
            grant.uses = Some(uses);
        }
    }

    /// Every token that was ever issued.
    pub fn issued(&self) -> Vec<String> {
        let issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        issued.access.keys().chain(issued.refresh.keys()).cloned().collect()
    }

    /// Answers a token call.
    pub fn answer(&self, content_type: &str, authorization: Option<&str>, body: &[u8]) -> Reply {
        if !content_type.starts_with("application/x-www-form-urlencoded") {
            return Err(Problem::invalid("Expecting application/x-www-form-urlencoded"));
        }
        let text = std::str::from_utf8(body).map_err(|_| Problem::invalid("Expecting UTF-8"))?;
        let form = Query::parse(text);
        let basic = authorization.and_then(|header| header.strip_prefix("Basic ")).and_then(decode_basic);
        let (id, secret) = match (form.get("client_id"), form.get("client_secret"), basic) {
            (Some(id), Some(secret), _) => (id.to_owned(), secret.to_owned()),
            (_, _, Some(pair)) => pair,
            _ => return Err(Problem::invalid("Expecting string at client_id but instead got: undefined")),
        };
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let previous = issued.last_call.insert(id.clone(), now);
        if self.enforce_rate && previous.is_some_and(|last| now - last < Duration::from_secs(1)) {
            return Err(Problem::new(429, "Rate limit exceeded: 1 request per second"));
        }
        let known = self.credentials.iter().position(|c| c.client_id == id && c.client_secret == secret);
        let place = known.ok_or_else(|| Problem::new(401, "Invalid client credentials"))?;
        match form.get("grant_type") {
            Some("client_credentials") => {}
            Some("refresh_token") => {
                let owner = form.get("refresh_token").and_then(|token| issued.refresh.get(token));
                if owner != Some(&place) {
                    return Err(Problem::new(401, "Invalid refresh token"));
                }
            }
            other => {
                let message = format!("Unsupported grant_type: {}", other.unwrap_or("undefined"));
                return Err(Problem { code: "unsupported_grant_type", ..Problem::invalid(message) });
            }
        }
        issued.count += 1;
        let mut dice = Dice::new(&[self.seed, 0x70c3, issued.count]);
        let (access, refresh) = (dice.hex(50), dice.hex(50));
        issued.access.insert(
            access.clone(),
            Grant { member: self.owners[place], expires: now + self.lifetime, uses: None },
        );
        issued.refresh.insert(refresh.clone(), place);
        // An hour is announced as one second less, as Sigma does.
        let announced = if self.lifetime.as_secs() == 3600 { 3599 } else { self.lifetime.as_secs() };
        Ok(Answer::json(&json!({
            "access_token": access, "refresh_token": refresh, "token_type": "bearer", "expires_in": announced,
        })))
    }
}

/// `id:secret` from the base64 of a Basic header.
fn decode_basic(text: &str) -> Option<(String, String)> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0u32, 0u32);
    for byte in text.trim_end_matches('=').bytes() {
        bits = bits << 6 | DIGITS.iter().position(|digit| *digit == byte)? as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    text.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_headers_are_decoded() {
        assert_eq!(decode_basic("dXNlcjpwYXNz"), Some(("user".into(), "pass".into())));
        assert_eq!(decode_basic("dTpwcA=="), Some(("u".into(), "pp".into())));
        assert_eq!(decode_basic("!!"), None);
    }
}
