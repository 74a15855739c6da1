//! Faults: what to break, where, and how often.
use std::{
    fmt,
    str::FromStr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::ids::mix;

/// What a fault does to the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// Sigma's error envelope with this status instead of the answer.
    Status(u16),
    /// Cloudflare's 1015 page with status 429.
    Html429,
    /// A web page with status 200.
    Html200,
    /// Status 401, as if the token had expired.
    Unauthorized,
    /// The connection is reset in the middle of the body.
    Reset,
    /// The body ends before its declared length.
    Truncate,
    /// The right answer, late by [`SLOW`].
    Slow,
    /// Status 200 with half a JSON text, of the declared length.
    Malformed,
    /// The JSON text `null`.
    Null,
    /// The right envelope without its `entries`.
    NoEntries,
    /// The right envelope with `"entries": null`.
    NullEntries,
    /// From the second page on, the answer names its own cursor as that of the next page.
    RepeatCursor,
    /// An error object among the rows.
    RowError,
}

/// How late a [`FaultKind::Slow`] answer is.
pub const SLOW: Duration = Duration::from_secs(2);

/// The names of the kinds that are not a status.
const KINDS: [(&str, FaultKind); 12] = [
    ("html429", FaultKind::Html429),
    ("html200", FaultKind::Html200),
    ("unauthorized", FaultKind::Unauthorized),
    ("reset", FaultKind::Reset),
    ("truncate", FaultKind::Truncate),
    ("slow", FaultKind::Slow),
    ("malformed", FaultKind::Malformed),
    ("null", FaultKind::Null),
    ("no-entries", FaultKind::NoEntries),
    ("null-entries", FaultKind::NullEntries),
    ("repeat-cursor", FaultKind::RepeatCursor),
    ("row-error", FaultKind::RowError),
];

/// How often a fault strikes among the requests its pattern matches.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Frequency {
    Always,
    First(u64),
    Chance(f64),
}

/// One fault, written as text:
///
/// ```text
/// [METHOD] PATTERN STATUS|KIND [xN|pFRACTION] [skip=N] [retry-after=TEXT]
/// ```
///
/// * `METHOD` is `GET` or `POST`; without it any method matches.
/// * `PATTERN` starts with `/`. With a `{` in it, it is the template of an endpoint, such as
///   `/v2/workbooks/{workbookId}/pages`; otherwise it is compared with the path asked for, and `*` stands for
///   anything, slashes too. With a `?` in it, it is compared with the path and its query.
/// * `STATUS` is an HTTP status from 400 to 599, answered with Sigma's error envelope. `KIND` is one of `html429`,
///   `html200`, `unauthorized`, `reset`, `truncate`, `slow`, `malformed`, `null`, `no-entries`, `null-entries`,
///   `repeat-cursor`, `row-error`.
/// * `xN` strikes the first N matching requests, `pFRACTION` each with that probability (repeatable: it depends on
///   the seed and on how many requests matched before); without either, every one. `skip=N` spares the first N.
/// * `retry-after=TEXT` sends that text, verbatim, as `Retry-After`.
///
/// The first rule that strikes decides.
///
/// ```
/// use sigma_catalog::simulator::FaultRule;
/// let rule: FaultRule = "GET /v2/workbooks/{workbookId}/pages 429 x3 retry-after=1".parse().unwrap();
/// assert_eq!(rule.to_string(), "GET /v2/workbooks/{workbookId}/pages 429 x3 retry-after=1");
/// assert!("/v2/files 299".parse::<FaultRule>().is_err());
/// ```
#[derive(Debug, Clone)]
pub struct FaultRule {
    text: String,
    method: Option<String>,
    pattern: String,
    kind: FaultKind,
    frequency: Frequency,
    skip: u64,
    retry_after: Option<String>,
}

/// Why a text is not a fault rule.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "{problem} in the fault \"{rule}\": expected \"[METHOD] /pattern STATUS|kind [xN|pFRACTION] [skip=N] [retry-after=TEXT]\""
)]
pub struct FaultSyntax {
    rule: String,
    problem: String,
}

