//! Lineage is followed from document to document, ends, and never guesses.

use sigma_catalog::catalog::document::{ColumnEdge, ElementColumn, LineageEdge, LineageNode};
use sigma_catalog::catalog::warehouse::DatasetSource;
use sigma_catalog::store::find::{FindError, Wanted};
use sigma_catalog::store::lineage::{Direction, Graph};
use sigma_catalog::store::objects::Key;

use crate::World;
use crate::org::{Inside, Org, column, document, element};

fn edge(source_type: &str, document: &str, id: &str, target: &str) -> LineageEdge {
    LineageEdge {
        source_type: source_type.into(),
        source_document_id: document.into(),
        source_id: id.into(),
        target_id: target.into(),
        kind: "source".into(),
        evidence: "lineage".into(),
    }
}

fn node(kind: &str, id: &str, name: &str) -> LineageNode {
    LineageNode {
        r#type: kind.into(),
        id: id.into(),
        name: Some(name.into()),
        connection_id: Some("c1".into()),
        definition: None,
    }
}

fn reads(column: &str, source_type: &str, document: &str, id: &str, source: &str) -> ColumnEdge {
    let (target, column) = column.split_once('/').expect("element/column");
    ColumnEdge {
        target_element_id: target.into(),
        target_column_id: column.into(),
        source_type: source_type.into(),
        source_document_id: document.into(),
        source_id: id.into(),
        source_column: source.into(),
        source_name: Some("E1".into()),
        source_column_id: (source_type == "element").then(|| source.into()),
        evidence: "formula".into(),
        inferred: false,
    }
}

/// Table `tbl` → data model dm1/e1 → workbook wb1 (e1 → e2 → e1, a cycle) ; wb2 is a copy of wb1 with the same element ids
/// that reads the model as a whole; e3 of both reads what nothing tells about.
fn world() -> World {
    let mut org = Org::small();
    *org.inside("dm1") = Inside::default().elements(None, &["e1"]).reads("dm1", "e1", "table", "tbl");
    org.inside("dm1").elements[0].name = None;
    org.inside("dm1").column_edges.clear();
    org.inside("dm1").columns[0] = ElementColumn {
        source_id: Some("tbl".into()),
        source_column: Some("AMOUNT".into()),
        ..column("e1", "c1")
    };
    org.inside("dm1").columns.push(column("e1", "c2"));
    for (workbook, part) in [("wb1", "e1"), ("wb2", "other")] {
        let inside = Inside::default().page("p1", &["e1", "e2"]).page("p2", &["e3"]);
        *org.inside(workbook) = inside;
        let inside = org.inside(workbook);
        inside.nodes.push(node("data-model", "dm1", "DM1"));
        inside.edges.push(edge("data-model", "dm1", part, "e1"));
        inside.edges.push(edge("element", workbook, "e1", "e2"));
        inside.edges.push(edge("element", workbook, "e2", "e1"));
        inside.edges.push(edge("data-model", "dm404", "x", "e3"));
        inside.edges.push(edge("unresolved", "", "inode-odd", "e3"));
    }
    org.documents[0].url_id = Some("4uWb1x".into());
    // Two models of one name.
    org.documents.push(document("dm2", "data-model"));
    org.documents.last_mut().expect("dm2").name = Some("DM1".into());
    org.inside.insert("dm2".into(), Inside::default());
    let inside = org.inside("dm2");
    inside.elements.push(element("e1", None));
    org.inside("wb1").column_edges =
        vec![reads("e1/c1", "table", "", "tbl", "*"), reads("e2/c1", "element", "", "e1", "c1")];
    let world = World::new();
    world.run(org.deliveries());
    world
}

/// `depth key` of what is reached, sorted.
fn reached(graph: &Graph) -> Vec<String> {
    let mut all: Vec<String> =
        graph.nodes.iter().map(|node| format!("{} {}", node.depth, node.object.key)).collect();
    all.sort();
    all
}

#[test]
fn upstream_goes_through_the_model_to_the_table_and_ends_on_a_cycle() {
    let world = world();
    let graph =
        world.catalog().lineage(&Key::inside("element", "wb1", "e2"), Direction::Upstream, usize::MAX);
    let graph = graph.expect("lineage");
    assert_eq!(reached(&graph), ["0 element:wb1/e2", "1 element:wb1/e1", "2 element:dm1/e1", "3 table:tbl"]);
    assert_eq!(graph.links.len(), 4, "the cycle's edge back is kept: {:?}", graph.links);
    assert!(!graph.is_cut);
}

