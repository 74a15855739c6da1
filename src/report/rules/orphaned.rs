//! R08: grants that give nobody anything, because one of their ends is gone.

use std::collections::{HashMap, HashSet};

use super::shared::{self, member_title, missing_object, object_cells};
use crate::access::{Access, Confidence};
use crate::catalog::delivery::scope;
use crate::catalog::facts::{Facts, GrantFact, MemberFact, TeamFact};
use crate::report::inputs::Inputs;
use crate::report::row::{Cell, ReportError, Row, Severity, Sink};
use crate::report::table::{Column, Report};

const COLUMNS: [Column; 13] = [
    Column::text("grant_id", "grant", "Sigma's id of the grant").key().hidden(),
    shared::OBJECT[0],
    shared::OBJECT[1],
    shared::OBJECT[2],
    shared::OBJECT[3],
    Column::text("grantee_kind", "grantee", "member or team"),
    Column::text("grantee_id", "grantee id", "id of that member or team").key().hidden(),
    Column::text(
        "grantee",
        "name",
        "the member's e-mail address or the team's name; the id where it is not known",
    ),
    Column::text("permission", "permission", "what was granted, in Sigma's word"),
    Column::text(
        "reason",
        "why",
        "object_missing, object_archived, member_unknown, member_deactivated, member_archived_by_scim, team_unknown, \
         team_archived or team_empty",
    ),
    Column::text("created_at", "granted on", "when the grant was made, UTC").hidden(),
    Column::text(
        "created_by",
        "granted by",
        "e-mail address of the member who made it; the id where it is not known",
    )
    .hidden(),
    Column::text("created_by_id", "granted by id", "id of the member who made it").hidden(),
];

/// Grants to nobody, or on nothing.
pub const R08: Report = Report {
    id: "R08",
    name: "orphaned-grants",
    question: "Which grants name somebody or something that is gone, switched off or unknown?",
    columns: &COLUMNS,
    order: "path of the object, its id, grantee, grant id",
    findings: true,
    rests_on: &[
        scope::MEMBERS,
        scope::TEAMS,
        scope::TEAM_MEMBERS,
        scope::WORKSPACES,
        scope::FILES,
        scope::DOCUMENTS,
        scope::OBJECT_GRANTS,
    ],
    needs: &[],
    controls: &["NIST 800-53 AC-2(3)", "PCI DSS 7.2.5.1"],
    rows,
};

fn rows(inputs: &Inputs<'_>, out: &mut dyn Sink) -> Result<(), ReportError> {
    let directory = Directory::new(inputs);
    let mut found: Vec<_> = inputs
        .facts
        .grants
        .iter()
        .filter_map(|grant| {
            let (reason, severity, confidence) = directory.reason(grant)?;
            let object = match inputs.access.place_of(&grant.object_id) {
                Some(place) => object_cells(inputs.access, place),
                None => missing_object(&grant.object_id),
            };
            Some((object, directory.grantee(grant), grant, reason, severity, confidence))
        })
        .collect();
    found.sort_by(|a, b| {
        let key = |of: &(_, _, &GrantFact, _, _, _)| {
            let (object, grantee, grant, ..): &([Cell<'_>; 4], (&str, &str, &str), _, &str, _, _) = of;
            (object[2].text().into_owned(), grant.object_id.clone(), grantee.2.to_owned(), grant.id.clone())
        };
        key(a).cmp(&key(b))
    });
    for (object, (kind, id, title), grant, reason, severity, confidence) in found {
        let mut cells: Vec<Cell<'_>> = vec![(&grant.id).into()];
        cells.extend(object);
        let by = grant.created_by.as_deref();
        cells.extend([
            kind.into(),
            id.into(),
            title.into(),
            grant.permission.as_deref().into(),
            reason.into(),
            grant.created_at.as_deref().into(),
            by.map(|by| member_title(inputs.access, by)).into(),
            by.into(),
        ]);
        out.row(Row::finding(severity, confidence, cells))?;
    }
    Ok(())
}

/// Members, teams and objects by their ids.
struct Directory<'a> {
    inputs: &'a Inputs<'a>,
    access: &'a Access,
    members: HashMap<&'a str, &'a MemberFact>,
    teams: HashMap<&'a str, &'a TeamFact>,
    /// Teams with members.
    peopled: HashSet<&'a str>,
}

impl<'a> Directory<'a> {
    fn new(inputs: &'a Inputs<'a>) -> Self {
        let facts: &Facts = inputs.facts;
        Self {
            inputs,
            access: inputs.access,
            members: facts.members.iter().map(|member| (member.id.as_str(), member)).collect(),
            teams: facts.teams.iter().map(|team| (team.id.as_str(), team)).collect(),
            peopled: facts.memberships.iter().map(|one| one.team_id.as_str()).collect(),
        }
    }

    /// `member` or `team`, its id, and what people call it.
    fn grantee(&self, grant: &'a GrantFact) -> (&'static str, &'a str, &'a str) {
        if grant.member_id.is_empty() {
            let name = self.teams.get(grant.team_id.as_str()).and_then(|team| team.name.as_deref());
            ("team", &grant.team_id, name.unwrap_or(&grant.team_id))
        } else {
            ("member", &grant.member_id, member_title(self.access, &grant.member_id))
        }
    }

    /// Why a grant gives nothing: first what is wrong with its object, then with whom it names.
    ///
    /// A grant to an account that is switched off comes to life again with the account; one to an empty team with its
    /// next member.
    fn reason(&self, grant: &GrantFact) -> Option<(&'static str, Severity, Confidence)> {
        let Some(place) = self.access.place_of(&grant.object_id) else {
            // Sigma lists to an administrator only those folders that are shared with them: an object that was never
            // seen may well exist.
            let is_gone = self.inputs.evidence.gone.contains(&grant.object_id);
            let confidence = if is_gone { Confidence::Exact } else { Confidence::Unknown };
            return Some(("object_missing", Severity::Low, confidence));
        };
        if self.access.objects()[place as usize].archived {
            return Some(("object_archived", Severity::Low, Confidence::Exact));
        }
        if grant.member_id.is_empty() { self.team(&grant.team_id) } else { self.member(&grant.member_id) }
    }

    fn member(&self, id: &str) -> Option<(&'static str, Severity, Confidence)> {
        let Some(member) = self.members.get(id) else {
            return Some(("member_unknown", Severity::Medium, self.inputs.absence(&[scope::MEMBERS])));
        };
        if member.is_archived {
            Some(("member_deactivated", Severity::Medium, Confidence::Exact))
        } else if member.is_inactive {
            Some(("member_archived_by_scim", Severity::Medium, Confidence::Exact))
        } else {
            None
        }
    }

    fn team(&self, id: &str) -> Option<(&'static str, Severity, Confidence)> {
        let Some(team) = self.teams.get(id) else {
            return Some(("team_unknown", Severity::Medium, self.inputs.absence(&[scope::TEAMS])));
        };
        if team.is_archived {
            return Some(("team_archived", Severity::Low, Confidence::Exact));
        }
        let everyone = self.access.teams().iter().any(|known| known.id == id && known.everyone);
        if everyone || self.peopled.contains(id) {
            return None;
        }
        let read = self.inputs.facts.readings.is_read(scope::TEAM_MEMBERS, id);
        let confidence = if read { Confidence::Exact } else { Confidence::Unknown };
        Some(("team_empty", Severity::Low, confidence))
    }
}
