//! The main job, through the real binary, against a simulated organisation.

mod attached;
mod check;
mod combinations;
mod context;
mod demo;
mod dialects;
mod everything;
mod faults;
mod filters;
mod incremental;
mod mistakes;
mod modes;
mod objects;
mod plan;
mod previews;
mod requests;
mod rerun;
mod resume;
mod shapes;
#[cfg(unix)]
mod signals;
mod switching;
mod truth;
mod whole;