#[test]
fn downstream_reaches_copies_and_readers_of_the_whole_model() {
    let world = world();
    let graph = world.catalog().lineage(&Key::outside("table", "tbl"), Direction::Downstream, usize::MAX);
    assert_eq!(
        reached(&graph.expect("lineage")),
        [
            "0 table:tbl",
            "1 element:dm1/e1",
            "2 data-model:dm1",
            "2 element:wb1/e1",
            "3 element:wb1/e2",
            "3 element:wb2/e1",
            "4 element:wb2/e2",
        ]
    );
}

#[test]
fn a_model_read_as_a_whole_may_rest_on_any_of_its_elements() {
    let world = world();
    let graph =
        world.catalog().lineage(&Key::inside("element", "wb2", "e1"), Direction::Upstream, usize::MAX);
    let reached = reached(&graph.expect("lineage"));
    assert!(reached.contains(&"1 data-model:dm1".to_owned()), "{reached:?}");
    assert!(reached.contains(&"3 table:tbl".to_owned()), "{reached:?}");
}

#[test]
fn what_nothing_tells_about_stays_unresolved() {
    let world = world();
    let graph =
        world.catalog().lineage(&Key::inside("element", "wb1", "e3"), Direction::Upstream, usize::MAX);
    assert_eq!(
        reached(&graph.expect("lineage")),
        ["0 element:wb1/e3", "1 unresolved:wb1/dm404/x", "1 unresolved:wb1/inode-odd"]
    );
}

#[test]
fn depth_cuts_and_says_so() {
    let world = world();
    let follow = |depth| {
        world
            .catalog()
            .lineage(&Key::inside("element", "wb1", "e2"), Direction::Upstream, depth)
            .expect("lineage")
    };
    assert_eq!(reached(&follow(2)), ["0 element:wb1/e2", "1 element:wb1/e1", "2 element:dm1/e1"]);
    assert!(follow(2).is_cut);
    assert!(!follow(3).is_cut, "three steps are all there are");
}

#[test]
fn columns_are_followed_by_columns() {
    let world = world();
    let catalog = world.catalog();
    let up = |key: Key| reached(&catalog.lineage(&key, Direction::Upstream, usize::MAX).expect("lineage"));
    let down =
        |key: Key| reached(&catalog.lineage(&key, Direction::Downstream, usize::MAX).expect("lineage"));
    assert_eq!(
        up(Key::inside("element", "dm1", "e1").with_column("c1")),
        ["0 column:dm1/e1/c1", "1 warehouse-column:tbl/AMOUNT"]
    );
    // wb1 is not said to read the table, so what it says of its columns is not met from there.
    assert_eq!(
        down(Key::outside("table", "tbl").with_column("amount")),
        ["0 warehouse-column:tbl/amount", "1 column:dm1/e1/c1"]
    );
    assert_eq!(down(Key::outside("table", "tbl").with_column("OTHER")), ["0 warehouse-column:tbl/OTHER"]);
    assert_eq!(
        down(Key::inside("element", "wb1", "e1").with_column("c1")),
        ["0 column:wb1/e1/c1", "1 column:wb1/e2/c1"]
    );
    let of_table = catalog.column_lineage(&Key::outside("table", "tbl"), Direction::Downstream, usize::MAX);
    assert_eq!(reached(&of_table.expect("lineage")), ["0 warehouse-column:tbl/AMOUNT", "1 column:dm1/e1/c1"]);
}

#[test]
fn impact_names_documents_elements_and_owners_once() {
    let world = world();
    let impact = world.catalog().impact(&Key::outside("table", "tbl")).expect("an impact");
    let told: Vec<String> = impact
        .documents
        .iter()
        .map(|document| {
            let owner = document.owner.as_ref().expect("an owner");
            let elements: Vec<&str> =
                document.elements.iter().map(|element| element.key.id.as_str()).collect();
            format!("{} {} {} {}", document.key, document.depth, owner.title(), elements.join(","))
        })
        .collect();
    assert_eq!(
        told,
        [
            "data-model:dm1 1 m1@example.com e1",
            "workbook:wb1 2 m1@example.com e1,e2",
            "workbook:wb2 3 m1@example.com e1,e2",
        ]
    );
    assert_eq!(impact.unknown_documents, 0);
    let one = world.catalog().impact(&Key::outside("table", "tbl").with_column("AMOUNT")).expect("an impact");
    assert_eq!(one.documents.len(), 1);
    assert_eq!(one.documents[0].elements[0].columns.iter().collect::<Vec<_>>(), ["C1"]);
}

