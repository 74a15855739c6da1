//! What people ask of a catalog, through the real binary: search, show, lineage, impact, models.

mod answers;
#[allow(dead_code, reason = "each test binary uses its own part")]
#[path = "../extract/context.rs"]
mod context;
mod truth;
