//! The column lineage of a document, derived from what was read of it.

use std::collections::HashMap;

use crate::catalog::delivery::{Event, Outcome, Rows, ScopeReport, Severity, scope};
use crate::config::CrawlSettings;
use crate::lineage::columns;
use crate::lineage::document::Document;
use crate::lineage::sql::SqlError;

/// Adds the column lineage of a document to its rows, and how that ended. It is known only when all columns and all direct
/// sources are: with less, a reference might seem to fit what it does not mean, so then what was known before stays.
///
/// `warehouses` are the types of connections by id, which custom SQL is read by; `None` where they are not known. Gives an event for each custom SQL that could not be read.
pub(super) fn derive(
    settings: &CrawlSettings,
    warehouses: Option<&HashMap<String, String>>,
    document_id: &str,
    rows: &mut Rows,
    scopes: &mut Vec<ScopeReport>,
) -> Vec<Event> {
    let none = |outcome, code: &str, message: &str| {
        ScopeReport::without_rows(scope::COLUMN_LINEAGE, "", outcome, code, message)
    };
    if !(settings.column_lineage && settings.lineage) {
        let setting = if settings.lineage { "crawl.column_lineage" } else { "crawl.lineage" };
        scopes.push(none(Outcome::Excluded, "setting.off", &format!("`{setting}` is off")));
        return Vec::new();
    }
    let needed = [scope::COLUMNS, scope::LINEAGE, scope::ELEMENTS, scope::PAGES, scope::PAGE_ELEMENTS];
    let mut inputs = scopes.iter().filter(|report| needed.contains(&report.scope));
    let incomplete = |outcome, message: &str| none(outcome, "column_lineage.inputs_incomplete", message);
    if let Some(missing) = inputs.find(|report| !report.outcome.is_complete()) {
        let outcome = if missing.outcome.is_good() { missing.outcome } else { Outcome::Skipped };
        scopes.push(incomplete(outcome, &format!("the {} of the document are not all known", missing.scope)));
        return Vec::new();
    }
    let document = Document::of(rows);
    let unknown = HashMap::new();
    if warehouses.is_none() && document.has_custom_sql() {
        scopes.push(incomplete(Outcome::Skipped, "which SQL its connections speak is not known"));
        return Vec::new();
    }
    let custom = columns::of_custom_sql(&document, warehouses.unwrap_or(&unknown));
    let mut edges = columns::of_formulas(&document, &custom.outputs);
    edges.extend(custom.edges);
    let tables = custom.tables;
    let unread = |(id, error): (&str, SqlError)| Event {
        severity: Severity::Info,
        code: "column_lineage.sql_unread".to_owned(),
        message: format!("custom SQL has no column lineage: {error}; its text and its readers are kept"),
        context: format!("custom SQL {id} of {document_id}"),
    };
    let events = custom.errors.into_iter().map(unread).collect();
    let mut report = none(Outcome::Complete, "", "");
    let found = edges.len() + tables.len();
    (report.rows, report.code, report.message) = (found as u64, None, None);
    scopes.push(report);
    for edge in edges {
        rows.push(edge);
    }
    for table in tables {
        rows.push(table);
    }
    events
}
