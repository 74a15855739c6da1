//! The rules of the reports, by what they look at.

pub mod catalog_diff;
pub mod data_access;
pub mod drift;
pub mod effective;
pub mod matrix;
pub mod orphaned;
pub mod shared;
pub mod summary;
