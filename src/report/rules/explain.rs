//! R04: via which paths a member reaches an object, step by step.

use crate::access::{Confidence, edges, is_winning, narrative};
use crate::report::inputs::Inputs;
use crate::report::row::{Cell, ReportError, Row, Sink};
use crate::report::table::{ACCESS, Column, Need, Report};

const COLUMNS: [Column; 8] = [
    Column::number("path_no", "path", "number of the path, the winning one first").key(),
    Column::number("step_no", "step", "number of the step on its path").key(),
    Column::text("from", "from", "`member:`, `team:` or the kind of an object, and its id").key(),
    Column::text("edge", "how", "member_of, granted, inherits, owns or admin").key(),
    Column::text("to", "to", "as in `from`").key(),
    Column::text(
        "permission",
        "permission",
        "the word of the grant, or what is left of it where it is inherited",
    ),
    Column::flag("winning", "wins", "whether the path is the one that decides"),
    Column::text("narrative", "in words", "the path as a sentence"),
];

/// Every path from a member to an object.
pub const R04: Report = Report {
    id: "R04",
    name: "explain-access",
    question: "Via which paths does this member reach this object?",
    columns: &COLUMNS,
    order: "path, step",
    findings: false,
    rests_on: ACCESS,
    needs: &[Need::Member, Need::Object],
    controls: &["NIST 800-53 AC-6(7)", "PCI DSS 7.2.4"],
    rows,
};

fn rows(inputs: &Inputs<'_>, out: &mut dyn Sink) -> Result<(), ReportError> {
    let (Some(member), Some(object)) = (inputs.member()?, inputs.object()?) else { return Ok(()) };
    let access = inputs.access;
    let asker = access.asker(member);
    let paths = access.paths(&asker, object);
    let sure = access.answer(&asker, object).confidence;
    let mut summary: Vec<Cell<'_>> = vec![Cell::Null; COLUMNS.len()];
    if paths.is_empty() {
        summary[COLUMNS.len() - 1] = match sure {
            Confidence::Exact => "no path: nothing gives the member access",
            _ => "no path is known, but something that could give one was not read",
        }
        .into();
        return out.row(Row::summary(sure, summary));
    }
    for (place, path) in paths.iter().enumerate() {
        let told = narrative(access, path, member, object);
        // What is found is there, whatever else is not known.
        for (step, edge) in edges(access, member, object, path).into_iter().enumerate() {
            out.row(Row::new(
                Confidence::Exact,
                [
                    (place + 1).into(),
                    (step + 1).into(),
                    edge.from.into(),
                    edge.edge.into(),
                    edge.to.into(),
                    edge.permission.into(),
                    is_winning(place, path).into(),
                    told.clone().into(),
                ],
            ))?;
        }
    }
    Ok(())
}
