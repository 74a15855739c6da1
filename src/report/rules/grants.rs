//! R09 and R11: grants to single members that bypass teams, and those that add nothing.

use std::collections::{HashMap, HashSet};

use super::shared::{self, in_order, join, member_cells, object_cells};
use crate::access::{Access, Confidence, Level, UserKind};
use crate::catalog::facts::GrantFact;
use crate::report::inputs::Inputs;
use crate::report::row::{Cell, ReportError, Row, Severity, Sink};
use crate::report::table::{ACCESS, Column, Report};

const GRANT: [Column; 1] = [Column::text("grant_id", "grant", "Sigma's id of the grant").key().hidden()];
const ABOUT: [Column; 7] = join(GRANT, join::<2, 4, 6>(shared::MEMBER, shared::OBJECT));

/// The grants of a run by where they are, and who belongs to what: with ids, which the closure does without.
struct Grants<'a> {
    access: &'a Access,
    by_object: HashMap<&'a str, Vec<&'a GrantFact>>,
    /// Teams that are not archived, with whether they are All Members and what people call them.
    teams: HashMap<&'a str, (bool, &'a str)>,
    memberships: HashSet<(&'a str, &'a str)>,
}

/// A grant to a member, on an object that is there.
struct Direct<'a> {
    grant: &'a GrantFact,
    member: u32,
    object: u32,
    level: Level,
}

/// A grant that reaches an object for a member.
struct Other<'a> {
    grant: &'a GrantFact,
    /// The team it comes through.
    team: Option<&'a str>,
    level: Level,
    at: u32,
    depth: usize,
}

impl<'a> Grants<'a> {
    fn new(inputs: &Inputs<'a>) -> Self {
        let mut by_object: HashMap<&str, Vec<&GrantFact>> = HashMap::new();
        for grant in &inputs.facts.grants {
            by_object.entry(&grant.object_id).or_default().push(grant);
        }
        let teams = inputs.access.teams().iter().filter(|team| !team.archived);
        Self {
            access: inputs.access,
            by_object,
            teams: teams.map(|team| (team.id.as_str(), (team.everyone, team.title()))).collect(),
            memberships: inputs
                .facts
                .memberships
                .iter()
                .map(|one| (one.team_id.as_str(), one.member_id.as_str()))
                .collect(),
        }
    }

