//! sigma-catalog: a Sigma Computing organisation, crawled through its REST API into a local SQLite catalog.
//!
//! The rooms, and who may know whom (an import the other way is a defect; `tests/architecture.rs` checks it):
//!
//! ```text
//! cli              -> crawl, report, access, identity, simulator, store, catalog, config
//! crawl            -> sigma, access, catalog, store, config
//! report           -> store, access, identity, catalog
//! store            -> catalog
//! access, identity -> catalog
//! sigma, catalog, config, simulator -> nothing of ours
//! ```
pub mod access;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod crawl;
pub mod identity;
pub mod report;
pub mod sigma;
pub mod simulator;
pub mod store;
