//! R05: what the catalog should enforce, as the run decided it and `mirror export` hands it out, with names.

use super::shared::object_cells;
use crate::access::{Asker, Confidence};
use crate::report::inputs::Inputs;
use crate::report::row::{Cell, ReportError, Row, Sink};
use crate::report::table::{ACCESS, Column, Report};
use crate::store::MirrorRow;

const COLUMNS: [Column; 11] = [
    Column::text("catalog_user", "catalog user", "login name in the catalog").key(),
    Column::text("object_id", "object id", "id of the object").key().hidden(),
    Column::text("catalog_object_key", "catalog key", "external id of the object in the catalog's views")
        .hidden(),
    Column::text("kind", "kind", "workspace, folder, workbook, data-model, report or dataset"),
    Column::text("object", "object", "path and name of the object"),
    Column::text("workspace", "workspace", "the workspace it lies in").hidden(),
    Column::flag("visible", "visible", "true: what is not known to be visible has no row"),
    Column::text("level", "level", "the level in Sigma, whatever the account type lets the member use of it"),
    Column::text(
        "basis",
        "basis",
        "owner, grant, public for what all members of the organisation see, or admin",
    ),
    Column::text("sigma_member", "sigma member", "e-mail address of the member that gives most, or its id"),
    Column::text("member_id", "member id", "id of that member").hidden(),
];

/// The permissions to mirror.
pub const R05: Report = Report {
    id: "R05",
    name: "mirror",
    question: "What should the catalog let its users see?",
    columns: &COLUMNS,
    order: "catalog user, then kind and id of the object",
    findings: false,
    rests_on: ACCESS,
    needs: &[],
    controls: &["NIST 800-53 AC-3"],
    rows,
};

fn rows(inputs: &Inputs<'_>, out: &mut dyn Sink) -> Result<(), ReportError> {
    let Some(catalog) = inputs.catalog else { return Ok(()) };
    let access = inputs.access;
    // Rows come user by user, so that the last member is mostly the next one as well.
    let mut asker: Option<(u32, Asker)> = None;
    catalog.mirrored(Some(inputs.stamp.run_id), |row: MirrorRow<'_>| -> Result<(), ReportError> {
        let places = access.place_of(row.object_id).zip(access.member_of(row.sigma_member));
        let Some((object, member)) = places else {
            let problem = format!("{} of {} is mirrored but not known", row.object_id, row.sigma_member);
            return Err(ReportError::Internal(problem));
        };
        let (_, asker) = match asker.take() {
            Some(known) if known.0 == member => asker.insert(known),
            _ => asker.insert((member, access.asker(member))),
        };
        let answer = access.answer(asker, object);
        // Sigma's own answer may say more than the grants that were read.
        let sure = if answer.level().is_some() { answer.confidence } else { Confidence::LowerBound };
        let who = &access.members()[member as usize];
        let [id, kind, title, _] = object_cells(access, object);
        let cells: [Cell<'_>; COLUMNS.len()] = [
            row.catalog_user.into(),
            id,
            row.catalog_object_key.into(),
            kind,
            title,
            access.workspace_of(object).into(),
            row.visible.into(),
            row.level.into(),
            row.basis.into(),
            who.title().into(),
            (&who.id).into(),
        ];
        out.row(Row::new(sure, cells))
    })?;
    Ok(())
}
