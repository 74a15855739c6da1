//! R15: what changed between two runs, and by what.

use std::borrow::Cow;

use super::first_seen::FirstSeen;
use crate::access::{Cause, Change, Drift, Held, Level, Users};
use crate::catalog::facts::Facts;
use crate::report::inputs::Inputs;
use crate::report::row::{Cell, ReportError, Row, Sink};
use crate::report::table::{ACCESS, Column, Report};
use crate::store::{Catalog, RunState};

const COLUMNS: [Column; 18] = [
    Column::text(
        "side",
        "side",
        "sigma: what Sigma lets the member do; catalog: what the catalog lets the catalog user see, where another \
         identity mapping changed it",
    )
    .key()
    .hidden(),
    Column::text("change", "change", "gained, lost, raised or lowered").key(),
    Column::text("member_id", "member id", "Sigma's id of the member").key().hidden(),
    Column::text("email", "member", "e-mail address of the member"),
    Column::text("catalog_user", "catalog user", "catalog: the user who gained or lost").key(),
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
         member_archived, member_new, member_gone, object_new, object_gone, object_archived, object_kind, mapping_changed",
    ),
    Column::text("because", "because", "the same in words"),
    Column::number("from_run", "from run", "the earlier run").hidden(),
    Column::number("to_run", "to run", "the later run").hidden(),
    Column::number(
        "first_seen",
        "first seen",
        "the first run after the earlier one that has what the later one has; empty where the earlier one came later",
    )
    .hidden(),
];

/// Who gained, lost, raised or lowered access, and which single change of the organisation did it.
pub const R15: Report = Report {
    id: "R15",
    name: "drift",
    question: "What changed since the last run, and what did it?",
    columns: &COLUMNS,
    order: "Sigma before the catalog; path, name and id of the object, then e-mail address and id of the member, lost before gained",
    findings: false,
    rests_on: ACCESS,
    needs: &[],
    controls: &["NIST 800-53 AC-2", "PCI DSS 7.2.4"],
    rows,
};

/// The two runs that are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Between {
    /// The earlier one.
    pub from: i64,
    /// The later one.
    pub to: i64,
    /// The other published runs between the two, the earliest first.
    pub others: Vec<i64>,
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
    Ok(asked.map(|(from, to)| {
        let mut others: Vec<i64> = runs.iter().copied().filter(|run| from < *run && *run < to).collect();
        others.sort_unstable();
        Between { from, to, others }
    }))
}

/// Whose access is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What Sigma lets members do.
    Sigma,
    /// What the catalog lets its users see, as far as the identity mapping changed it: what Sigma changed is on Sigma's
    /// side already.
    Catalog,
}

impl Side {
    fn name(self) -> &'static str {
        match self {
            Self::Sigma => "sigma",
            Self::Catalog => "catalog",
        }
    }

    /// Whether a change is told on this side.
    pub fn tells(self, drift: &Drift<'_>, change: &Change) -> bool {
        let is_mapping = |atom: &u32| drift.atoms()[*atom as usize].cause == Cause::MappingChanged;
        self == Self::Sigma || change.causes.iter().any(is_mapping)
    }
}

/// The two states that are compared.
pub struct States<'a> {
    earlier: Facts,
    later: Cow<'a, Facts>,
    /// Which catalog user stood for which member, where both runs mirrored and not alike.
    users: Option<[Users; 2]>,
}

impl<'a> States<'a> {
    /// Reads them.
    ///
    /// # Errors
    /// If one of them is no run that published.
    pub fn read(inputs: &Inputs<'a>, catalog: &Catalog, between: &Between) -> Result<Self, ReportError> {
        let (_, earlier) = catalog.facts(Some(between.from))?;
        let later = match between.to == inputs.stamp.run_id {
            true => Cow::Borrowed(inputs.facts),
            false => Cow::Owned(catalog.facts(Some(between.to))?.1),
        };
        let users = catalog.mirrored_users(between.from)?.zip(catalog.mirrored_users(between.to)?);
        let users = users.filter(|(earlier, later)| earlier != later).map(<[Users; 2]>::from);
        Ok(Self { earlier, later, users })
    }

    /// The comparison on one side; `None` where nothing can have changed there.
    pub fn drift(&self, side: Side) -> Option<Drift<'_>> {
        match (side, &self.users) {
            (Side::Sigma, _) => Some(Drift::between(&self.earlier, &self.later, None)),
            (Side::Catalog, Some(users)) => {
                Some(Drift::between(&self.earlier, &self.later, Some(users.each_ref())))
            }
            (Side::Catalog, None) => None,
        }
    }
}

fn rows(inputs: &Inputs<'_>, out: &mut dyn Sink) -> Result<(), ReportError> {
    let (Some(catalog), Some(between)) = (inputs.catalog, between(inputs)?) else { return Ok(()) };
    let states = States::read(inputs, catalog, &between)?;
    for side in [Side::Sigma, Side::Catalog] {
        let Some(drift) = states.drift(side) else { continue };
        let first_seen = FirstSeen::new(catalog, &drift, side, &between)?;
        let mut place = 0;
        drift.each(|change| {
            if !side.tells(&drift, &change) {
                return Ok(());
            }
            let first_seen = first_seen.of(place);
            place += 1;
            out.row(Row::new(change.confidence, cells(&drift, side, &change, &between, first_seen)))
        })?;
    }
    Ok(())
}

fn cells<'a>(
    drift: &'a Drift<'_>,
    side: Side,
    change: &Change,
    between: &Between,
    first_seen: Option<i64>,
) -> [Cell<'a>; COLUMNS.len()] {
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
        side.name().into(),
        change.how.name().into(),
        (&who.id).into(),
        who.email.as_deref().into(),
        change.user.clone().into(),
        (&what.id).into(),
        what.kind.name().into(),
        what.full_path().into(),
        access.workspace_of(place).into(),
        level(change.before).into(),
        level(change.after).into(),
        usable(change.before).into(),
        usable(change.after).into(),
        causes.join(" ").into(),
        because.join("; ").into(),
        between.from.into(),
        between.to.into(),
        first_seen.into(),
    ]
}
