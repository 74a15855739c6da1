//! The rules of the reports, by what they look at.

pub mod catalog_diff;
pub mod coverage;
pub mod data_access;
pub mod drift;
pub mod effective;
pub mod explain;
pub mod exposure;
pub mod external;
mod first_seen;
pub mod grants;
pub mod identity;
pub mod matrix;
pub mod mirror;
pub mod narrowed;
pub mod orphaned;
pub mod ownership;
pub mod privileged;
pub mod shared;
pub mod summary;
pub mod verification;
