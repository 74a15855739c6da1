//! The main job, through the real binary, against a simulated organisation.

mod attached;
mod check;
mod combinations;
mod context;
mod demo;
mod dialects;
mod doubt;
mod everything;
mod fallback;
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
mod resumed_parts;
mod resumed_permissions;
mod same;
mod shapes;
#[cfg(unix)]
mod signals;
mod switching;
mod throttled;
mod truth;
mod whole;
