//! What may go wrong around a run and must cost nothing but the run: the disk, the clock, secrets, a part of the answers.
//! Through the real binary.

#[cfg(target_os = "linux")]
mod clock;
#[allow(dead_code, reason = "each test binary uses its own part")]
#[path = "../extract/context.rs"]
mod context;
mod contract;
mod leaks;
#[cfg(unix)]
mod places;
mod records;
#[cfg(unix)]
mod storage;
mod subtree;
mod world;
