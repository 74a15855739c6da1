//! R14: things that nobody looks after, or only one person can.

use std::collections::HashMap;

use super::shared::{self, join, member_title, object_cells};
use crate::access::{Confidence, Kind, Level, Scratch, Via};
use crate::catalog::delivery::scope;
use crate::catalog::facts::MemberFact;
use crate::report::inputs::Inputs;
use crate::report::row::{Cell, ReportError, Row, Severity, Sink};
use crate::report::table::{Column, Report};

const COLUMNS: [Column; 8] = join(
    shared::OBJECT,
    [
        Column::text("owner_id", "owner id", "Sigma's id of the owner").hidden(),
        Column::text("owner", "owner", "the owner's e-mail address; the id where it is not known"),
        Column::text(
            "reason",
            "why",
            "no_owner, owner_unknown, owner_deactivated, owner_archived_by_scim, or single_editor: others see it and only \
             one person can edit it",
        )
        .key(),
        Column::number("editors_n", "editors", "active members who can edit it, administrators by that alone left aside"),
    ],
);

/// What has no owner, or only one person to look after it.
pub const R14: Report = Report {
    id: "R14",
    name: "ownership",
    question: "What has nobody to look after it, or only one person?",
    columns: &COLUMNS,
    order: "path, name and id of the object",
    findings: true,
    rests_on: &[scope::MEMBERS, scope::FILES, scope::DOCUMENTS, scope::OBJECT_GRANTS],
    needs: &[],
    controls: &["NIST 800-53 AC-2(3)", "PCI DSS 7.2.5.1"],
    rows,
};

fn rows(inputs: &Inputs<'_>, out: &mut dyn Sink) -> Result<(), ReportError> {
    let (facts, access) = (inputs.facts, inputs.access);
    let members: HashMap<&str, &MemberFact> =
        facts.members.iter().map(|member| (member.id.as_str(), member)).collect();
    // What a document says of its owner goes before what its file says.
    let files = facts.files.iter().map(|file| (file.id.as_str(), file.owner_id.as_deref()));
    let documents =
        facts.documents.iter().map(|document| (document.id.as_str(), document.owner_id.as_deref()));
    let owners: HashMap<&str, &str> =
        files.chain(documents).filter_map(|(id, owner)| Some((id, owner?))).collect();
    let mut scratch = Scratch::default();
    for object in 0..access.objects().len() as u32 {
        let what = &access.objects()[object as usize];
        // Sigma says of no workspace who owns it.
        if what.archived || matches!(what.kind, Kind::Workspace | Kind::Other) {
            continue;
        }
        let (mut editors, mut others) = (0_usize, 0_usize);
        access.expand(object, &mut scratch, |_, answer| {
            let Some(best) = answer.best.filter(|best| best.via != Via::Admin) else { return };
            match best.level {
                Level::Edit | Level::Owner => editors += 1,
                Level::Unknown => {}
                _ => others += 1,
            }
        });
        let owner = owners.get(what.id.as_str()).copied();
        let gap = match owner {
            None => Some(("no_owner", Severity::Medium, Confidence::Exact)),
            Some(id) => match members.get(id) {
                None => Some(("owner_unknown", Severity::Medium, inputs.absence(&[scope::MEMBERS]))),
                Some(member) if member.is_archived => {
                    Some(("owner_deactivated", Severity::Medium, Confidence::Exact))
                }
                Some(member) if member.is_inactive => {
                    Some(("owner_archived_by_scim", Severity::Medium, Confidence::Exact))
                }
                Some(_) if editors == 1 && others > 0 => {
                    let doubtful = access.is_doubtful(object);
                    let sure = if doubtful { Confidence::Unknown } else { Confidence::Exact };
                    Some(("single_editor", Severity::Info, sure))
                }
                Some(_) => None,
            },
        };
        let Some((reason, severity, confidence)) = gap else { continue };
        // The reason may be sure while the number is not.
        let doubtful = confidence == Confidence::Exact && access.is_doubtful(object);
        let confidence = if doubtful { Confidence::LowerBound } else { confidence };
        let mut cells: Vec<Cell<'_>> = object_cells(access, object).into();
        cells.extend([
            owner.into(),
            owner.map(|id| member_title(access, id)).into(),
            reason.into(),
            editors.into(),
        ]);
        out.row(Row::finding(severity, confidence, cells))?;
    }
    Ok(())
}
