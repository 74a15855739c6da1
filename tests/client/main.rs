//! What the client of Sigma's REST API promises, against small servers that misbehave on purpose.
//! One file per promise; the servers share nothing with the simulator.

mod auth;
mod bodies;
mod certificates;
mod drift;
mod failures;
mod ids;
mod options;
mod pacing;
mod page_faults;
mod requests;
mod retry_after;
mod slipping;
mod statuses;
mod support;
mod tls;
mod transport;
