//! The SQL Sigma would run for an element.
use super::{
    Organization, Table,
    content::{Element, Source},
};

/// The query of an element without Sigma's comment. None for elements that have no query: those that show no data,
/// that are built on nothing, that are broken, or on a dataset (since datasets ended).
pub fn of_element(org: &Organization, element: &Element) -> Option<String> {
    let on_dataset = element.sources.iter().any(|source| matches!(source, Source::Dataset(_)));
    if !element.is_data() || element.sources.is_empty() || element.error.is_some() || on_dataset {
        return None;
    }
    let grouped = element.columns.iter().any(|column| column.formula == "Count()");
    let mut selected = Vec::with_capacity(element.columns.len());
    let mut groups = Vec::new();
    for (i, column) in element.columns.iter().enumerate() {
        let expression = match (column.native(), column.formula.split_once('(')) {
            (Some(native), _) => quoted_if_odd(native),
            (None, Some((function @ ("Sum" | "Avg" | "Max"), _))) => {
                format!("{}(V_{i})", function.to_lowercase())
            }
            (None, Some(("Count", _))) => "count(1)".to_owned(),
            _ => format!("V_{i}"),
        };
        if grouped && expression.starts_with("V_") {
            groups.push((i + 1).to_string());
        }
        selected.push(format!("{expression} \"{}\"", column.name.replace('"', "\"\"")));
    }
    let mut sql = format!("select {} from {} Q1", selected.join(", "), from_clause(org, element));
    if element.sources.len() > 1
        && let Some(Source::Table(joined)) = element.sources.get(1)
    {
        sql += &format!(" left join {} Q2 on Q1.ID = Q2.ID", org.tables[*joined].path.join("."));
    }
    if !groups.is_empty() {
        sql += &format!(" group by {}", groups.join(", "));
    }
    Some(sql + " limit 1000")
}

/// Custom SQL over a table: column by column under the names that elements show for every other table, else all of them.
pub fn custom(table: &Table) -> String {
    let path = table.path.join(".");
    if !names_columns(table) {
        return format!("select * from {path} where 1 = 1");
    }
    let columns = table.columns.iter().map(|column| {
        format!("t.{} as \"{}\"", quoted_if_odd(&column.native), column.name.replace('"', "\"\""))
    });
    let columns: Vec<_> = columns.collect();
    format!("with picked as (select {} from {path} t) select * from picked where 1 = 1", columns.join(", "))
}

/// Whether custom SQL over the table names its columns.
pub fn names_columns(table: &Table) -> bool {
    table.columns.len() % 2 == 1
}

fn quoted_if_odd(native: &str) -> String {
    if native.contains('[') { format!("\"{native}\"") } else { native.to_owned() }
}

fn from_clause(org: &Organization, element: &Element) -> String {
    let table = || org.tables[element.table].path.join(".");
    match element.sources.first() {
        Some(Source::CustomSql { definition, .. }) => format!("({definition})"),
        Some(Source::Csv { id, .. }) => format!("SIGMA_WRITE.CSV_{}", id.replace('-', "_").to_uppercase()),
        Some(Source::Element { .. }) => format!("(select * from {})", table()),
        _ => table(),
    }
}

/// The comment Sigma ends every query with: it differs from request to request and names the caller.
pub fn comment(request_id: &str, email: &str) -> String {
    format!("\n\n-- Sigma Σ {{\"request-id\":\"{request_id}\",\"email\":\"{email}\"}}")
}
