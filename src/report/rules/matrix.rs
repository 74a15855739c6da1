//! R16 and R17: who reaches how much, by account type and by team.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::access::{Access, Confidence, Entry, Kind, Level, Member, Principal, Scratch, UserKind};
use crate::report::inputs::Inputs;
use crate::report::row::{Cell, ReportError, Row, Sink};
use crate::report::table::{ACCESS, Column, Report};

/// Objects by level, in the order of the columns.
const LEVELS: [Level; 5] = [Level::View, Level::Explore, Level::Organize, Level::Edit, Level::Owner];

/// Account types, and what their members may do.
pub const R16: Report = Report {
    id: "R16",
    name: "matrix-account-types",
    question: "How much do the members of each account type reach?",
    columns: &[
        Column::text("account_type", "account type", "name of the account type; empty: members without one")
            .key(),
        Column::number("members", "members", "members of that type, the scheduler's robot left out"),
        Column::number("active", "active", "those of them that are not deactivated"),
        Column::number("objects", "objects", "objects that at least one of them has access to"),
        Column::number("objects_view", "view", "objects on which view is the best that any of them has"),
        Column::number("objects_explore", "explore", "the same for explore"),
        Column::number("objects_organize", "contrib", "the same for organize"),
        Column::number("objects_edit", "edit", "the same for edit"),
        Column::number("objects_owner", "own", "the same for owning"),
        Column::number("edit_on_workspace", "managers", "members with edit on at least one workspace"),
        Column::number(
            "exceeds_type_ceiling_n",
            "over",
            "pairs of member and object with more granted than the type lets its members use; empty: not known what it does",
        ),
    ],
    order: "name of the account type, members without one last",
    findings: false,
    rests_on: ACCESS,
    needs: &[],
    controls: &["NIST 800-53 AC-6(7)"],
    rows: account_types,
};

/// Teams by workspaces.
pub const R17: Report = Report {
    id: "R17",
    name: "matrix-teams",
    question: "Which teams reach which workspaces, and how much of them?",
    columns: &[
        Column::text("team_id", "team id", "id of the team").key().hidden(),
        Column::text("team", "team", "name of the team"),
        Column::number("members_n", "members", "active members of the team that are known"),
        Column::text("workspace_id", "workspace id", "id of the workspace; empty: outside of all workspaces")
            .key()
            .hidden(),
        Column::text("workspace", "workspace", "name of the workspace; empty: outside of all workspaces"),
        Column::text(
            "max_level",
            "most",
            "the most the team has on any object in it, the workspace included",
        ),
        Column::number("objects", "objects", "objects in it that the team has access to"),
        Column::number("objects_view", "view", "objects on which it has view"),
        Column::number("objects_explore", "explore", "objects on which it has explore"),
        Column::number("objects_organize", "contribute", "objects on which it has organize"),
        Column::number("objects_edit", "edit", "objects on which it has edit"),
    ],
    order: "name and id of the team, then name and id of the workspace; what lies outside of workspaces last",
    findings: false,
    rests_on: ACCESS,
    needs: &[],
    controls: &["NIST 800-53 AC-2"],
    rows: teams,
};

/// What the members of an account type reach.
#[derive(Debug, Default)]
struct TypeRow {
    members: usize,
    active: usize,
    by_level: [usize; LEVELS.len()],
    managers: HashSet<u32>,
    above: usize,
    ceiling_unknown: bool,
}

/// A name that sorts in whatever case, and last where there is none.
fn type_key(name: Option<&str>) -> (bool, String) {
    (name.is_none(), name.unwrap_or_default().to_lowercase())
}

/// Sigma's own robot is nobody.
fn counts(member: &Member) -> bool {
    member.kind != UserKind::System
}

fn account_types(inputs: &Inputs<'_>, out: &mut dyn Sink) -> Result<(), ReportError> {
    let access = inputs.access;
    // The spelling of the type itself goes before that of its members.
    let mut names: BTreeMap<(bool, String), Option<&str>> = BTreeMap::new();
    let known = inputs.facts.account_types.iter().filter_map(|known| known.name.as_deref()).map(Some);
    let members = access.members().iter().filter(|member| counts(member));
    for name in known.chain(members.map(|member| member.account_type.as_deref())) {
        names.entry(type_key(name)).or_insert(name);
    }
    let places: HashMap<&(bool, String), usize> = names.keys().zip(0..).collect();
    let of: Vec<Option<usize>> = access
        .members()
        .iter()
        .map(|member| counts(member).then(|| places[&type_key(member.account_type.as_deref())]))
        .collect();
    let mut rows: Vec<TypeRow> = names.iter().map(|_| TypeRow::default()).collect();
    for (member, place) in access.members().iter().zip(&of) {
        let Some(place) = place else { continue };
        let row = &mut rows[*place];
        row.members += 1;
        row.active += usize::from(member.inactive.is_none());
        row.ceiling_unknown |= member.usable(Level::View).is_none();
    }
    let mut scratch = Scratch::default();
    let mut best: Vec<Option<Level>> = Vec::new();
    for object in 0..access.objects().len() as u32 {
        best.clear();
        best.resize(rows.len(), None);
        let is_workspace = access.objects()[object as usize].kind == Kind::Workspace;
        access.expand(object, &mut scratch, |member, answer| {
            let (Some(place), Some(level)) = (of[member as usize], answer.level()) else { return };
            best[place] = best[place].max(Some(level));
            let usable = access.members()[member as usize].usable(level);
            rows[place].above += usize::from(usable.is_some_and(|usable| usable < level));
            if is_workspace && level >= Level::Edit {
                rows[place].managers.insert(member);
            }
        });
        for (row, level) in rows.iter_mut().zip(&best) {
            if let Some(place) = LEVELS.iter().position(|known| Some(*known) == *level) {
                row.by_level[place] += 1;
            }
        }
    }
    let confidence = at_least(inputs.unread(ACCESS).is_empty());
    for (name, row) in names.values().zip(rows) {
        let [view, explore, organize, edit, owner] = row.by_level;
        let cells: [Cell<'_>; 11] = [
            (*name).into(),
            row.members.into(),
            row.active.into(),
            row.by_level.iter().sum::<usize>().into(),
            view.into(),
            explore.into(),
            organize.into(),
            edit.into(),
            owner.into(),
            row.managers.len().into(),
            (!row.ceiling_unknown).then_some(row.above).into(),
        ];
        out.row(Row::new(confidence, cells))?;
    }
    Ok(())
}

