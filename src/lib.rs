//! sigma-catalog: a Sigma Computing organisation, crawled through its REST API into a local SQLite catalog.
//!
//! The rooms, and who may know whom (an import the other way is a defect; `tests/architecture.rs` checks it):
//!
//! ```text
//! cli              -> crawl, access, identity, simulator, store, catalog, config
//! crawl            -> sigma, access, lineage, catalog, store, config
//! store            -> catalog
//! access, identity -> catalog
//! lineage          -> catalog
//! sigma, catalog, config, simulator -> nothing of ours
//! ```
pub mod access;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod crawl;
pub mod identity;
pub mod lineage;
pub mod sigma;
pub mod simulator;
pub mod store;
