//! A fault as text: what to break, where, and how often.
use std::{fmt, str::FromStr};

use super::kind::{FaultKind, KINDS};

/// How often a fault strikes among the requests its pattern matches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Frequency {
    Always,
    First(u64),
    Chance(f64),
}

/// One fault, written as text:
///
/// ```text
/// [METHOD] PATTERN STATUS|KIND [xN|pFRACTION] [skip=N] [retry-after=TEXT] [location=URL]
/// ```
///
/// * `METHOD` is `GET` or `POST`; without it any method matches.
/// * `PATTERN` starts with `/`. With a `{` in it, it is the template of an endpoint, such as
///   `/v2/workbooks/{workbookId}/pages`; otherwise it is compared with the path asked for, and `*` stands for
///   anything, slashes too. With a `?` in it, it is compared with the path and its query.
/// * `STATUS` is an HTTP status from 400 to 599, answered with Sigma's error envelope. `KIND` is one of
///   [`FAULT_KINDS`](crate::simulator::FAULT_KINDS).
/// * `xN` strikes the first N matching requests, `pFRACTION` each with that probability (repeatable: it depends on
///   the seed and on how many requests matched before); without either, every one. `skip=N` spares the first N.
/// * `retry-after=TEXT` sends that text, with a space for each `_`, as `Retry-After`; `location=URL` is where
///   `redirect-away` leads.
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
    pub(super) kind: FaultKind,
    pub(super) frequency: Frequency,
    pub(super) skip: u64,
    pub(super) retry_after: Option<String>,
    pub(super) location: Option<String>,
}

/// Why a text is not a fault rule.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "{problem} in the fault \"{rule}\": expected \"[METHOD] /pattern STATUS|kind [xN|pFRACTION] [skip=N] [retry-after=TEXT] [location=URL]\""
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
            location: None,
        };
        for word in words {
            rule.read_modifier(word).map_err(wrong)?;
        }
        Ok(rule)
    }
}

fn parse_kind(word: &str) -> Result<FaultKind, String> {
    if let Some(known) = KINDS.iter().find(|known| known.name == word) {
        return Ok(known.kind);
    }
    match word.parse::<u16>() {
        Ok(status @ 400..=599) => Ok(FaultKind::Status(status)),
        Ok(status) => Err(format!("status {status} is not an error (400 to 599)")),
        Err(_) => {
            let known: Vec<&str> = KINDS.iter().map(|known| known.name).collect();
            Err(format!("\"{word}\" is neither a status nor one of {}", known.join(", ")))
        }
    }
}

impl FaultRule {
    fn read_modifier(&mut self, word: &str) -> Result<(), String> {
        let number = |text: &str| {
            text.parse::<u64>().map_err(|_| format!("\"{text}\" in \"{word}\" is not a whole number"))
        };
        if let Some(value) = word.strip_prefix("retry-after=") {
            self.retry_after = Some(value.replace('_', " "));
        } else if let Some(value) = word.strip_prefix("location=") {
            self.location = Some(value.to_owned());
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
    pub(super) fn matches(&self, method: &str, template: &str, target: &str) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
