//! What is inside documents: pages, elements, columns, queries, controls.
use std::sync::Arc;

use serde::{Serialize, Serializer, ser::SerializeSeq};
use serde_json::{Map, Value, json};

use super::documents;
use crate::simulator::{
    org::{
        content::{Content, Element},
        formula::Column,
        sql,
    },
    serve::call::{Call, Problem, Reply},
};

/// The document of the path and its contents.
pub fn opened(call: &Call<'_>) -> Result<(usize, Arc<Content>), Problem> {
    let document = documents::live(call)?;
    Ok((document, call.org.content(document)))
}

/// The element named by a path parameter.
pub fn element_of<'c>(call: &Call<'_>, content: &'c Content, param: usize) -> Result<&'c Element, Problem> {
    content.elements.iter().find(|e| e.id == call.params[param]).ok_or_else(Problem::not_found)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageRow<'c> {
    page_id: &'c str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hidden: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ElementRow<'c> {
    element_id: &'c str,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "column_names")]
    columns: Option<&'c [Column]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vizualization_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

fn column_names<S: Serializer>(columns: &Option<&[Column]>, serializer: S) -> Result<S::Ok, S::Error> {
    let columns = columns.unwrap_or_default();
    let mut list = serializer.serialize_seq(Some(columns.len()))?;
    for column in columns {
        list.serialize_element(&column.name)?;
    }
    list.end()
}

#[derive(Serialize)]
struct TypeRow {
    r#type: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ColumnRow<'c> {
    column_id: &'c str,
    /// The name, in the list of a whole document.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'c str>,
    /// The name, in the list of one element.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'c str>,
    formula: &'c str,
    r#type: TypeRow,
    #[serde(skip_serializing_if = "Option::is_none")]
    element_id: Option<&'c str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct QueryRow<'c> {
    element_id: &'c str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sql: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

pub fn pages(call: &Call<'_>) -> Reply {
    let (_, content) = opened(call)?;
    call.list(&content.pages, |page| PageRow {
        page_id: &page.id,
        name: page.name.as_deref(),
        hidden: page.hidden,
    })
}

fn element_row(element: &Element) -> ElementRow<'_> {
    ElementRow {
        element_id: &element.id,
        r#type: element.sort.map(|sort| sort.name()),
        name: element.name.as_deref(),
        columns: element.is_data().then_some(element.columns.as_slice()),
        vizualization_type: element.chart,
        error: element.error,
    }
}

pub fn elements(call: &Call<'_>) -> Reply {
    let (_, content) = opened(call)?;
    call.list(&content.elements, element_row)
}

pub fn page_elements(call: &Call<'_>) -> Reply {
    let (_, content) = opened(call)?;
    let page =
        content.pages.iter().position(|page| page.id == call.params[1]).ok_or_else(Problem::not_found)?;
    let on_page: Vec<&Element> = content.elements.iter().filter(|e| e.page == Some(page)).collect();
    call.list(&on_page, |element| element_row(element))
}

pub fn columns(call: &Call<'_>) -> Reply {
    let (_, content) = opened(call)?;
    let rows: Vec<(&Element, &Column)> =
        content.elements.iter().flat_map(|e| e.columns.iter().map(move |column| (e, column))).collect();
    call.list(&rows, |(element, column)| ColumnRow {
        column_id: &column.id,
        name: Some(&column.name),
        label: None,
        formula: &column.formula,
        r#type: TypeRow { r#type: column.kind },
        element_id: Some(&element.id),
    })
}

pub fn element_columns(call: &Call<'_>) -> Reply {
    let (_, content) = opened(call)?;
    let element = element_of(call, &content, 1)?;
    if !element.is_data() {
        return Err(Problem::invalid("The element has no columns"));
    }
    call.list(&element.columns, |column| ColumnRow {
        column_id: &column.id,
        name: None,
        label: Some(&column.name),
        formula: &column.formula,
        r#type: TypeRow { r#type: column.kind },
        element_id: None,
    })
}

fn query_row<'c>(call: &Call<'_>, element: &'c Element) -> QueryRow<'c> {
    let email = &call.org.members[call.caller].email;
    QueryRow {
        element_id: &element.id,
        name: element.name.as_deref(),
        sql: sql::of_element(call.org, element).map(|sql| sql + &sql::comment(call.request_id, email)),
        error: element.error,
    }
}

/// Whether there is a query to talk about, even if it has no SQL.
fn has_query(element: &Element) -> bool {
    element.is_data() && !element.sources.is_empty()
}

pub fn queries(call: &Call<'_>) -> Reply {
    let (_, content) = opened(call)?;
    let found: Vec<&Element> = content.elements.iter().filter(|e| has_query(e)).collect();
    call.list(&found, |element| query_row(call, element))
}

pub fn element_query(call: &Call<'_>) -> Reply {
    let (_, content) = opened(call)?;
    let element = element_of(call, &content, 1)?;
    if !has_query(element) {
        return Err(Problem::new(404, "No query for this element"));
    }
    call.one(&json!(query_row(call, element)))
}

pub fn controls(call: &Call<'_>) -> Reply {
    let (_, content) = opened(call)?;
    let found: Vec<(&str, &str)> = content.elements.iter().filter_map(|e| e.control).collect();
    call.list(&found, |(name, kind)| json!({ "name": name, "valueType": kind }))
}

/// The deprecated view of everything at once.
pub fn schema(call: &Call<'_>) -> Reply {
    let (document, content) = opened(call)?;
    let id = call.org.inode_of(document).id;
    let with_sql = call.query.flag("includeSql")?;
    let keyed = |rows: Vec<(&String, Value)>| {
        Value::Object(rows.into_iter().map(|(key, row)| (key.clone(), row)).collect())
    };
    let sql: Map<String, Value> = content
        .elements
        .iter()
        .filter(|_| with_sql)
        .filter_map(|e| sql::of_element(call.org, e).map(|sql| (e.id.clone(), sql.into())))
        .collect();
    call.one(&json!({
        "workbookId": id, "workbookUrlId": id.url_id(),
        "pages": keyed(content.pages.iter().map(|p| (&p.id, json!({ "name": p.name }))).collect()),
        "elements": keyed(content.elements.iter().map(|e| (&e.id, json!({ "name": e.name }))).collect()),
        "sheets": {}, "variables": {}, "sqlQueries": sql, "sqlQueryErrors": {},
    }))
}
