//! Signals that ask the process to stop.

use crate::crawl::Exit;

/// Hears every SIGINT and SIGTERM from the moment it is made, however close they come.
#[cfg(unix)]
#[derive(Debug)]
pub struct Signals {
    interrupt: Option<tokio::signal::unix::Signal>,
    terminate: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    /// Begins to listen; without a way to, it hears nothing.
    pub fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self {
            interrupt: signal(SignalKind::interrupt()).ok(),
            terminate: signal(SignalKind::terminate()).ok(),
        }
    }

    /// Waits for the next one; which code the process should exit with.
    pub async fn next(&mut self) -> Exit {
        async fn heard(signal: &mut Option<tokio::signal::unix::Signal>) {
            match signal {
                Some(signal) => drop(signal.recv().await),
                None => std::future::pending().await,
            }
        }
        tokio::select! {
            () = heard(&mut self.terminate) => Exit::Terminated,
            () = heard(&mut self.interrupt) => Exit::Interrupted,
        }
    }
}

/// Hears every Ctrl-C.
#[cfg(not(unix))]
#[derive(Debug)]
pub struct Signals;

#[cfg(not(unix))]
impl Signals {
    /// Begins to listen.
    pub fn listen() -> Self {
        Self
    }

    /// Waits for the next one; which code the process should exit with.
    pub async fn next(&mut self) -> Exit {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Exit::Interrupted
    }
}
