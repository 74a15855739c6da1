//! Whether a filter's words can be in a report at all: a slip must not pass for "nobody".

use super::args::FilterArgs;
use crate::access::{Access, Kind};
use crate::cli::error::CliError;

/// What reports call the objects they are about, then the conflicts of R07.
const KINDS: [&str; 13] = [
    "workspace",
    "folder",
    "workbook",
    "data-model",
    "report",
    "dataset",
    "other",
    "dup_email",
    "one-to-many",
    "many-to-one",
    "csv_conflict",
    "confusable",
    "domain_mismatch",
];
const LEVELS: [&str; 6] = ["view", "explore", "organize", "edit", "owner", "unknown"];

/// # Errors
/// If there is no such workspace, kind or level.
pub fn check(arguments: &FilterArgs, access: &Access) -> Result<(), CliError> {
    let mut workspaces: Vec<&str> = access
        .objects()
        .iter()
        .filter(|object| object.kind == Kind::Workspace)
        .filter_map(|object| object.name.as_deref())
        .collect();
    workspaces.sort_unstable();
    for (what, asked, known) in [
        ("workspace", &arguments.workspace, &workspaces[..]),
        ("kind", &arguments.kind, &KINDS),
        ("level", &arguments.level, &LEVELS),
    ] {
        let Some(asked) = asked else { continue };
        if !known.iter().any(|known| known.eq_ignore_ascii_case(asked)) {
            return Err(CliError::Usage {
                problem: format!("there is no {what} `{asked}`"),
                remedy: format!("give one of: {}", known.join(", ")),
            });
        }
    }
    Ok(())
}
