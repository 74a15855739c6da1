//! R05: what the catalog should enforce. Only mapped members, and only what is known to be visible: fail closed.

use std::collections::BTreeMap;

use super::shared::object_cells;
use crate::access::{Confidence, Level, Scratch, Via};
use crate::report::inputs::Inputs;
use crate::report::row::{Cell, ReportError, Row, Sink};
use crate::report::table::{ACCESS, Column, Need, Report};

const COLUMNS: [Column; 11] = [
    Column::text("catalog_user", "catalog user", "login name in the catalog").key(),
    Column::text("object_id", "object id", "id of the object").key().hidden(),
    Column::text("catalog_object_key", "catalog key", "external id of the object in the catalog's views")
        .hidden(),
    Column::text("kind", "kind", "workspace, folder, workbook, data-model, report, dataset or other"),
    Column::text("object", "object", "path and name of the object"),
    Column::text("workspace", "workspace", "the workspace it lies in").hidden(),
    Column::flag("visible", "visible", "true: what is not known to be visible has no row"),
    Column::text("level", "level", "the level in Sigma, as far as the account type is known to leave it"),
    Column::text(
        "basis",
        "basis",
        "grant, owner, admin, or public for what all members of the organisation see",
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
    order: "path, name and id of the object, then catalog user",
    findings: false,
    rests_on: ACCESS,
    needs: &[Need::Identity],
    controls: &["NIST 800-53 AC-3"],
    rows,
};

fn rows(inputs: &Inputs<'_>, out: &mut dyn Sink) -> Result<(), ReportError> {
    let Some(identity) = inputs.identity else { return Ok(()) };
    let access = inputs.access;
    let users: Vec<Option<&str>> =
        access.members().iter().map(|member| identity.mapped(&member.id)).collect();
    let mut scratch = Scratch::default();
    for object in 0..access.objects().len() as u32 {
        // Several members are one catalog user where merging was allowed: the one with most decides.
        let mut best: BTreeMap<&str, (Level, Via, u32, Confidence)> = BTreeMap::new();
        access.expand(object, &mut scratch, |member, answer| {
            let (Some(user), Some(level), Some(path)) = (users[member as usize], answer.level(), answer.best)
            else {
                return;
            };
            let level = access.members()[member as usize].usable(level).unwrap_or(level);
            let found = (level, path.via, member, answer.confidence);
            match best.get_mut(user) {
                Some(known) if known.0 >= level => {}
                Some(known) => *known = found,
                None => drop(best.insert(user, found)),
            }
        });
        for (user, (level, via, member, confidence)) in best {
            let what = &access.objects()[object as usize];
            let who = &access.members()[member as usize];
            let [id, kind, title, _] = object_cells(access, object);
            let basis = match via {
                Via::Owner => "owner",
                Via::Admin => "admin",
                Via::Everyone => "public",
                Via::Direct | Via::Team => "grant",
            };
            let cells: [Cell<'_>; COLUMNS.len()] = [
                user.into(),
                id,
                format!("{}:{}", what.kind.name(), what.id).into(),
                kind,
                title,
                access.workspace_of(object).into(),
                true.into(),
                level.name().into(),
                basis.into(),
                who.title().into(),
                (&who.id).into(),
            ];
            out.row(Row::new(confidence, cells))?;
        }
    }
    Ok(())
}
