//! Effective access: who may do what with which object, by which path, and how surely. Pure.
//!
//! ```text
//! effective(member, object) = max of
//!     a grant to the member, a grant to a team of the member's, a grant to "All Members" (guests never),
//!     the same on every folder and on the workspace above, as far as it means something for the object's kind,
//!     owning the object, being an administrator
//! ```
//!
//! * Additive: the highest wins, nothing denies, nothing flows upwards.
//! * Archived objects, archived teams, deactivated members and members archived by SCIM give or have nothing.
//! * A word whose meaning is not established gives [`Level::Unknown`], which is no access, and is never dropped.
//! * What the account type lets a member use of it is [`Member::usable`], where that is known: see [`ceiling`].
//! * Whatever was not read makes an answer a [lower bound](Confidence::LowerBound), or
//!   [unknown](Confidence::Unknown) where there seems to be no access.
//!
//! Guests have what is granted to them and to their teams. Sigma's help says that guests see only what is shared with
//! their teams; that a grant to the guest itself would give nothing is not said, and Sigma's own answer decides
//! (`access verify`).
//!
//! * [`level`](Level) — levels, kinds, inheritance; [`people`](Member) — members and teams; [`tree`](Object) — objects.
//! * [`tell`](narrative) — paths told, as steps and as sentences.
//! * [`closure`](Access) — the rules; [`answer`](Answer) — what they say; [`find`](Access::find_object) — names to things;
//!   [`drift`](Drift) — what changed between two states, and by what; [`what_if`] — a state that is only thought of.

mod answer;
mod ceiling;
mod closure;
mod drift;
mod find;
mod holding;
mod level;
mod people;
mod tell;
mod tree;
mod what_if;

pub use answer::{Answer, Confidence, Path, Via};
pub use ceiling::ceiling;
pub use closure::{Access, Asker, Entry, Principal, Scratch};
pub use drift::{Atom, Cause, Change, Drift, Held, Move, Users};
pub use find::{NotFound, Thing, words_for};
pub use holding::Holding;
pub use level::{Kind, Level};
pub use people::{Member, Team, UserKind};
pub use tell::{Edge, edges, is_winning, narrative};
pub use tree::Object;
pub use what_if::{Impossible, Planned, what_if};
