//! What fails at one level of the organisation is missing there and below, and nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use sigma_catalog::catalog::TABLES;

use crate::context::Context;
use crate::world::BASE;

/// Every row of every table, by table, as text.
fn rows(context: &Context) -> BTreeMap<&'static str, BTreeSet<String>> {
    TABLES
        .iter()
        .map(|table| {
            let rows = context.rows(&format!("SELECT * FROM \"{}\"", table.name));
            (table.name, rows.into_iter().collect())
        })
        .collect()
}

/// What a first crawl lacks under a fault; it has nothing that the organisation has not.
fn missing(fault: &str) -> Vec<(&'static str, String)> {
    let context = Context::small();
    context.simulator.set_faults(vec![fault.parse().expect("a rule")]);
    let ran = context.extract_with(&["--everything", "true"]);
    assert_eq!(ran.code, 3, "{fault}: {ran}");
    let (whole, partial) = (rows(&BASE), rows(&context));
    let mut missing = Vec::new();
    for (table, partial) in partial {
        // What is derived from what is missing may be there in a weaker form.
        if matches!(table, "column_edge" | "custom_sql_table") {
            continue;
        }
        let added: Vec<_> = partial.difference(&whole[table]).collect();
        assert!(added.is_empty(), "{fault}: {table} has {added:?}");
        missing.extend(whole[table].difference(&partial).map(|row| (table, row.clone())));
    }
    assert!(!missing.is_empty(), "{fault} took nothing away");
    missing
}

fn ids(sql: &str) -> Vec<String> {
    BASE.rows(sql).into_iter().map(|id| id.trim_matches('"').to_owned()).collect()
}

#[track_caller]
fn assert_below(missing: &[(&str, String)], ids: &[String], others: &[&str]) {
    let stray: Vec<_> = missing
        .iter()
        .filter(|(table, row)| !others.contains(table) && !ids.iter().any(|id| row.contains(id)))
        .collect();
    assert!(stray.is_empty(), "missing elsewhere: {stray:#?}");
}

#[test]
fn a_kind_that_cannot_be_listed_is_missing_with_what_is_in_it_and_nothing_else_is() {
    let models = ids("SELECT id FROM document WHERE kind = 'data-model'");
    assert!(models.len() >= 3);
    let missing = missing("GET /v2/dataModels 500");
    // Their grants, and the tables that only they read, hang on them.
    assert_below(
        &missing,
        &models,
        &["object_grant", "warehouse_table", "warehouse_column", "connection_grant"],
    );
    let documents: Vec<_> = missing.iter().filter(|(table, _)| *table == "document").collect();
    assert_eq!(documents.len(), models.len(), "{documents:#?}");
}

#[test]
fn a_document_that_cannot_be_read_is_missing_inside_and_nothing_else_is() {
    let workbook = ids("SELECT document_id FROM element JOIN document d ON d.id = document_id \
                        WHERE d.kind = 'workbook' GROUP BY 1 HAVING count(*) > 4 ORDER BY 1 LIMIT 1");
    let missing = missing(&format!("GET /v2/workbooks/{}/* 500", workbook[0]));
    assert_below(&missing, &workbook, &["warehouse_table", "warehouse_column", "connection_grant"]);
    for table in ["page", "element", "element_column"] {
        assert!(missing.iter().any(|(found, _)| *found == table), "{table}: {missing:#?}");
    }
    assert!(
        missing.iter().all(|(table, _)| *table != "document"),
        "the document itself was listed: {missing:#?}"
    );
}

#[test]
fn a_page_that_cannot_be_read_is_missing_its_elements_and_nothing_else_is() {
    // Where elements lie on no page, the list that shows them shows those of the page as well, and is not asked: it could
    // not be told which are which.
    let sql = "SELECT e.document_id, e.page_id FROM element e JOIN document d ON d.id = e.document_id \
               WHERE d.kind = 'workbook' AND e.page_id IS NOT NULL AND NOT EXISTS \
               (SELECT 1 FROM element x WHERE x.document_id = e.document_id AND x.page_id IS NULL) \
               GROUP BY 1, 2 HAVING count(*) > 2 ORDER BY 1, 2 LIMIT 1";
    let found = BASE.rows(sql).remove(0);
    let (workbook, page) = found.split_once(" | ").expect("two columns");
    let (workbook, page) = (workbook.trim_matches('"'), page.trim_matches('"'));
    let missing = missing(&format!("GET /v2/workbooks/{workbook}/pages/{page}/elements 500"));
    assert_below(&missing, &[page.to_owned()], &[]);
    assert!(missing.iter().all(|(table, _)| *table == "element"), "{missing:#?}");
}
