//! `access explain`: every path from a member to an object.

use clap::ValueEnum;
use serde::Serialize;

use super::graph::{self, Edge};
use super::words::level;
use super::{Loaded, SCHEMA_VERSION};
use crate::access::{Access, Answer, Confidence, Level, Path, Via};
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
                steps: graph::edges(access, member, object, path),
            })
            .collect(),
    }
}

/// A path that gives nothing wins nothing.
pub fn is_winning(place: usize, path: &Path) -> bool {
    place == 0 && path.level > Level::Unknown
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

/// A path as a sentence.
fn narrative(access: &Access, path: &Path, member: u32, object: u32) -> String {
    let name = access.members()[member as usize].title();
    let (what, at) = (&access.objects()[object as usize], &access.objects()[path.at as usize]);
    let team = path.team.map_or("?", |team| access.teams()[team as usize].title());
    let to = match path.via {
        Via::Owner => return format!("{name} owns it"),
        Via::Admin => return format!("{name} is an administrator, who may see and edit everything"),
        Via::Direct => name.to_owned(),
        Via::Team => format!("team {team}, to which {name} belongs,"),
        Via::Everyone => format!("{team}, which is everybody but guests,"),
    };
    let place = match path.depth {
        0 => format!("on the {} itself", what.kind.words()),
        1 => format!("on {} {}, 1 step up", at.kind.words(), at.title()),
        steps => format!("on {} {}, {steps} steps up", at.kind.words(), at.title()),
    };
    let granted = path.granted.label(at.kind);
    let word = path.word.map_or("", |word| access.word(word));
    let as_what = match path.granted {
        Level::Unknown => format!(", as `{word}`: what that gives is not established"),
        _ if granted == path.level.label(what.kind) => String::new(),
        _ => format!(", as {granted}"),
    };
    format!("granted to {to} {place}{as_what}")
}
