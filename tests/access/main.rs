//! Effective access: the rules against a hand case and an oracle, the commands through the real binary.

mod binary;
mod context;
mod facts;
mod golden;
mod oracle;
mod random;
mod rules;
mod text;
