//! Effective access: the rules against a hand case and an oracle, the commands through the real binary.

mod awkward;
mod binary;
mod context;
mod drift;
mod facts;
mod golden;
mod mutation;
mod narrow;
mod narrow_member;
mod oracle;
mod random;
mod rules;
mod text;
mod what_if;
