//! `access explain`: every path from a member to an object.

use clap::ValueEnum;
use serde::Serialize;

use super::graph;
use super::words::level;
use super::{Loaded, SCHEMA_VERSION};
use crate::access::{Access, Answer, Confidence, Edge, Level, Path, edges, is_winning, narrative};
use crate::cli::error::CliError;
use crate::cli::output::Printer;

/// How to print the paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExplainFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// A graph for Graphviz.
    Dot,
    /// A graph for Mermaid.
    Mermaid,
}

#[derive(Serialize)]
struct ExplainReport<'a> {
    schema_version: u32,
    run_id: i64,
    member_id: &'a str,
    email: Option<&'a str>,
    object_id: &'a str,
    object: String,
    level: Option<&'static str>,
    usable_level: Option<&'static str>,
    confidence: &'static str,
    paths: Vec<PathReport>,
}

#[derive(Serialize)]
struct PathReport {
    winning: bool,
    level: &'static str,
    via: &'static str,
    granted: Option<String>,
    narrative: String,
    steps: Vec<Edge>,
}

pub fn run(
    loaded: &Loaded,
    member: &str,
    object: &str,
    format: ExplainFormat,
    printer: &Printer,
) -> Result<(), CliError> {
    let access = &loaded.access;
    let (member, object) = (access.find_member(member)?, access.find_object(object)?);
    let asker = access.asker(member);
    let (answer, paths) = (access.answer(&asker, object), access.paths(&asker, object));
    match format {
        ExplainFormat::Text => text(access, member, object, &answer, &paths, printer),
        ExplainFormat::Json => printer.json(&report(loaded, member, object, &answer, &paths)),
        ExplainFormat::Dot => printer.line(graph::dot(access, member, object, &paths)),
        ExplainFormat::Mermaid => printer.line(graph::mermaid(access, member, object, &paths)),
    }
}

fn report<'a>(
    loaded: &'a Loaded,
    member: u32,
    object: u32,
    answer: &Answer,
    paths: &[Path],
) -> ExplainReport<'a> {
    let access = &loaded.access;
    let (who, what) = (&access.members()[member as usize], &access.objects()[object as usize]);
    ExplainReport {
        schema_version: SCHEMA_VERSION,
        run_id: loaded.run.run_id,
        member_id: &who.id,
        email: who.email.as_deref(),
        object_id: &what.id,
        object: what.full_path(),
        level: answer.level().map(Level::name),
        usable_level: answer.level().and_then(|level| who.usable(level)).map(Level::name),
        confidence: answer.confidence.name(),
        paths: paths
            .iter()
            .enumerate()
            .map(|(place, path)| PathReport {
                winning: is_winning(place, path),
                level: path.level.name(),
                via: path.via.name(),
                granted: path.word.map(|word| access.word(word).to_owned()),
                narrative: narrative(access, path, member, object),
                steps: edges(access, member, object, path),
            })
            .collect(),
    }
}

fn text(
    access: &Access,
    member: u32,
    object: u32,
    answer: &Answer,
    paths: &[Path],
    printer: &Printer,
) -> Result<(), CliError> {
    let (who, what) = (&access.members()[member as usize], &access.objects()[object as usize]);
    let (name, place) = (who.title(), what.full_path());
    let kind = what.kind.words();
    printer.line(format_args!("{name}: {} on {kind} {place}", level(answer, what.kind)))?;
    if let Some(why) = who.inactive {
        return printer.line(format_args!("The member is {why} and has no access to anything."));
    }
    if what.archived {
        return printer
            .line(format_args!("The {kind} is in the trash: what is granted on it gives nothing."));
    }
    let Some(level) = answer.level() else {
        for path in paths {
            printer.line(format_args!("    {}", narrative(access, path, member, object)))?;
        }
        return printer.line(match (answer.confidence, paths) {
            (Confidence::Exact, _) => {
                "No path: nothing is granted to the member or to a team of the member's, on it or on a container above it."
            }
            (_, []) => "No path is known, but something that could give one was not read.",
            _ => "What is not established counts as no access.",
        });
    };
    match who.usable(level) {
        Some(usable) if usable < level => printer.line(format_args!(
            "The account type {} leaves {} of it.",
            who.account_type.as_deref().unwrap_or("of the member"),
            usable.label(what.kind)
        ))?,
        Some(_) => {}
        None => printer.line(format_args!(
            "That is what is granted; what the account type {} lets the member use of it is not known.",
            who.account_type.as_deref().unwrap_or("of the member"),
        ))?,
    }
    if answer.confidence == Confidence::LowerBound {
        printer.line(
            "It may be more: something that could raise it was not read, or its meaning is not established.",
        )?;
    }
    printer.line("")?;
    for (place, path) in paths.iter().enumerate() {
        let mark = if is_winning(place, path) { '*' } else { ' ' };
        let label = path.level.label(what.kind);
        printer.line(format_args!("  {mark} {label:<15} {}", narrative(access, path, member, object)))?;
    }
    Ok(())
}
