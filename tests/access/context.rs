//! A simulated organisation, its catalog, and the binary with that catalog in its environment.

use std::ops::Deref;

use sigma_catalog::simulator::Options;

#[allow(dead_code, reason = "each test binary uses its own part")]
#[path = "../extract/context.rs"]
mod shared;

pub use shared::Ran;

/// A simulated organisation and its catalog.
pub struct Context(shared::Context);

impl Deref for Context {
    type Target = shared::Context;

    fn deref(&self) -> &shared::Context {
        &self.0
    }
}

impl Context {
    /// A running simulator and the catalog of its organisation. What lies inside documents does not matter here.
    pub fn extracted(options: Options) -> Self {
        let context = Self(shared::Context::new(Options { pages: 1, elements: 1, columns: 2, ..options }));
        context.extract();
        context
    }

    /// Runs the binary with an administrator's credentials and the catalog in its environment.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.command(arguments);
        command.env("SIGMA_API_URL", self.simulator.url()).env("SIGMACAT_CATALOG_DATABASE", self.database());
        shared::run(&mut command)
    }
}
