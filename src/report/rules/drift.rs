//! R15: what changed between two runs, and by what.

use super::shared::workspace;
use crate::access::{Change, Drift, Held, Level};
use crate::catalog::facts::Facts;
use crate::report::inputs::Inputs;
use crate::report::row::{Cell, ReportError, Row, Sink};
use crate::report::table::{ACCESS, Column, Report};
use crate::store::RunState;

const COLUMNS: [Column; 16] = [
    Column::text("change", "change", "gained, lost, raised or lowered").key(),
    Column::text("member_id", "member id", "Sigma's id of the member").key().hidden(),
    Column::text("email", "member", "e-mail address of the member"),
    Column::text("object_id", "object id", "id of the object").key().hidden(),
    Column::text("kind", "kind", "workspace, folder, workbook, data-model, report, dataset or other"),
    Column::text("object", "object", "path and name of the object, as the later run has it if it does"),
    Column::text("workspace", "workspace", "the workspace it lies in").hidden(),
    Column::text("before", "before", "level in the earlier run; empty: no access"),
    Column::text("after", "after", "level in the later run; empty: no access"),
    Column::text("usable_before", "usable before", "what the account type left of it; empty: not known")
        .hidden(),
    Column::text("usable_after", "usable after", "what the account type leaves of it; empty: not known")
        .hidden(),
    Column::text(
        "cause",
        "cause",
        "what alone explains the change, several side by side: grant_added, grant_removed, team_membership, \
         team_archived, team_renamed, team_new, team_gone, moved_folder, owner_changed, account_type, user_kind, \
         member_archived, member_new, member_gone, object_new, object_gone, object_archived, object_kind",
    ),
    Column::text("because", "because", "the same in words"),
    Column::number("from_run", "from run", "the earlier run").hidden(),
    Column::number("to_run", "to run", "the later run").hidden(),
    Column::number(
        "first_seen",
        "first seen",
        "the run that first shows the change; empty where other runs lie between the two",
    )
    .hidden(),
];

/// Who gained, lost, raised or lowered access, and which single change of the organisation did it.
pub const R15: Report = Report {
    id: "R15",
    name: "drift",
    question: "What changed since the last run, and what did it?",
    columns: &COLUMNS,
    order: "path, name and id of the object, then e-mail address and id of the member",
    findings: false,
    rests_on: ACCESS,
    needs: &[],
    controls: &["NIST 800-53 AC-2", "PCI DSS 7.2.4"],
    rows,
};

/// The two runs that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Between {
    /// The earlier one.
    pub from: i64,
    /// The later one.
    pub to: i64,
    /// No other published run lies between the two.
    pub adjacent: bool,
}

/// The runs that were asked for; else the run that the report is about and the published one before it. `None`: there is
/// no run before it, or no catalog to look in.
///
/// # Errors
/// If the catalog cannot be read.
pub fn between(inputs: &Inputs<'_>) -> Result<Option<Between>, ReportError> {
    let Some(catalog) = inputs.catalog else { return Ok(None) };
    let published = |state: RunState| matches!(state, RunState::Published | RunState::PublishedPartial);
    let runs: Vec<i64> =
        catalog.runs(i64::MAX)?.iter().filter(|run| published(run.state)).map(|run| run.run_id).collect();
    let before = |to: i64| runs.iter().copied().filter(|run| *run < to).max();
    let asked = match inputs.options.between {
        Some(asked) => Some(asked),
        None => before(inputs.stamp.run_id).map(|from| (from, inputs.stamp.run_id)),
    };
    Ok(asked.map(|(from, to)| Between { from, to, adjacent: before(to) == Some(from) }))
}

/// Compares two runs and hands the comparison to `compared`.
///
/// # Errors
/// If one of them is no run that published, or `compared` says so.
pub fn compare(
    inputs: &Inputs<'_>,
    between: Between,
    compared: impl FnOnce(&Drift<'_>) -> Result<(), ReportError>,
) -> Result<(), ReportError> {
    let Some(catalog) = inputs.catalog else { return Ok(()) };
    let (_, earlier) = catalog.facts(Some(between.from))?;
    if between.to == inputs.stamp.run_id {
        return compared(&Drift::between(&earlier, inputs.facts, None));
    }
    let (_, later): (_, Facts) = catalog.facts(Some(between.to))?;
    compared(&Drift::between(&earlier, &later, None))
}

fn rows(inputs: &Inputs<'_>, out: &mut dyn Sink) -> Result<(), ReportError> {
    let Some(between) = between(inputs)? else { return Ok(()) };
    compare(inputs, between, |drift| {
        drift.each(|change| out.row(Row::new(change.confidence, cells(drift, &change, between))))
    })
}

fn cells<'a>(drift: &'a Drift<'_>, change: &Change, between: Between) -> [Cell<'a>; 16] {
    let (who, what) = (drift.member(change.member), drift.object(change.object));
    let (access, place) = drift.shown_object(change.object);
    let level = |held: Option<Held>| held.map(|held| held.level.name());
    let usable = |held: Option<Held>| held.and_then(|held| held.usable).map(Level::name);
    let atoms = || change.causes.iter().map(|atom| &drift.atoms()[*atom as usize]);
    let mut causes: Vec<&str> = atoms().flat_map(|atom| atom.cause.names().iter().copied()).collect();
    causes.sort_unstable();
    causes.dedup();
    let because: Vec<&str> = atoms().map(|atom| atom.text.as_str()).collect();
    [
        change.how.name().into(),
        (&who.id).into(),
        who.email.as_deref().into(),
        (&what.id).into(),
        what.kind.name().into(),
        what.full_path().into(),
        workspace(access, place).into(),
        level(change.before).into(),
        level(change.after).into(),
        usable(change.before).into(),
        usable(change.after).into(),
        causes.join(" ").into(),
        because.join("; ").into(),
        between.from.into(),
        between.to.into(),
        between.adjacent.then_some(between.to).into(),
    ]
}
