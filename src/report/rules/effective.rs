//! R01: who sees what, for everybody and everything.

use crate::access::{Answer, Scratch};
use crate::report::inputs::Inputs;
use crate::report::row::{Cell, ReportError, Row, Sink};
use crate::report::table::{ACCESS, Column, Report};

/// How many columns tell an access.
pub const WIDTH: usize = 19;
/// The place of `member_id` among them.
pub const MEMBER_ID: usize = 0;
/// The place of `object_id`.
pub const OBJECT_ID: usize = 4;
/// The place of `workspace`.
pub const WORKSPACE: usize = 8;

/// The columns that tell what a member may do with an object.
pub const COLUMNS: [Column; WIDTH] = [
    Column::text("member_id", "member id", "Sigma's id of the member").key().hidden(),
    Column::text("email", "member", "e-mail address of the member"),
    Column::text("account_type", "account type", "account type of the member").hidden(),
    Column::text("user_kind", "user kind", "internal, guest, embed, system or other").hidden(),
    Column::text("object_id", "object id", "id of the object").key().hidden(),
    Column::text("kind", "kind", "workspace, folder, workbook, data-model, report, dataset or other"),
    Column::text("name", "object", "name of the object"),
    Column::text("path", "path", "names of the containers above it, from the top"),
    Column::text("workspace", "workspace", "the workspace it lies in").hidden(),
    Column::text("level", "level", "view, explore, organize, edit or owner; unknown gives no access")
        .hidden(),
    Column::text("level_label", "level", "the same in the words of Sigma's application"),
    Column::text("usable_level", "usable", "what the account type leaves of the level; empty: not known")
        .hidden(),
    Column::text("via", "via", "direct, team, everyone, owner or admin: the kind of the winning path"),
    Column::text("via_team", "team", "the team of that path"),
    Column::text("granted_at_object", "granted at", "id of the object that path's grant is on").hidden(),
    Column::text("granted_at_kind", "granted at kind", "what that object is").hidden(),
    Column::number("depth", "depth", "how many steps above the object that is").hidden(),
    Column::number("paths_count", "paths", "how many different paths there are").hidden(),
    Column::text("catalog_user", "catalog user", "the catalog user the member is mapped to").hidden(),
];

/// Everybody's access to everything.
pub const R01: Report = Report {
    id: "R01",
    name: "effective-access",
    question: "Who can see and do what?",
    columns: &COLUMNS,
    order: "path, name and id of the object, then e-mail address and id of the member",
    findings: false,
    rests_on: ACCESS,
    needs: &[],
    controls: &["NIST 800-53 AC-2", "NIST 800-53 AC-6(7)", "PCI DSS 7.2.4"],
    rows,
};

fn rows(inputs: &Inputs<'_>, out: &mut dyn Sink) -> Result<(), ReportError> {
    let access = inputs.access;
    let mut scratch = Scratch::default();
    // A failure to write is remembered: the rules of access know nothing of writing.
    let mut written = Ok(());
    for object in 0..access.objects().len() as u32 {
        access.expand(object, &mut scratch, |member, answer| {
            if let (Ok(()), Some(cells)) = (&written, cells(inputs, member, object, &answer)) {
                written = out.row(Row::new(answer.confidence, cells));
            }
        });
        std::mem::replace(&mut written, Ok(()))?;
    }
    Ok(())
}

/// The cells of [`COLUMNS`]; `None` where there is no path.
pub fn cells<'a>(
    inputs: &Inputs<'a>,
    member: u32,
    object: u32,
    answer: &Answer,
) -> Option<[Cell<'a>; WIDTH]> {
    let holding = inputs.access.holding(member, object, answer)?;
    Some([
        holding.member_id.into(),
        holding.email.into(),
        holding.account_type.into(),
        holding.user_kind.into(),
        holding.object_id.into(),
        holding.kind.into(),
        holding.name.into(),
        holding.path.into(),
        holding.workspace.into(),
        holding.level.into(),
        holding.level_label.into(),
        holding.usable_level.into(),
        holding.via.into(),
        holding.via_team.into(),
        holding.granted_at_object.into(),
        holding.granted_at_kind.into(),
        holding.depth.into(),
        holding.paths_count.into(),
        inputs.identity.and_then(|identity| identity.mapped(holding.member_id)).into(),
    ])
}
