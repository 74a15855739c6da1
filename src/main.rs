//! The `sigma-catalog` command.
fn main() {}
