//! R10: who can do most.

use std::collections::HashMap;

use super::shared::{self, in_order, join, member_cells};
use crate::access::{Confidence, Kind, Level, Scratch, UserKind, Via};
use crate::catalog::delivery::scope;
use crate::report::inputs::Inputs;
use crate::report::row::{Cell, ReportError, Row, Severity, Sink};
use crate::report::table::{Column, Report};

const COLUMNS: [Column; 9] = join(
    shared::MEMBER,
    [
        Column::text(
            "privilege",
            "privilege",
            "admin, admin_by_custom_type (an account type of the organisation's own that is called so), manages, or owns_many",
        )
        .key(),
        Column::text("scope", "of", "the organisation, or path of the workspace or root folder"),
        Column::text("object_id", "object id", "id of that workspace or folder").key().hidden(),
        Column::text("level", "level", "edit, or owner"),
        Column::number("objects_n", "objects", "objects it reaches to"),
        Column::text("account_type", "account type", "account type of the member"),
        Column::number("last_seen_run", "seen in run", "the run that last found it").hidden(),
    ],
);

/// Who is privileged.
pub const R10: Report = Report {
    id: "R10",
    name: "privileged",
    question: "Who administers, manages whole workspaces, or owns a lot?",
    columns: &COLUMNS,
    order: "e-mail address and id of the member, privilege, path of the object",
    findings: true,
    rests_on: &[
        scope::MEMBERS,
        scope::TEAMS,
        scope::TEAM_MEMBERS,
        scope::ACCOUNT_TYPES,
        scope::WORKSPACES,
        scope::OBJECT_GRANTS,
    ],
    needs: &[],
    controls: &["NIST 800-53 AC-6(7)", "PCI DSS 7.2.4"],
    rows,
};

/// A privilege: member, what, object, its level, how far it reaches, how bad, how sure.
type Privilege = (u32, &'static str, Option<u32>, Level, usize, Severity, Confidence);

fn rows(inputs: &Inputs<'_>, out: &mut dyn Sink) -> Result<(), ReportError> {
    let access = inputs.access;
    let mut privileges: Vec<Privilege> = Vec::new();
    let objects = access.objects();
    let there = objects.iter().filter(|object| !object.archived).count();
    let active = |place: u32| {
        let member = &access.members()[place as usize];
        member.inactive.is_none() && member.kind != UserKind::System
    };
    for (place, member) in (0..).zip(access.members()).filter(|(place, _)| active(*place)) {
        let named_so =
            member.account_type.as_deref().is_some_and(|name| name.to_lowercase().contains("admin"));
        match member.admin {
            Some(true) => {
                privileges.push((
                    place,
                    "admin",
                    None,
                    Level::Edit,
                    there,
                    Severity::Medium,
                    Confidence::Exact,
                ));
            }
            // Which account types there are was not read.
            None => privileges.push((
                place,
                "admin",
                None,
                Level::Edit,
                there,
                Severity::Medium,
                Confidence::Unknown,
            )),
            Some(false) if named_so => privileges.push((
                place,
                "admin_by_custom_type",
                None,
                Level::Edit,
                there,
                Severity::Medium,
                // What the type allows is not among what was read.
                Confidence::Unknown,
            )),
            Some(false) => {}
        }
    }
    let mut below: HashMap<u32, usize> = HashMap::new();
    let mut owned: HashMap<u32, usize> = HashMap::new();
    for (place, object) in (0..).zip(objects).filter(|(_, object)| !object.archived) {
        for container in access.chain(place).skip(1) {
            *below.entry(container).or_default() += 1;
        }
        if let Some(owner) = access.owner(place).filter(|_| object.kind != Kind::Workspace) {
            *owned.entry(owner).or_default() += 1;
        }
    }
    let mut scratch = Scratch::default();
    for (place, object) in (0..).zip(objects) {
        let is_root = object.kind == Kind::Workspace
            || (object.kind == Kind::Folder && access.is_top(place) && !object.archived);
        if !is_root {
            continue;
        }
        let reaches = below.get(&place).copied().unwrap_or_default();
        access.expand(place, &mut scratch, |member, answer| {
            if let Some(best) = answer.best.filter(|best| best.via != Via::Admin && best.level >= Level::Edit)
                && active(member)
            {
                // The owner of a folder at the top is at home: My Documents is one for everybody.
                if !(best.via == Via::Owner && object.kind == Kind::Folder) {
                    let found = (
                        member,
                        "manages",
                        Some(place),
                        best.level,
                        reaches,
                        Severity::Low,
                        answer.confidence,
                    );
                    privileges.push(found);
                }
            }
        });
    }
    for (owner, count) in owned {
        if count > inputs.options.owner_above && active(owner) {
            privileges.push((
                owner,
                "owns_many",
                None,
                Level::Owner,
                count,
                Severity::Low,
                Confidence::Exact,
            ));
        }
    }
    let doubtful = !inputs.is_whole(scope::OBJECT_GRANTS);
    let rows =
        privileges.into_iter().map(|(member, privilege, object, level, count, severity, confidence)| {
            let who = &access.members()[member as usize];
            let of = object.map(|place| &objects[place as usize]);
            let mut cells: Vec<Cell<'_>> = member_cells(access, member).into();
            cells.extend([
                privilege.into(),
                of.map_or("the organisation".into(), |object| object.full_path().into()),
                of.map(|object| &object.id).into(),
                level.name().into(),
                count.into(),
                who.account_type.as_deref().into(),
                inputs.stamp.run_id.into(),
            ]);
            let lower = doubtful && confidence == Confidence::Exact && privilege == "manages";
            let confidence = if lower { Confidence::LowerBound } else { confidence };
            ((member, privilege, object), Row::finding(severity, confidence, cells))
        });
    in_order(rows.collect(), out)
}
