//! `access object`: who sees an object.

use std::collections::BTreeMap;

use serde::Serialize;

use super::words::{counted, how, level};
use super::{Format, Loaded, SCHEMA_VERSION};
use crate::access::{Access, Answer, Entry, Holding, Level, Principal, Scratch, Via};
use crate::cli::error::CliError;
use crate::cli::output::Printer;

#[derive(Serialize)]
struct ObjectReport<'a> {
    schema_version: u32,
    run_id: i64,
    object: Described<'a>,
    summary: Summary,
    principals: Vec<PrincipalRow<'a>>,
    members: Vec<Holding<'a>>,
}

#[derive(Serialize)]
struct Described<'a> {
    id: &'a str,
    kind: &'static str,
    name: Option<&'a str>,
    path: &'a str,
    archived: bool,
    owner: Option<&'a str>,
}

#[derive(Serialize)]
struct Summary {
    members: usize,
    teams: usize,
    by_level: BTreeMap<&'static str, usize>,
    everyone: bool,
    /// Whether someone not listed may have access all the same.
    complete: bool,
}

/// Whom grants name, teams not resolved.
#[derive(Serialize)]
struct PrincipalRow<'a> {
    principal: &'static str,
    id: Option<&'a str>,
    name: &'a str,
    level: &'static str,
    granted_at_object: &'a str,
    depth: u32,
}

pub fn run(
    loaded: &Loaded,
    text: &str,
    format: Format,
    expand: bool,
    printer: &Printer,
) -> Result<(), CliError> {
    let access = &loaded.access;
    let object = access.find_object(text)?;
    let mut answers: Vec<(u32, Answer)> = Vec::new();
    access.expand(object, &mut Scratch::default(), |member, answer| answers.push((member, answer)));
    let mut entries: Vec<Entry> = Vec::new();
    access.principals(object, &mut entries);
    // The most powerful first; members stay in their order otherwise.
    answers.sort_by_key(|(_, answer)| std::cmp::Reverse(answer.level()));
    let summary = summary(access, object, &answers, &entries);
    let what = &access.objects()[object as usize];
    let owner = access.owner(object).map(|owner| access.members()[owner as usize].title());
    if format == Format::Json {
        return printer.json(&ObjectReport {
            schema_version: SCHEMA_VERSION,
            run_id: loaded.run.run_id,
            object: Described {
                id: &what.id,
                kind: what.kind.name(),
                name: what.name.as_deref(),
                path: &what.path,
                archived: what.archived,
                owner,
            },
            summary,
            principals: entries.iter().map(|entry| principal_row(access, entry)).collect(),
            members: answers
                .iter()
                .filter_map(|(member, answer)| access.holding(*member, object, answer))
                .collect(),
        });
    }
    printer.line(format_args!("{} ({})", what.full_path(), what.kind.words()))?;
    if what.archived {
        return printer.line("It is in the trash: nobody sees it through a grant.");
    }
    if let Some(owner) = owner {
        printer.line(format_args!("owned by {owner}"))?;
    }
    printer.line(format_args!("{} may see it", counted(summary.members, "member")))?;
    if !summary.complete {
        printer.line("Some grants that reach it could not be read: others may see it too.")?;
    }
    printer.line("")?;
    printer.table(&["level", "member", "account type", "how"], &rows(access, object, &answers, expand), &[])
}

fn summary(access: &Access, object: u32, answers: &[(u32, Answer)], entries: &[Entry]) -> Summary {
    let mut by_level = BTreeMap::new();
    for level in answers.iter().filter_map(|(_, answer)| answer.level()) {
        *by_level.entry(level.name()).or_insert(0) += 1;
    }
    let real = |entry: &&Entry| entry.level > Level::Unknown;
    let archived = access.objects()[object as usize].archived;
    let entries = || entries.iter().filter(real).filter(|_| !archived);
    Summary {
        members: by_level.values().sum(),
        teams: entries().filter(|entry| matches!(entry.principal, Principal::Team(_))).count(),
        by_level,
        everyone: entries().any(|entry| entry.principal == Principal::Everyone),
        complete: archived || !access.is_doubtful(object),
    }
}

fn principal_row<'a>(access: &'a Access, entry: &Entry) -> PrincipalRow<'a> {
    let (principal, id, name) = match entry.principal {
        Principal::Member(member) => {
            let member = &access.members()[member as usize];
            ("member", Some(member.id.as_str()), member.title())
        }
        Principal::Team(team) => {
            let team = &access.teams()[team as usize];
            ("team", Some(team.id.as_str()), team.title())
        }
        Principal::Everyone => ("everyone", None, "All Members"),
    };
    PrincipalRow {
        principal,
        id,
        name,
        level: entry.level.name(),
        granted_at_object: &access.objects()[entry.at as usize].id,
        depth: entry.depth,
    }
}

/// The table for people. Those who have nothing better than what "All Members" has are one row, unless asked for.
fn rows(access: &Access, object: u32, answers: &[(u32, Answer)], expand: bool) -> Vec<Vec<String>> {
    let kind = access.objects()[object as usize].kind;
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut everyone: Option<(usize, usize)> = None;
    for (member, answer) in answers {
        let Some(best) = answer.best else { continue };
        let who = &access.members()[*member as usize];
        if best.via == Via::Everyone && !expand {
            match &mut everyone {
                Some((_, count)) => {
                    *count += 1;
                    continue;
                }
                None => everyone = Some((rows.len(), 1)),
            }
        }
        let account = who.account_type.clone().unwrap_or_default();
        let user =
            if who.kind.name() == "internal" { account } else { format!("{account} ({})", who.kind.name()) };
        rows.push(vec![
            level(answer, kind).into_owned(),
            who.title().to_owned(),
            user,
            how(access, &best, object),
        ]);
    }
    if let Some((place, count)) = everyone.filter(|(_, count)| *count > 1) {
        rows[place][1] = format!("{} (--expand names them)", counted(count, "more member"));
        rows[place][2].clear();
    }
    rows
}
