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

/// What each place reads directly, from the truth alone: elements, custom SQL, datasets, tables, and whatever else there is.
fn sources(truth: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let rows = |name: &str| truth.pointer(name).and_then(Value::as_array).expect("rows").iter();
    let models: BTreeSet<&str> = rows("/objects/data-model").map(|row| text(row, "id")).collect();
    let mut sources: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut add = |target: String, source: String| sources.entry(target).or_default().insert(source);
    for edge in rows("/lineage") {
        let (document, source_document) = (text(edge, "document"), text(edge, "source_document"));
        let (kind, id) = (text(edge, "source_type"), text(edge, "source_id"));
        let source = match kind {
            "element" => format!("element:{source_document}/{id}"),
            "data-model" if models.contains(source_document) => format!("element:{source_document}/{id}"),
            "customSQL" => format!("customSQL:{source_document}/{id}"),
            "unresolved" => format!("unresolved:{document}/{id}"),
            _ => format!("{kind}:{id}"),
        };
        add(format!("element:{document}/{}", text(edge, "target")), source);
    }
    for row in rows("/objects/sql-table") {
        let sql = format!("customSQL:{}/{}", text(row, "document"), text(row, "sql"));
        add(sql, format!("table:{}", text(row, "table")));
    }
    for row in rows("/objects/dataset-source") {
        let dataset = format!("dataset:{}", text(row, "dataset"));
        add(dataset, format!("{}:{}", text(row, "type"), text(row, "source")));
    }
    sources
}

/// The same for columns.
fn column_sources(truth: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let rows = truth["column_lineage"].as_array().expect("rows");
    let mut sources: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows {
        let (document, element, column) = (text(row, "document"), text(row, "element"), text(row, "column"));
        let is_sql = row.get("on").is_some();
        let target =
            format!("{}column:{document}/{element}/{column}", if is_sql { "customSQL-" } else { "" });
        let (name, id) = (text(row, "name"), text(row, "id"));
        let inside = format!("{}/{}", text(row, "source_document"), text(row, "source_element"));
        let source = match text(row, "type") {
            "element" => format!("column:{inside}/{}", text(row, "source_column")),
            "customSQL" => {
                format!("customSQL-column:{inside}/{}", row["source_column"].as_str().unwrap_or(name))
            }
            "table" | "dataset" => format!("warehouse-column:{id}/{name}"),
            "unresolved" => format!("unresolved:{document}/{name}"),
            kind => format!("{kind}-column:{id}/{name}"),
        };
        sources.entry(target).or_default().insert(source);
    }
    sources
}

fn everything_above(sources: &BTreeMap<String, BTreeSet<String>>, start: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::from([start.to_owned()]);
    let mut open = vec![start.to_owned()];
    while let Some(at) = open.pop() {
        for source in sources.get(&at).into_iter().flatten() {
            if reached.insert(source.clone()) {
                open.push(source.clone());
            }
        }
    }
    reached
}

fn nodes(answer: &Value) -> BTreeSet<String> {
    let nodes = answer["nodes"].as_array().expect("nodes");
    nodes.iter().map(|node| text(node, "ref").to_owned()).collect()
}

#[test]
fn lineage_is_followed_to_its_end_through_models_datasets_and_sql() {
    let context = Context::small();
    context.extract();
    let truth = context.simulator.truth();
    let sources = sources(&truth);
    let elements = context.rows(
        "SELECT 'element:' || document_id || '/' || element_id FROM element \
         WHERE document_id IN (SELECT id FROM document WHERE kind = 'workbook') ORDER BY 1",
    );
    let (mut far, mut kinds) = (0, BTreeSet::new());
    for element in elements.iter().step_by(3) {
        let element = element.trim_matches('"');
        let expected = everything_above(&sources, element);
        let answer = ask(&context, &["lineage", "upstream", element]);
        assert_eq!(nodes(&answer), expected, "{element}");
        kinds.extend(
            expected.iter().filter_map(|place| place.split_once(':')).map(|(kind, _)| kind.to_owned()),
        );
        let own = element.split('/').next().expect("a document").to_owned() + "/";
        far += usize::from(
            expected.iter().any(|place| place.starts_with("element:") && !place.starts_with(&own)),
        );
    }
    assert!(far > 3, "{far} lead to another document");
    for kind in ["customSQL", "dataset", "table", "unresolved"] {
        assert!(kinds.contains(kind), "no {kind} was met: this tests less than it says");
    }
}

#[test]
fn columns_are_followed_to_their_end_through_models_and_sql() {
    let context = Context::small();
    context.extract();
    let truth = context.simulator.truth();
    let sources = column_sources(&truth);
    let elements = context.rows(
        "SELECT DISTINCT document_id || '/' || target_id FROM lineage_edge \
         WHERE source_type IN ('data-model', 'customSQL') ORDER BY 1",
    );
    let mut far = 0;
    for element in elements.iter().step_by(2) {
        let element = element.trim_matches('"');
        let answer = ask(&context, &["lineage", "upstream", "--columns", &format!("element:{element}")]);
        let columns = context.rows(&format!(
            "SELECT 'column:' || document_id || '/' || element_id || '/' || column_id FROM element_column \
             WHERE document_id || '/' || element_id = '{element}'"
        ));
        let mut expected = BTreeSet::new();
        for column in columns {
            let column: String = serde_json::from_str(&column).expect("text");
            expected.append(&mut everything_above(&sources, &column));
        }
        // What all columns of a table in SQL are, one by one, the organisation does not say.
        let of_all: BTreeSet<String> = sources
            .iter()
            .filter(|(sql, _)| sql.starts_with("customSQL-column:") && sql.ends_with("/*"))
            .flat_map(|(_, tables)| tables.iter().map(|table| table.trim_end_matches('*').to_owned()))
            .collect();
        let mut found = nodes(&answer);
        found.retain(|place| {
            expected.contains(place) || !of_all.iter().any(|table| place.starts_with(table.as_str()))
        });
        assert_eq!(found, expected, "{element}");
        let document = element.split('/').next().expect("a document");
        let elsewhere = |place: &&String| {
            place.starts_with("column:") && !place.starts_with(&format!("column:{document}/"))
        };
        far += expected.iter().filter(elsewhere).count();
    }
    assert!(far > 3, "{far} columns of other documents were met");
}
