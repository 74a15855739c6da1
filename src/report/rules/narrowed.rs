//! R02 and R03: who sees one object, and what one member sees. R01 for one thing, with counts.

use std::collections::BTreeMap;

use super::effective::{self, COLUMNS, WIDTH};
use super::external::Domains;
use super::shared::{is_public, join};
use crate::access::{Answer, Confidence, Entry, Level, Principal, Scratch};
use crate::report::inputs::Inputs;
use crate::report::row::{Cell, ReportError, Row, Sink};
use crate::report::table::{ACCESS, Column, Need, Report};

const KIND_OF_ROW: [Column; 1] =
    [Column::text("row", "row", "`access`, or `summary` for the row that counts the others").key().hidden()];

const OF_OBJECT: [Column; 9] = [
    Column::text("about", "object", "summary: path and name of the object").hidden(),
    Column::number("n_members", "members", "summary: members with access").hidden(),
    Column::number("n_teams", "teams", "summary: teams with access").hidden(),
    Column::text("n_by_level", "by level", "summary: members by level").hidden(),
    Column::flag("everyone", "everyone", "summary: whether All Members has access").hidden(),
    Column::flag("public", "public", "summary: whether a public embed shows it; empty: embeds were not read")
        .hidden(),
    Column::number("external_n", "external", "summary: members with access who are external, as in R13")
        .hidden(),
    Column::number("unmapped_n", "unmapped", "summary: members with access who are no catalog user").hidden(),
    Column::number(
        "unknown_n",
        "not known",
        "summary: members of whom it is not known whether they have access",
    )
    .hidden(),
];

const R02_WIDTH: usize = 1 + WIDTH + OF_OBJECT.len();

/// Who sees one object.
pub const R02: Report = Report {
    id: "R02",
    name: "object-access",
    question: "Who can access this object?",
    columns: &join::<{ 1 + WIDTH }, { OF_OBJECT.len() }, R02_WIDTH>(join(KIND_OF_ROW, COLUMNS), OF_OBJECT),
    order: "the summary, then e-mail address and id of the member",
    findings: false,
    rests_on: ACCESS,
    needs: &[Need::Object],
    controls: &["NIST 800-53 AC-2", "NIST 800-53 AC-6(7)", "PCI DSS 7.2.4"],
    rows: of_object,
};

fn of_object(inputs: &Inputs<'_>, out: &mut dyn Sink) -> Result<(), ReportError> {
    let Some(object) = inputs.object()? else { return Ok(()) };
    let access = inputs.access;
    let mut answers: Vec<(u32, Answer)> = Vec::new();
    access.expand(object, &mut Scratch::default(), |member, answer| answers.push((member, answer)));
    let has_access = || answers.iter().filter(|(_, answer)| answer.level().is_some());
    let mut entries: Vec<Entry> = Vec::new();
    if !access.objects()[object as usize].archived {
        access.principals(object, &mut entries);
        entries.retain(|entry| entry.level > Level::Unknown);
    }
    let mut by_level: BTreeMap<Level, usize> = BTreeMap::new();
    has_access()
        .filter_map(|(_, answer)| answer.level())
        .for_each(|level| *by_level.entry(level).or_default() += 1);
    let by_level: Vec<String> =
        by_level.iter().rev().map(|(level, count)| format!("{} {count}", level.name())).collect();
    let domains = Domains::new(inputs);
    let external = has_access().filter(|(member, _)| domains.why(*member).is_some()).count();
    let unmapped = inputs.identity.map(|identity| {
        let is_mapped = |member: u32| identity.mapped(&access.members()[member as usize].id).is_some();
        has_access().filter(|(member, _)| !is_mapped(*member)).count()
    });
    let unknown = (0..access.members().len() as u32)
        .filter(|member| {
            let answer = access.answer(&access.asker(*member), object);
            answer.level().is_none() && answer.confidence != Confidence::Exact
        })
        .count();
    let mut cells: Vec<Cell<'_>> = vec![Cell::Null; 1 + WIDTH];
    cells[0] = "summary".into();
    cells[1 + effective::OBJECT_ID] = (&access.objects()[object as usize].id).into();
    cells.extend([
        access.objects()[object as usize].full_path().into(),
        has_access().count().into(),
        entries.iter().filter(|entry| matches!(entry.principal, Principal::Team(_))).count().into(),
        by_level.join(", ").into(),
        entries.iter().any(|entry| entry.principal == Principal::Everyone).into(),
        is_public(inputs, object).into(),
        external.into(),
        unmapped.into(),
        unknown.into(),
    ]);
    let weakest = answers.iter().map(|(_, answer)| answer.confidence).max().unwrap_or(Confidence::Exact);
    let whole =
        if access.is_doubtful(object) || unknown > 0 { Confidence::LowerBound } else { Confidence::Exact };
    out.row(Row::summary(weakest.max(whole).min(Confidence::LowerBound), cells))?;
    for (member, answer) in &answers {
        if let Some(found) = effective::cells(inputs, *member, object, answer) {
            let mut cells: Vec<Cell<'_>> = vec!["access".into()];
            cells.extend(found);
            cells.resize(R02_WIDTH, Cell::Null);
            out.row(Row::new(answer.confidence, cells))?;
        }
    }
    Ok(())
}