/// Beside `world`: dataset ds1 reads table `old`, which custom SQL of wb1 names by its path, and a table on another connection
/// and one that nothing else tells of; workbook wb2 reads the dataset.
fn world_of_sql() -> World {
    let mut org = Org::small();
    let paths = ["db.S.old", "other.old", "DB.S.TWICE"];
    *org.inside("wb1") = Inside::default()
        .page("p1", &["e1", "e2"])
        .sql("wb1", "e1", "sql1", "c1", &paths)
        .sql("wb1", "e2", "sql2", "c2", &["DB.S.OLD", "DB.S.TWICE"]);
    org.inside("wb1").edges.push(edge("customSQL", "wb1", "sql1", "e2"));
    let of_sql = |target: &str, table: &str, column: &str| ColumnEdge {
        evidence: "sql".into(),
        source_name: None,
        inferred: true,
        ..reads(target, "table", "", table, column)
    };
    org.inside("wb1").column_edges = vec![
        of_sql("sql1/A", "db.S.old", "amount"),
        of_sql("sql2/A", "DB.S.OLD", "amount"),
        of_sql("sql1/*", "db.S.old", "*"),
        of_sql("sql2/*", "DB.S.OLD", "*"),
        of_sql("sql2/*", "DB.S.TWICE", "*"),
        ColumnEdge { source_column_id: None, ..reads("e2/c2", "customSQL", "", "sql2", "Region") },
        ColumnEdge { source_column_id: None, ..reads("e2/c1", "customSQL", "", "sql1", "Region") },
        ColumnEdge { source_column_id: Some("A".into()), ..reads("e1/c1", "customSQL", "", "sql1", "A") },
    ];
    *org.inside("wb2") = Inside::default().page("p1", &["e1"]);
    org.inside("wb2").edges.push(edge("dataset", "", "ds1", "e1"));
    org.inside("wb2").nodes.push(node("dataset", "ds1", "DS1"));
    let tables = &mut org.governance.tables;
    for (id, path) in [("t1", "DB/S/TWICE"), ("t2", "DB/S/twice"), ("t3", "DB/S/Twice")] {
        let mut table = tables[0].clone();
        (table.id, table.path, table.name) = (id.into(), Some(path.into()), Some("TWICE".into()));
        org.governance.sources.push(DatasetSource {
            dataset_id: "ds1".into(),
            source_id: id.into(),
            source_type: "table".into(),
        });
        tables.push(table);
    }
    let world = World::new();
    world.run(org.deliveries());
    world
}

#[test]
fn the_tables_that_custom_sql_names_are_the_known_ones_of_that_path_on_its_connection() {
    let world = world_of_sql();
    let db = world.reader();
    let mut statement = db
        .prepare(
            "SELECT custom_sql_id || ' ' || path || ' ' || coalesce(table_id, '-') FROM custom_sql_source ORDER BY 1",
        )
        .expect("the view");
    let found: Vec<String> =
        statement.query_map([], |row| row.get(0)).and_then(Iterator::collect).expect("rows");
    assert_eq!(
        found,
        [
            // Of three tables whose names differ in case it is that of the same spelling.
            "sql1 DB.S.TWICE t1",
            "sql1 db.S.old old",
            "sql1 other.old -",
            "sql2 DB.S.OLD -",
            "sql2 DB.S.TWICE -",
        ]
    );
    let mut statement = db
        .prepare(
            "SELECT target_external_id || ' ' || source_type || ' ' || source_external_id FROM bi_lineage
             WHERE target_type = 'customSQL' ORDER BY 1",
        )
        .expect("the view");
    let found: Vec<String> =
        statement.query_map([], |row| row.get(0)).and_then(Iterator::collect).expect("rows");
    assert_eq!(
        found,
        [
            "customSQL:wb1/sql1 table table:old",
            "customSQL:wb1/sql1 table table:t1",
            "customSQL:wb1/sql1 unresolved unresolved:wb1/other.old",
            "customSQL:wb1/sql2 unresolved unresolved:wb1/DB.S.OLD",
            "customSQL:wb1/sql2 unresolved unresolved:wb1/DB.S.TWICE",
        ]
    );
}

