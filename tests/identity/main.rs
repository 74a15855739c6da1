//! The promises about identities: which addresses are the same, which files are accepted, who is who, and the commands.

mod commands;
#[path = "../extract/context.rs"]
#[expect(dead_code, reason = "shared with the tests of `extract`, which use all of it")]
mod context;
mod emails;
mod files;
mod fuzz;
mod reconcile;
