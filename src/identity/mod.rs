//! Which catalog user is which Sigma member: the identity CSV, how addresses are compared, and who is who. Pure.
//!
//! ```text
//! bytes -text-> text -sheet-> rows -mapping, users-> Mapping, CatalogUser
//! members + catalog users + Mapping -reconcile-> one status for each
//! two mappings -changes-> whose view changes
//! ```
//!
//! * [`key`] — what makes two spellings the same address, and what is refused because it cannot be told.
//! * [`sheet`] — the rules of any CSV file we read; every problem of a file is a [`Problem`], all are told at once.
//! * [`users`] — where the catalog's users come from.

mod changes;
pub mod key;
pub mod mapping;
mod problem;
mod reconcile;
pub mod sheet;
mod status;
mod text;
pub mod users;

pub use changes::{Changes, UserChange};
pub use key::{EmailKey, KeyError, UserKey};
pub use mapping::{Mapping, MappingFile, Pair};
pub use problem::{MAX_PROBLEMS, Problem, Problems, Rejected};
pub use reconcile::reconcile;
pub use sheet::{Delimiter, ReadOptions};
pub use status::{Include, LookAlike, Matching, MemberIdentity, Reconciliation, Status, UserIdentity};
pub use text::{Encoding, MAX_BYTES};
pub use users::{CatalogUser, CatalogUsers, CsvUsers, users_named_by};
