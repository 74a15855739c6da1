//! A reference is resolved when exactly one column fits it.

use super::*;
use crate::catalog::delivery::Rows;
use crate::catalog::document as record;

/// A document of elements (id, name, type), columns (element, id, name, formula), sources (element, type, document, id) and nodes
/// (type, id, name).
fn told(
    elements: &[(&str, Option<&str>, &str)],
    columns: &[(&str, &str, &str, &str)],
    sources: &[(&str, &str, &str, &str)],
    nodes: &[(&str, &str, &str)],
) -> Vec<String> {
    let mut rows = Rows::default();
    for (id, name, kind) in elements {
        rows.push(record::Element {
            element_id: (*id).into(),
            page_id: None,
            name: name.map(Into::into),
            r#type: Some((*kind).into()),
            visualization_type: None,
            error: None,
        });
    }
    for (element, id, name, formula) in columns {
        let native = id.strip_prefix("inode-").and_then(|id| id.split_once('/'));
        rows.push(record::ElementColumn {
            element_id: (*element).into(),
            column_id: (*id).into(),
            name: Some((*name).into()),
            formula: Some((*formula).into()),
            data_type: None,
            source_id: native.map(|(table, _)| table.into()),
            source_column: native.map(|(_, column)| column.into()),
        });
    }
    for (target, kind, document, id) in sources {
        rows.push(record::LineageEdge {
            source_type: (*kind).into(),
            source_document_id: (*document).into(),
            source_id: (*id).into(),
            target_id: (*target).into(),
            kind: "source".into(),
            evidence: "lineage".into(),
        });
    }
    for (kind, id, name) in nodes {
        rows.push(record::LineageNode {
            r#type: (*kind).into(),
            id: (*id).into(),
            name: Some((*name).into()),
            connection_id: None,
            definition: None,
        });
    }
    let found = of_formulas(&Document::of(&rows), &BTreeMap::new());
    let shown = |edge: ColumnEdge| {
        let id = edge.source_column_id.unwrap_or_default();
        let inferred = if edge.inferred { " inferred" } else { "" };
        let (kind, source, column) = (edge.source_type, edge.source_id, edge.source_column);
        format!("{} < {kind} {source} {column} {id}{inferred}", edge.target_column_id)
    };
    found.into_iter().map(shown).collect()
}

#[test]
fn a_column_of_the_same_element_wins_over_a_control_and_never_over_itself() {
    let elements =
        [("e", Some("E"), "table"), ("k", Some("Region"), "control"), ("o", Some("Only"), "control")];
    let columns = [
        ("e", "c1", "Region", "[Region]"),
        ("e", "c2", "Amount", "1"),
        ("e", "c3", "AMOUNT", "1"),
        ("e", "c4", "Sum", "[Amount] + [amount] + [sum] + [only]"),
        ("e", "c5", "Broken", "[Amount] + ("),
    ];
    assert_eq!(
        told(&elements, &columns, &[], &[]),
        [
            "c1 < control k  ",
            "c4 < element e Amount c2",
            // Two columns differ in case only, and a column is not computed from itself.
            "c4 < unresolved  amount ",
            "c4 < control o  ",
            "c4 < unresolved  sum ",
            "c5 < element e Amount c2 inferred",
        ]
    );
}

#[test]
fn a_source_is_found_by_its_name_among_the_direct_ones_only() {
    let elements = [
        ("a", Some("Same"), "table"),
        ("b", Some("Same"), "table"),
        ("far", Some("Far"), "table"),
        ("n", None, "table"),
        ("t", Some("T"), "table"),
    ];
    let columns = [
        ("a", "a1", "Id", "1"),
        ("b", "b1", "Id", "1"),
        ("b", "b2", "Only B", "1"),
        ("far", "f1", "X", "1"),
        ("n", "n1", "X", "1"),
        ("n", "inode-tbl/NET_AMOUNT", "Net", "[ORDERS/Net Amount]"),
        ("t", "t1", "1", "[Same/Id]"),
        ("t", "t2", "2", "[Same/Only B]"),
        ("t", "t3", "3", "[same/only b]"),
        ("t", "t4", "4", "[Far/X]"),
        ("t", "t5", "5", "[n/X]"),
        ("t", "t6", "6", "[ORDERS/Net Amount] + [ORDERS/Other]"),
        ("t", "t7", "7", "[Same/Link/Id]"),
        ("t", "t8", "8", "[Custom SQL/A]"),
        ("t", "t9", "9", "[Bu\\/dget/Q\\]1]"),
    ];
    let sources = [
        ("t", "element", "d", "a"),
        ("t", "element", "d", "b"),
        ("t", "element", "d", "n"),
        ("t", "table", "", "tbl"),
        ("t", "customSQL", "d", "q"),
        ("t", "csv-upload", "", "csv"),
    ];
    let nodes = [("table", "tbl", "ORDERS"), ("customSQL", "q", "q"), ("csv-upload", "csv", "Bu/dget")];
    assert_eq!(
        told(&elements, &columns, &sources, &nodes),
        [
            "t1 < unresolved  Same/Id ",
            "t2 < element b Only B b2",
            "t3 < element b only b b2",
            "t4 < unresolved  Far/X ",
            "t5 < element n X n1",
            "t6 < table tbl NET_AMOUNT ",
            "t6 < table tbl Other  inferred",
            "t7 < unresolved  Same/Link/Id ",
            "t8 < customSQL q A ",
            "t9 < csv-upload csv Q]1 ",
        ]
    );
}

#[test]
fn elements_of_data_models_are_candidates_where_nothing_of_the_document_fits() {
    let elements = [("a", Some("Near"), "table"), ("t", Some("T"), "table")];
    let columns =
        [("a", "a1", "Id", "1"), ("t", "t1", "1", "[Near/Id]"), ("t", "t2", "2", "[Model Table/Id]")];
    let sources =
        [("t", "element", "d", "a"), ("t", "data-model", "m1", "x"), ("t", "data-model", "m2", "y")];
    assert_eq!(
        told(&elements, &columns, &sources, &[]),
        ["t1 < element a Id a1", "t2 < data-model x Id ", "t2 < data-model y Id "]
    );
}

#[test]
fn custom_sql_is_read_as_its_warehouse_reads_it_and_tells_its_tables() {
    let mut rows = Rows::default();
    for (id, connection) in [("sql1", "big"), ("sql2", "flake"), ("sql3", "unheard of")] {
        rows.push(record::LineageNode {
            r#type: "customSQL".into(),
            id: id.into(),
            name: Some(id.into()),
            connection_id: Some(connection.into()),
            definition: Some("select \"a\" as x from s.t where b in (select c from u)".into()),
        });
    }
    let warehouses = [("big", "bigQuery"), ("flake", "snowflake")];
    let warehouses = warehouses.map(|(id, word)| (id.to_owned(), word.to_owned())).into();
    let document = Document::of(&rows);
    let found = of_custom_sql(&document, &warehouses);
    let edges: Vec<_> = found.edges.iter().map(|edge| edge.target_element_id.as_str()).collect();
    assert_eq!(edges, ["sql2", "sql3"], "in BigQuery it is a text");
    let tables = found.tables.iter().filter(|table| table.custom_sql_id == "sql1");
    let told: Vec<_> = tables.map(|table| (table.path.as_str(), table.connection_id.as_deref())).collect();
    assert_eq!(told, [("s.t", Some("big")), ("u", Some("big"))]);
}
