//! What the commands answer is what the simulated organisation knows of itself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::context::{Context, run};

pub fn ask(context: &Context, arguments: &[&str]) -> Value {
    let options = arguments.iter().position(|argument| *argument == "--").unwrap_or(arguments.len());
    let mut all = arguments.to_vec();
    all.splice(options..options, ["--db", "catalog.db", "--format", "json"]);
    let ran = run(&mut context.command(&all));
    assert_eq!(ran.code, 0, "{arguments:?}: {ran}");
    ran.json()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

/// Documents in a member's own folder, which are left out unless asked for.
fn personal(truth: &Value) -> BTreeSet<&str> {
    let files = truth.pointer("/objects/file").and_then(Value::as_array).expect("files");
    let own = |row: &&Value| text(row, "path").split('/').next() == Some("My Documents");
    files.iter().filter(own).map(|row| text(row, "id")).collect()
}

/// Everything that rests on each table, from the truth alone: the elements and datasets it reaches, by following edges
/// backwards.
fn reached_from(truth: &Value, table: &str) -> BTreeSet<String> {
    let mut models: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in truth.pointer("/objects/element").and_then(Value::as_array).expect("elements") {
        models.entry(text(row, "document")).or_default().insert(text(row, "id"));
    }
    let personal = personal(truth);
    let rows = |name: &str| truth.pointer(name).and_then(Value::as_array).expect("rows").iter();
    let held = |row: &&Value| !personal.contains(text(row, "document"));
    let mut edges: Vec<(String, String)> = rows("/lineage")
        .filter(held)
        .filter_map(|edge| {
            let source = match text(edge, "source_type") {
                "element" => format!("{}/{}", text(edge, "source_document"), text(edge, "source_id")),
                "data-model" => {
                    let (model, part) = (text(edge, "source_document"), text(edge, "source_id"));
                    // Others are read as a whole, which this organisation does not do.
                    models.get(model).filter(|elements| elements.contains(part))?;
                    format!("{model}/{part}")
                }
                "customSQL" => format!("{}/{}", text(edge, "source_document"), text(edge, "source_id")),
                "table" | "dataset" => text(edge, "source_id").to_owned(),
                _ => return None,
            };
            Some((source, format!("{}/{}", text(edge, "document"), text(edge, "target"))))
        })
        .collect();
    let in_sql = rows("/objects/sql-table").filter(held);
    edges.extend(in_sql.map(|row| {
        (text(row, "table").to_owned(), format!("{}/{}", text(row, "document"), text(row, "sql")))
    }));
    let datasets = rows("/objects/dataset-source");
    edges.extend(datasets.map(|row| (text(row, "source").to_owned(), text(row, "dataset").to_owned())));
    let mut reached = BTreeSet::new();
    let mut open = vec![table.to_owned()];
    while let Some(at) = open.pop() {
        for (_, target) in edges.iter().filter(|(source, _)| *source == at) {
            if reached.insert(target.clone()) {
                open.push(target.clone());
            }
        }
    }
    // Custom SQL is on the way, but is no part of any page.
    let sql: BTreeSet<String> = rows("/objects/sql-table")
        .map(|row| format!("{}/{}", text(row, "document"), text(row, "sql")))
        .collect();
    reached.retain(|place| !sql.contains(place));
    reached
}

#[test]
fn the_impact_of_every_table_is_what_the_organisation_says() {
    let context = Context::small();
    context.extract();
    let truth = context.simulator.truth();
    let tables = context.rows("SELECT id FROM warehouse_table ORDER BY id");
    assert!(tables.len() > 12, "{tables:?}");
    let (mut through_models, mut through_datasets) = (0, 0);
    for table in tables {
        let table = table.trim_matches('"');
        let expected = reached_from(&truth, table);
        let answer = ask(&context, &["impact", table]);
        let documents = answer["documents"].as_array().expect("documents");
        let mut found: BTreeSet<String> = documents
            .iter()
            .flat_map(|document| document["elements"].as_array().expect("elements"))
            .map(|element| text(element, "ref").trim_start_matches("element:").to_owned())
            .collect();
        let datasets = documents.iter().filter_map(|document| text(document, "ref").strip_prefix("dataset:"));
        found.extend(datasets.clone().map(str::to_owned));
        through_datasets += datasets.count();
        assert_eq!(found, expected, "{table}");
        through_models += documents.iter().filter(|document| document["depth"] != 1).count();
        let members = truth.pointer("/objects/member").and_then(Value::as_array).expect("members");
        for document in documents {
            let owner =
                members.iter().find(|member| member["id"] == document["owner"]["id"]).expect("an owner");
            assert_eq!(owner["email"], document["owner"]["email"]);
        }
    }
    assert!(through_datasets > 0, "no table is read by a dataset: this tests half of it");
    assert!(through_models > 0, "no document is reached through another one: this tests half of it");
}

#[test]
fn every_workbook_is_found_by_name_id_address_and_path() {
    let context = Context::small();
    context.extract();
    let truth = context.simulator.truth();
    let workbooks = truth.pointer("/objects/workbook").and_then(Value::as_array).expect("workbooks");
    let current: Vec<&Value> =
        workbooks.iter().filter(|row| row["archived"] != true && row["exploration"] != true).collect();
    for workbook in current.iter().take(8) {
        let (id, name) = (text(workbook, "id"), text(workbook, "name"));
        let expected = format!("workbook:{id}");
        let path = format!("{}/{name}", text(workbook, "path"));
        let same = |other: &&&Value| other["path"] == workbook["path"] && other["name"] == workbook["name"];
        // Where two bear one path it names neither.
        let by_path = if current.iter().filter(same).count() == 1 { path.as_str() } else { id };
        for object in [id, text(workbook, "url"), by_path, &expected] {
            let shown = ask(&context, &["show", object]);
            assert_eq!(shown["ref"], expected.as_str(), "{object}");
            assert_eq!(shown["name"], name);
            assert_eq!(shown["owner"]["id"], workbook["owner"], "{object}");
        }
        let hits = ask(&context, &["search", "--type", "workbook", "--limit", "100", "--", name]);
        let hits = hits["hits"].as_array().expect("hits");
        assert!(hits.iter().any(|hit| hit["ref"] == expected.as_str()), "{name}: {hits:#?}");
    }
}

#[test]
fn a_models_sql_is_printed_as_it_is_and_alone() {
    let context = Context::small();
    context.extract();
    let truth = context.simulator.truth();
    let queries = truth.pointer("/objects/query").and_then(Value::as_array).expect("queries");
    let held = context.rows("SELECT document_id || '/' || element_id FROM model WHERE sql_readable");
    let mut compared = 0;
    for query in queries {
        let model = format!("{}/{}", text(query, "document"), text(query, "element"));
        if !held.contains(&format!("{model:?}")) || compared == 5 {
            continue;
        }
        let ran = run(&mut context.command(&["models", "sql", "--db", "catalog.db", &model]));
        assert_eq!((ran.code, ran.stdout), (0, format!("{}\n", text(query, "sql"))), "{model}");
        compared += 1;
    }
    assert_eq!(compared, 5);
}
