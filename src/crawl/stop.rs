//! Asking a run to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio_util::sync::CancellationToken;

use super::exit::Exit;

/// Asks a run to stop, and remembers why.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    /// Cancelled when the run is to stop.
    pub token: CancellationToken,
    exit: Arc<AtomicI64>,
}

impl Stop {
    /// Asks for it; the run exits with that code.
    pub fn request(&self, exit: Exit) {
        self.exit.store(i64::from(exit.code()), Ordering::SeqCst);
        self.token.cancel();
    }

    /// The code to exit with, once asked.
    pub fn exit(&self) -> Exit {
        if self.exit.load(Ordering::SeqCst) == i64::from(Exit::Terminated.code()) {
            Exit::Terminated
        } else {
            Exit::Interrupted
        }
    }
}
