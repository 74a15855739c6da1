//! The HTML page: what is in the file, and, in a real browser, what people see and whether its answers are those of
//! `access`.
//!
//! The tests that need Chromium are ignored elsewhere than in `.ci/run`. With `HTML_REPORT_PICTURES=DIR` they leave
//! pictures of what they looked at there.

#[allow(dead_code, reason = "each test binary uses its own part")]
#[path = "../access/awkward.rs"]
mod awkward;
#[allow(dead_code, reason = "each test binary uses its own part")]
#[path = "../access/facts.rs"]
mod facts;
#[allow(dead_code, reason = "each test binary uses its own part")]
#[path = "../access/oracle.rs"]
mod oracle;
#[allow(dead_code, reason = "each test binary uses its own part")]
#[path = "../extract/context.rs"]
mod shared;
#[allow(dead_code, reason = "each test binary uses its own part")]
#[path = "../report/world.rs"]
mod world;

mod answers;
mod browser;
mod file;
mod large;
mod look;
