//! The rules of the reports, by what they look at.

pub mod effective;
pub mod orphaned;
pub mod shared;
