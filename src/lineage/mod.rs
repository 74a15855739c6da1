//! What columns are computed from, read from formulas and custom SQL. Pure: text and records in, records out.
//!
//! * [`formula`] — Sigma's formula language.
//! * [`sql`] — what the output of custom SQL is computed from.
//! * [`document`] — what is known of a document, as far as the lineage of its columns goes.
//! * [`columns`] — references to edges: which column of which source a formula means.

pub mod columns;
pub mod document;
pub mod formula;
pub mod sql;
