//! References to elements of data models are decided where the models' own columns are known.

use sigma_catalog::catalog::document::ColumnEdge;

use crate::World;
use crate::org::{Inside, Org, column, document, element};

fn candidate(column: &str, model: &str, suffix: &str, name: &str) -> ColumnEdge {
    ColumnEdge {
        target_element_id: "e1".into(),
        target_column_id: column.into(),
        source_type: "data-model".into(),
        source_document_id: model.into(),
        source_id: suffix.into(),
        source_column: "Amount".into(),
        source_name: Some(name.into()),
        source_column_id: None,
        evidence: "formula".into(),
        inferred: false,
    }
}

#[test]
fn a_reference_belongs_to_the_one_element_of_a_model_that_has_the_column() {
    let mut org = Org::small();
    org.documents.extend([document("m1", "data-model"), document("m2", "data-model")]);
    let inside = |elements: &[(&str, &str)]| Inside {
        elements: elements
            .iter()
            .map(|(id, name)| {
                let mut row = element(id, None);
                row.name = Some((*name).to_owned());
                row
            })
            .collect(),
        columns: elements
            .iter()
            .map(|(id, _)| {
                let mut row = column(id, "a");
                row.name = Some("Amount".into());
                row
            })
            .collect(),
        ..Inside::default()
    };
    org.inside.insert("m1".into(), inside(&[("x", "Sales"), ("s", "Both")]));
    org.inside.insert("m2".into(), inside(&[("y", "Costs"), ("t", "Both")]));
    org.inside("wb1").column_edges = vec![
        candidate("by-id", "m1", "x", "Sales"),
        candidate("by-id", "m2", "y", "Sales"),
        candidate("by-name", "m2", "unknown", "Costs"),
        candidate("other-name", "m1", "x", "Costs"),
        candidate("both", "m1", "?", "Both"),
        candidate("both", "m2", "?", "Both"),
        candidate("unseen", "m3", "x", "Sales"),
    ];
    let world = World::new();
    world.run(org.deliveries());
    let connection = rusqlite::Connection::open(world.path()).expect("a catalog");
    let mut statement = connection
        .prepare(
            "SELECT column_id || ' ' || source_type || ' ' || coalesce(source_document_id, '-') || ' ' ||
                coalesce(source_element_id, '-') || ' ' || coalesce(source_column_id, '-') || ' ' || source_column
             FROM column_lineage WHERE document_id = 'wb1' AND element_id = 'e1' ORDER BY 1",
        )
        .expect("the view");
    let found: Vec<String> =
        statement.query_map([], |row| row.get(0)).expect("rows").map(|row| row.expect("text")).collect();
    assert_eq!(
        found,
        [
            "both unresolved - - - Both/Amount",
            "by-id element m1 x a Amount",
            "by-name element m2 y a Amount",
            "other-name unresolved - - - Costs/Amount",
            "unseen unresolved - - - Sales/Amount",
        ]
    );
}
