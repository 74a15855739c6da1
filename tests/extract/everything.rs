//! A catalog of everything has something in every column of every table and view.

use std::fs;

use sigma_catalog::catalog::TABLES;
use sigma_catalog::store::views::VIEWS;

use crate::context::Context;

#[test]
fn no_column_of_any_table_or_view_is_empty_everywhere() {
    let context = Context::small();
    let mappings = context.folder.path().join("mappings");
    fs::create_dir(&mappings).expect("a folder");
    let users = "network_id,email,display_name,active\nada,chris.creator@northwind-labs.example,Chris,true\n";
    fs::write(mappings.join("catalog-users.csv"), users).expect("a file");
    let ran = context.extract_with(&["--everything", "true", "--archived", "true", "--previews", "pages"]);
    assert_eq!(ran.code, 0, "{ran}");
    let tables = TABLES.iter().map(|table| table.name);
    let mut empty = Vec::new();
    for name in tables.chain(VIEWS.iter().map(|view| view.name)) {
        for column in context.rows(&format!("SELECT name FROM pragma_table_info('{name}')")) {
            let found = context
                .rows(&format!("SELECT 1 FROM {name} WHERE {column} IS NOT NULL AND {column} <> '' LIMIT 1"));
            if found.is_empty() {
                empty.push(format!("{name}.{column}"));
            }
        }
    }
    assert_eq!(empty, Vec::<String>::new());
}
