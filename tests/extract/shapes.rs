//! Documents of unusual shape: everything is kept, and everything is told apart.

use sigma_catalog::simulator::{Mutation, Options};

use crate::context::Context;

#[test]
fn a_page_of_sixty_elements_sixty_pages_and_thousands_of_columns_are_kept_whole() {
    let context = Context::new(Options {
        workbooks: 1,
        data_models: 1,
        pages: 60,
        elements: 60,
        columns: 2,
        awkward: false,
        ..Options::small()
    });
    context.extract();
    let in_workbook = "document_id = (SELECT id FROM document WHERE kind = 'workbook')";
    let count = |sql: &str| context.rows(&format!("SELECT {sql} AND {in_workbook}")).remove(0);
    assert_eq!(count("count(*) FROM page WHERE 1"), "60");
    assert_eq!(count("count(*) FROM element WHERE 1"), "3600");
    assert_eq!(count("count(*) FROM element_column WHERE 1"), "7200");
    let sizes = format!("SELECT DISTINCT count(*) FROM element WHERE {in_workbook} GROUP BY page_id");
    assert_eq!(context.rows(&sizes), ["60"]);
    // The pages come with a name each, the elements with the page they stand on.
    let truth = context.simulator.truth();
    let mut placed: Vec<String> = truth["objects"]["element"]
        .as_array()
        .expect("elements")
        .iter()
        .filter(|row| row["page"].is_string())
        .map(|row| format!("{} | {}", row["page"], row["id"]))
        .collect();
    placed.sort();
    let mut held = context.rows(&format!("SELECT page_id, element_id FROM element WHERE {in_workbook}"));
    held.sort();
    assert_eq!(held, placed);
}

#[test]
fn elements_of_any_type_and_of_none_are_kept_with_it() {
    let context = Context::small();
    context.extract();
    let types = context.rows(
        "SELECT DISTINCT e.type FROM element e JOIN document d ON d.id = e.document_id \
         WHERE d.kind = 'workbook' ORDER BY 1",
    );
    let known = [
        "null",
        "control",
        "image",
        "input-table",
        "pivot-table",
        "sticky-note",
        "table",
        "text",
        "visualization",
    ];
    let expected: Vec<String> =
        known.iter().map(|word| if *word == "null" { "null".into() } else { format!("{word:?}") }).collect();
    assert_eq!(types, expected);
    let nameless = context.rows("SELECT element_id FROM element WHERE name IS NULL AND type IS NULL");
    assert!(!nameless.is_empty());
    for element in nameless {
        let shown = format!(
            "SELECT external_id FROM bi_report WHERE external_id LIKE '%/' || {}",
            element.replace('"', "'")
        );
        assert_eq!(context.rows(&shown).len(), 1, "{element} is in the stable view too");
    }
}

#[test]
fn a_copy_with_the_same_element_ids_and_models_of_one_name_are_told_apart() {
    let context = Context::small();
    let truth = context.simulator.truth();
    let models: Vec<&str> = truth["objects"]["data-model"]
        .as_array()
        .expect("data models")
        .iter()
        .filter(|model| model["archived"] == false)
        .map(|model| model["id"].as_str().expect("an id"))
        .collect();
    for model in &models[..2] {
        let rename = Mutation::RenameDocument { document: (*model).to_owned(), name: "Sales".to_owned() };
        context.simulator.mutate(&rename).expect("a change");
    }
    context.extract();
    let twins = context.rows(
        "SELECT a.document_id, b.document_id FROM page a JOIN page b ON a.page_id = b.page_id AND a.document_id < b.document_id \
         GROUP BY 1, 2",
    );
    assert!(!twins.is_empty(), "the organisation has a copy");
    for pair in &twins {
        let (original, copy) = pair.split_once(" | ").expect("two ids");
        for table in ["page", "element", "element_column", "element_query"] {
            let of = |document: &str| {
                let document = document.replace('"', "'");
                context
                    .rows(&format!("SELECT count(*) FROM {table} WHERE document_id = {document}"))
                    .remove(0)
            };
            assert_ne!(of(original), "0", "{table}");
            assert_eq!(of(original), of(copy), "{table}");
        }
    }
    let sales = context
        .rows("SELECT external_id FROM bi_datasource WHERE name = 'Sales' AND bi_object_type = 'Data Model'");
    let mut expected: Vec<String> = models[..2].iter().map(|id| format!("\"data-model:{id}\"")).collect();
    expected.sort();
    let mut found = sales.clone();
    found.sort();
    assert_eq!(found, expected);
    for model in &models[..2] {
        let elements =
            format!("SELECT 1 FROM bi_datasource WHERE parent_datasource_external_id = 'data-model:{model}'");
        assert!(!context.rows(&elements).is_empty(), "{model}");
    }
    let twice = context.rows("SELECT external_id FROM bi_report GROUP BY 1 HAVING count(*) > 1");
    assert_eq!(twice, Vec::<String>::new());
}