#[test]
fn lineage_goes_through_datasets_and_custom_sql() {
    let world = world_of_sql();
    let catalog = world.catalog();
    let follow =
        |key: Key, direction| reached(&catalog.lineage(&key, direction, usize::MAX).expect("lineage"));
    assert_eq!(
        follow(Key::inside("element", "wb1", "e1"), Direction::Upstream),
        ["0 element:wb1/e1", "1 customSQL:wb1/sql1", "2 table:old", "2 table:other.old", "2 table:t1"]
    );
    assert_eq!(
        follow(Key::outside("table", "old"), Direction::Downstream),
        [
            "0 table:old",
            "1 customSQL:wb1/sql1",
            "1 dataset:ds1",
            "2 element:wb1/e1",
            "2 element:wb1/e2",
            "2 element:wb2/e1",
        ]
    );
    assert_eq!(
        follow(Key::outside("table", "other.old"), Direction::Downstream),
        ["0 table:other.old", "1 customSQL:wb1/sql1", "2 element:wb1/e1", "2 element:wb1/e2"]
    );
    assert_eq!(
        follow(Key::inside("element", "wb2", "e1"), Direction::Upstream),
        ["0 element:wb2/e1", "1 dataset:ds1", "2 table:old", "2 table:t1", "2 table:t2", "2 table:t3",]
    );
    assert_eq!(
        follow(Key::inside("element", "wb1", "e1").with_column("c1"), Direction::Upstream),
        ["0 column:wb1/e1/c1", "1 customSQL-column:wb1/sql1/A", "2 warehouse-column:old/amount"]
    );
    assert_eq!(
        follow(Key::outside("table", "old").with_column("AMOUNT"), Direction::Downstream),
        [
            "0 warehouse-column:old/AMOUNT",
            "1 customSQL-column:wb1/sql1/A",
            "1 customSQL-column:wb1/sql1/AMOUNT",
            "2 column:wb1/e1/c1",
        ]
    );
    // What the query gives with all columns of a table has the name that it has there.
    assert_eq!(
        follow(Key::inside("element", "wb1", "e2").with_column("c1"), Direction::Upstream),
        ["0 column:wb1/e2/c1", "1 customSQL-column:wb1/sql1/Region", "2 warehouse-column:old/Region"]
    );
    assert_eq!(
        follow(Key::inside("element", "wb1", "e2").with_column("c2"), Direction::Upstream),
        ["0 column:wb1/e2/c2", "1 customSQL-column:wb1/sql2/Region"],
        "of two tables it is not known whose it is"
    );
    assert_eq!(
        follow(Key::outside("table", "old").with_column("REGION"), Direction::Downstream),
        ["0 warehouse-column:old/REGION", "1 customSQL-column:wb1/sql1/REGION", "2 column:wb1/e2/c1"]
    );
    let impact = catalog.impact(&Key::outside("table", "old")).expect("an impact");
    let told: Vec<String> = impact
        .documents
        .iter()
        .map(|document| format!("{} {} {}", document.key, document.depth, document.elements.len()))
        .collect();
    assert_eq!(told, ["dataset:ds1 1 0", "workbook:wb1 2 2", "workbook:wb2 2 1"]);
}

