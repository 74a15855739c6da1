//! One request on its way through a handler, and what comes out.
use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    State,
    routes::{Paging, Route},
};
use crate::simulator::{
    faults::{self, SHORT_PAGE},
    ids::{Uuid, mix},
    org::{Organization, access::Level},
};

/// A request that has been routed and whose caller is known.
pub struct Call<'a> {
    pub org: &'a Organization,
    pub state: &'a State,
    pub route: &'static Route,
    /// Place of the member that owns the token.
    pub caller: usize,
    pub params: [&'a str; 3],
    pub query: Query<'a>,
    pub path: &'a str,
    pub body: &'a [u8],
    pub request_id: &'a str,
    /// How a listing is cut otherwise than asked.
    pub cut: Option<faults::Paging>,
}

/// The query parameters of a request.
pub struct Query<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Query<'a> {
    pub fn parse(text: &'a str) -> Self {
        Self(url::form_urlencoded::parse(text.as_bytes()).collect())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_ref())
    }

    pub fn all<'q>(&'q self, name: &'q str) -> impl Iterator<Item = &'q str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_ref())
    }

    /// The query but for its cursor.
    pub fn without_cursor(&self) -> String {
        let others = self.0.iter().filter(|(key, _)| !matches!(key.as_ref(), "page" | "pageToken"));
        others.map(|(key, value)| format!("{key}={value}&")).collect()
    }

    /// A boolean parameter; absent means false.
    pub fn flag(&self, name: &str) -> Result<bool, Problem> {
        match self.get(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => {
                Err(Problem::invalid(format!("Expecting boolean at {name} but instead got: {other}")))
            }
        }
    }
}

pub fn hash(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

/// An answer that is not an error.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub content_type: &'static str,
    pub body: Vec<u8>,
}

/// An answer in Sigma's error envelope.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    pub status: u16,
    pub code: &'static str,
    pub message: String,
}

/// What a handler gives.
pub type Reply = Result<Answer, Problem>;

/// The `code` that goes with a status.
pub fn code_of(status: u16) -> &'static str {
    match status {
        400 => "invalid_request",
        401 => "unauthorized",
        402 => "timedout",
        403 => "forbidden",
        404 => "not_found",
        409 => "inode_archived",
        410 => "gone",
        429 => "too_many_requests",
        503 => "unavailable",
        _ => "internal_error",
    }
}

impl Problem {
    pub fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, code: code_of(status), message: message.into() }
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }

    pub fn not_found() -> Self {
        Self::new(404, "No matching record")
    }

    pub fn forbidden() -> Self {
        Self::new(403, "You do not have permission to access this resource")
    }

    pub fn archived() -> Self {
        Self::new(409, "The inode is archived")
    }

    /// The envelope.
    pub fn answer(&self, request_id: &str) -> Answer {
        let body = json!({ "requestId": request_id, "message": self.message, "code": self.code });
        Answer { status: self.status, ..Answer::json(&body) }
    }
}

impl Answer {
    /// Status 200 with a JSON body.
    pub fn json(body: &Value) -> Self {
        Self {
            status: 200,
            content_type: "application/json; charset=utf-8",
            body: body.to_string().into_bytes(),
        }
    }
}

/// A page of a listing to be cut out.
struct Page {
    from: usize,
    to: usize,
    next: Option<String>,
    /// The rows there are, as the answer says.
    total: usize,
}

