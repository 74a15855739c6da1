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

/// Everything that rests on each table, from the truth alone: the elements it reaches, by following edges backwards.
fn elements_on(truth: &Value, table: &str) -> BTreeSet<String> {
    let mut models: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in truth.pointer("/objects/element").and_then(Value::as_array).expect("elements") {
        models.entry(text(row, "document")).or_default().insert(text(row, "id"));
    }
    let edges: Vec<(String, String)> = truth["lineage"]
        .as_array()
        .expect("edges")
        .iter()
        .filter_map(|edge| {
            let source = match text(edge, "source_type") {
                "element" => format!("{}/{}", text(edge, "source_document"), text(edge, "source_id")),
                "data-model" => {
                    let (model, part) = (text(edge, "source_document"), text(edge, "source_id"));
                    // Others are read as a whole, which this organisation does not do.
                    models.get(model).filter(|elements| elements.contains(part))?;
                    format!("{model}/{part}")
                }
                "table" => text(edge, "source_id").to_owned(),
                _ => return None,
            };
            Some((source, format!("{}/{}", text(edge, "document"), text(edge, "target"))))
        })
        .collect();
    let mut reached = BTreeSet::new();
    let mut open = vec![table.to_owned()];
    while let Some(at) = open.pop() {
        for (_, target) in edges.iter().filter(|(source, _)| *source == at) {
            if reached.insert(target.clone()) {
                open.push(target.clone());
            }
        }
    }
    reached
}

#[test]
fn the_impact_of_every_table_is_what_the_organisation_says() {
    let context = Context::small();
    context.extract();
    let truth = context.simulator.truth();
    let tables = context.rows("SELECT DISTINCT id FROM lineage_node WHERE type = 'table' ORDER BY id");
    let mut through_models = 0;
    for table in tables.iter().take(12) {
        let table = table.trim_matches('"');
        let expected = elements_on(&truth, table);
        let answer = ask(&context, &["impact", table]);
        let documents = answer["documents"].as_array().expect("documents");
        let found: BTreeSet<String> = documents
            .iter()
            .flat_map(|document| document["elements"].as_array().expect("elements"))
            .map(|element| text(element, "ref").trim_start_matches("element:").to_owned())
            .collect();
        assert_eq!(found, expected, "{table}");
        through_models += documents.iter().filter(|document| document["depth"] != 1).count();
        let members = truth.pointer("/objects/member").and_then(Value::as_array).expect("members");
        for document in documents {
            let owner =
                members.iter().find(|member| member["id"] == document["owner"]["id"]).expect("an owner");
            assert_eq!(owner["email"], document["owner"]["email"]);
        }
    }
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
