//! One workbook that always fails: everything else is complete, its earlier rows stay, the run says which it was, and the
//! next healthy run repairs it.

use std::collections::BTreeSet;

use sigma_catalog::simulator::{Mutation, Options};

use super::world::{break_it, exit_of, extract, workbooks};
use crate::context::{Context, Ran, run};
use crate::truth;

/// What can fail: the end of the path, and the scopes and tables whose rows come from it.
const PARTS: [(&str, &[&str], &[&str]); 6] = [
    ("pages", &["pages"], &["page"]),
    ("pages/*/elements", &["page-elements"], &["element"]),
    ("columns", &["columns"], &["element_column"]),
    ("queries", &["queries"], &["element_query"]),
    ("lineage", &["lineage"], &["lineage_node", "lineage_edge"]),
    (
        "*",
        &["pages", "columns", "queries", "lineage"],
        &["page", "element", "element_column", "element_query", "lineage_node", "lineage_edge"],
    ),
];

/// The rows of a document in a table.
fn rows(context: &Context, table: &str, document: &str) -> Vec<String> {
    context.rows(&format!("SELECT * FROM {table} WHERE document_id = '{document}' ORDER BY 1, 2, 3, 4"))
}

/// Adds a page to a workbook.
fn grow(context: &Context, document: &str) {
    let (document, name) = (document.to_owned(), Some("Appendix".to_owned()));
    context.simulator.mutate(&Mutation::AddPage { document, name }).expect("a change");
}

/// `extract` as people see it.
fn extract_as_text(context: &Context) -> Ran {
    let url = context.simulator.url();
    run(&mut context.command(&["extract", "--api-url", &url, "--db", "catalog.db"]))
}

/// One organisation for each fault; in it each part fails for a workbook of its own, which has changed since it was read.
fn with(fault: &str, outcome: &str, code: &str) {
    let context = Context::new(Options { workbooks: 20, ..Options::small() });
    assert_eq!(exit_of(&extract(&context)), 0);
    let all = workbooks(&context, &["element_query", "lineage_edge"]);
    let (broken, healthy) = (&all[..PARTS.len()], &all[PARTS.len()]);
    all[..=PARTS.len()].iter().for_each(|document| grow(&context, document));
    let rules: Vec<_> = broken
        .iter()
        .zip(PARTS)
        .map(|(document, (end, ..))| format!("GET /v2/workbooks/{document}/{end} {fault}"))
        .collect();
    let held = |document: &String, (_, _, tables): &(&str, &[&str], &[&str])| {
        tables.iter().map(|table| rows(&context, table, document)).collect::<Vec<_>>()
    };
    let before: Vec<_> = broken.iter().zip(&PARTS).map(|(document, part)| held(document, part)).collect();
    assert!(before.iter().flatten().all(|rows| !rows.is_empty()), "this would test nothing");
    break_it(&context, &rules);
    let ran = extract(&context);
    assert_eq!(exit_of(&ran), 3, "{fault}");
    let report = ran.expect("a run");
    let told: BTreeSet<String> =
        report.outcome.deficient.iter().map(|scope| scope.parent_id.clone()).collect();
    for ((document, part), before) in broken.iter().zip(&PARTS).zip(before) {
        let about = format!("{fault} at {}", part.0);
        assert_eq!(held(document, part), before, "{about}");
        for scope in part.1 {
            // A 500 is how Sigma says that there is no lineage: nothing is removed, and nobody alarmed.
            let ordinary = fault == "500" && *scope == "lineage";
            let ended = context.rows(&format!(
                "SELECT DISTINCT outcome, error_code FROM fetch_scope WHERE run_id = 2 AND endpoint = '{scope}' \
                 AND (parent_id = '{document}' OR parent_id LIKE '{document}/%')"
            ));
            let expected = match ordinary {
                true => "\"carried\" | \"object.no_data\"".to_owned(),
                false => format!("{outcome:?} | {code:?}"),
            };
            assert!(ended.contains(&expected), "{about}: {scope}: {ended:?}");
        }
    }
    let of_broken = |parent: &&String| broken.iter().any(|document| parent.starts_with(document.as_str()));
    let strangers: Vec<_> = told.iter().filter(|parent| !of_broken(parent)).collect();
    assert!(strangers.is_empty(), "{fault}: {strangers:?}");
    // Another one that changed is as it is now.
    assert!(rows(&context, "page", healthy).iter().any(|row| row.contains("Appendix")), "{fault}");
    break_it(&context, &[]);
    assert_eq!(exit_of(&extract(&context)), 0, "{fault}");
    let wrong = truth::differences(&context);
    assert!(wrong.is_empty(), "{fault}: {wrong}");
}

#[test]
fn one_that_answers_500_keeps_its_rows_and_is_repaired() {
    with("500", "failed", "server.error");
}

#[test]
fn one_that_answers_403_keeps_its_rows_and_is_repaired() {
    with("403", "denied", "access.forbidden");
}

#[test]
fn one_whose_connections_are_reset_keeps_its_rows_and_is_repaired() {
    with("reset", "failed", "network.broken");
}

#[test]
fn one_that_answers_a_web_page_keeps_its_rows_and_is_repaired() {
    with("html200", "failed", "body.not_json");
}

/// The same with the binary, whose waits are real: what people and programs are told.
#[test]
fn the_summary_names_the_workbook_that_failed() {
    let context = Context::small();
    context.extract();
    let document = workbooks(&context, &["element_query", "lineage_edge"]).remove(0);
    grow(&context, &document);
    for (fault, said) in [("500", "status 500"), ("403", "status 403")] {
        break_it(&context, &[format!("GET /v2/workbooks/{document}/pages {fault}")]);
        let ran = extract_as_text(&context);
        assert_eq!(ran.code, 3, "{ran}");
        let line = ran.stdout.lines().find(|line| line.contains(&format!("pages {document}")));
        assert!(line.is_some_and(|line| line.contains(said)), "{ran}");
        assert!(ran.stdout.contains("earlier rows kept"), "{ran}");
        let told = run(&mut context.command(&["runs", "show", "--db", "catalog.db"]));
        assert!(told.stdout.contains(&document), "{told}");
    }
}

#[test]
fn a_listing_that_shrinks_to_little_or_nothing_is_rejected_and_says_how_to_accept() {
    for left in [3, 0] {
        let options =
            Options { workbooks: 60, pages: 1, elements: 2, columns: 2, awkward: false, ..Options::small() };
        let context = Context::new(options);
        let ran = context.extract_with(&[]);
        assert_eq!(ran.code, 0, "{ran}");
        let listed = || context.rows("SELECT id FROM document WHERE kind = 'workbook' ORDER BY 1");
        let before = listed();
        assert_eq!(before.len(), 60);
        for id in before.iter().skip(left) {
            let document = id.trim_matches('"').to_owned();
            context.simulator.mutate(&Mutation::DeleteDocument { document }).expect("a change");
        }
        let ran = extract_as_text(&context);
        assert_eq!(ran.code, 4, "{ran}");
        assert_eq!(listed(), before, "nothing is removed");
        assert!(context.rows("SELECT 1 FROM document_history WHERE valid_to IS NOT NULL").is_empty());
        assert!(
            ran.stdout.contains(&format!("refused: {} of 60 workbooks would be removed", 60 - left)),
            "{ran}"
        );
        assert!(ran.stdout.contains("sigma-catalog extract --accept-removals 2"), "{ran}");
        let accepted = context.extract_with(&["--accept-removals", "2"]);
        assert_eq!(accepted.code, 0, "{accepted}");
        assert_eq!(listed().len(), left);
    }
}
