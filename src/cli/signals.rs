//! Signals that ask the process to stop.

use crate::crawl::Exit;

/// Waits for SIGINT or SIGTERM; which code the process should exit with.
#[cfg(unix)]
pub async fn next() -> Exit {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => Exit::Terminated,
        _ = tokio::signal::ctrl_c() => Exit::Interrupted,
    }
}

/// Waits for Ctrl-C; which code the process should exit with.
#[cfg(not(unix))]
pub async fn next() -> Exit {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
    Exit::Interrupted
}
