//! The promises of the reports: rules on organisations whose answers are known, and the commands.

mod binary;
#[path = "../access/context.rs"]
mod context;
mod empty;
#[allow(dead_code, reason = "each test binary uses its own part")]
#[path = "../access/facts.rs"]
mod facts;
mod golden;
mod known;
mod life;
mod lifetime;
mod same;
mod world;
