//! R20: what a catalog lets its users see, against what Sigma lets them see.

use std::collections::{BTreeMap, BTreeSet};

use super::shared::{self, object_cells, object_cells_of};
use crate::access::{Confidence, Level};
use crate::catalog::delivery::scope;
use crate::identity::{Status, UserKey};
use crate::report::inputs::{Identity, Inputs};
use crate::report::row::{Cell, ReportError, Row, Sink};
use crate::report::table::{CATALOG_USERS, Column, Need, Report};

const COLUMNS: [Column; 9] = [
    Column::text("catalog_user", "catalog user", "the user's login name in the catalog").key(),
    shared::OBJECT[0],
    shared::OBJECT[1],
    shared::OBJECT[2],
    shared::OBJECT[3],
    Column::flag("catalog_says", "in the catalog", "whether the catalog lets the user see it"),
    Column::text("sigma_says", "in Sigma", "the level that the user's member has; empty: none, or not known"),
    Column::text("sigma_member", "member", "the member that the user is mapped to").hidden(),
    Column::text(
        "verdict",
        "verdict",
        "ok, over_shared: the catalog shows what Sigma does not, under_shared: the other way round, or unknown",
    ),
];

/// The catalog's own list of who sees what, checked.
pub const R20: Report = Report {
    id: "R20",
    name: "catalog-diff",
    question: "Does the catalog show its users what Sigma lets them see, and nothing else?",
    columns: &COLUMNS,
    order: "catalog user, then path, name and id of the object; objects that this catalog does not have last",
    findings: false,
    rests_on: &[
        scope::MEMBERS,
        scope::TEAMS,
        scope::TEAM_MEMBERS,
        scope::ACCOUNT_TYPES,
        scope::WORKSPACES,
        scope::FILES,
        scope::DOCUMENTS,
        scope::OBJECT_GRANTS,
        CATALOG_USERS,
    ],
    needs: &[Need::Identity, Need::Choice],
    controls: &["NIST 800-53 AC-2", "PCI DSS 7.2.4"],
    rows,
};

/// One line of a catalog's own list: this user may see this object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The user's login name.
    pub catalog_user: String,
    /// The object: its id, address or path.
    pub object: String,
}

/// What a catalog user is and is shown.
#[derive(Debug, Default)]
struct User {
    name: String,
    /// The members it is mapped to.
    members: Vec<u32>,
    /// The objects that the catalog lets it see.
    shown: BTreeSet<u32>,
    /// The same of objects that this catalog does not have.
    strange: BTreeSet<String>,
}

fn rows(inputs: &Inputs<'_>, out: &mut dyn Sink) -> Result<(), ReportError> {
    let needs = |problem: &str, remedy: &str| ReportError::Needs {
        report: R20.id,
        problem: problem.to_owned(),
        remedy: remedy.to_owned(),
    };
    let shown = inputs.options.catalog_acl.as_ref().ok_or_else(|| {
        needs(
            "needs the catalog's own list of who sees what",
            "give a CSV with the columns catalog_user and object with --catalog-acl",
        )
    })?;
    let identity = inputs.identity.ok_or_else(|| {
        needs(
            "needs to know who is who in the catalog",
            "give the catalog's users with --catalog-users-csv, and import an identity CSV or say --match email",
        )
    })?;
    for user in users(inputs, identity, shown).values() {
        of_user(inputs, user, out)?;
    }
    Ok(())
}

/// Names that the catalog takes for the same are the same here.
fn key(name: &str) -> String {
    UserKey::new(name).map_or_else(|_| name.to_owned(), |key| key.as_str().to_owned())
}

fn users(inputs: &Inputs<'_>, identity: &Identity, shown: &[Shown]) -> BTreeMap<String, User> {
    let mut users: BTreeMap<String, User> = BTreeMap::new();
    for member in identity.found.members.iter().filter(|member| member.status == Status::Mapped) {
        let Some(name) = &member.catalog_user else { continue };
        let user = users.entry(key(name)).or_insert_with(|| User { name: name.clone(), ..User::default() });
        user.members.extend(inputs.access.member_of(&member.member_id));
    }
    for line in shown {
        let name = line.catalog_user.trim();
        let user =
            users.entry(key(name)).or_insert_with(|| User { name: name.to_owned(), ..User::default() });
        match inputs.access.find_object(&line.object) {
            Ok(object) => drop(user.shown.insert(object)),
            Err(_) => drop(user.strange.insert(line.object.trim().to_owned())),
        }
    }
    users
}

fn of_user(inputs: &Inputs<'_>, user: &User, out: &mut dyn Sink) -> Result<(), ReportError> {
    let access = inputs.access;
    let askers: Vec<_> = user.members.iter().map(|member| access.asker(*member)).collect();
    // A user that is nobody in Sigma may see nothing: surely so where all members are known.
    let nobody = if askers.is_empty() { inputs.absence(&[scope::MEMBERS]) } else { Confidence::Exact };
    let member = user.members.first().map(|member| access.members()[*member as usize].title());
    let mut write =
        |cells: [Cell<'_>; 4], says: bool, level: Option<Level>, verdict: &str, sure: Confidence| {
            let mut all: Vec<Cell<'_>> = vec![(&user.name).into()];
            all.extend(cells);
            all.extend([says.into(), level.map(Level::name).into(), member.into(), verdict.into()]);
            out.row(Row::new(sure, all))
        };
    for object in 0..access.objects().len() as u32 {
        let says = user.shown.contains(&object);
        let answers = askers.iter().map(|asker| access.answer(asker, object));
        let (mut level, mut doubt) = (None, nobody);
        for answer in answers {
            level = level.max(answer.level());
            doubt = doubt.max(answer.confidence);
        }
        let (verdict, sure) = match (says, level) {
            (false, None) => continue,
            (true, Some(_)) => ("ok", doubt.min(Confidence::LowerBound)),
            (false, Some(_)) => ("under_shared", doubt.min(Confidence::LowerBound)),
            (true, None) if doubt == Confidence::Exact => ("over_shared", Confidence::Exact),
            (true, None) => ("unknown", Confidence::Unknown),
        };
        write(object_cells(access, object), says, level, verdict, sure)?;
    }
    for object in &user.strange {
        write(object_cells_of(access, object), true, None, "unknown", Confidence::Unknown)?;
    }
    Ok(())
}
