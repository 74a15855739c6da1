//! Which calls, in which order, by how many workers; wire rows to records.
//!
//! One run, from the top:
//! 1. [`Token`]: who asks, and whether as an administrator.
//! 2. The store opens, a run begins, its writer thread waits at a bounded channel.
//! 3. Workers take tasks from one [`queue`]: listings of the organisation ([`organisation`]) add a task for each document
//!    they find ([`contents`]), so that documents are read while the listing still goes on.
//! 4. When all listings are over, grants are asked by object or by principal, whichever is cheaper.
//! 5. The queue ends, the writer publishes, or undoes the run.
//!
//! What is asked at all is one table: [`graph`].

mod check;
mod column_lineage;
mod contents;
pub mod error;
pub mod exit;
pub mod graph;
mod lineage;
mod organisation;
mod queue;
mod rows;
mod run;
mod token;
mod verify;
mod worker;

pub use check::{Answer, Probe, probe};
pub use error::CrawlError;
pub use exit::Exit;
pub use run::{Extract, Failure, Patience, Progress, Report, Snapshot, Stop, client_of, extract};
pub use token::{Token, describe_owner};
pub use verify::{Disagreement, Verdict, Verification, Verify, choose, verify};

pub use crate::catalog::delivery::Severity;
pub use crate::sigma::SigmaClient as Client;
