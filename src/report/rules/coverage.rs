//! R18: where the answers are not the whole truth, and why.

use super::shared::{self, join, object_cells};
use crate::access::{Access, Confidence, Scratch};
use crate::catalog::delivery::scope;
use crate::report::inputs::Inputs;
use crate::report::row::{Cell, ReportError, Row, Sink};
use crate::report::table::{Column, Report};
use crate::store::Gap;

const COLUMNS: [Column; 11] = join(
    shared::OBJECT,
    [
        Column::number(
            "unread_levels",
            "levels",
            "how many of the object and the containers above it are not known",
        ),
        Column::text("example_at", "at id", "id of the nearest of them").hidden(),
        Column::text("example", "at", "path and name of the nearest of them"),
        Column::text("endpoint", "scope", "the scope that was not read to its end there"),
        Column::number("http_status", "status", "what Sigma answered, if it answered"),
        Column::text(
            "why",
            "why",
            "how the scope ended (denied, failed, ...); excluded: left out by a setting, and in no answer; not_administrator: the token may not see all; place_unknown: \
             no listing says where the object lies; unread: nothing more is known",
        ),
        Column::number(
            "affected_members",
            "members",
            "members whose answer is not exact because of it; empty: not known",
        ),
    ],
);

/// Where the answer is only a lower bound.
pub const R18: Report = Report {
    id: "R18",
    name: "coverage",
    question: "Where is the answer only a lower bound?",
    columns: &COLUMNS,
    order: "listings, members and teams by name, then objects by path, name and id",
    findings: false,
    rests_on: &[],
    needs: &[],
    controls: &["NIST 800-53 CA-7"],
    rows,
};

/// Listings that are one for the whole organisation.
const LISTINGS: [&str; 4] = [scope::MEMBERS, scope::TEAMS, scope::ACCOUNT_TYPES, scope::WORKSPACES];

fn rows(inputs: &Inputs<'_>, out: &mut dyn Sink) -> Result<(), ReportError> {
    listings(inputs, out)?;
    people(inputs, out)?;
    let access = inputs.access;
    let active = active(access);
    let mut scratch = Scratch::default();
    for object in 0..access.objects().len() as u32 {
        if !inputs.is_in_doubt(object) {
            continue;
        }
        let mut sure = 0;
        access.expand(object, &mut scratch, |_, answer| {
            sure += usize::from(answer.confidence == Confidence::Exact)
        });
        let affected = active - sure;
        let unread: Vec<u32> = access.chain(object).filter(|at| access.is_unread(*at)).collect();
        let (endpoint, gap, why) = match unread.first() {
            Some(at) => reason(inputs, *at),
            None => (scope::OBJECT_GRANTS, None, "not_administrator"),
        };
        let example = unread.first().map(|at| &access.objects()[*at as usize]);
        let mut cells: Vec<Cell<'_>> = object_cells(access, object).into();
        cells.extend([
            unread.len().into(),
            example.map(|object| &object.id).into(),
            example.map(|object| object.full_path()).into(),
            endpoint.into(),
            gap.and_then(|gap| gap.http_status).into(),
            why.into(),
            affected.into(),
        ]);
        out.row(Row::new(Confidence::Exact, cells))?;
    }
    Ok(())
}

fn active(access: &Access) -> usize {
    access.members().iter().filter(|member| member.inactive.is_none()).count()
}

fn gap<'a>(inputs: &Inputs<'a>, scope: &str, parent: &str) -> Option<&'a Gap> {
    inputs.evidence.gaps.get(&(scope.to_owned(), parent.to_owned()))
}

/// What is not known of one object: the scope, how it ended, and why in a word.
fn reason<'a>(inputs: &Inputs<'a>, object: u32) -> (&'static str, Option<&'a Gap>, &'a str) {
    let object = &inputs.access.objects()[object as usize];
    let kind = object.kind.name();
    for (scope, parent) in
        [(scope::OBJECT_GRANTS, object.id.as_str()), (scope::FILES, kind), (scope::DOCUMENTS, kind)]
    {
        if let Some(gap) = gap(inputs, scope, parent) {
            return (scope, Some(gap), &gap.outcome);
        }
    }
    let readings = &inputs.facts.readings;
    let by_principal = readings.knows(scope::MEMBER_GRANTS) || readings.knows(scope::TEAM_GRANTS);
    if !by_principal && !readings.is_read(scope::OBJECT_GRANTS, &object.id) {
        return (scope::OBJECT_GRANTS, None, "unread");
    }
    (scope::FILES, None, "place_unknown")
}

/// A row about something that is no object.
fn row<'a>(
    id: &'a str,
    kind: &'static str,
    title: Cell<'a>,
    endpoint: &'a str,
    gap: Option<&'a Gap>,
    affected: Option<usize>,
) -> Row<'a> {
    let cells: [Cell<'a>; COLUMNS.len()] = [
        id.into(),
        kind.into(),
        title,
        Cell::Null,
        Cell::Null,
        Cell::Null,
        Cell::Null,
        endpoint.into(),
        gap.and_then(|gap| gap.http_status).into(),
        gap.map_or("unread", |gap| &gap.outcome).into(),
        affected.into(),
    ];
    Row::new(Confidence::Exact, cells)
}

fn listings(inputs: &Inputs<'_>, out: &mut dyn Sink) -> Result<(), ReportError> {
    for listing in LISTINGS {
        if !inputs.facts.readings.is_read(listing, "") {
            out.row(row(listing, "listing", listing.into(), listing, gap(inputs, listing, ""), None))?;
        }
    }
    let mut by_kind: Vec<_> = inputs
        .evidence
        .gaps
        .iter()
        .filter(|((scope, _), _)| [scope::FILES, scope::DOCUMENTS].contains(&scope.as_str()))
        .collect();
    by_kind.sort_by_key(|(place, _)| *place);
    for ((scope, kind), gap) in by_kind {
        let title = format!("{scope}: {kind}");
        out.row(row(kind, "listing", title.into(), scope, Some(gap), None))?;
    }
    for (why, count) in &inputs.evidence.left_out {
        let words = if *count == 1 { "document is" } else { "documents are" };
        let title = format!("{count} {words} not in the catalog: {why}");
        let excluded = Gap { outcome: "excluded".to_owned(), http_status: None };
        out.row(row(why, "listing", title.into(), scope::DOCUMENTS, Some(&excluded), None))?;
    }
    Ok(())
}

fn people(inputs: &Inputs<'_>, out: &mut dyn Sink) -> Result<(), ReportError> {
    let access = inputs.access;
    for member in access.members().iter().filter(|member| member.is_unread() && member.inactive.is_none()) {
        let gap = gap(inputs, scope::MEMBER_GRANTS, &member.id);
        let scope = if gap.is_some() { scope::MEMBER_GRANTS } else { scope::TEAM_GRANTS };
        out.row(row(&member.id, "member", member.title().into(), scope, gap, Some(1)))?;
    }
    for team in access.teams().iter().filter(|team| team.is_unread() && !team.archived) {
        let gap = gap(inputs, scope::TEAM_MEMBERS, &team.id);
        out.row(row(&team.id, "team", team.title().into(), scope::TEAM_MEMBERS, gap, Some(active(access))))?;
    }
    Ok(())
}
