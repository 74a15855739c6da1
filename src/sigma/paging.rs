//! Three paging dialects, one stream of rows, and the guards that keep a listing honest.
//!
//! A listing either ends by the rules, or its report says why it may be [incomplete](ListingReport::incomplete).
//! Nothing may be concluded from the absence of a row in an incomplete one.

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

use super::body::{self, PageBody};
use super::call::Call;
use super::client::{Effort, SigmaClient};
use super::endpoints::Paging;
use super::error::SigmaError;
use super::model::{ApiErrorRow, Meeting, Row, SeenRows};

/// Pages of one listing.
const MOST_PAGES: u64 = 100_000;
/// Rows of one listing.
const MOST_ROWS: u64 = 10_000_000;
/// Pages in a row that bring no row not seen before.
const MOST_PAGES_WITHOUT_NEWS: u32 = 10;

/// Why a listing may not have shown everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incomplete {
    /// It was not walked to its end: a page failed, or nobody asked for the next one.
    Unfinished,
    /// The server named a page that it had named before.
    RepeatedCursor,
    /// Ten pages in a row brought nothing new.
    EmptyPages,
    /// Fewer rows than the server's own count, also after asking once more.
    TotalNotReached {
        /// The server's count.
        total: u64,
        /// Rows received.
        fetched: u64,
    },
    /// Rows moved from page to page, and again when asked once more: where one comes twice another may have slipped
    /// through.
    Drifting,
    /// Error objects, or things that are no rows, stood where rows belong.
    RowErrors,
    /// 100,000 pages were read.
    PageCap,
    /// Ten million rows were read.
    RowCap,
    /// The last page says that there is more, but not where.
    MoreWithoutCursor,
}

impl Incomplete {
    /// A stable word for it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unfinished => "listing.unfinished",
            Self::RepeatedCursor => "listing.repeated_cursor",
            Self::EmptyPages => "listing.empty_pages",
            Self::TotalNotReached { .. } => "listing.total_not_reached",
            Self::Drifting => "listing.drifting",
            Self::RowErrors => "listing.row_errors",
            Self::PageCap => "listing.page_cap",
            Self::RowCap => "listing.row_cap",
            Self::MoreWithoutCursor => "listing.more_without_cursor",
        }
    }
}

impl fmt::Display for Incomplete {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unfinished => out.write_str("it was not read to its end"),
            Self::RepeatedCursor => out.write_str("the server named the same page twice"),
            Self::EmptyPages => out.write_str("ten pages in a row brought nothing new"),
            Self::TotalNotReached { total, fetched } => {
                write!(out, "the server counts {total} rows and showed {fetched}")
            }
            Self::Drifting => out.write_str("rows moved between pages while they were read"),
            Self::RowErrors => out.write_str("some rows were errors"),
            Self::PageCap => write!(out, "{MOST_PAGES} pages were read"),
            Self::RowCap => write!(out, "{MOST_ROWS} rows were read"),
            Self::MoreWithoutCursor => out.write_str("the server has more rows but does not say where"),
        }
    }
}

/// What a listing came to. Before the end it describes what was read so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListingReport {
    /// Pages read, those of a second walk included.
    pub pages: u64,
    /// Rows returned.
    pub rows: u64,
    /// HTTP calls made, token calls not included.
    pub http_calls: u64,
    /// Calls that repeated an earlier one.
    pub retries: u64,
    /// Rows that were shown before, and were left out.
    pub duplicates: u64,
    /// Rows that were shown before with another content: what they stand for changed while it was read.
    pub changed: u64,
    /// Error objects found in place of rows.
    pub row_errors: Vec<ApiErrorRow>,
    /// Why rows may be missing. `None` only after the end, and only when all guards are content.
    pub incomplete: Option<Incomplete>,
    /// The server's own count of rows, where it gives one.
    pub total: Option<u64>,
}

/// A listing being walked. Made by [`SigmaClient::list`].
pub struct Listing<T> {
    client: SigmaClient,
    call: Call,
    page_size: String,
    most_rows: u64,
    walk: Walk,
    /// Pages of the first walk, once a second one is under way.
    first_walk_pages: Option<u64>,
    seen: SeenRows,
    second: Option<Second>,
    /// Rows that stand for one already returned but, having no id, may be meant twice.
    lookalikes: u64,
    effort: Effort,
    report: ListingReport,
    rows: PhantomData<fn() -> T>,
}

/// One way through the pages, from the first to the last.
#[derive(Default)]
struct Walk {
    state: State,
    cursors: HashSet<String>,
    pages: u64,
    pages_without_news: u32,
    /// The server's count on the last page that had one, and whether it was another one before.
    total: Option<u64>,
    recounted: bool,
}

/// A second way through the pages.
struct Second {
    /// Its rows by themselves.
    seen: SeenRows,
    /// How many of them it showed twice.
    twice: u64,
    /// How many rows the first one had shown.
    known: u64,
}

