//! Where the lineage of a document is told only element by element, nothing is taken away that this does not tell.

use std::collections::BTreeSet;

use sigma_catalog::simulator::{Mutation, Options};

use crate::context::Context;
use crate::truth;

/// Custom SQL that workbooks read, with the first of the pages that show what reads it.
const CUSTOM_SQL: &str = "SELECT n.document_id, n.id, min(e.page_id) FROM lineage_node n \
    JOIN lineage_edge l ON l.document_id = n.document_id AND l.source_type = n.type AND l.source_id = n.id \
    JOIN element e ON e.document_id = n.document_id AND e.element_id = l.target_id \
    JOIN document d ON d.id = n.document_id AND d.kind = 'workbook' \
    WHERE n.type = 'customSQL' AND e.page_id IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2";

fn without_bulk(context: &Context, status: u16) {
    let rule = format!("GET /v2/workbooks/{{workbookId}}/lineage {status}");
    context.simulator.set_faults(vec![rule.parse().expect("a rule")]);
}

fn custom_sql(context: &Context) -> Vec<[String; 3]> {
    let split = |row: &String| {
        let cells: Vec<_> = row.split(" | ").map(|cell| cell.trim_matches('"').to_owned()).collect();
        cells.try_into().expect("three columns")
    };
    context.rows(CUSTOM_SQL).iter().map(split).collect()
}

/// What is known of what documents read, and what was derived from that.
fn known(context: &Context) -> BTreeSet<String> {
    let tables = ["lineage_node", "column_edge", "custom_sql_table"];
    let rows = |table| context.rows(&format!("SELECT '{table}', * FROM {table}"));
    tables.into_iter().flat_map(rows).collect()
}

fn differences(one: &BTreeSet<String>, other: &BTreeSet<String>) -> Vec<String> {
    one.symmetric_difference(other).take(5).cloned().collect()
}

fn asked_for_lineage(context: &Context) -> usize {
    let answers = &context.simulator.stats()["requests"]["GET /v2/workbooks/{workbookId}/lineage"];
    answers
        .as_object()
        .into_iter()
        .flat_map(|answers| answers.values())
        .filter_map(|n| n.as_u64())
        .sum::<u64>() as usize
}

#[test]
fn what_elements_do_not_tell_stays_until_their_document_tells_it_again() {
    let context = Context::new(Options { workbooks: 20, ..Options::small() });
    context.extract();
    let (before, all) = (known(&context), custom_sql(&context));
    assert!(all.len() > 1, "{all:?}");
    context.simulator.reset_stats();
    context.extract();
    let anyway = asked_for_lineage(&context);
    // As if the catalog's text were older than the server's: elements do not say so.
    let old = "UPDATE lineage_node_history SET definition = 'select 1' WHERE type = 'customSQL' AND id = ?";
    let catalog = rusqlite::Connection::open(context.database()).expect("a catalog");
    catalog.execute(old, [&all[0][1]]).expect("an older text");
    let (older, sql) = (known(&context), &all[0][1]);
    assert_eq!(differences(&older, &before).len(), 2);
    without_bulk(&context, 404);

    let ran = context.extract_with(&["--everything", "true", "--full"]);
    assert_eq!(ran.code, 3, "{ran}");
    assert_eq!(
        differences(&known(&context), &older),
        [""; 0],
        "nothing changed but for what no element tells"
    );
    let mut expected: Vec<_> = all
        .iter()
        .map(|[document, sql, _]| format!("\"lineage\" | \"{document}/{sql}\" | \"lineage.by_element\""))
        .collect();
    let documents: BTreeSet<_> = all.iter().map(|[document, ..]| document).collect();
    let derived = documents.iter().map(|document| {
        format!("\"column-lineage\" | \"{document}\" | \"column_lineage.inputs_incomplete\"")
    });
    expected.splice(0..0, derived);
    let short = "SELECT endpoint, parent_id, error_code FROM fetch_scope WHERE run_id = 3 \
                 AND outcome NOT IN ('complete', 'not_applicable', 'carried', 'excluded') ORDER BY 1, 2";
    assert_eq!(context.rows(short), expected);
    assert!(ran.stdout.contains(sql) || ran.stderr.contains(sql), "{ran}");

    // Nothing of them changed, and they are asked all the same.
    let sketched = context.rows(
        "SELECT DISTINCT n.document_id FROM lineage_node n JOIN document d ON d.id = n.document_id \
         WHERE d.kind = 'workbook'",
    );
    context.simulator.set_faults(Vec::new());
    context.simulator.reset_stats();
    context.extract();
    assert_eq!(asked_for_lineage(&context), sketched.len());
    assert!(sketched.len() > anyway + documents.len(), "tables are named without their connection, too");
    assert_eq!(differences(&known(&context), &before), [""; 0]);
    let wrong = truth::differences(&context);
    assert!(wrong.is_empty(), "{wrong}");
    context.simulator.reset_stats();
    context.extract();
    assert_eq!(asked_for_lineage(&context), anyway, "all is known");
}

#[test]
fn what_elements_no_longer_name_is_gone() {
    let context = Context::new(Options { workbooks: 20, ..Options::small() });
    context.extract();
    let [document, sql, page] = custom_sql(&context).remove(0);
    let is_named = || !context.rows(&format!("SELECT 1 FROM lineage_node WHERE id = '{sql}'")).is_empty();
    assert!(is_named());
    context.simulator.mutate(&Mutation::RemovePage { document: document.clone(), page }).expect("a change");
    without_bulk(&context, 410);
    let ran = context.extract_with(&["--everything", "true"]);
    assert!([0, 3].contains(&ran.code), "{ran}");
    assert!(!is_named(), "{ran}");
}

#[test]
fn what_nobody_told_of_custom_sql_is_missing_and_said_to_be() {
    let context = Context::new(Options { workbooks: 20, ..Options::small() });
    without_bulk(&context, 404);
    let ran = context.extract_with(&["--everything", "true"]);
    assert_eq!(ran.code, 3, "{ran}");
    let told = "SELECT definition FROM lineage_node n JOIN document d ON d.id = n.document_id \
                WHERE n.type = 'customSQL' AND d.kind = 'workbook'";
    let all = custom_sql(&context);
    assert!(!all.is_empty() && context.rows(told).iter().all(|text| text == "null"));
    context.simulator.set_faults(Vec::new());
    context.extract();
    let wrong = truth::differences(&context);
    assert!(wrong.is_empty(), "{wrong}");
}
