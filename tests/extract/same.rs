//! What the catalog holds is what the organisation has, and what refers to something refers to something that is there.

use sigma_catalog::simulator::Options;

use crate::context::{Context, EVERYTHING};
use crate::truth::differences;

fn holds_the_truth(options: Options, arguments: &[&str]) {
    let context = Context::new(options);
    let ran = context.extract_with(&[&["--concurrency", "4"], arguments].concat());
    assert_eq!(ran.code, 0, "{ran}");
    let found = differences(&context);
    assert!(found.is_empty(), "{found}");
}

#[test]
fn the_catalog_of_a_small_organisation_is_the_organisation() {
    for seed in [1, 2, 3] {
        holds_the_truth(Options { seed, ..Options::small() }, &[]);
        holds_the_truth(Options { seed, ..Options::small() }, &["--everything", "true"]);
    }
}

#[test]
fn the_catalog_of_a_medium_organisation_is_the_organisation() {
    for seed in [1, 2, 3] {
        holds_the_truth(Options { seed, ..Options::medium() }, &["--everything", "true"]);
    }
}

#[test]
fn grants_by_object_and_by_principal_give_the_same_catalog() {
    for way in ["object", "principal"] {
        let context = Context::small();
        let ran = context.extract_with(&[&["--grants", way], &EVERYTHING[..]].concat());
        assert_eq!(ran.code, 0, "{ran}");
        let found = differences(&context);
        assert!(found.is_empty(), "{way}: {found}");
        // Inherited rows come by default, and nothing in them says so: they must not even be asked for.
        let read = context
            .rows(
                "SELECT sum(rows) FROM fetch_scope WHERE endpoint IN \
             ('object-grants', 'member-grants', 'team-grants')",
            )
            .remove(0);
        let by_workspace = context
            .rows(
                "SELECT sum(rows) FROM fetch_scope WHERE endpoint = 'object-grants' \
            AND parent_id IN (SELECT id FROM workspace)",
            )
            .remove(0);
        let twice: i64 = if way == "principal" { by_workspace.parse().expect("a number") } else { 0 };
        let held: i64 =
            context.rows("SELECT count(*) FROM object_grant").remove(0).parse().expect("a number");
        assert_eq!(read.parse::<i64>().expect("a number") - twice, held, "{way}");
    }
}

#[test]
fn the_views_refer_to_nothing_that_is_not_there() {
    let context = Context::small();
    context.extract();
    let references = [
        ("bi_folder", "parent_external_id", "bi_folder"),
        ("bi_report", "parent_folder_external_id", "bi_folder"),
        ("bi_report", "parent_report_external_id", "bi_report"),
        ("bi_report", "owner_external_id", "bi_user"),
        ("bi_report_column", "report_external_id", "bi_report"),
        ("bi_report_column", "connection_column_external_id", "bi_connection_column"),
        ("bi_datasource", "parent_folder_external_id", "bi_folder"),
        ("bi_datasource", "parent_datasource_external_id", "bi_datasource"),
        ("bi_datasource_column", "datasource_external_id", "bi_datasource"),
        ("bi_connection", "parent_external_id", "bi_connection"),
    ];
    for (view, column, target) in references {
        let dangling = context.rows(&format!(
            "SELECT DISTINCT {column} FROM {view} WHERE {column} NOT IN (SELECT external_id FROM {target})"
        ));
        assert_eq!(dangling, Vec::<String>::new(), "{view}.{column}");
        let any = context.rows(&format!("SELECT 1 FROM {view} WHERE {column} IS NOT NULL LIMIT 1"));
        assert!(!any.is_empty(), "{view}.{column} is null everywhere");
    }
    let known = "SELECT external_id FROM bi_report UNION ALL SELECT external_id FROM bi_datasource \
                 UNION ALL SELECT external_id FROM bi_connection";
    for end in ["source", "target"] {
        let dangling = context.rows(&format!(
            "SELECT DISTINCT {end}_external_id FROM bi_lineage WHERE {end}_type <> 'unresolved' \
             AND {end}_external_id NOT IN ({known})"
        ));
        assert_eq!(dangling, Vec::<String>::new(), "bi_lineage.{end}");
    }
    for view in [
        "bi_server",
        "bi_folder",
        "bi_report",
        "bi_report_column",
        "bi_datasource",
        "bi_datasource_column",
        "bi_connection",
        "bi_connection_column",
        "bi_user",
    ] {
        let twice = context.rows(&format!("SELECT external_id FROM {view} GROUP BY 1 HAVING count(*) > 1"));
        assert_eq!(twice, Vec::<String>::new(), "{view} has an id twice");
    }
}

#[test]
fn no_address_of_the_tokens_owner_is_in_the_stored_sql() {
    let context = Context::small();
    context.extract();
    assert_eq!(
        context.rows("SELECT sql FROM element_query WHERE sql LIKE '%Sigma Σ%' OR sql LIKE '%request-id%'"),
        Vec::<String>::new()
    );
    assert!(!context.rows("SELECT sql FROM element_query WHERE sql IS NOT NULL LIMIT 1").is_empty());
}
