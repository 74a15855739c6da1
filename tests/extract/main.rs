//! The main job, through the real binary, against a simulated organisation.

mod check;
mod context;
mod demo;
mod filters;
mod mistakes;
mod plan;
mod previews;
mod requests;
mod rerun;
#[cfg(unix)]
mod signals;
mod truth;
