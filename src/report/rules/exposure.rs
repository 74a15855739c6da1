//! R12: what is shown to everybody in the organisation, or to anybody at all.

use std::collections::{HashMap, HashSet};

use super::shared::{self, in_order, join, member_title, object_cells, object_cells_of};
use crate::access::{Confidence, Entry, Level, Principal};
use crate::catalog::delivery::scope;
use crate::catalog::facts::GrantFact;
use crate::report::inputs::{EMBEDS, Inputs};
use crate::report::row::{Cell, ReportError, Row, Severity, Sink};
use crate::report::table::{Column, Report, SIGNED_EMBEDS};

const COLUMNS: [Column; 10] = join(
    shared::OBJECT,
    [
        Column::text(
            "exposure",
            "exposure",
            "public_embed: anybody with the address; org_wide: All Members; secure_embed",
        )
        .key(),
        Column::text("level", "level", "what they may do"),
        Column::text("embed_id", "embed", "Sigma's id of the embed").key().hidden(),
        Column::text("granted_at", "granted on", "path of the object the grant to All Members is on"),
        Column::text("created_by", "by", "who made the grant; Sigma does not say it of embeds").hidden(),
        Column::text("created_at", "since", "when the grant was made, UTC").hidden(),
    ],
);

/// What is exposed.
pub const R12: Report = Report {
    id: "R12",
    name: "exposure",
    question: "What is shown to the whole organisation, or to the whole world?",
    columns: &COLUMNS,
    order: "path and name of the object, its id, exposure, embed",
    findings: true,
    rests_on: &[
        scope::TEAMS,
        scope::WORKSPACES,
        scope::FILES,
        scope::DOCUMENTS,
        scope::OBJECT_GRANTS,
        EMBEDS,
        SIGNED_EMBEDS,
    ],
    needs: &[],
    controls: &["NIST 800-53 AC-22", "NIST 800-53 AC-6(7)"],
    rows,
};

/// By the object it is on; of several on one object the one that Sigma listed first.
fn grants_to_everyone<'a>(inputs: &Inputs<'a>) -> HashMap<&'a str, &'a GrantFact> {
    let teams = inputs.access.teams().iter().filter(|team| team.everyone && !team.archived);
    let everyone: HashSet<&str> = teams.map(|team| team.id.as_str()).collect();
    let mut grants = HashMap::new();
    for grant in inputs.facts.grants.iter().filter(|grant| everyone.contains(grant.team_id.as_str())) {
        grants.entry(grant.object_id.as_str()).or_insert(grant);
    }
    grants
}

fn rows(inputs: &Inputs<'_>, out: &mut dyn Sink) -> Result<(), ReportError> {
    let access = inputs.access;
    let to_everyone = grants_to_everyone(inputs);
    let mut rows = Vec::new();
    let mut entries: Vec<Entry> = Vec::new();
    for object in 0..access.objects().len() as u32 {
        if access.objects()[object as usize].archived {
            continue;
        }
        access.principals(object, &mut entries);
        let everyone = entries.iter().find(|entry| entry.principal == Principal::Everyone);
        let Some(entry) = everyone.filter(|entry| entry.level > Level::Unknown) else { continue };
        let at = &access.objects()[entry.at as usize];
        let grant = to_everyone.get(at.id.as_str());
        // The grant itself is what can be put right; what it hands down follows from it.
        let severity = match (entry.depth, entry.level) {
            (0, Level::Edit) => Severity::High,
            (0, _) => Severity::Medium,
            _ => Severity::Low,
        };
        let doubt = entry.level < Level::Edit && access.is_doubtful(object);
        let confidence = if doubt { Confidence::LowerBound } else { Confidence::Exact };
        let mut cells: Vec<Cell<'_>> = object_cells(access, object).into();
        cells.extend([
            "org_wide".into(),
            entry.level.name().into(),
            Cell::Null,
            at.full_path().into(),
            grant.and_then(|grant| Some(member_title(access, grant.created_by.as_deref()?))).into(),
            grant.and_then(|grant| grant.created_at.as_deref()).into(),
        ]);
        let key =
            (cells[2].text().into_owned(), access.objects()[object as usize].id.clone(), 0, String::new());
        rows.push((key, Row::finding(severity, confidence, cells)));
    }
    for embed in inputs.evidence.embeds.iter().flat_map(|embeds| &embeds.rows) {
        let (exposure, severity, confidence) = match embed.public {
            Some(true) => ("public_embed", Severity::Critical, Confidence::Exact),
            Some(false) => ("secure_embed", Severity::Info, Confidence::Exact),
            None => ("secure_embed", Severity::Medium, Confidence::LowerBound),
        };
        let mut cells: Vec<Cell<'_>> = object_cells_of(access, &embed.document_id).into();
        cells.extend([
            exposure.into(),
            "view".into(),
            (&embed.embed_id).into(),
            Cell::Null,
            Cell::Null,
            Cell::Null,
        ]);
        let rank = if exposure == "public_embed" { 1 } else { 2 };
        let key = (cells[2].text().into_owned(), embed.document_id.clone(), rank, embed.embed_id.clone());
        rows.push((key, Row::finding(severity, confidence, cells)));
    }
    in_order(rows, out)
}
