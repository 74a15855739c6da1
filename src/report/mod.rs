//! Reports on permissions: R01 to R22, what each asks and answers, how surely, and how it is rendered.
//!
//! ```text
//! store -> Facts, Evidence, Ledger ─┐
//! access, identity ─────────────────┴─> Inputs -rules-> Row -make-> common columns, life, filter -render-> text, csv, ...
//! ```
//!
//! * [`table`] — THE table of reports: ids, columns, order, what each rests on.
//! * [`rules`] — one function for each report, which streams rows in the report's order. Rules are pure.
//! * [`finding`] — what makes a finding the same in every run, and where it stands.
//! * [`make()`] — puts the common columns around a row, leaves out what is not wanted, and hands it on.
//! * [`page()`] — one HTML file of everything, to search and to look at.
//! * [`render`] — the formats. Rows are written as they come: memory does not grow with their number.
//!
//! Confidence: a row says how sure it is of itself; a report is as sure as the weakest of its rows and of the listings it
//! rests on, so that an empty report is exact only where everything it rests on was read.

pub mod filter;
pub mod finding;
mod inputs;
mod make;
mod page;
pub mod render;
mod row;
mod rules;
pub mod table;

pub use inputs::{EMBEDS, Identity, Inputs, OWNER_ABOVE, Options, Stamp};
pub use make::{Head, Render, Totals, make, seen};
pub use page::page;
pub use row::{Cell, ReportError, Row, Severity, Sink};
pub use rules::catalog_diff::Shown;
pub use rules::drift::{R15, between as compared};
pub use rules::mirror::R05;