impl FromStr for FaultRule {
    type Err = FaultSyntax;

    fn from_str(text: &str) -> Result<Self, FaultSyntax> {
        let wrong = |problem: String| FaultSyntax { rule: text.trim().to_owned(), problem };
        let mut words = text.split_whitespace().peekable();
        let method = words.next_if(|word| !word.starts_with('/')).map(str::to_ascii_uppercase);
        if let Some(method) = method.as_deref().filter(|m| !matches!(*m, "GET" | "POST")) {
            return Err(wrong(format!("unknown method \"{method}\"")));
        }
        let pattern = words.next().ok_or_else(|| wrong("no path pattern".into()))?.to_owned();
        let word = words.next().ok_or_else(|| wrong("no status or kind".into()))?;
        let kind = parse_kind(word).map_err(wrong)?;
        let mut rule = Self {
            text: text.split_whitespace().collect::<Vec<_>>().join(" "),
            method,
            pattern,
            kind,
            frequency: Frequency::Always,
            skip: 0,
            retry_after: None,
        };
        for word in words {
            rule.read_modifier(word).map_err(wrong)?;
        }
        Ok(rule)
    }
}

fn parse_kind(word: &str) -> Result<FaultKind, String> {
    if let Some((_, kind)) = KINDS.iter().find(|(name, _)| *name == word) {
        return Ok(*kind);
    }
    match word.parse::<u16>() {
        Ok(status @ 400..=599) => Ok(FaultKind::Status(status)),
        Ok(status) => Err(format!("status {status} is not an error (400 to 599)")),
        Err(_) => {
            let known = KINDS.map(|(name, _)| name).join(", ");
            Err(format!("\"{word}\" is neither a status nor one of {known}"))
        }
    }
}

impl FaultRule {
    fn read_modifier(&mut self, word: &str) -> Result<(), String> {
        let number = |text: &str| {
            text.parse::<u64>().map_err(|_| format!("\"{text}\" in \"{word}\" is not a whole number"))
        };
        if let Some(value) = word.strip_prefix("retry-after=") {
            self.retry_after = Some(value.to_owned());
        } else if let Some(value) = word.strip_prefix("skip=") {
            self.skip = number(value)?;
        } else if let Some(value) = word.strip_prefix('x') {
            self.frequency = Frequency::First(number(value)?);
        } else if let Some(value) = word.strip_prefix('p') {
            let chance = value.parse::<f64>().ok().filter(|p| (0.0..=1.0).contains(p));
            self.frequency =
                Frequency::Chance(chance.ok_or(format!("\"{value}\" is not a fraction from 0 to 1"))?);
        } else {
            return Err(format!("unknown word \"{word}\""));
        }
        Ok(())
    }

    /// `target` is the path asked for, with its query.
    fn matches(&self, method: &str, template: &str, target: &str) -> bool {
        let path = target.split('?').next().unwrap_or(target);
        let asked = if self.pattern.contains('?') { target } else { path };
        self.method.as_deref().is_none_or(|m| m == method)
            && if self.pattern.contains('{') { self.pattern == template } else { glob(&self.pattern, asked) }
    }
}

impl fmt::Display for FaultRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether `text` fits `pattern`, in which `*` stands for anything.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(head) else { return false };
    (0..=text.len()).filter(|i| text.is_char_boundary(*i)).any(|i| glob(rest, &text[i..]))
}

/// A fault that strikes one request.
#[derive(Debug, Clone)]
pub struct Strike {
    /// What to do.
    pub kind: FaultKind,
    /// The `Retry-After` to send.
    pub retry_after: Option<String>,
}

/// The faults of a running simulator, with their counters.
#[derive(Debug)]
pub struct FaultPlan {
    seed: u64,
    rules: Mutex<Vec<(FaultRule, u64)>>,
}

