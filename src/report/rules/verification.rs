//! R21: what Sigma itself said of our rules when it was last asked.

use super::shared::{self, in_order, join, member_title, object_cells_of};
use crate::access::Confidence;
use crate::report::inputs::Inputs;
use crate::report::row::{Cell, ReportError, Row, Severity, Sink};
use crate::report::table::{Column, Report};
use crate::store::StoredVerification;

const HEAD: [Column; 3] = [
    Column::text("row", "row", "`difference`, or `summary` for the row that counts").key().hidden(),
    shared::MEMBER[0],
    shared::MEMBER[1],
];
const TAIL: [Column; 12] = [
    Column::text(
        "computed",
        "catalog",
        "the level by our rules, administrators' own path left aside; empty: none",
    ),
    Column::text("sigma_says", "Sigma", "the permission Sigma lists; empty: none"),
    Column::flag("agree", "agree", "whether the two are alike; summary: whether all are"),
    Column::text(
        "verdict",
        "verdict",
        "level, catalog_only or sigma_only; summary: agreed, differs or never_run",
    ),
    Column::number("verified_run", "run", "summary: the run that was compared").hidden(),
    Column::text("verified_at", "on", "summary: when, UTC").hidden(),
    Column::number("members_n", "members", "summary: members asked about").hidden(),
    Column::number("compared_n", "compared", "summary: pairs of member and object compared").hidden(),
    Column::number("agreed_n", "alike", "summary: of them alike").hidden(),
    Column::number("undecided_n", "undecided", "summary: of them neither alike nor surely different")
        .hidden(),
    Column::number("too_new_n", "too new", "summary: of them too new for Sigma's listing").hidden(),
    Column::number("unanswered_n", "unanswered", "summary: members about whom Sigma did not answer").hidden(),
];
const COLUMNS: [Column; 19] = join(join::<3, 4, 7>(HEAD, shared::OBJECT), TAIL);

/// Whether Sigma agrees.
pub const R21: Report = Report {
    id: "R21",
    name: "verification",
    question: "Did Sigma agree with our rules when `access verify` last asked?",
    columns: &COLUMNS,
    order: "the summary, then e-mail address of the member, path of the object",
    findings: false,
    rests_on: &[],
    needs: &[],
    controls: &["NIST 800-53 CA-2"],
    rows,
};

fn rows(inputs: &Inputs<'_>, out: &mut dyn Sink) -> Result<(), ReportError> {
    let mut cells = vec![Cell::Null; 9];
    cells[0] = "summary".into();
    let Some(verification) = &inputs.evidence.verification else {
        cells.extend([Cell::Null, "never_run".into()]);
        cells.resize(COLUMNS.len(), Cell::Null);
        return out.row(Row::summary(Confidence::Unknown, cells));
    };
    let StoredVerification { run_id, verified_at, counts, differences } = verification;
    // What was said of another state proves nothing about this one, and silence proves nothing at all.
    let confidence = match (*run_id == inputs.stamp.run_id, counts.undecided + counts.unanswered) {
        (false, _) => Confidence::Unknown,
        (true, 0) => Confidence::Exact,
        (true, _) => Confidence::LowerBound,
    };
    let agrees = differences.is_empty() && counts.compared > 0;
    cells.extend([
        agrees.into(),
        if agrees { "agreed" } else { "differs" }.into(),
        (*run_id).into(),
        verified_at.into(),
        counts.members.into(),
        counts.compared.into(),
        counts.agreed.into(),
        counts.undecided.into(),
        counts.too_new.into(),
        counts.unanswered.into(),
    ]);
    out.row(Row::summary(confidence, cells))?;
    let rows = differences.iter().map(|found| {
        let who = member_title(inputs.access, &found.member_id);
        let mut cells: Vec<Cell<'_>> = vec!["difference".into(), (&found.member_id).into(), who.into()];
        cells.extend(object_cells_of(inputs.access, &found.object_id));
        cells.extend([
            found.computed.as_deref().into(),
            found.sigma_says.as_deref().into(),
            false.into(),
            (&found.verdict).into(),
        ]);
        let object = cells[5].text().into_owned();
        cells.resize(COLUMNS.len(), Cell::Null);
        (
            (who, object, &found.object_id),
            Row { severity: Some(Severity::High), ..Row::new(confidence, cells) },
        )
    });
    in_order(rows.collect(), out)
}
