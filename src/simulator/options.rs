//! What kind of organisation to simulate, and how badly it behaves.
use std::time::Duration;

use super::faults::FaultRule;

/// The size and the manners of a simulated organisation.
///
/// Start from a preset and change what matters: `Options { seed: 7, ..Options::small() }`.
#[derive(Debug, Clone)]
pub struct Options {
    /// The organisation is a pure function of this seed and the sizes below.
    pub seed: u64,
    /// Number of workspaces.
    pub workspaces: usize,
    /// Number of workbooks, before the awkward ones are added.
    pub workbooks: usize,
    /// Pages per workbook.
    pub pages: usize,
    /// Elements per page.
    pub elements: usize,
    /// Columns per data element (an average when `awkward`, exact otherwise).
    pub columns: usize,
    /// Number of members, before the awkward ones are added; never fewer than the three that own credentials.
    pub members: usize,
    /// Number of teams besides "All Members", before the awkward ones are added.
    pub teams: usize,
    /// Number of data models, before the awkward ones are added.
    pub data_models: usize,
    /// Loopback port to listen on; 0 takes any free one.
    pub port: u16,
    /// From each request to its answer, on average at least.
    pub latency: Duration,
    /// Answer 429 to requests beyond this rate (token calls have their own limit).
    pub requests_per_second: Option<u32>,
    /// Send `Retry-After` with those 429 answers.
    pub retry_after: bool,
    /// Send those 429 answers as a Cloudflare page instead of Sigma's JSON.
    pub html_429: bool,
    /// Add the odd cases a real organisation has. Without it there are exactly as many documents, pages, elements
    /// and columns as asked for, all of them ordinary: what a benchmark wants.
    pub awkward: bool,
    /// The most rows on a page, whatever limit is asked for.
    pub page_rows: Option<usize>,
    /// Faults to inject; see [`FaultRule`].
    pub faults: Vec<FaultRule>,
    /// Break and change things as this seed decides; see [`Simulator::set_chaos`](super::Simulator::set_chaos).
    pub chaos: Option<u64>,
    /// Answer a bare array on the five old lists when `limit` is omitted, as Sigma did until June 2026.
    pub legacy_unpaginated: bool,
    /// How long an access token is accepted.
    pub token_lifetime: Duration,
    /// Refuse a second token call by the same client within a second, as Sigma does.
    pub enforce_token_rate: bool,
    /// How often an export answers "still running" before it can be downloaded.
    pub export_polls: u32,
}

impl Options {
    /// Seconds to start and seconds to read in full: 4 workspaces, 12 workbooks, 20 members.
    pub fn small() -> Self {
        Self {
            seed: 1,
            workspaces: 4,
            workbooks: 12,
            pages: 2,
            elements: 4,
            columns: 6,
            members: 20,
            teams: 5,
            data_models: 3,
            port: 0,
            latency: Duration::ZERO,
            requests_per_second: None,
            retry_after: true,
            html_429: false,
            awkward: true,
            page_rows: None,
            faults: Vec::new(),
            chaos: None,
            legacy_unpaginated: false,
            token_lifetime: Duration::from_secs(3600),
            enforce_token_rate: true,
            export_polls: 2,
        }
    }

    /// A department: 10 workspaces, 60 workbooks, 100 members.
    pub fn medium() -> Self {
        Self {
            workspaces: 10,
            workbooks: 60,
            pages: 3,
            elements: 6,
            columns: 8,
            members: 100,
            teams: 12,
            data_models: 10,
            ..Self::small()
        }
    }

    /// A company: 30 workspaces, 500 workbooks, 500 members.
    pub fn large() -> Self {
        Self {
            workspaces: 30,
            workbooks: 500,
            pages: 3,
            elements: 8,
            columns: 12,
            members: 500,
            teams: 40,
            data_models: 50,
            ..Self::small()
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::small()
    }
}