/// Numbers of what was found are lower bounds where not everything was read.
fn at_least(all_read: bool) -> Confidence {
    if all_read { Confidence::Exact } else { Confidence::LowerBound }
}

/// What a team reaches in a workspace.
#[derive(Debug, Default)]
struct Cellful {
    by_level: [usize; LEVELS.len()],
    doubtful: bool,
}

fn teams(inputs: &Inputs<'_>, out: &mut dyn Sink) -> Result<(), ReportError> {
    let access = inputs.access;
    let everyone = access.teams().iter().position(|team| team.everyone && !team.archived);
    // By workspace, those outside of all of them last.
    let mut cells: BTreeMap<(usize, (bool, String, String)), Cellful> = BTreeMap::new();
    let mut doubtful: BTreeSet<(bool, String, String)> = BTreeSet::new();
    let mut entries: Vec<Entry> = Vec::new();
    for object in 0..access.objects().len() as u32 {
        if access.objects()[object as usize].archived {
            continue;
        }
        let place = workspace_key(access, object);
        if access.is_doubtful(object) {
            doubtful.insert(place.clone());
        }
        access.principals(object, &mut entries);
        for entry in &entries {
            let team = match entry.principal {
                Principal::Team(team) => team as usize,
                Principal::Everyone => match everyone {
                    Some(team) => team,
                    None => continue,
                },
                Principal::Member(_) => continue,
            };
            if let Some(level) = LEVELS.iter().position(|known| *known == entry.level) {
                cells.entry((team, place.clone())).or_default().by_level[level] += 1;
            }
        }
    }
    for ((_, place), cell) in &mut cells {
        cell.doubtful = doubtful.contains(place);
    }
    let sizes = sizes(inputs);
    for ((team, (outside, name, id)), cell) in &cells {
        let team = &access.teams()[*team];
        let most = cell.by_level.iter().rposition(|count| *count > 0).map(|place| LEVELS[place].name());
        let [view, explore, organize, edit, _] = cell.by_level;
        let inside = |text: &'_ String| (!outside).then(|| text.clone());
        out.row(Row::new(
            at_least(!cell.doubtful),
            [
                (&team.id).into(),
                team.title().into(),
                if team.everyone { sizes.everyone.into() } else { sizes.of(&team.id).into() },
                inside(id).into(),
                inside(name).into(),
                most.into(),
                cell.by_level.iter().sum::<usize>().into(),
                view.into(),
                explore.into(),
                organize.into(),
                edit.into(),
            ],
        ))?;
    }
    Ok(())
}

/// Sorts by name and id; what lies in no workspace is last.
fn workspace_key(access: &Access, object: u32) -> (bool, String, String) {
    let top = access.chain(object).last();
    match (access.workspace_of(object), top) {
        (Some(name), Some(top)) => (false, name.to_owned(), access.objects()[top as usize].id.clone()),
        _ => (true, String::new(), String::new()),
    }
}

/// How many active members teams have.
struct Sizes<'a> {
    by_team: HashMap<&'a str, HashSet<&'a str>>,
    everyone: usize,
}

impl Sizes<'_> {
    fn of(&self, team: &str) -> usize {
        self.by_team.get(team).map_or(0, HashSet::len)
    }
}

fn sizes<'a>(inputs: &Inputs<'a>) -> Sizes<'a> {
    let members = || inputs.access.members().iter().filter(|member| counts(member));
    let active: HashSet<&str> =
        members().filter(|member| member.inactive.is_none()).map(|member| member.id.as_str()).collect();
    let mut by_team: HashMap<&str, HashSet<&str>> = HashMap::new();
    for fact in &inputs.facts.memberships {
        if active.contains(fact.member_id.as_str()) {
            by_team.entry(&fact.team_id).or_default().insert(&fact.member_id);
        }
    }
    Sizes { by_team, everyone: members().filter(|member| member.in_everyone()).count() }
}
