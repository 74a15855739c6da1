//! The `sigma-catalog` command: arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(sigma_catalog::cli::main().code())
}
