//! R19: who may build from a document, and has no permission on the data that it reads.

use std::collections::{HashMap, HashSet};

use super::shared::{self, object_cells};
use crate::access::{Access, Confidence, Level, Scratch};
use crate::report::inputs::Inputs;
use crate::report::row::{Cell, ReportError, Row, Severity, Sink};
use crate::report::table::{ACCESS, Column, Report};
use crate::store::{DataAccess, TableRead};

const COLUMNS: [Column; 10] = [
    Column::text("member_id", "member id", "Sigma's id of the member").key().hidden(),
    Column::text("member", "member", "e-mail address of the member"),
    shared::OBJECT[0],
    shared::OBJECT[1],
    shared::OBJECT[2],
    shared::OBJECT[3],
    Column::text("table_id", "table id", "id of the warehouse table").key().hidden(),
    Column::text("connection_path", "data", "the connection and the table that the document reads"),
    Column::flag(
        "has_usage",
        "may use",
        "whether the member was granted the use of it; empty: data permissions were not asked for",
    ),
    Column::text("level", "level", "what the member may do with the document: explore, edit or owner"),
];

/// Members who may build from data without permission on it.
///
/// Opening a document needs no permission on its tables, says Sigma's help, so that those who only view are no finding:
/// nobody else is kept from the data. Administrators have all data permissions.
pub const R19: Report = Report {
    id: "R19",
    name: "data-access",
    question: "Who explores or edits documents whose data they have no permission to use?",
    columns: &COLUMNS,
    order: "path, name and id of the document, e-mail address and id of the member, path and id of the table",
    findings: true,
    rests_on: ACCESS,
    needs: &[],
    controls: &["NIST 800-53 AC-6(7)"],
    rows,
};

fn rows(inputs: &Inputs<'_>, out: &mut dyn Sink) -> Result<(), ReportError> {
    let Some(catalog) = inputs.catalog else { return Ok(()) };
    let data = catalog.data_access(inputs.stamp.run_id)?;
    let mut reads: HashMap<&str, Vec<&TableRead>> = HashMap::new();
    for read in &data.reads {
        reads.entry(&read.document_id).or_default().push(read);
    }
    let (access, users) = (inputs.access, Users::new(inputs, &data));
    let mut scratch = Scratch::default();
    for object in 0..access.objects().len() as u32 {
        let Some(tables) = reads.get(access.objects()[object as usize].id.as_str()) else { continue };
        let mut builders: Vec<(u32, Level)> = Vec::new();
        access.expand(object, &mut scratch, |member, answer| {
            let is_admin = access.members()[member as usize].admin == Some(true);
            let level = answer.level().filter(|level| *level >= Level::Explore && !is_admin);
            builders.extend(level.map(|level| (member, level)));
        });
        for (member, level) in builders {
            for table in tables {
                if let Some(row) = row(inputs, &data, &users, (member, level), object, table) {
                    out.row(row)?;
                }
            }
        }
    }
    Ok(())
}

/// `None` where the member may use the table.
fn row<'a>(
    inputs: &Inputs<'a>,
    data: &DataAccess,
    users: &Users<'_>,
    (member, level): (u32, Level),
    object: u32,
    table: &'a TableRead,
) -> Option<Row<'a>> {
    let access: &Access = inputs.access;
    let asked_about = [Some(&table.table_id), table.connection_id.as_ref()];
    let known = asked_about.iter().flatten();
    if known.clone().any(|id| users.may_use(id, member)) {
        return None;
    }
    // A run that is not the latest remembers only what went wrong.
    let otherwise = inputs.facts.readings.otherwise;
    let is_read = |id: &&String| data.asked.get(*id).copied().unwrap_or(otherwise);
    let whole = table.connection_id.is_some() && known.clone().all(is_read);
    let who = &access.members()[member as usize];
    let (has_usage, confidence, severity) = match (&data.grants, whole) {
        (None, _) => (None, Confidence::Unknown, Severity::Info),
        (Some(_), false) => (Some(false), Confidence::Unknown, Severity::Info),
        (Some(_), true) => (Some(false), Confidence::Exact, Severity::Low),
    };
    let mut cells: Vec<Cell<'a>> = vec![(&who.id).into(), who.title().into()];
    cells.extend(object_cells(access, object));
    cells.extend([(&table.table_id).into(), (&table.path).into(), has_usage.into(), level.name().into()]);
    Some(Row::finding(severity, confidence, cells))
}

/// Who was granted the use of what.
struct Users<'a> {
    access: &'a Access,
    members: HashMap<&'a str, HashSet<&'a str>>,
    /// What everybody but guests may use.
    everyone: HashSet<&'a str>,
}

impl<'a> Users<'a> {
    fn new(inputs: &Inputs<'a>, data: &'a DataAccess) -> Self {
        let access = inputs.access;
        let mut of_team: HashMap<&str, Vec<&str>> = HashMap::new();
        for fact in &inputs.facts.memberships {
            of_team.entry(&fact.team_id).or_default().push(&fact.member_id);
        }
        let teams: HashMap<&str, bool> = access
            .teams()
            .iter()
            .filter(|team| !team.archived)
            .map(|team| (team.id.as_str(), team.everyone))
            .collect();
        let mut users = Self { access, members: HashMap::new(), everyone: HashSet::new() };
        // `annotate` is more than `usage`; the other words are not documented, and what is unknown gives nothing.
        let gives = |word: &Option<String>| matches!(word.as_deref(), Some("usage" | "annotate"));
        for grant in data.grants.iter().flatten().filter(|grant| gives(&grant.permission)) {
            let named = users.members.entry(&grant.asked_id).or_default();
            match teams.get(grant.team_id.as_str()) {
                _ if !grant.member_id.is_empty() => drop(named.insert(&grant.member_id)),
                Some(true) => drop(users.everyone.insert(&grant.asked_id)),
                Some(false) => named.extend(of_team.get(grant.team_id.as_str()).into_iter().flatten()),
                None => {}
            }
        }
        users
    }

    fn may_use(&self, id: &str, member: u32) -> bool {
        let member = &self.access.members()[member as usize];
        (self.everyone.contains(id) && member.in_everyone())
            || self.members.get(id).is_some_and(|members| members.contains(member.id.as_str()))
    }
}