const OF_MEMBER: [Column; 3] = [
    Column::text("about", "workspace", "summary: the workspace; `outside workspaces` for what lies in none")
        .key()
        .hidden(),
    Column::number("objects_n", "objects", "summary: objects in it that the member sees").hidden(),
    Column::number(
        "unknown_n",
        "not known",
        "summary: objects in it of which it is not known whether the member does",
    )
    .hidden(),
];

const R03_WIDTH: usize = 1 + WIDTH + OF_MEMBER.len();

/// What one member sees.
pub const R03: Report = Report {
    id: "R03",
    name: "member-access",
    question: "What can this member access?",
    columns: &join::<{ 1 + WIDTH }, { OF_MEMBER.len() }, R03_WIDTH>(join(KIND_OF_ROW, COLUMNS), OF_MEMBER),
    order: "summaries by workspace, then path, name and id of the object",
    findings: false,
    rests_on: ACCESS,
    needs: &[Need::Member],
    controls: &["NIST 800-53 AC-2", "NIST 800-53 AC-6(7)", "PCI DSS 7.2.4"],
    rows: of_member,
};

fn of_member(inputs: &Inputs<'_>, out: &mut dyn Sink) -> Result<(), ReportError> {
    let Some(member) = inputs.member()? else { return Ok(()) };
    let access = inputs.access;
    let asker = access.asker(member);
    let answers: Vec<Answer> =
        (0..access.objects().len() as u32).map(|object| access.answer(&asker, object)).collect();
    let mut workspaces: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (object, answer) in (0..).zip(&answers) {
        let counts =
            workspaces.entry(access.workspace_of(object).unwrap_or("outside workspaces")).or_default();
        counts.0 += usize::from(answer.level().is_some());
        counts.1 += usize::from(answer.level().is_none() && answer.confidence != Confidence::Exact);
    }
    for (name, (objects, unknown)) in workspaces.into_iter().filter(|(_, counts)| *counts != (0, 0)) {
        let mut cells: Vec<Cell<'_>> = vec![Cell::Null; 1 + WIDTH];
        cells[0] = "summary".into();
        cells[1 + effective::MEMBER_ID] = (&access.members()[member as usize].id).into();
        cells[1 + effective::WORKSPACE] = name.into();
        cells.extend([name.into(), objects.into(), unknown.into()]);
        let confidence = if unknown > 0 { Confidence::LowerBound } else { Confidence::Exact };
        out.row(Row::summary(confidence, cells))?;
    }
    for (object, answer) in (0..).zip(&answers) {
        if let Some(found) = effective::cells(inputs, member, object, answer) {
            let mut cells: Vec<Cell<'_>> = vec!["access".into()];
            cells.extend(found);
            cells.resize(R03_WIDTH, Cell::Null);
            out.row(Row::new(answer.confidence, cells))?;
        }
    }
    Ok(())
}
