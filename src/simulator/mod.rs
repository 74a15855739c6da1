//! A Sigma organisation in memory behind the same HTTP API, with faults.
//!
//! It is an independent reading of Sigma's API reference: it shares no code with the client that is tested against
//! it, so that one misreading cannot hide behind the other. Everything is served from a state model that is generated
//! from a seed ([`Options`]), can be changed between two crawls ([`Mutation`]) and knows what a perfect crawler would
//! have found ([`Simulator::truth`]).
//!
//! Besides the API the server answers, without a token:
//!
//! | path | what |
//! |---|---|
//! | `GET /__truth` | what a perfect crawler would know |
//! | `GET /__access` | effective access of every active member to every file |
//! | `GET /__credentials` | the credentials to ask tokens with |
//! | `GET /__stats`, `POST /__stats/reset` | what was asked, by endpoint and status |
//! | `POST /__mutate` | a [`Mutation`] |
//! | `POST /__faults` | a JSON list of [`FaultRule`] texts that replaces the faults |
//! | `POST /__chaos` | a number: the seed of faults and changes from now on |
//! | `POST /__heal` | ends every fault and all chaos |
//!
//! ```text
//! options -> org (people, places, warehouse, documents, awkward cases) -> content of a document, on demand
//! serve: request -> fault? -> token -> route table -> handler -> one page -> fault? -> answer
//! ```
mod faults;
mod handlers;
mod ids;
mod options;
mod org;
mod serve;

pub use faults::{FaultRule, FaultSyntax, KINDS as FAULT_KINDS, Named as FaultName};
pub use options::Options;
pub use org::{Mutation, MutationError, Organization};
pub use serve::{Credential, Endpoint, Simulator, SimulatorError, endpoints};
