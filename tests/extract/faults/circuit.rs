//! When to stop trying, in a whole run: what kept failing is left alone, everything else is complete, and the run says so.

use std::collections::BTreeMap;

use sigma_catalog::simulator::{Mutation, Options};

use super::world::{break_it, exit_of, extract_from, workbooks};
use crate::context::Context;

/// Reads an organisation well, then with a fault at the columns of all its workbooks. Answers how many of those scopes ended
/// with which code, and how many requests they took.
fn columns_with(fault: &str, reserve: u32) -> (BTreeMap<String, usize>, u64) {
    let context = Context::new(Options { workbooks: 70, ..Options::small() });
    let extract =
        || extract_from(&context, &context.simulator.url(), |options| options.retry.budget_reserve = reserve);
    assert_eq!(exit_of(&extract()), 0);
    for document in workbooks(&context, &[]) {
        context.simulator.mutate(&Mutation::TouchDocument { document }).expect("a change");
    }
    let columns = || context.rows("SELECT * FROM element_column ORDER BY 1, 2, 3");
    let before = columns();
    break_it(&context, &[format!("GET /v2/workbooks/{{workbookId}}/columns {fault}")]);
    let ran = extract();
    assert_eq!(exit_of(&ran), 3);
    let report = ran.expect("a run");
    assert!(columns() == before, "what could not be read is kept");
    let bad = context.rows(
        "SELECT endpoint, error_code FROM fetch_scope AS s JOIN document AS d ON d.id = s.parent_id WHERE run_id = 2 \
         AND d.kind = 'workbook' AND outcome NOT IN ('complete', 'not_applicable', 'carried', 'excluded')",
    );
    let mut codes = BTreeMap::new();
    for row in bad {
        // What columns are computed from is derived from them.
        match row.split_once(" | ") {
            Some(("\"columns\"", code)) => *codes.entry(code.trim_matches('"').to_owned()).or_default() += 1,
            other => assert!(other.is_some_and(|(scope, _)| scope == "\"column-lineage\""), "{other:?}"),
        }
    }
    let others = context.rows(
        "SELECT 1 FROM fetch_scope AS s LEFT JOIN document AS d ON d.id = s.parent_id WHERE run_id = 2 \
         AND coalesce(d.kind, '') <> 'workbook' AND outcome IN ('failed', 'incomplete', 'skipped')",
    );
    assert!(others.is_empty(), "{others:?}");
    // The next healthy run reads it all.
    break_it(&context, &[]);
    for document in workbooks(&context, &[]) {
        context.simulator.mutate(&Mutation::TouchDocument { document }).expect("a change");
    }
    assert_eq!(exit_of(&extract()), 0);
    (codes, report.stats.calls_of("workbook_columns"))
}

#[test]
fn an_endpoint_that_keeps_failing_is_left_alone_for_the_rest_of_the_run() {
    let (codes, requests) = columns_with("422", 100_000);
    // Those that were on their way when the twentieth failed end too.
    let asked = codes["request.rejected"];
    assert!((20..24).contains(&asked) && codes["circuit.open"] > 10, "{codes:?}");
    assert_eq!((codes.len(), requests), (2, asked as u64), "{codes:?}");
}

#[test]
fn a_run_does_not_spend_more_on_retries_than_its_budget() {
    // The usual reserve: 20 retries, and one more for every five requests.
    let (codes, requests) = columns_with("503", 20);
    assert!(codes["retry.budget"] > 0 && codes["circuit.open"] > 10, "{codes:?}");
    let failed = codes.values().sum::<usize>() - codes["circuit.open"];
    assert!((20..24).contains(&failed), "{codes:?}");
    assert!(requests < 120, "{requests} requests where 20 scopes of 6 attempts would be 120");
}
