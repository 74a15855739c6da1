//! What can be broken: one table of the kinds, by name.
use std::time::Duration;

/// What a fault does to an answer. [`KINDS`] names and explains them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum FaultKind {
    /// Sigma's error envelope with this status instead of the answer.
    Status(u16),
    Html429,
    Html200,
    Unauthorized,
    Redirect(Towards),
    Null,
    Malformed,
    NoEntries,
    NullEntries,
    ObjectEntries,
    RowError,
    Total(Lie),
    /// The next page is the one asked for so many pages ago.
    Cycle(usize),
    Paging(Paging),
    Lifetime(Lifetime),
    Wire(Wire),
    Vanish,
    Appear,
}

/// Where a redirect leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Towards {
    SameHost,
    OtherHost,
    Itself,
}

/// What is told instead of a listing's total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Lie {
    TooLow,
    TooHigh,
    Nothing,
    Text,
}

/// How a listing is cut otherwise than asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Paging {
    Short,
    LimitIgnored,
    Empty,
    Repeated,
    Overlapping,
    Inserted,
    Deleted,
}

/// What is wrong with the lifetime of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Lifetime {
    Early,
    Zero,
    Missing,
    Text,
}

/// How the bytes of an answer go wrong on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Wire {
    Reset,
    Truncated,
    WrongLength,
    TruncatedGzip,
    Slow,
    Drip,
}

/// How late a `slow` answer is.
pub const SLOW: Duration = Duration::from_secs(2);
/// Between two bytes of a `drip` answer.
pub const DRIP: Duration = Duration::from_secs(1);
/// Rows on a page of a `short-page` listing.
pub const SHORT_PAGE: usize = 3;
/// Requests that an `expires-early` token is good for.
pub const EARLY: u64 = 10;

/// One kind of fault.
#[derive(Debug, Clone, Copy)]
pub struct Named {
    /// How a rule calls it.
    pub name: &'static str,
    /// What it does.
    pub what: &'static str,
    pub(in crate::simulator) kind: FaultKind,
}

const fn named(name: &'static str, kind: FaultKind, what: &'static str) -> Named {
    Named { name, what, kind }
}

/// Every kind that is not a plain status.
#[rustfmt::skip]
pub const KINDS: &[Named] = &[
    named("html429", FaultKind::Html429, "Cloudflare's page for error 1015, with status 429"),
    named("html200", FaultKind::Html200, "a web page with status 200"),
    named("unauthorized", FaultKind::Unauthorized, "status 401, as if the token had expired"),
    named("redirect", FaultKind::Redirect(Towards::SameHost), "status 307 to another path of the same host"),
    named("redirect-away", FaultKind::Redirect(Towards::OtherHost), "status 307 to another host, or where location=URL says"),
    named("redirect-loop", FaultKind::Redirect(Towards::Itself), "status 307 to the very address that was asked for"),
    named("null", FaultKind::Null, "the JSON text null"),
    named("malformed", FaultKind::Malformed, "half a JSON text, of the declared length"),
    named("no-entries", FaultKind::NoEntries, "the right envelope without its entries"),
    named("null-entries", FaultKind::NullEntries, "the right envelope with null for its entries"),
    named("object-entries", FaultKind::ObjectEntries, "the right envelope with an object for its entries"),
    named("row-error", FaultKind::RowError, "an error object among the rows"),
    named("total-low", FaultKind::Total(Lie::TooLow), "half the total of the listing"),
    named("total-high", FaultKind::Total(Lie::TooHigh), "three more than the total of the listing"),
    named("no-total", FaultKind::Total(Lie::Nothing), "no total, where there is one"),
    named("text-total", FaultKind::Total(Lie::Text), "the total as a string"),
    named("repeat-cursor", FaultKind::Cycle(1), "the next page is the one just asked for"),
    named("cycle-2", FaultKind::Cycle(2), "the next page is the one before: a cycle of two"),
    named("cycle-3", FaultKind::Cycle(3), "the next page is the one before that: a cycle of three"),
    named("repeat-rows", FaultKind::Paging(Paging::Repeated), "the rows of the first page under a cursor that is new each time"),
    named("empty-page", FaultKind::Paging(Paging::Empty), "no rows, and a new cursor for the same place"),
    named("short-page", FaultKind::Paging(Paging::Short), "three rows on a page, whatever the limit"),
    named("limit-ignored", FaultKind::Paging(Paging::LimitIgnored), "all rows that are left, whatever the limit"),
    named("overlap", FaultKind::Paging(Paging::Overlapping), "from the second page on, the last row of the page before once more"),
    named("drift-insert", FaultKind::Paging(Paging::Inserted), "from the second page on, as if a row had been put first meanwhile"),
    named("drift-delete", FaultKind::Paging(Paging::Deleted), "from the second page on, as if the first row had been deleted meanwhile"),
    named("expires-early", FaultKind::Lifetime(Lifetime::Early), "on the token call: a token that is refused after ten requests"),
    named("expires-zero", FaultKind::Lifetime(Lifetime::Zero), "on the token call: expires_in is 0"),
    named("no-expires", FaultKind::Lifetime(Lifetime::Missing), "on the token call: no expires_in"),
    named("text-expires", FaultKind::Lifetime(Lifetime::Text), "on the token call: expires_in as a string"),
    named("reset", FaultKind::Wire(Wire::Reset), "the connection is reset in the middle of the body"),
    named("truncate", FaultKind::Wire(Wire::Truncated), "half the body, and then an orderly end"),
    named("wrong-length", FaultKind::Wire(Wire::WrongLength), "the whole body, with a Content-Length that is a hundred too large"),
    named("truncated-gzip", FaultKind::Wire(Wire::TruncatedGzip), "a gzip body that ends halfway, of the declared length"),
    named("slow", FaultKind::Wire(Wire::Slow), "the right answer, two seconds late"),
    named("drip", FaultKind::Wire(Wire::Drip), "the right answer, one byte a second"),
    named("vanish", FaultKind::Vanish, "the document in the path is deleted, for good, before it is answered for"),
    named("appear", FaultKind::Appear, "a workbook is added, for good, before the request is answered"),
];

impl FaultKind {
    /// How a rule calls it.
    pub fn name(self) -> String {
        match (self, KINDS.iter().find(|known| known.kind == self)) {
            (Self::Status(status), _) => status.to_string(),
            (_, known) => known.map(|known| known.name).unwrap_or_default().to_owned(),
        }
    }
}