#[derive(Default)]
enum State {
    #[default]
    First,
    At(String),
    Over,
}

impl<T: Row> Listing<T> {
    pub(crate) fn new(client: SigmaClient, call: Call) -> Self {
        let page_size = call.spec().page_size.to_string();
        let report = ListingReport { incomplete: Some(Incomplete::Unfinished), ..ListingReport::default() };
        Self {
            client,
            call,
            page_size,
            most_rows: MOST_ROWS,
            walk: Walk::default(),
            first_walk_pages: None,
            seen: SeenRows::new(),
            second: None,
            lookalikes: 0,
            effort: Effort::default(),
            report,
            rows: PhantomData,
        }
    }

    /// The next rows that were not seen before, never none of them; `None` at the end. After an error there is
    /// nothing more.
    pub async fn next_page(&mut self) -> Result<Option<Vec<T>>, SigmaError> {
        while !matches!(self.walk.state, State::Over) {
            let page = match self.fetch().await {
                Ok(page) => page,
                Err(error) => {
                    self.walk.state = State::Over;
                    return Err(error);
                }
            };
            let rows = self.take(page);
            if !rows.is_empty() {
                return Ok(Some(rows));
            }
        }
        Ok(None)
    }

    /// What it came to so far.
    pub fn report(&self) -> ListingReport {
        let Effort { http_calls, retries } = self.effort;
        ListingReport { http_calls, retries, ..self.report.clone() }
    }

    /// Reads it to the end.
    pub async fn collect(mut self) -> Result<(Vec<T>, ListingReport), SigmaError> {
        let mut all = Vec::new();
        while let Some(mut rows) = self.next_page().await? {
            all.append(&mut rows);
        }
        Ok((all, self.report()))
    }

    async fn fetch(&mut self) -> Result<PageBody<T>, SigmaError> {
        let spec = self.call.spec();
        let (size_key, cursor_key) = match spec.paging {
            Paging::PageLimit | Paging::PageLimitOrArray => ("limit", "page"),
            Paging::PageToken => ("pageSize", "pageToken"),
            Paging::Bare | Paging::One => ("", ""),
        };
        let mut extra = Vec::with_capacity(2);
        if !size_key.is_empty() && !self.call.has_query(size_key) {
            extra.push((size_key, self.page_size.as_str()));
        }
        if let State::At(cursor) = &self.walk.state {
            extra.push((cursor_key, cursor.as_str()));
        }
        self.client.get(&self.call, &extra, &mut self.effort, |body| body::page(spec, body)).await
    }

    /// Keeps what is new on a page and decides where the walk goes next.
    fn take(&mut self, page: PageBody<T>) -> Vec<T> {
        let PageBody { rows, row_errors, cursor, total, has_more } = page;
        let shown = rows.len();
        let several_pages = cursor.is_some() || self.report.pages > 0;
        let rows = self.only_new(rows, several_pages);
        self.report.pages += 1;
        self.report.rows += rows.len() as u64;
        self.report.total = total.or(self.report.total);
        self.walk.recounted |= self.walk.total.zip(total).is_some_and(|(before, now)| before != now);
        self.walk.total = total.or(self.walk.total);
        self.report.row_errors.extend(self.client.withholding(row_errors));
        self.walk.pages += 1;
        // A second walk mostly shows what is known already: there only a page without any row is suspicious.
        let news = if self.first_walk_pages.is_some() { shown } else { rows.len() };
        self.walk.pages_without_news = if news > 0 { 0 } else { self.walk.pages_without_news + 1 };
        match cursor {
            None if has_more == Some(true) => self.end(Some(Incomplete::MoreWithoutCursor)),
            None => self.end(None),
            Some(cursor) => self.go_on(cursor),
        }
        rows
    }

    fn only_new(&mut self, mut rows: Vec<T>, several_pages: bool) -> Vec<T> {
        let before = rows.len();
        if let Some(Second { seen, twice, .. }) = &mut self.second {
            let is_twice = |met| matches!(met, Meeting::Duplicate | Meeting::Changed);
            seen.turn_page();
            *twice += rows.iter().filter(|row| is_twice(seen.meet(*row, several_pages))).count() as u64;
        }
        let (seen, lookalikes, first) =
            (&mut self.seen, &mut self.lookalikes, self.first_walk_pages.is_none());
        let changed = &mut self.report.changed;
        seen.turn_page();
        rows.retain(|row| {
            let met = seen.meet(row, several_pages);
            *changed += u64::from(met == Meeting::Changed);
            *lookalikes += u64::from(met == Meeting::Lookalike && first);
            met == Meeting::New || (met == Meeting::Twin && first)
        });
        if first {
            let duplicates = (before - rows.len()) as u64;
            self.report.duplicates += duplicates;
            self.client.count_duplicates(duplicates);
        }
        rows
    }

