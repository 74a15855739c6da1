//! `access member`: what a member sees.

use std::collections::BTreeMap;

use serde::Serialize;

use super::words::{counted, level, tell_how};
use super::{Format, Loaded, SCHEMA_VERSION};
use crate::access::{Access, Answer, Confidence, Holding, Level, Member, UserKind};
use crate::cli::error::CliError;
use crate::cli::output::{Printer, thousands};
use crate::cli::table::Cells;

#[derive(Serialize)]
struct MemberReport<'a> {
    schema_version: u32,
    run_id: i64,
    member: Described<'a>,
    objects: Vec<Holding<'a>>,
    /// Objects of which it is not known whether the member sees them.
    unknown: Vec<&'a str>,
}

#[derive(Serialize)]
struct Described<'a> {
    id: &'a str,
    email: Option<&'a str>,
    name: Option<&'a str>,
    account_type: Option<&'a str>,
    user_kind: &'static str,
    active: bool,
    admin: Option<bool>,
}

pub fn run(loaded: &Loaded, text: &str, format: Format, printer: &Printer) -> Result<(), CliError> {
    let access = &loaded.access;
    let place = access.find_member(text)?;
    let member = &access.members()[place as usize];
    let asker = access.asker(place);
    let (mut seen, mut unknown) = (Vec::new(), Vec::new());
    for object in 0..access.objects().len() as u32 {
        let answer = access.answer(&asker, object);
        if answer.level().is_some() {
            seen.push((object, answer));
        } else if answer.confidence != Confidence::Exact {
            unknown.push(object);
        }
    }
    if format == Format::Json {
        return printer.json(&MemberReport {
            schema_version: SCHEMA_VERSION,
            run_id: loaded.run.run_id,
            member: Described {
                id: &member.id,
                email: member.email.as_deref(),
                name: member.name.as_deref(),
                account_type: member.account_type.as_deref(),
                user_kind: member.kind.name(),
                active: member.inactive.is_none(),
                admin: member.admin,
            },
            objects: seen
                .iter()
                .filter_map(|(object, answer)| access.holding(place, *object, answer))
                .collect(),
            unknown: unknown.iter().map(|object| access.objects()[*object as usize].id.as_str()).collect(),
        });
    }
    printer.line(describe(member))?;
    if let Some(why) = member.inactive {
        return printer.line(format_args!("The member is {why}: it sees nothing."));
    }
    if member.usable(Level::View).is_none() {
        printer
            .line("Levels are as granted; what the account type lets the member use of them is not known.")?;
    }
    printer.line("")?;
    let mut cells = Cells::new(&["level", "kind", "object", "how"]);
    for (object, answer) in &seen {
        let Some(best) = answer.best else { continue };
        let what = &access.objects()[*object as usize];
        cells.add(&level(answer, what.kind));
        cells.add(what.kind.words());
        cells.write(|cell| what.tell_full_path(cell));
        cells.write(|cell| tell_how(access, &best, *object, cell));
    }
    printer.cells(&cells, &[])?;
    printer.line("")?;
    summary(access, &seen, unknown.len(), printer)
}

fn describe(member: &Member) -> String {
    let mut parts = vec![member.title().to_owned()];
    parts.extend(member.name.clone().filter(|name| name != member.title()));
    parts.extend(member.account_type.as_ref().map(|name| format!("account type {name}")));
    if member.kind != UserKind::Internal {
        parts.push(format!("{} user", member.kind.name()));
    }
    match member.admin {
        Some(true) => parts.push("administrator".to_owned()),
        None => parts.push("perhaps an administrator: the account types were not read".to_owned()),
        Some(false) => {}
    }
    parts.join(", ")
}

/// How many objects in each workspace.
fn summary(
    access: &Access,
    seen: &[(u32, Answer)],
    unknown: usize,
    printer: &Printer,
) -> Result<(), CliError> {
    let mut by_workspace: BTreeMap<&str, usize> = BTreeMap::new();
    let workspaces: Vec<&str> =
        seen.iter().map(|(object, _)| access.workspace_of(*object).unwrap_or("outside workspaces")).collect();
    // What lies in the same workspace mostly stands together.
    for same in workspaces.chunk_by(|one, next| one == next) {
        *by_workspace.entry(same[0]).or_default() += same.len();
    }
    let rows: Vec<Vec<String>> = by_workspace
        .iter()
        .map(|(name, count)| vec![(*name).to_owned(), thousands(*count as i128)])
        .collect();
    printer.line(format_args!("{} in all", counted(seen.len(), "object")))?;
    printer.table(&["workspace", "objects"], &rows, &[1])?;
    if unknown > 0 {
        printer.line(format_args!(
            "Of {} it is not known whether the member sees them: some grants could not be read.",
            counted(unknown, "more object")
        ))?;
    }
    Ok(())
}
