//! From the bytes of an answer to typed rows.
//!
//! The common case parses straight into the rows. Only a page that does not parse is looked at again, row by row,
//! to tell a row that is an error object from a page that is no page.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::endpoints::{EndpointSpec, Paging};
use super::ids;
use super::model::{ApiErrorRow, Row};
use super::text::{for_log, without_values};

/// Why an answer with status 200 could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyFault {
    /// Not JSON: truncated, or a page of some proxy. Worth another try.
    #[error("the body ({bytes} bytes) is not JSON")]
    NotJson {
        /// Its size, which is all that is said of it: such a page may hold internal names.
        bytes: usize,
    },
    /// JSON of a shape the endpoint does not have.
    #[error("{0}")]
    Shape(String),
}

/// What [`super::Endpoint::parse_body`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BodySummary {
    /// Rows that parsed.
    pub rows: usize,
    /// Rows that are error objects, or not rows.
    pub row_errors: Vec<ApiErrorRow>,
    /// Whether the answer names a next page.
    pub more: bool,
}

/// One page of a listing.
#[derive(Debug)]
pub(crate) struct PageBody<T> {
    pub(crate) rows: Vec<T>,
    pub(crate) row_errors: Vec<ApiErrorRow>,
    pub(crate) cursor: Option<String>,
    pub(crate) total: Option<u64>,
    /// The deprecated flag, where it is sent.
    pub(crate) has_more: Option<bool>,
}

pub(crate) fn one<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, BodyFault> {
    let body = &checked(body)?;
    serde_json::from_slice(body).map_err(|error| fault(body, &error))
}

pub(crate) fn page<T: Row>(spec: &EndpointSpec, body: &[u8]) -> Result<PageBody<T>, BodyFault> {
    let body = &checked(body)?;
    let is_array = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    match (spec.paging, is_array) {
        (Paging::Bare | Paging::PageLimitOrArray, true) => array(body),
        (Paging::Bare, false) => Err(not_as_expected(body, "an array")),
        (_, true) => Err(not_as_expected(body, "an object with `entries`, not an array")),
        (_, false) => envelope(spec.paging, body),
    }
}

pub(crate) fn summarise<T: Row>(spec: &EndpointSpec, body: &[u8]) -> Result<BodySummary, BodyFault> {
    if spec.paging == Paging::One {
        return one::<T>(body).map(|_| BodySummary { rows: 1, ..BodySummary::default() });
    }
    page::<T>(spec, body).map(|page| BodySummary {
        rows: page.rows.len(),
        row_errors: page.row_errors,
        more: page.cursor.is_some(),
    })
}

/// Levels of nesting that an answer may have; Sigma's have less than ten.
const DEEPEST: usize = 64;

/// The body with its UUIDs in lower case, which is how `urlId`s decode. A UUID is the same id in either case (RFC 9562), but
/// a catalog joins ids as text. An error if it is nested too deep.
fn checked(body: &[u8]) -> Result<Cow<'_, [u8]>, BodyFault> {
    const LENGTH: usize = 36;
    let mut out = Cow::Borrowed(body);
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = body.get(at) {
        match byte {
            b'"' => {
                let Some(end) = end_of_text(body, at + 1) else { break };
                let text = &body[at + 1..end];
                if text.len() == LENGTH && text.iter().any(u8::is_ascii_uppercase) && ids::is_uuid(text) {
                    out.to_mut()[at + 1..end].make_ascii_lowercase();
                }
                at = end;
            }
            b'{' | b'[' if depth == DEEPEST => {
                return Err(BodyFault::Shape(format!("nested more than {DEEPEST} levels deep")));
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    Ok(out)
}

/// Where the quote is that ends a text, searched from its first character on.
fn end_of_text(body: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr::memchr2(b'"', b'\\', body.get(at..)?)?;
        match body[at] {
            b'"' => return Some(at),
            // What follows a backslash ends nothing.
            _ => at += 2,
        }
    }
}

fn array<T: Row>(body: &[u8]) -> Result<PageBody<T>, BodyFault> {
    let (rows, row_errors) = match serde_json::from_slice(body) {
        Ok(rows) => (rows, Vec::new()),
        Err(_) => row_by_row(serde_json::from_slice(body).map_err(|error| fault(body, &error))?)?,
    };
    Ok(PageBody { rows, row_errors, cursor: None, total: None, has_more: None })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "R: Deserialize<'de>"))]
struct Envelope<R> {
    entries: Option<R>,
    #[serde(default)]
    next_page: Cursor,
    #[serde(default)]
    next_page_token: Cursor,
    #[serde(default)]
    total: Loose<u64>,
    #[serde(default)]
    has_more: Loose<bool>,
}