    /// All grants to members whose meaning is known, on objects that are there and not in the trash.
    fn direct(&self) -> Vec<Direct<'a>> {
        let all = self.by_object.values().flatten().filter(|grant| !grant.member_id.is_empty());
        all.filter_map(|grant| {
            let object = self.access.place_of(&grant.object_id)?;
            let member = self.access.member_of(&grant.member_id)?;
            let level = Level::of_permission(grant.permission.as_deref());
            let is_there = !self.access.objects()[object as usize].archived && level > Level::Unknown;
            is_there.then_some(Direct { grant, member, object, level })
        })
        .collect()
    }

    /// The other grants that give the member of a direct grant something on its object.
    fn others(&self, direct: &Direct<'a>) -> Vec<Other<'a>> {
        let member = &self.access.members()[direct.member as usize];
        let kind = self.access.objects()[direct.object as usize].kind;
        let mut others = Vec::new();
        for (depth, at) in self.access.chain(direct.object).enumerate() {
            let id = self.access.objects()[at as usize].id.as_str();
            for grant in self.by_object.get(id).into_iter().flatten() {
                let team = if grant.member_id.is_empty() {
                    let Some((everyone, title)) = self.teams.get(grant.team_id.as_str()) else { continue };
                    let belongs = match everyone {
                        true => member.kind != UserKind::Guest,
                        false => self.memberships.contains(&(grant.team_id.as_str(), member.id.as_str())),
                    };
                    if !belongs {
                        continue;
                    }
                    Some(*title)
                } else {
                    if grant.member_id != member.id || std::ptr::eq(*grant, direct.grant) {
                        continue;
                    }
                    None
                };
                let granted = Level::of_permission(grant.permission.as_deref());
                let level = if depth == 0 { granted } else { granted.inherited_by(kind) };
                others.push(Other { grant, team, level, at, depth });
            }
        }
        others
    }

    fn cells(&self, direct: &Direct<'a>) -> Vec<Cell<'a>> {
        let mut cells: Vec<Cell<'a>> = vec![(&direct.grant.id).into()];
        cells.extend(member_cells(self.access, direct.member));
        cells.extend(object_cells(self.access, direct.object));
        cells.push(direct.grant.permission.as_deref().into());
        cells
    }

    /// Path of the object, member, grant.
    fn key(&self, direct: &Direct<'a>) -> (u32, u32, &'a str) {
        (direct.object, direct.member, &direct.grant.id)
    }
}

const R09_COLUMNS: [Column; 10] = join(
    ABOUT,
    [
        Column::text("permission", "permission", "what was granted, in Sigma's word"),
        Column::text(
            "equivalent_teams",
            "teams with the same",
            "teams of the member that give at least as much",
        ),
        Column::flag("same_level_by_team", "by a team", "whether there is such a team"),
    ],
);

/// Grants that bypass teams.
pub const R09: Report = Report {
    id: "R09",
    name: "direct-grants",
    question: "Which grants to single members bypass teams?",
    columns: &R09_COLUMNS,
    order: "path, name and id of the object, e-mail address of the member, grant",
    findings: true,
    rests_on: ACCESS,
    needs: &[],
    controls: &["NIST 800-53 AC-2", "PCI DSS 7.2.4"],
    rows: bypassing,
};

fn bypassing(inputs: &Inputs<'_>, out: &mut dyn Sink) -> Result<(), ReportError> {
    let (grants, access) = (Grants::new(inputs), inputs.access);
    let mut rows = Vec::new();
    for direct in grants.direct() {
        // Sigma lists an owner's own access as a grant, and a grant to nobody is R08's.
        let is_owner = access.owner(direct.object) == Some(direct.member);
        if is_owner || access.members()[direct.member as usize].inactive.is_some() {
            continue;
        }
        let others = grants.others(&direct);
        let mut teams: Vec<&str> = others
            .iter()
            .filter(|other| other.level >= direct.level)
            .filter_map(|other| other.team)
            .collect();
        teams.sort_unstable();
        teams.dedup();
        let severity = match (teams.is_empty(), direct.level) {
            (false, _) => Severity::Info,
            (true, Level::Edit) => Severity::Medium,
            (true, _) => Severity::Low,
        };
        let unsure = teams.is_empty() && access.is_doubtful(direct.object);
        let confidence = if unsure { Confidence::LowerBound } else { Confidence::Exact };
        let mut cells = grants.cells(&direct);
        cells.push(Some(teams.join(", ")).filter(|teams| !teams.is_empty()).into());
        cells.push((!teams.is_empty()).into());
        rows.push((grants.key(&direct), Row::finding(severity, confidence, cells)));
    }
    in_order(rows, out)
}

const R11_COLUMNS: [Column; 10] = join(
    ABOUT,
    [
        Column::text("permission", "permission", "what was granted, in Sigma's word"),
        Column::text("covered_by", "covered by", "the level that the member has without it"),
        Column::text("covering_path", "through", "where that comes from"),
    ],
);

/// Grants that add nothing.
pub const R11: Report = Report {
    id: "R11",
    name: "redundant-grants",
    question: "Which grants to single members add nothing?",
    columns: &R11_COLUMNS,
    order: "path, name and id of the object, e-mail address of the member, grant",
    findings: true,
    rests_on: ACCESS,
    needs: &[],
    controls: &["NIST 800-53 AC-6(7)", "PCI DSS 7.2.4"],
    rows: redundant,
};

fn redundant(inputs: &Inputs<'_>, out: &mut dyn Sink) -> Result<(), ReportError> {
    let (grants, access) = (Grants::new(inputs), inputs.access);
    let mut rows = Vec::new();
    for direct in grants.direct() {
        let (level, through) = if access.owner(direct.object) == Some(direct.member) {
            (Level::Owner, "owns it".to_owned())
        } else {
            let others = grants.others(&direct);
            let covers = |other: &&Other<'_>| {
                // Of two that are alike the one with the smaller id is the one that stays.
                let is_twin = other.team.is_none() && other.depth == 0 && other.level == direct.level;
                other.level >= direct.level && !(is_twin && other.grant.id > direct.grant.id)
            };
            let best = others.iter().filter(covers).min_by_key(|other| {
                (std::cmp::Reverse(other.level), other.depth, other.team, &other.grant.id)
            });
            let Some(best) = best else { continue };
            let at = &access.objects()[best.at as usize];
            let place = match best.depth {
                0 => "the object itself".to_owned(),
                _ => format!("{} {}", at.kind.words(), at.title()),
            };
            let through = match best.team {
                Some(team) => format!("team {team} on {place}"),
                None => format!("granted on {place}"),
            };
            (best.level, through)
        };
        let mut cells = grants.cells(&direct);
        cells.push(level.name().into());
        cells.push(through.into());
        rows.push((grants.key(&direct), Row::finding(Severity::Info, Confidence::Exact, cells)));
    }
    in_order(rows, out)
}
