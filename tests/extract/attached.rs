//! What hangs on documents is asked for when the settings say so, with one request for each document and kind.

use serde_json::Value;
use sigma_catalog::simulator::Options;

use crate::context::Context;
use crate::requests::{asked, total};

/// Each optional setting, with the endpoints it turns on and the kind of document they are asked of.
const OPTIONAL: &[(&str, &[(&str, &str)])] = &[
    (
        "--controls",
        &[("/v2/workbooks/{workbookId}/controls", "workbook"), ("/v2/reports/{reportId}/controls", "report")],
    ),
    ("--bookmarks", &[("/v2/workbooks/{workbookId}/bookmarks", "workbook")]),
    ("--embeds", &[("/v2/workbooks/{workbookId}/embeds", "workbook")]),
    (
        "--schedules",
        &[
            ("/v2/workbooks/{workbookId}/schedules", "workbook"),
            ("/v2/reports/{reportId}/schedules", "report"),
        ],
    ),
    (
        "--materializations",
        &[
            ("/v2/workbooks/{workbookId}/materialization-schedules", "workbook"),
            ("/v2/dataModels/{dataModelId}/materializationSchedules", "data-model"),
        ],
    ),
    (
        "--versions",
        &[
            ("/v2/workbooks/{workbookId}/version-history", "workbook"),
            ("/v2/reports/{reportId}/version-history", "report"),
        ],
    ),
    (
        "--sources",
        &[
            ("/v2/workbooks/{workbookId}/sources", "workbook"),
            ("/v2/reports/{reportId}/sources", "report"),
            ("/v2/dataModels/{dataModelId}/sources", "data-model"),
        ],
    ),
];

/// How many documents of a kind have contents to ask for.
fn documents(context: &Context, kind: &str) -> u64 {
    let sql = format!("SELECT 1 FROM document WHERE kind = '{kind}' AND coalesce(is_archived, 0) = 0");
    context.rows(&sql).len() as u64
}

#[test]
fn an_optional_kind_costs_one_request_for_each_document_and_none_when_off() {
    let context = Context::small();
    let ran = context.extract_with(&[]);
    assert_eq!(ran.code, 0, "{ran}");
    // What is known already is asked again, so that runs can be compared.
    let without = context.simulator.stats();
    for (setting, endpoints) in OPTIONAL {
        for (path, _) in *endpoints {
            assert_eq!(asked(&without, path), 0, "{setting} {path}");
        }
        context.simulator.reset_stats();
        let ran = context.extract_with(&[setting, "true", "--full"]);
        assert_eq!(ran.code, 0, "{ran}");
        let stats = context.simulator.stats();
        let mut more = 0;
        for (path, kind) in *endpoints {
            let count = asked(&stats, path);
            assert_eq!(count, documents(&context, kind), "{setting} {path}");
            assert!(count > 0, "{kind}");
            more += count;
        }
        assert_eq!(total(&stats), total(&without) + more, "{setting} asks for nothing else");
    }
}

#[test]
fn what_is_turned_off_again_stays_and_is_known_to_be_old() {
    let context = Context::small();
    let ran = context.extract_with(&["--everything", "true"]);
    assert_eq!(ran.code, 0, "{ran}");
    let embeds = context.rows("SELECT * FROM embed ORDER BY 1, 2");
    assert!(!embeds.is_empty());
    let ran = context.extract_with(&[]);
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(context.rows("SELECT * FROM embed ORDER BY 1, 2"), embeds);
    let outcomes = context.rows(
        "SELECT DISTINCT outcome FROM fetch_scope WHERE endpoint = 'embeds' \
         AND run_id = (SELECT published_run FROM catalog_state)",
    );
    assert_eq!(outcomes, [r#""excluded""#]);
}

#[test]
fn an_element_on_no_page_is_found_by_its_columns_and_only_then_asked_for() {
    let context = Context::small();
    context.extract();
    let truth = context.simulator.truth();
    let is_hidden = |row: &&Value| {
        let models = truth["objects"]["data-model"].as_array().expect("data models");
        row["page"].is_null() && !models.iter().any(|model| model["id"] == row["document"])
    };
    let elements = truth["objects"]["element"].as_array().expect("elements");
    let hidden: Vec<&str> =
        elements.iter().filter(is_hidden).map(|row| row["id"].as_str().expect("an id")).collect();
    assert_eq!(hidden.len(), 2);
    let mut held = context.rows(
        "SELECT e.element_id FROM element e JOIN document d ON d.id = e.document_id \
         WHERE e.page_id IS NULL AND d.kind IN ('workbook', 'report')",
    );
    held.sort();
    let mut wanted: Vec<String> = hidden.iter().map(|id| format!("{id:?}")).collect();
    wanted.sort();
    assert_eq!(held, wanted);
    let flat = "/v2/workbooks/{workbookId}/elements";
    assert_eq!(asked(&context.simulator.stats(), flat), 1, "one workbook has such elements");
    let showcase =
        elements.iter().find(is_hidden).expect("one")["document"].as_str().expect("an id").to_owned();
    let rule = |pattern: &str| pattern.parse().expect("a rule");
    context.simulator.set_faults(vec![rule(&format!("GET {} 403", flat.replace("{workbookId}", &showcase)))]);
    let ran = context.extract_with(&["--full"]);
    assert_eq!(ran.code, 3, "a list that could not be read is said: {ran}");
    let still = format!("SELECT 1 FROM element WHERE page_id IS NULL AND document_id = '{showcase}'");
    assert_eq!(context.rows(&still).len(), 2, "what could not be read stays");
}

#[test]
fn the_sql_of_data_models_is_asked_for_when_wanted_and_given_up_where_it_is_not_offered() {
    let of_models = "SELECT q.* FROM element_query q JOIN document d ON d.id = q.document_id \
                     WHERE d.kind = 'data-model' ORDER BY 1, 2, 3";
    let path = "/v2/dataModels/{dataModelId}/elements/{elementId}/query";
    let context = Context::new(Options { data_models: 10, ..Options::small() });
    assert_eq!(context.extract_with(&[]).code, 0);
    assert_eq!(asked(&context.simulator.stats(), path), 0);
    assert_eq!(context.rows(of_models), Vec::<String>::new());

    let ran = context.extract_with(&["--data-model-sql", "true"]);
    assert_eq!(ran.code, 0, "{ran}");
    let sql = context.rows(of_models);
    assert!(sql.len() > 20, "{sql:?}");
    for (status, most) in [(405, 1), (404, 10)] {
        context.simulator.reset_stats();
        context.simulator.set_faults(vec![format!("GET {path} {status}").parse().expect("a rule")]);
        let ran = context.extract_with(&["--full", "--data-model-sql", "true", "--concurrency", "1"]);
        assert_eq!(ran.code, 0, "{ran}");
        assert_eq!(asked(&context.simulator.stats(), path), most, "{status}");
        assert_eq!(context.rows(of_models), sql, "silence takes nothing away: {status}");
    }
}

#[test]
fn sources_that_sigma_refuses_for_an_archived_one_make_no_run_partial() {
    let context = Context::small();
    let ran = context.extract_with(&["--sources", "true"]);
    assert_eq!(ran.code, 0, "{ran}");
    let said = context.rows(
        "SELECT outcome, error_code, message FROM fetch_scope WHERE endpoint = 'sources' AND outcome <> 'complete' \
         AND error_code <> 'document.archived'",
    );
    let expected = r#""excluded" | "object.archived" | "a source is archived or cannot be resolved: Sigma lists none of them""#;
    assert!(!said.is_empty() && said.iter().all(|line| line == expected), "{said:#?}");
}
