//! What columns are computed from, as they were made up: no formula is read here.
use serde_json::{Value, json};

use super::{
    Organization,
    content::{Content, Element, Source},
    formula::{Read, escaped},
    sql,
};

/// The direct sources of an element's columns, and of the output of the custom SQL it is built on.
pub fn of_element(org: &Organization, document: usize, content: &Content, element: &Element) -> Vec<Value> {
    let own = org.inode_of(document).id;
    let mut rows = Vec::new();
    let mut add = |element: &str, column: &str, source: Value| {
        let mut row = json!({ "document": own, "element": element, "column": column });
        for (name, value) in source.as_object().into_iter().flatten() {
            row[name] = value.clone();
        }
        rows.push(row);
    };
    for column in &element.columns {
        if let Some((inode, native)) = column.id.strip_prefix("inode-").and_then(|id| id.split_once('/')) {
            let table = org.tables.iter().find(|table| table.id.url_id() == inode).map(|table| table.id);
            add(&element.id, &column.id, json!({ "type": "table", "id": table, "name": native }));
        }
        for read in &column.reads {
            let source = match read {
                Read::Own(name, id) => json!({
                    "type": "element", "id": element.id, "name": name,
                    "source_document": own, "source_element": element.id, "source_column": id,
                }),
                Read::Nowhere(reference) => nowhere(reference),
                Read::First(name, id) => first(org, document, content, element, name, id.as_deref()),
            };
            add(&element.id, &column.id, source);
        }
    }
    for source in &element.sources {
        let Source::CustomSql { name, connection, .. } = source else { continue };
        let table = &org.tables[element.table];
        let (path, on) = (table.path.join("."), org.connections[*connection].id);
        if sql::names_columns(table) {
            for column in &table.columns {
                add(
                    name,
                    &column.name,
                    json!({ "type": "table", "id": path, "on": on, "name": column.native }),
                );
            }
        } else {
            add(name, "*", json!({ "type": "table", "id": path, "on": on, "name": "*" }));
        }
    }
    rows
}

fn nowhere(reference: &str) -> Value {
    json!({ "type": "unresolved", "name": reference })
}

/// A column of the element's first source. Where a table that is joined to it has the same name, nobody can tell which of them
/// a formula means.
fn first(
    org: &Organization,
    document: usize,
    content: &Content,
    element: &Element,
    name: &str,
    id: Option<&str>,
) -> Value {
    let Some(source) = element.sources.first() else { return nowhere(name) };
    let (kind, source_document, source_id) = org.source_truth(document, content, source);
    let shown = shown_name(org, source);
    let joined = element.sources[1..].iter().any(|other| match other {
        Source::Table(table) => org.tables[*table].name() == shown,
        _ => false,
    });
    let is_known = match source {
        Source::Model(model, _) => !org.inode_of(*model).archived && !org.inode_of(*model).deleted,
        _ => true,
    };
    match kind {
        "unresolved" => nowhere(&format!("{}/{}", escaped(&shown), escaped(name))),
        _ if joined => nowhere(&format!("{}/{}", escaped(&shown), escaped(name))),
        // The view knows names only, so it does not escape them.
        "data-model" if !is_known => nowhere(&format!("{shown}/{name}")),
        "element" | "data-model" => json!({
            "type": "element", "id": source_id, "name": name,
            "source_document": source_document, "source_element": source_id, "source_column": id,
        }),
        "customSQL" => {
            let output = sql::names_columns(&org.tables[element.table]).then_some(name);
            json!({
                "type": kind, "id": source_id, "name": name,
                "source_document": source_document, "source_element": source_id, "source_column": output,
            })
        }
        _ => json!({ "type": kind, "id": source_id, "name": name }),
    }
}

/// The name that formulas use for a source.
fn shown_name(org: &Organization, source: &Source) -> String {
    match source {
        Source::Table(table) => org.tables[*table].name().to_owned(),
        Source::Dataset(dataset) => org.inode_of(*dataset).name.clone(),
        Source::Model(model, id) => {
            let model = org.content(*model);
            let elements = &model.elements;
            elements.iter().find(|e| e.id == *id).and_then(|e| e.name.clone()).unwrap_or_else(|| id.clone())
        }
        Source::Element { name, .. } => name.clone(),
        Source::CustomSql { .. } => "Custom SQL".to_owned(),
        Source::Csv { name, .. } => name.clone(),
        Source::Missing(id) => id.clone(),
    }
}