fn envelope<T: Row>(paging: Paging, body: &[u8]) -> Result<PageBody<T>, BodyFault> {
    if let Ok(Envelope { entries: Some(rows), next_page, next_page_token, total, has_more }) =
        serde_json::from_slice::<Envelope<Vec<T>>>(body)
    {
        let cursor = cursor(paging, next_page, next_page_token)?;
        return Ok(PageBody { rows, row_errors: Vec::new(), cursor, total: total.0, has_more: has_more.0 });
    }
    let envelope: Envelope<Value> = serde_json::from_slice(body).map_err(|error| fault(body, &error))?;
    let (rows, row_errors) = match envelope.entries {
        Some(Value::Array(entries)) => row_by_row(entries)?,
        Some(other) => return Err(BodyFault::Shape(format!("`entries` is {}, not a list", kind_of(&other)))),
        None => return Err(BodyFault::Shape("`entries` is missing or null".to_owned())),
    };
    let cursor = cursor(paging, envelope.next_page, envelope.next_page_token)?;
    Ok(PageBody { rows, row_errors, cursor, total: envelope.total.0, has_more: envelope.has_more.0 })
}

fn cursor(paging: Paging, page: Cursor, token: Cursor) -> Result<Option<String>, BodyFault> {
    let (ours, (other, name)) = match paging {
        Paging::PageToken => (token.0, (page.0, "nextPage")),
        _ => (page.0, (token.0, "nextPageToken")),
    };
    match (ours, other) {
        // Taking this for the last page would lose the rest without a word.
        (None, Some(_)) => Err(BodyFault::Shape(format!(
            "the next page is named by `{name}`, which is not how this endpoint pages"
        ))),
        (ours, _) => Ok(ours),
    }
}

/// Tells rows from error objects. A page without a single row or error object is a fault of the whole page.
fn row_by_row<T: Row>(entries: Vec<Value>) -> Result<(Vec<T>, Vec<ApiErrorRow>), BodyFault> {
    let (mut rows, mut errors, mut misfits) = (Vec::with_capacity(entries.len()), Vec::new(), 0);
    let mut why = String::new();
    for entry in entries {
        let error = match T::deserialize(&entry) {
            Ok(row) => {
                rows.push(row);
                continue;
            }
            Err(error) => for_log(&without_values(&error)),
        };
        errors.push(match error_object(&entry) {
            Some(error) => error,
            None if entry.is_null() => row_error("null", "the row is null"),
            None => {
                misfits += 1;
                why.clone_from(&error);
                row_error("shape", &error)
            }
        });
    }
    if rows.is_empty() && misfits > 0 && misfits == errors.len() {
        return Err(BodyFault::Shape(format!("no row can be read: {why}")));
    }
    Ok((rows, errors))
}

fn error_object(entry: &Value) -> Option<ApiErrorRow> {
    let code = match entry.get("code")? {
        Value::String(code) => for_log(code),
        Value::Number(code) => code.to_string(),
        _ => return None,
    };
    let text = |key| entry.get(key).and_then(Value::as_str).map(for_log);
    Some(ApiErrorRow { code, message: text("message").unwrap_or_default(), request_id: text("requestId") })
}

fn row_error(code: &str, message: &str) -> ApiErrorRow {
    ApiErrorRow { code: code.to_owned(), message: message.to_owned(), request_id: None }
}

fn fault(body: &[u8], error: &serde_json::Error) -> BodyFault {
    // A wrong type may be reported before the end was seen: only a body that is JSON throughout has a shape.
    match serde_json::from_slice::<IgnoredAny>(body) {
        Ok(_) => BodyFault::Shape(for_log(&without_values(error))),
        Err(_) => BodyFault::NotJson { bytes: body.len() },
    }
}

fn not_as_expected(body: &[u8], expected: &str) -> BodyFault {
    match serde_json::from_slice::<IgnoredAny>(body) {
        Ok(_) => BodyFault::Shape(format!("expected {expected}")),
        Err(_) => BodyFault::NotJson { bytes: body.len() },
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A cursor: opaque text; `null` and the empty text mean the end, a number is taken as it is written.
#[derive(Default)]
struct Cursor(Option<String>);

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Text(String),
            Number(serde_json::Number),
        }
        Ok(Self(match Option::<Written>::deserialize(input)? {
            Some(Written::Text(text)) if !text.is_empty() => Some(text),
            Some(Written::Number(number)) => Some(number.to_string()),
            _ => None,
        }))
    }
}

/// A value that is only a hint: of the wrong type it is as good as absent.
#[derive(Deserialize)]
#[serde(from = "Option<Hint<T>>", bound(deserialize = "T: Deserialize<'de>"))]
struct Loose<T>(Option<T>);

#[derive(Deserialize)]
#[serde(untagged)]
enum Hint<T> {
    Known(T),
    Foreign(IgnoredAny),
}

impl<T> From<Option<Hint<T>>> for Loose<T> {
    fn from(hint: Option<Hint<T>>) -> Self {
        Self(match hint {
            Some(Hint::Known(value)) => Some(value),
            _ => None,
        })
    }
}

impl<T> Default for Loose<T> {
    fn default() -> Self {
        Self(None)
    }
}