#[test]
fn a_table_is_found_by_its_path_or_the_end_of_it() {
    let world = world_of_sql();
    let catalog = world.catalog();
    for (text, expected) in [
        ("DB.S.OLD", "table:old"),
        ("db.s.old", "table:old"),
        ("DB/S/OLD", "table:old"),
        ("S.OLD", "table:old"),
        ("OLD", "table:old"),
        ("DB.S.OLD.AMOUNT", "warehouse-column:old/AMOUNT"),
        ("S.old.AMOUNT", "warehouse-column:old/AMOUNT"),
        ("other.old", "table:other.old"),
    ] {
        let found = catalog.find(text, Wanted::DATA).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(found.to_string(), expected, "{text}");
    }
    let error = catalog.find("DB.S.TWICE", Wanted::DATA).expect_err("three");
    assert_eq!(error.code(), "object.ambiguous", "{error}");
    for text in ["B.S.OLD", "X.OLD", "DB.S.", ".OLD"] {
        let error = catalog.find(text, Wanted::DATA).expect_err(text);
        assert_eq!(error.code(), "object.not_found", "{text}: {error}");
    }
    let shown = catalog.show(&Key::outside("table", "old")).expect("a table");
    assert_eq!(shown.object.place.last().map(String::as_str), Some("S"), "{:?}", shown.object.place);
    let inside: Vec<String> = shown.children.iter().map(|child| child.key.to_string()).collect();
    assert_eq!(inside, ["warehouse-column:old/AMOUNT"]);
}

#[test]
fn documents_whose_lineage_was_not_read_are_counted_as_unknown() {
    use sigma_catalog::catalog::delivery::{Outcome, scope};
    let world = World::new();
    let org = Org::small().ends(scope::LINEAGE, "wb1", Outcome::Denied).ends(
        scope::LINEAGE,
        "wb2",
        Outcome::Excluded,
    );
    world.run(org.deliveries());
    let unknown = || {
        let impact = world.catalog().impact(&Key::outside("table", "tbl")).expect("an impact");
        impact.unknown_documents
    };
    assert_eq!(unknown(), 2);
    // What was read of documents that are none any more is no knowledge of others, wherever their ids stand among them.
    let db = rusqlite::Connection::open(world.path()).expect("the file");
    for gone in ["", "wb1", "wb1x", "wb2x", "zz"] {
        db.execute(
            "INSERT OR IGNORE INTO fetch_scope SELECT run_id, endpoint, ?, 'complete', 1, 1, 1, 0, NULL, NULL \
             FROM fetch_scope WHERE endpoint = 'lineage' LIMIT 1",
            [gone],
        )
        .expect("a scope");
    }
    assert_eq!(unknown(), 2);
    let read = "DELETE FROM fetch_scope WHERE endpoint = 'lineage' AND outcome LIKE 'complete%'";
    assert!(db.execute(read, []).expect("scopes") > 0);
    let documents: i64 = db
        .query_row("SELECT count(*) FROM document WHERE kind <> 'dataset'", [], |row| row.get(0))
        .expect("a count");
    assert_eq!(unknown(), documents);
}