impl FaultPlan {
    /// A plan in which no request has been seen yet.
    pub fn new(seed: u64, rules: Vec<FaultRule>) -> Self {
        Self { seed, rules: Mutex::new(rules.into_iter().map(|rule| (rule, 0)).collect()) }
    }

    /// Replaces all rules and their counters.
    pub fn replace(&self, rules: Vec<FaultRule>) {
        *self.rules.lock().unwrap_or_else(PoisonError::into_inner) =
            rules.into_iter().map(|rule| (rule, 0)).collect();
    }

    /// The fault that strikes this request, if any. `target` is the path asked for, with its query.
    pub fn strike(&self, method: &str, template: &str, target: &str) -> Option<Strike> {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        for (index, (rule, seen)) in rules.iter_mut().enumerate() {
            if !rule.matches(method, template, target) {
                continue;
            }
            let turn = *seen;
            *seen += 1;
            let Some(turn) = turn.checked_sub(rule.skip) else { continue };
            let strikes = match rule.frequency {
                Frequency::Always => true,
                Frequency::First(count) => turn < count,
                // 53 random bits, as many as a float holds exactly.
                Frequency::Chance(chance) => {
                    ((mix(&[self.seed, index as u64, turn]) >> 11) as f64) < chance * (1u64 << 53) as f64
                }
            };
            if strikes {
                return Some(Strike { kind: rule.kind, retry_after: rule.retry_after.clone() });
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(rule: &str) -> FaultPlan {
        FaultPlan::new(1, vec![rule.parse().expect("a rule")])
    }

    #[test]
    fn a_rule_says_what_is_wrong_with_it() {
        for (text, complaint) in [
            ("", "no path pattern"),
            ("/v2/files", "no status or kind"),
            ("PUT /v2/files 500", "unknown method"),
            ("/v2/files 200", "not an error"),
            ("/v2/files often", "neither a status"),
            ("/v2/files 500 x", "not a whole number"),
            ("/v2/files 500 p2", "fraction"),
            ("/v2/files 500 twice", "unknown word"),
        ] {
            let error = text.parse::<FaultRule>().expect_err(text).to_string();
            assert!(error.contains(complaint), "{text}: {error}");
        }
    }

    #[test]
    fn a_pattern_is_a_template_or_a_glob_on_the_path() {
        let template = "/v2/workbooks/{workbookId}/pages";
        assert!(
            plan("/v2/workbooks/{workbookId}/pages 500")
                .strike("GET", template, "/v2/workbooks/1/pages")
                .is_some()
        );
        assert!(plan("/v2/*/pages 500").strike("GET", template, "/v2/workbooks/1/pages").is_some());
        assert!(plan("/v2/*?page=2* 500").strike("GET", template, "/v2/files?page=2&x=1").is_some());
        assert!(plan("/v2/*?page=2* 500").strike("GET", template, "/v2/files?page=1&x=2").is_none());
        assert!(plan("/v2/files 500").strike("GET", template, "/v2/files?page=1").is_some());
        assert!(plan("/v2/*/1 500").strike("GET", template, "/v2/workbooks/1/pages").is_none());
        assert!(plan("POST /v2/* 500").strike("GET", template, "/v2/workbooks/1/pages").is_none());
    }

    #[test]
    fn a_rule_strikes_as_often_as_it_says() {
        let struck = |rule: &str| {
            let plan = plan(rule);
            (0..1000).map(|_| plan.strike("GET", "/a", "/a").is_some()).collect::<Vec<_>>()
        };
        assert_eq!(struck("/a 500 x2 skip=1")[..5], [false, true, true, false, false]);
        assert!(struck("/a 500").iter().all(|s| *s));
        let some = struck("/a 500 p0.3").iter().filter(|s| **s).count();
        assert!((200..400).contains(&some), "{some} of 1000");
        assert_eq!(struck("/a 500 p0.3"), struck("/a 500 p0.3"));
    }
}