impl Call<'_> {
    /// A path parameter that is a UUID.
    pub fn uuid(&self, param: usize) -> Result<Uuid, Problem> {
        Uuid::parse(self.params[param]).ok_or_else(Problem::not_found)
    }

    pub fn caller_is_admin(&self) -> bool {
        self.org.is_admin(self.caller)
    }

    /// What the caller may do with an inode.
    pub fn level(&self, inode: usize) -> Option<Level> {
        self.org.levels(self.caller)[inode]
    }

    /// One object.
    pub fn one(&self, body: &Value) -> Reply {
        Ok(Answer::json(body))
    }

    /// The part of a listing that the request asks for, in the dialect of its endpoint.
    pub fn list<'i, T, R: Serialize>(&self, items: &'i [T], row: impl Fn(&'i T) -> R) -> Reply {
        let total = items.len();
        match self.route.paging {
            Paging::Bare => {
                if self.query.get("limit").is_some() {
                    return Err(Problem::invalid("Unexpected query parameter: limit"));
                }
                self.array(items, row)
            }
            Paging::OldArray
                if self.state.options.legacy_unpaginated && self.query.get("limit").is_none() =>
            {
                self.array(items, row)
            }
            Paging::OldEntries
                if self.state.options.legacy_unpaginated && self.query.get("limit").is_none() =>
            {
                self.page(b"{\"entries\":[", items, row, "]}")
            }
            Paging::Token { max } => {
                let cut = self.cut("pageSize", "pageToken", max, total)?;
                let end =
                    cut.next.map_or("]}".to_owned(), |next| format!("],\"nextPageToken\":{}}}", json!(next)));
                self.page(b"{\"entries\":[", &items[cut.from..cut.to], row, &end)
            }
            paging => {
                let cut = self.cut("limit", "page", 1000, total)?;
                let (with_total, with_more) = paging.extras();
                let mut end = format!("],\"nextPage\":{}", json!(cut.next));
                if with_total {
                    end += &format!(",\"total\":{}", cut.total);
                }
                if with_more {
                    end += &format!(",\"hasMore\":{}", cut.next.is_some());
                }
                self.page(b"{\"entries\":[", &items[cut.from..cut.to], row, &(end + "}"))
            }
        }
    }

    fn array<'i, T, R: Serialize>(&self, items: &'i [T], row: impl Fn(&'i T) -> R) -> Reply {
        self.page(b"[", items, row, "]")
    }

    fn page<'i, T, R: Serialize>(
        &self,
        start: &[u8],
        items: &'i [T],
        row: impl Fn(&'i T) -> R,
        end: &str,
    ) -> Reply {
        let mut body = start.to_vec();
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                body.push(b',');
            }
            serde_json::to_writer(&mut body, &row(item))
                .map_err(|error| Problem::new(500, error.to_string()))?;
        }
        body.extend_from_slice(end.as_bytes());
        Ok(Answer { status: 200, content_type: "application/json; charset=utf-8", body })
    }

    fn cut(&self, size_name: &str, cursor_name: &str, max: usize, total: usize) -> Result<Page, Problem> {
        let asked = match self.query.get(size_name) {
            None => 50,
            Some(text) => text.parse().ok().filter(|size| (1..=max).contains(size)).ok_or_else(|| {
                Problem::invalid(format!(
                    "Expecting a number from 1 to {max} at {size_name} but instead got: {text}"
                ))
            })?,
        };
        let asked = asked.min(self.state.options.page_rows.unwrap_or(asked));
        let cursor = self.query.get(cursor_name);
        // What was deleted meanwhile leaves cursors beyond the end.
        let last = total.max(1) + self.org.deletions;
        let from = match cursor {
            None => 0,
            Some(cursor) => self
                .read_cursor(cursor)
                .filter(|from| *from <= last)
                .ok_or_else(|| Problem::invalid(format!("Invalid cursor at {cursor_name}: {cursor}")))?,
        };
        let again = || Some(self.write_cursor(from, 1 + cursor.map_or(0, |cursor| self.zeros(cursor))));
        let (from, size, shift, count) = match self.cut {
            Some(faults::Paging::Short) => (from, asked.min(SHORT_PAGE), 0, total),
            Some(faults::Paging::LimitIgnored) => (from, total, 0, total),
            Some(faults::Paging::Overlapping) if from > 0 => (from - 1, asked.max(2), 0, total),
            Some(faults::Paging::Inserted) if from > 0 => (from, asked, -1, total + 1),
            Some(faults::Paging::Deleted) if from > 0 => (from, asked, 1, total.saturating_sub(1)),
            Some(faults::Paging::Empty) => return Ok(Page { from: 0, to: 0, next: again(), total }),
            Some(faults::Paging::Repeated) => {
                return Ok(Page { from: 0, to: asked.min(total), next: again(), total });
            }
            _ => (from, asked, 0, total),
        };
        let to = (from + size).min(count);
        let place = |offset: usize| offset.saturating_add_signed(shift).min(total);
        Ok(Page {
            from: place(from.min(to)),
            to: place(to),
            next: (to < count).then(|| self.write_cursor(to, 0)),
            total: count,
        })
    }

    /// Offset-like text, except where live clients have seen something opaque: on columns and queries. There it holds
    /// characters that survive only if they are URL-encoded exactly once, and belongs to its listing. Zeros before the
    /// number make another cursor for the same place.
    fn write_cursor(&self, offset: usize, zeros: usize) -> String {
        let zeros = "0".repeat(zeros);
        if !self.route.has_opaque_cursor() {
            return format!("{zeros}{offset}");
        }
        let listing = self.listing();
        format!("{}{zeros}{}=", self.opaque_start(), offset as u64 ^ listing)
    }

    fn opaque_start(&self) -> String {
        format!("c%2B{:x}+/", self.listing())
    }

    /// The number in a cursor, with its zeros.
    fn digits<'c>(&self, cursor: &'c str) -> Option<&'c str> {
        let digits = if self.route.has_opaque_cursor() {
            cursor.strip_prefix(&self.opaque_start())?.strip_suffix('=')?
        } else {
            cursor
        };
        digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)
    }

    fn zeros(&self, cursor: &str) -> usize {
        let digits = self.digits(cursor).unwrap_or_default();
        // The last digit is the number itself, be it zero.
        digits.bytes().take(digits.len().saturating_sub(1)).take_while(|byte| *byte == b'0').count()
    }

    fn read_cursor(&self, cursor: &str) -> Option<usize> {
        let number: u64 = self.digits(cursor)?.parse().ok()?;
        usize::try_from(if self.route.has_opaque_cursor() { number ^ self.listing() } else { number }).ok()
    }

    /// A number that stands for this listing.
    fn listing(&self) -> u64 {
        mix(&[self.org.seed, hash(self.path.bytes())])
    }
}