#[test]
fn names_find_one_object_or_all_they_may_mean() {
    let world = world();
    let catalog = world.catalog();
    let find = |text: &str| catalog.find(text, Wanted::ANY).map(|key| key.to_string());
    for (text, expected) in [
        ("wb1", "workbook:wb1"),
        ("4uWb1x", "workbook:wb1"),
        ("https://app.example.com/acme/workbook/Some-Name-4uWb1x", "workbook:wb1"),
        ("https://app.example.com/acme/workbook/4uWb1x?:nodeId=e2", "element:wb1/e2"),
        ("https://app.example.com/acme/workbook/4uWb1x/?x=1&:nodeId=p1#top", "page:wb1/p1"),
        ("workbook:wb1", "workbook:wb1"),
        ("WB1/E1", "element:wb1/e1"),
        ("WB1/E1/C1", "column:wb1/e1/c1"),
        ("column:wb1/e1/c1", "column:wb1/e1/c1"),
        ("dm1/e1", "element:dm1/e1"),
        ("dm1/e1/c2", "column:dm1/e1/c2"),
        ("WB1/P1", "page:wb1/p1"),
        ("wb1/e1", "element:wb1/e1"),
        ("TBL", "table:tbl"),
        ("tbl.AMOUNT", "warehouse-column:tbl/AMOUNT"),
        ("warehouse-column:tbl/AMOUNT", "warehouse-column:tbl/AMOUNT"),
        ("M1@Example.com", "member:m1"),
        ("First M2", "member:m2"),
        ("T1", "team:t1"),
        ("F1", "folder:f1"),
        ("WS", "workspace:ws"),
    ] {
        let found = find(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(found, expected, "{text}");
    }
    match catalog.find("DM1", Wanted::ANY) {
        Err(error @ FindError::Several { .. }) => {
            let told = error.to_string();
            assert!(told.contains("data-model:dm1") && told.contains("data-model:dm2"), "{told}");
            assert_eq!(error.code(), "object.ambiguous");
        }
        other => panic!("{other:?}"),
    }
    for text in ["", "nothing", "wb1/nothing", "element:wb1", "column:wb1/e1", "page:wb1/e1", "/", "://"] {
        let error = catalog.find(text, Wanted::ANY).expect_err(text);
        assert_eq!(error.code(), "object.not_found", "{text}: {error}");
    }
}

#[test]
fn a_question_asked_again_with_other_words_keeps_its_plan() {
    let world = world_of_sql();
    // What a published run leaves: with statistics a plan could depend on the words.
    rusqlite::Connection::open(world.path()).and_then(|db| db.execute_batch("ANALYZE")).expect("statistics");
    let catalog = world.catalog();
    for question in [
        "SELECT * FROM column_lineage WHERE document_id = ?1 AND element_id = ?2",
        "SELECT * FROM custom_sql_source WHERE document_id = ?1 AND custom_sql_id = ?2",
        "SELECT * FROM element WHERE document_id = ?1 AND element_id = ?2",
    ] {
        let mut statement = catalog.connection().prepare(question).expect("a statement");
        for (document, element) in [("wb1", "e1"), ("wb2", "e2"), ("dm1", "e1")] {
            let mut rows = statement.query([document, element]).expect("rows");
            while rows.next().expect("a row").is_some() {}
        }
        assert_eq!(statement.get_status(rusqlite::StatementStatus::RePrepare), 0, "{question}");
    }
}

#[test]
fn one_object_is_read_without_reading_all_others() {
    let world = world();
    // As if the catalog were large: of three rows SQLite knows that reading all is as good.
    let db = rusqlite::Connection::open(world.path()).expect("the file");
    db.execute_batch("DROP TABLE IF EXISTS sqlite_stat1; DROP TABLE IF EXISTS sqlite_stat4")
        .expect("no statistics");
    drop(db);
    let db = world.reader();
    for (question, index) in [
        ("SELECT * FROM model WHERE document_id = 'wb1' AND element_id = 'e1'", ""),
        ("SELECT * FROM column_lineage WHERE document_id = 'wb1' AND element_id = 'e1'", ""),
        (
            "SELECT * FROM lineage_edge WHERE source_type <> 'element' AND source_type = 'table' \
             AND source_document_id = '' AND source_id = 'tbl'",
            "lineage_edge_by_source",
        ),
        ("SELECT name FROM lineage_node WHERE id = 'tbl' AND type = 'table'", "lineage_node_history_id"),
        (
            "SELECT id FROM lineage_node WHERE name = 'x' COLLATE NOCASE AND name = 'x'",
            "lineage_node_by_name",
        ),
        ("SELECT id FROM document WHERE name = 'x' COLLATE NOCASE AND name = 'x'", "document_by_name"),
        ("SELECT id FROM file WHERE name = 'x' COLLATE NOCASE AND name = 'x'", "file_by_name"),
        ("SELECT id FROM document WHERE url_id IN ('x', 'y')", "document_by_url_id"),
        (
            "SELECT * FROM custom_sql_source WHERE path = 'x' COLLATE NOCASE AND table_id = 'tbl'",
            "warehouse_table_by_path",
        ),
        (
            "SELECT * FROM custom_sql_source WHERE path = 'x' COLLATE NOCASE AND table_id = 'tbl'",
            "custom_sql_table_by_path",
        ),
        (
            "SELECT id FROM warehouse_table WHERE replace(path, '/', '.') = 'x' COLLATE NOCASE",
            "warehouse_table_by_path",
        ),
    ] {
        let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {question}")).expect("a plan");
        let plan: Vec<String> =
            statement.query_map([], |row| row.get(3)).and_then(Iterator::collect).expect("a plan");
        let whole = plan.iter().filter(|step| {
            step.starts_with("MATERIALIZE")
                || ["SCAN d", "SCAN t"].contains(&step.split(" USING").next().unwrap_or(step))
        });
        assert_eq!(whole.count(), 0, "{question}: {plan:#?}");
        assert!(plan.iter().any(|step| step.contains(index)), "{question}: {plan:#?}");
    }
}
