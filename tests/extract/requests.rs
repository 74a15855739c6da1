//! How often, and how many at once, the server is asked.

use serde_json::Value;
use sigma_catalog::simulator::Options;

use crate::context::Context;

pub fn total(stats: &Value) -> u64 {
    stats["total"].as_u64().expect("a total")
}

pub fn asked(stats: &Value, path: &str) -> u64 {
    let by_status = stats["requests"].as_object().expect("requests");
    by_status
        .iter()
        .filter(|(endpoint, _)| endpoint.as_str() == format!("GET {path}"))
        .flat_map(|(_, statuses)| statuses.as_object().expect("statuses").values())
        .map(|count| count.as_u64().expect("a count"))
        .sum()
}

/// The organisation of which requests are counted.
pub fn counted() -> Options {
    Options {
        workspaces: 10,
        workbooks: 200,
        pages: 3,
        elements: 8,
        columns: 12,
        members: 100,
        teams: 10,
        data_models: 20,
        awkward: false,
        ..Options::small()
    }
}

#[test]
fn a_workbook_costs_its_pages_and_four_more_and_the_rest_little() {
    let context = Context::new(counted());
    let ran = context.extract_with(&["--concurrency", "10"]);
    assert_eq!(ran.code, 0, "{ran}");
    let stats = context.simulator.stats();
    let contents: u64 = ["pages", "pages/{pageId}/elements", "columns", "queries", "lineage"]
        .map(|child| asked(&stats, &format!("/v2/workbooks/{{workbookId}}/{child}")))
        .iter()
        .sum();
    assert_eq!(contents, 200 * 7, "{stats:#}");
    assert!(total(&stats) - contents <= 250, "{} for everything else: {stats:#}", total(&stats) - contents);
    // Without tenants nobody asks for their values.
    assert_eq!(asked(&stats, "/v2/user-attributes/{userAttributeId}/tenants"), 0, "{stats:#}");
    assert!(stats["max_in_flight"].as_u64().is_some_and(|most| most <= 10), "{stats:#}");
    assert_eq!(ran.json()["requests"]["total"].as_u64(), Some(total(&stats)), "{ran}");
}

#[test]
fn never_more_requests_are_in_flight_than_workers() {
    for workers in ["1", "4"] {
        let context =
            Context::new(Options { latency: std::time::Duration::from_millis(2), ..Options::small() });
        assert_eq!(context.extract_with(&["--concurrency", workers]).code, 0);
        let most = context.simulator.stats()["max_in_flight"].as_u64().expect("a number");
        assert_eq!(most, workers.parse::<u64>().expect("a number"), "all workers work, and no more");
    }
}

#[test]
fn what_bulk_endpoints_cannot_answer_is_asked_element_by_element() {
    let context = Context::small();
    let faults = ["columns", "queries", "lineage"]
        .map(|child| format!("GET /v2/workbooks/{{workbookId}}/{child} 404"));
    context.simulator.set_faults(faults.iter().map(|rule| rule.parse().expect("a rule")).collect());
    let ran = context.extract_with(&[]);
    // The text of custom SQL is not told by elements.
    assert_eq!(ran.code, 3, "{ran}");
    let held = |sql: &str| context.rows(sql);
    let short = "SELECT DISTINCT endpoint, error_code FROM fetch_scope WHERE error_code IS NOT NULL \
                 AND outcome IN ('failed', 'denied', 'gone', 'incomplete', 'skipped') ORDER BY 1";
    let expected =
        ["\"column-lineage\" | \"column_lineage.inputs_incomplete\"", "\"lineage\" | \"lineage.by_element\""];
    assert_eq!(held(short), expected);
    let in_workbooks = "document_id IN (SELECT id FROM document WHERE kind = 'workbook')";
    let columns = held(&format!("SELECT * FROM element_column WHERE {in_workbooks} ORDER BY 1, 2, 3"));
    let queries =
        held(&format!("SELECT * FROM element_query WHERE {in_workbooks} AND sql IS NOT NULL ORDER BY 1, 2"));
    let edges = held(&format!(
        "SELECT document_id, source_type, source_document_id, source_id, target_id FROM lineage_edge \
         WHERE {in_workbooks} AND source_type <> 'unresolved' ORDER BY 1, 2, 3, 4, 5"
    ));
    assert!(!columns.is_empty() && !queries.is_empty() && !edges.is_empty());
    context.simulator.set_faults(Vec::new());
    context.extract();
    assert_eq!(held(&format!("SELECT * FROM element_column WHERE {in_workbooks} ORDER BY 1, 2, 3")), columns);
    assert_eq!(
        held(&format!("SELECT * FROM element_query WHERE {in_workbooks} AND sql IS NOT NULL ORDER BY 1, 2")),
        queries
    );
    assert_eq!(
        held(&format!(
            "SELECT document_id, source_type, source_document_id, source_id, target_id FROM lineage_edge \
             WHERE {in_workbooks} AND source_type <> 'unresolved' ORDER BY 1, 2, 3, 4, 5"
        )),
        edges
    );
}

#[test]
fn where_grants_of_others_may_not_be_asked_objects_are_asked_instead() {
    // Few people and many documents: principals would be cheaper.
    let context = Context::new(Options { workbooks: 40, awkward: false, ..Options::small() });
    let first = context.extract();
    let granted = context.rows("SELECT * FROM object_grant ORDER BY 1");
    assert!(asked(&context.simulator.stats(), "/v2/grants") < 40, "{first}");
    context.simulator.reset_stats();
    context.simulator.set_faults(vec!["GET /v2/grants 403 x1".parse().expect("a rule")]);
    let ran = context.extract_with(&[]);
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(context.rows("SELECT * FROM object_grant ORDER BY 1"), granted);
    assert!(asked(&context.simulator.stats(), "/v2/grants") >= 40, "{ran}");
}