    fn go_on(&mut self, cursor: String) {
        let far_enough = self
            .first_walk_pages
            .map_or(MOST_PAGES, |first| (first * 2 + u64::from(MOST_PAGES_WITHOUT_NEWS)).min(MOST_PAGES));
        if self.walk.pages_without_news >= MOST_PAGES_WITHOUT_NEWS {
            self.end(Some(Incomplete::EmptyPages));
        } else if self.walk.pages >= far_enough {
            self.end(Some(Incomplete::PageCap));
        } else if self.report.rows >= self.most_rows {
            self.end(Some(Incomplete::RowCap));
        } else if !self.walk.cursors.insert(cursor.clone()) {
            self.end(Some(Incomplete::RepeatedCursor));
        } else {
            self.walk.state = State::At(cursor);
        }
    }

    /// A walk is over. A first one that ended by the rules is walked once more where rows may have slipped from one page to
    /// another because somebody added or deleted meanwhile: it ended short of the server's count, or the count changed on
    /// the way; or there is no count, and rows stood on two pages, or the listing is one of the organisation's own. There a
    /// row that slipped would go with all it holds, while what a document holds changes with its version only.
    fn end(&mut self, broken: Option<Incomplete>) {
        let fetched = self.report.rows + self.lookalikes;
        let missing = self.report.total.filter(|total| *total > fetched);
        let by_rules = broken.is_none() && self.report.row_errors.is_empty();
        let uncounted = self.report.total.is_none();
        let slipped = uncounted && self.report.duplicates > self.lookalikes;
        let recounted = self.walk.recounted;
        let uncounted_organisation = uncounted && !self.call.spec().path.contains('{');
        let unsure = uncounted_organisation && self.walk.pages > 1;
        if (missing.is_some() || slipped || recounted || unsure) && by_rules && self.second.is_none() {
            self.first_walk_pages = Some(self.walk.pages);
            self.second = Some(Second { seen: SeenRows::new(), twice: 0, known: self.report.rows });
            self.walk = Walk::default();
            return;
        }
        self.walk.state = State::Over;
        let errors = (!self.report.row_errors.is_empty()).then_some(Incomplete::RowErrors);
        let short = missing.map(|total| Incomplete::TotalNotReached { total, fetched });
        let again = self.second.as_ref().is_some_and(|second| {
            let found_more = uncounted_organisation && self.report.rows > second.known;
            recounted || found_more || (slipped && second.twice > 0)
        });
        let drifting = again.then_some(Incomplete::Drifting);
        self.report.incomplete = broken.or(errors).or(short).or(drifting);
        self.remark();
    }

    /// Tells what no row is missing for, but what somebody who wonders about the catalog should know.
    fn remark(&self) {
        let ListingReport { changed, total, rows, .. } = &self.report;
        if *changed > 0 {
            let said =
                format!("{changed} of the rows changed while they were listed; what was shown first is kept");
            self.client.remark("listing.page_drift", self.call.to_string(), said);
        }
        if let Some(total) = total.filter(|total| total < rows) {
            let said = format!("the server counts {total} rows and showed {rows}; all of them are kept");
            self.client.remark("listing.total_exceeded", self.call.to_string(), said);
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;
    use tokio_util::sync::CancellationToken;

    use super::super::model::Page;
    use super::super::{ClientOptions, Endpoint};
    use super::*;

    fn listing() -> Listing<Page> {
        let url = "https://api.sigmacomputing.com".parse().expect("a URL");
        let options = ClientOptions::new(url, "id", SecretString::from("secret"));
        let client = SigmaClient::new(options, CancellationToken::new()).expect("a client");
        client.list(Endpoint::WorkbookPages.call())
    }

    /// Takes pages of as many new rows each, until the listing wants no more; how many pages it took.
    fn take_all(listing: &mut Listing<Page>, rows: u64) -> u64 {
        let mut pages = 0;
        while !matches!(listing.walk.state, State::Over) {
            let ids: Vec<_> = (0..rows).map(|row| format!(r#"{{"pageId":"p{pages}-{row}"}}"#)).collect();
            let body = format!(r#"{{"entries":[{}],"nextPage":"{pages}"}}"#, ids.join(","));
            let page = body::page(Endpoint::WorkbookPages.spec(), body.as_bytes()).expect("a page");
            assert_eq!(listing.take(page).len() as u64, rows);
            pages += 1;
        }
        pages
    }

    #[test]
    fn a_listing_that_always_brings_something_new_ends_at_the_cap() {
        let mut listing = listing();
        assert_eq!(take_all(&mut listing, 1), MOST_PAGES);
        assert_eq!(listing.report().incomplete, Some(Incomplete::PageCap));
    }

    #[test]
    fn a_listing_that_brings_too_many_rows_ends_at_the_cap() {
        assert_eq!(listing().most_rows, 10_000_000);
        let mut listing = Listing { most_rows: 100, ..listing() };
        assert_eq!(take_all(&mut listing, 7), 15);
        assert_eq!((listing.report().incomplete, listing.report().rows), (Some(Incomplete::RowCap), 105));
    }
}
