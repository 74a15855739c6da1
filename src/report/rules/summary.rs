//! R22: everything on one page.

use std::collections::BTreeMap;

use super::drift;
use crate::access::{Confidence, Entry, Kind, Level, Member, Move, Principal, UserKind};
use crate::catalog::delivery::scope;
use crate::report::inputs::Inputs;
use crate::report::row::{ReportError, Row, Severity, Sink};
use crate::report::table::{ACCESS, CATALOG_USERS, Column, Need, REPORTS, Report};

/// How many of the most exposed objects are named.
const TOP: usize = 10;

/// The state of the organisation on one page.
pub const R22: Report = Report {
    id: "R22",
    name: "summary",
    question: "How does the organisation stand, on one page?",
    columns: &[
        Column::text("section", "section", "counts, exposure, identity, findings or change").key(),
        Column::text("item_id", "item id", "what is counted, or the id of the object").key().hidden(),
        Column::text("item", "item", "the same for people"),
        Column::number("value", "number", "how many"),
        Column::text("detail", "detail", "of what, or since when"),
    ],
    order: "section: counts, exposure, identity, findings, change; within it as listed, the most exposed object first",
    findings: false,
    rests_on: ACCESS,
    needs: &[],
    controls: &["NIST 800-53 AC-2"],
    rows,
};

/// Where rows of the page go.
struct Page<'a> {
    out: &'a mut dyn Sink,
}

impl Page<'_> {
    fn line(
        &mut self,
        section: &str,
        (id, item): (&str, &str),
        value: usize,
        detail: &str,
        sure: Confidence,
    ) -> Result<(), ReportError> {
        let detail = Some(detail).filter(|detail| !detail.is_empty());
        self.out.row(Row::new(sure, [section.into(), id.into(), item.into(), value.into(), detail.into()]))
    }
}

fn rows(inputs: &Inputs<'_>, out: &mut dyn Sink) -> Result<(), ReportError> {
    let mut page = Page { out };
    counts(inputs, &mut page)?;
    exposure(inputs, &mut page)?;
    identity(inputs, &mut page)?;
    findings(inputs, &mut page)?;
    change(inputs, &mut page)
}

/// Numbers of what was found are lower bounds where something was not read.
fn at_least(inputs: &Inputs<'_>, scopes: &[&'static str]) -> Confidence {
    if inputs.unread(scopes).is_empty() { Confidence::Exact } else { Confidence::LowerBound }
}

fn counts(inputs: &Inputs<'_>, page: &mut Page<'_>) -> Result<(), ReportError> {
    let access = inputs.access;
    let members = || access.members().iter().filter(|member| member.kind != UserKind::System);
    let active = members().filter(|member| member.inactive.is_none()).count();
    let off = members().count() - active;
    let off = if off == 0 { String::new() } else { format!("{off} more are deactivated") };
    page.line("counts", ("members", "active members"), active, &off, at_least(inputs, &[scope::MEMBERS]))?;
    let teams = access.teams().iter().filter(|team| !team.archived).count();
    page.line("counts", ("teams", "teams"), teams, "", at_least(inputs, &[scope::TEAMS]))?;
    for (kind, name, scope) in [
        (Kind::Workspace, "workspaces", scope::WORKSPACES),
        (Kind::Folder, "folders", scope::FILES),
        (Kind::Workbook, "workbooks", scope::DOCUMENTS),
        (Kind::Report, "reports", scope::DOCUMENTS),
        (Kind::DataModel, "data models", scope::DOCUMENTS),
        (Kind::Dataset, "datasets", scope::DOCUMENTS),
    ] {
        let count = access.objects().iter().filter(|object| object.kind == kind && !object.archived).count();
        page.line("counts", (kind.name(), name), count, "", at_least(inputs, &[scope]))?;
    }
    let sure = at_least(inputs, &[scope::OBJECT_GRANTS]);
    page.line("counts", ("grants", "grants"), inputs.facts.grants.len(), "", sure)
}

