//! A catalog of everything has something in every column of every table and view.

use sigma_catalog::catalog::TABLES;
use sigma_catalog::store::views::VIEWS;

use crate::context::Context;

/// What a crawl alone leaves empty, with the reason.
const EMPTY: &[(&str, &str)] =
    &[("bi_permission", "holds permissions of mapped users, and nobody is mapped here")];

#[test]
fn no_column_of_any_table_or_view_is_empty_everywhere() {
    let context = Context::small();
    let ran = context.extract_with(&["--everything", "true", "--archived", "true"]);
    assert_eq!(ran.code, 0, "{ran}");
    let tables = TABLES.iter().map(|table| table.name);
    let mut empty = Vec::new();
    for name in tables.chain(VIEWS.iter().map(|view| view.name)) {
        if EMPTY.iter().any(|(known, _)| *known == name) {
            continue;
        }
        for column in context.rows(&format!("SELECT name FROM pragma_table_info('{name}')")) {
            let found = context
                .rows(&format!("SELECT 1 FROM {name} WHERE {column} IS NOT NULL AND {column} <> '' LIMIT 1"));
            if found.is_empty() {
                empty.push(format!("{name}.{column}"));
            }
        }
    }
    assert_eq!(empty, Vec::<String>::new());
    for (known, reason) in EMPTY {
        assert!(
            context.rows(&format!("SELECT 1 FROM {known} LIMIT 1")).is_empty(),
            "{known} no longer {reason}"
        );
    }
}
