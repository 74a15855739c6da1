//! Faults: what to break ([`kind`]), where and how often ([`rule`]), and what strikes a request ([`plan`]).
mod kind;
mod plan;
mod rule;

pub(super) use kind::{DRIP, EARLY, FaultKind, Lie, Lifetime, Paging, SHORT_PAGE, SLOW, Towards, Wire};
pub use kind::{KINDS, Named};
pub(super) use plan::{FaultPlan, Strike};
pub use rule::{FaultRule, FaultSyntax};