/// What everybody but guests sees, the most that they may do with it first.
fn exposure(inputs: &Inputs<'_>, page: &mut Page<'_>) -> Result<(), ReportError> {
    let access = inputs.access;
    let mut entries: Vec<Entry> = Vec::new();
    let mut open: Vec<(Level, u32)> = Vec::new();
    for object in 0..access.objects().len() as u32 {
        if access.objects()[object as usize].archived {
            continue;
        }
        access.principals(object, &mut entries);
        let everyone = entries.iter().find(|entry| entry.principal == Principal::Everyone);
        open.extend(everyone.filter(|entry| entry.level > Level::Unknown).map(|entry| (entry.level, object)));
    }
    let sure = at_least(inputs, ACCESS);
    page.line("exposure", ("everyone", "objects that everybody but guests sees"), open.len(), "", sure)?;
    // Objects are in the order of their paths, which a stable sort keeps.
    open.sort_by_key(|(level, _)| std::cmp::Reverse(*level));
    let person = |member: &&Member| member.kind != UserKind::System && member.in_everyone();
    let everybody = access.members().iter().filter(person).count();
    for (level, object) in open.iter().take(TOP) {
        let what = &access.objects()[*object as usize];
        let item = format!("{} {}", what.kind.words(), what.full_path());
        let detail = format!("members through All Members: {}", level.label(what.kind));
        page.line("exposure", (&what.id, &item), everybody, &detail, sure)?;
    }
    Ok(())
}

fn identity(inputs: &Inputs<'_>, page: &mut Page<'_>) -> Result<(), ReportError> {
    let sure = at_least(inputs, &[scope::MEMBERS, CATALOG_USERS]);
    let Some(identity) = inputs.identity else {
        let detail = "the catalog's users, or who they are in Sigma, are not known";
        return page.line("identity", ("mapped", "mapped members"), 0, detail, Confidence::Unknown);
    };
    let all = identity.found.members.len();
    for (status, count) in identity.found.member_counts() {
        let share = format!("{} % of {all} members", (count * 100 + all / 2) / all.max(1));
        page.line("identity", (status, &status.replace('_', " ")), count, &share, sure)?;
    }
    Ok(())
}

/// How many findings of each severity all other reports have, suppressed ones included.
fn findings(inputs: &Inputs<'_>, page: &mut Page<'_>) -> Result<(), ReportError> {
    let mut found: BTreeMap<Severity, (usize, Vec<&'static str>)> = BTreeMap::new();
    let mut sure = Confidence::Exact;
    let can = |need: &Need| *need == Need::Identity && inputs.identity.is_some();
    for report in REPORTS.iter().filter(|report| report.findings && report.needs.iter().all(can)) {
        (report.rows)(inputs, &mut |row: Row<'_>| {
            if let Some(severity) = row.severity {
                let (count, reports) = found.entry(severity).or_default();
                *count += 1;
                if reports.last() != Some(&report.id) {
                    reports.push(report.id);
                }
            }
            Ok(())
        })?;
        sure = sure.max(at_least(inputs, report.rests_on));
    }
    for severity in Severity::ALL.into_iter().rev() {
        let (count, reports) = found.remove(&severity).unwrap_or_default();
        let name = severity.name();
        page.line("findings", (name, &format!("{name} findings")), count, &reports.join(" "), sure)?;
    }
    Ok(())
}

fn change(inputs: &Inputs<'_>, page: &mut Page<'_>) -> Result<(), ReportError> {
    let (Some(catalog), Some(between)) = (inputs.catalog, drift::between(inputs)?) else { return Ok(()) };
    let mut counts: BTreeMap<Move, usize> = BTreeMap::new();
    let mut sure = Confidence::Exact;
    if let Some(drift) = drift::States::read(inputs, catalog, &between)?.drift(drift::Side::Sigma) {
        drift.each(|change| -> Result<(), ReportError> {
            *counts.entry(change.how).or_default() += 1;
            sure = sure.max(change.confidence);
            Ok(())
        })?;
    }
    let since = format!("since run {}", between.from);
    for how in [Move::Gained, Move::Lost, Move::Raised, Move::Lowered] {
        let count = counts.get(&how).copied().unwrap_or(0);
        page.line("change", (how.name(), &format!("access {}", how.name())), count, &since, sure)?;
    }
    Ok(())
}
