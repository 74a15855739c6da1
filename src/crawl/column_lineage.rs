//! The column lineage of a document, derived from what was read of it.

use std::collections::BTreeMap;

use crate::catalog::delivery::{Outcome, Rows, ScopeReport, scope};
use crate::config::CrawlSettings;
use crate::lineage::columns;
use crate::lineage::document::Document;

/// Adds the column lineage of a document to its rows, and how that ended. It is known only when all columns and all direct
/// sources are: with less, a reference might seem to fit what it does not mean, so then what was known before stays.
pub(super) fn derive(settings: &CrawlSettings, rows: &mut Rows, scopes: &mut Vec<ScopeReport>) {
    let none = |outcome, code: &str, message: &str| {
        ScopeReport::without_rows(scope::COLUMN_LINEAGE, "", outcome, code, message)
    };
    if !(settings.column_lineage && settings.lineage) {
        let setting = if settings.lineage { "crawl.column_lineage" } else { "crawl.lineage" };
        return scopes.push(none(Outcome::Excluded, "setting.off", &format!("`{setting}` is off")));
    }
    let needed = [scope::COLUMNS, scope::LINEAGE, scope::ELEMENTS, scope::PAGES, scope::PAGE_ELEMENTS];
    let mut inputs = scopes.iter().filter(|report| needed.contains(&report.scope));
    if let Some(missing) = inputs.find(|report| !report.outcome.is_complete()) {
        let outcome = if missing.outcome.is_good() { missing.outcome } else { Outcome::Skipped };
        let message = format!("the {} of the document are not all known", missing.scope);
        return scopes.push(none(outcome, "column_lineage.inputs_incomplete", &message));
    }
    let edges = columns::of_formulas(&Document::of(rows), &BTreeMap::new());
    let mut report = none(Outcome::Complete, "", "");
    (report.rows, report.code, report.message) = (edges.len() as u64, None, None);
    scopes.push(report);
    for edge in edges {
        rows.push(edge);
    }
}
