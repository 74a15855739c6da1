//! The Sigma REST API as a typed client: what is on the wire and how to ask politely.
//!
//! Ask with [`SigmaClient::one`] and [`SigmaClient::list`]; what may be asked is the table in [`Endpoint`]. A
//! request passes, in this order: the circuit of its endpoint, the shared token, the gate (lane, pause, rate), the
//! wire, the parser. A failure is judged by (endpoint, status, code) and asked again only where that can help.
//!
//! Nothing but GET, the POST for a token and the POST that starts an export is ever sent.

mod auth;
mod body;
mod breaker;
mod call;
mod client;
mod clock;
mod endpoints;
mod error;
pub mod ids;
pub mod model;
mod options;
mod pace;
mod paging;
mod retry;
mod stats;
mod text;
mod transport;
mod verdict;

pub use body::{BodyFault, BodySummary};
pub use call::Call;
pub use client::{Download, SigmaClient};
pub use endpoints::{Endpoint, EndpointSpec, Paging, TokenLevel};
pub use error::{CallFailure, ErrorKind, REMEDIES, SigmaError};
pub use model::ApiErrorRow as RowError;
pub use options::{ClientOptions, WORKERS};
pub use paging::{Incomplete, Listing, ListingReport};
pub use retry::RetryPolicy;
pub use stats::{ClientStats, Remark};
