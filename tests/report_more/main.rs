//! Reports that compare and count, each on an organisation of which the answer is known, and on one with none.

mod catalog_diff;
mod data_access;
mod data_access_exact;
mod drift;
#[allow(dead_code, reason = "each test binary uses its own part")]
#[path = "../access/facts.rs"]
mod facts;
mod made;
mod matrix;
#[allow(dead_code, reason = "each test binary uses its own part")]
#[path = "../extract/context.rs"]
mod shared;
mod summary;
