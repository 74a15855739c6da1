//! Which calls, in which order, by how many workers; wire rows to records.
//!
//! One run, from the top:
//! 1. [`Token`]: who asks, and whether as an administrator.
//! 2. [`audience`]: whose view decides, from the settings, the CSV files and the list of members.
//! 3. The store opens, a run begins, its writer thread waits at a bounded channel.
//! 4. Workers take tasks from one [`queue`]: listings of the organisation ([`organisation`]) add a task for each document
//!    they find ([`contents`]), so that documents are read while the listing still goes on.
//!    Account types, user attributes, connections, datasets and the warehouse tables that documents name get tasks of their
//!    own, one for each scope of each object ([`objects`]).
//! 5. When all listings are over, documents that did not change are carried ([`carry`]), and grants are asked by object or by principal, whichever is cheaper.
//! 6. The queue ends, what is mirrored is drawn from what was read ([`mirror`]), the writer publishes, or undoes the run.
//!
//! What is asked at all is one table: [`graph`].

mod answers;
mod attached;
mod attached_rows;
pub mod audience;
mod breakdown;
mod by_element;
mod carry;
mod census;
mod check;
mod column_lineage;
mod contents;
mod effect;
pub mod error;
pub mod exit;
mod filter;
pub mod graph;
mod left_out;
mod lineage;
mod mirror;
mod no_page;
mod object_rows;
mod objects;
mod organisation;
mod permissions;
mod plan;
mod preview;
mod progress;
mod queue;
mod remarks;
mod resume;
mod rows;
mod run;
mod stop;
mod token;
mod verify;
mod view;
mod worker;

pub use audience::AudienceError;
pub use check::{Answer, Probe, probe, token_levels};
pub use error::{CrawlError, UnknownFilter};
pub use exit::Exit;
pub use left_out::LeftOutCount;
pub use plan::{Plan, PlannedGrants, PlannedStep, plan};
pub use progress::{Progress, Snapshot};
pub use run::{DocumentCounts, Extract, Failure, Patience, Report, client_of, extract};
pub use stop::Stop;
pub use token::{Token, describe_owner};
pub use verify::{Disagreement, Verdict, Verification, Verify, choose, verify};

pub use crate::catalog::delivery::Severity;
pub use crate::sigma::SigmaClient as Client;
