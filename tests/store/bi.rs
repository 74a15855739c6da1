//! The stable face of a small catalog made by hand, row by row, and what holds for it whatever the catalog.

use sigma_catalog::catalog::document::{Element, ElementColumn, LineageEdge, LineageNode};
use sigma_catalog::catalog::organisation::{Document, File, Member, Organization};
use sigma_catalog::catalog::warehouse::DatasetSource;
use sigma_catalog::store::views::VIEWS;

use crate::World;
use crate::governance::Governance;
use crate::org::{Inside, Org, column, connection, document, element, file, member, workspace};

fn node(kind: &str, id: &str, name: Option<&str>, connection: Option<&str>) -> LineageNode {
    LineageNode {
        r#type: kind.into(),
        id: id.into(),
        name: name.map(str::to_owned),
        connection_id: connection.map(str::to_owned),
        definition: (kind == "customSQL").then(|| "select 1".to_owned()),
    }
}

fn edge(kind: &str, document: &str, source: &str, target: &str) -> LineageEdge {
    LineageEdge {
        source_type: kind.into(),
        source_document_id: document.into(),
        source_id: source.into(),
        target_id: target.into(),
        kind: if kind == "element" { "lookup".into() } else { "source".into() },
        evidence: "lineage".into(),
    }
}

fn source_column(element: &str, source: &str, name: &str) -> ElementColumn {
    ElementColumn {
        source_id: Some(source.into()),
        source_column: Some(name.into()),
        ..column(element, &format!("inode-{source}/{name}"))
    }
}

/// A workbook and a report in folders, a data model, a dataset, and sources of every sort, some of them out of sight.
fn org() -> Org {
    let badge = |file: File, badge: &str| File { badge: Some(badge.into()), ..file };
    let mut org = Org {
        organizations: vec![Organization {
            id: "org".into(),
            slug: Some("acme".into()),
            url: Some("https://app.example.com/acme/".into()),
        }],
        members: vec![
            Member { home_folder_id: Some("home".into()), ..member("m1") },
            Member { home_folder_id: Some("home".into()), is_inactive: Some(true), ..member("m2") },
            Member { first_name: None, last_name: None, is_archived: None, ..member("m3") },
        ],
        workspaces: vec![workspace("ws")],
        files: vec![
            file("ws", "workspace", None),
            badge(file("f1", "folder", Some("ws")), "Endorsed"),
            file("f2", "folder", Some("f1")),
            file("home", "folder", None),
            file("lost", "folder", Some("out-of-sight")),
            File {
                description: Some("about wb".into()),
                ..badge(file("wb", "workbook", Some("f2")), "Warning")
            },
            File { description: Some("about dm".into()), ..file("dm", "data-model", Some("f1")) },
            file("ds", "dataset", Some("ws")),
        ],
        connections: vec![connection("c1")],
        documents: vec![
            document("wb", "workbook"),
            Document { description: Some("about rp".into()), owner_id: None, ..document("rp", "report") },
            document("dm", "data-model"),
            document("ds", "dataset"),
        ],
        governance: Governance {
            sources: vec![DatasetSource {
                dataset_id: "ds".into(),
                source_id: "old".into(),
                source_type: "table".into(),
            }],
            ..Governance::small()
        },
        ..Org::default()
    };
    let mut workbook = Inside::default().page("p1", &["e1"]).page("p2", &[]);
    workbook.elements.push(Element {
        r#type: None,
        visualization_type: Some("bar".into()),
        name: None,
        ..element("e2", Some("p2"))
    });
    workbook.columns.push(source_column("e1", "tbl", "AMOUNT"));
    workbook.columns.push(source_column("e2", "tbl", "AMOUNT"));
    workbook.columns.push(source_column("e1", "ds", "D"));
    workbook.columns.push(source_column("e1", "ds-unseen", "D"));
    workbook.nodes = vec![
        node("table", "tbl", Some("ORDERS"), Some("c1")),
        node("table", "far", Some("FAR"), Some("c-unseen")),
        node("customSQL", "q", Some("q"), Some("c1")),
        node("csv-upload", "csv", Some("Budget"), None),
        node("data-model", "dm", Some("DM"), None),
        node("data-model", "dm-unseen", Some("Elsewhere"), None),
        node("dataset", "ds", Some("DS"), None),
        node("dataset", "ds-unseen", Some("Old"), None),
    ];
    workbook.edges = vec![
        edge("table", "", "tbl", "e1"),
        edge("table", "", "far", "e1"),
        edge("customSQL", "wb", "q", "e1"),
        edge("csv-upload", "", "csv", "e1"),
        edge("data-model", "dm", "d1", "e1"),
        edge("data-model", "dm", "d-unseen", "e1"),
        edge("data-model", "dm-unseen", "x1", "e1"),
        edge("data-model", "dm-unseen", "x2", "e1"),
        edge("data-model", "dm-nowhere", "x", "e1"),
        edge("dataset", "", "ds", "e1"),
        edge("dataset", "", "ds-unseen", "e1"),
        edge("unresolved", "", "gone", "e1"),
        edge("element", "wb", "e1", "e2"),
    ];
    org.inside.insert("wb".into(), workbook);
    let mut report = Inside::default().page("p1", &["e1"]);
    report.nodes = vec![node("csv-upload", "csv", None, None), node("customSQL", "q", Some("q"), None)];
    report.edges = vec![edge("csv-upload", "", "csv", "e1"), edge("customSQL", "rp", "q", "e1")];
    org.inside.insert("rp".into(), report);
    let mut model = Inside::default().elements(None, &["d1"]);
    model.columns.push(source_column("d1", "tbl", "ID"));
    model.nodes = vec![node("table", "tbl", Some("ORDERS"), Some("c1"))];
    model.edges = vec![edge("table", "", "tbl", "d1")];
    org.inside.insert("dm".into(), model);
    org
}

fn world() -> World {
    let world = World::new();
    world.run(org().deliveries());
    world
}

#[track_caller]
fn shows(world: &World, view: &str, expected: &[&str]) {
    let found = world.view(&format!("SELECT * FROM {view}"));
    let mut expected: Vec<String> = expected.iter().map(|line| (*line).to_owned()).collect();
    expected.sort();
    assert_eq!(found, expected, "{view}");
}

#[test]
fn the_server_is_the_organisation() {
    let world = world();
    let row = "organization:org|acme|Organization|https://app.example.com/acme/";
    let found = world.view("SELECT external_id, name, bi_object_type, source_url FROM bi_server");
    assert_eq!(found, [row]);
    let ended = world.catalog().runs(1).unwrap()[0].ended_at.clone();
    assert_eq!(world.view("SELECT last_updated FROM bi_server"), [ended.unwrap()]);
}

#[test]
fn folders_are_workspaces_folders_workbooks_and_reports() {
    let f = "https://app.example.com/acme/f";
    shows(
        &world(),
        "bi_folder",
        &[
            "workspace:ws|WS|Workspace|-|member:m1|-|-|https://app.example.com/acme/workspace/u-ws|-|-",
            &format!("folder:f1|F1|Folder|workspace:ws|member:m1|-|-|{f}/u-f1|-|Endorsed"),
            &format!("folder:f2|F2|Folder|folder:f1|member:m1|-|-|{f}/u-f2|-|-"),
            &format!("folder:home|HOME|Personal|-|member:m1|-|-|{f}/u-home|-|-"),
            &format!("folder:lost|LOST|Folder|-|member:m1|-|-|{f}/u-lost|-|-"),
            "workbook:wb|WB|Workbook|folder:f2|member:m1|-|-|https://app.example.com/acme/workbook/u-wb|about wb|Warning",
            "report:rp|RP|Report|-|-|-|-|https://app.example.com/acme/report/u-rp|about rp|-",
        ],
    );
}

#[test]
fn reports_are_pages_and_the_elements_on_them() {
    let wb = "https://app.example.com/acme/workbook/u-wb?:nodeId";
    let rp = "https://app.example.com/acme/report/u-rp?:nodeId";
    shows(
        &world(),
        "bi_report",
        &[
            &format!("page:wb/p1|P1|Page|DASHBOARD|workbook:wb|-|member:m1|-|-|{wb}=p1|about wb"),
            &format!("page:wb/p2|P2|Page|DASHBOARD|workbook:wb|-|member:m1|-|-|{wb}=p2|about wb"),
            &format!("page:rp/p1|P1|Page|DASHBOARD|report:rp|-|-|-|-|{rp}=p1|about rp"),
            &format!("element:wb/e1|E1|table|SIMPLE|workbook:wb|page:wb/p1|member:m1|-|-|{wb}=e1|about wb"),
            &format!("element:wb/e2|-|element|SIMPLE|workbook:wb|page:wb/p2|member:m1|-|-|{wb}=e2|about wb"),
            &format!("element:rp/e1|E1|table|SIMPLE|report:rp|page:rp/p1|-|-|-|{rp}=e1|about rp"),
        ],
    );
}

#[test]
fn columns_stand_with_their_element_and_show_their_warehouse_column() {
    let world = world();
    let c = |document: &str, element: &str, id: &str| format!("column:{document}/{element}/{id}");
    let of = |view: &str, parent: &str| {
        world.view(&format!(
            "SELECT external_id, {parent}, data_type, expression, connection_column_external_id, name, bi_object_type FROM {view}"
        ))
    };
    let line = |document: &str, element: &str, id: &str, source: &str| {
        let own = c(document, element, id);
        let name = id.to_uppercase();
        let shown = if id == "c1" { name } else { id.to_owned().to_uppercase() };
        format!("{own}|element:{document}/{element}|text|[{element}/{id}]|{source}|{shown}|Column")
    };
    let mut reports = vec![
        line("wb", "e1", "c1", "-"),
        line("rp", "e1", "c1", "-"),
        line("wb", "e1", "inode-tbl/AMOUNT", "warehouse-column:tbl/AMOUNT"),
        line("wb", "e2", "inode-tbl/AMOUNT", "warehouse-column:tbl/AMOUNT"),
        line("wb", "e1", "inode-ds/D", "warehouse-column:ds/D"),
        line("wb", "e1", "inode-ds-unseen/D", "warehouse-column:ds-unseen/D"),
    ];
    reports.sort();
    assert_eq!(of("bi_report_column", "report_external_id"), reports);
    let mut models =
        vec![line("dm", "d1", "c1", "-"), line("dm", "d1", "inode-tbl/ID", "warehouse-column:tbl/ID")];
    models.sort();
    assert_eq!(of("bi_datasource_column", "datasource_external_id"), models);
}

#[test]
fn datasources_are_models_datasets_and_what_lineage_names() {
    let dm = "https://app.example.com/acme/data-model/u-dm";
    shows(
        &world(),
        "bi_datasource",
        &[
            &format!("data-model:dm|DM|Data Model|folder:f1|-|member:m1|-|-|{dm}|about dm|-"),
            &format!("element:dm/d1|D1|Data Model Element|-|data-model:dm|member:m1|-|-|{dm}?:nodeId=d1|-|-"),
            "dataset:ds|DS|Dataset|workspace:ws|-|member:m1|-|-|https://app.example.com/acme/dataset/u-ds|-|-",
            "customSQL:wb/q|q|Custom SQL|-|-|-|-|-|-|select 1|-",
            "customSQL:rp/q|q|Custom SQL|-|-|-|-|-|-|select 1|-",
            // Two documents read the upload, one of them without a name.
            "csv-upload:csv|Budget|CSV Upload|-|-|-|-|-|-|-|-",
            // Not listed, known from lineage only.
            "data-model:dm-unseen|Elsewhere|Data Model|-|-|-|-|-|-|-|-",
            "dataset:ds-unseen|Old|Dataset|-|-|-|-|-|-|-|-",
        ],
    );
}

#[test]
fn connections_hold_the_tables_that_lineage_reaches() {
    let world = world();
    shows(
        &world,
        "bi_connection",
        &[
            "connection:c1|C1|Connection|-|snowflake|-|-|-|-|-|0|0",
            "table:tbl|ORDERS|Table|connection:c1|snowflake|-|-|DB|S|TBL|-|-",
            // Its connection is out of sight.
            "table:far|FAR|Table|-|-|-|-|-|-|-|-|-",
            // Only a dataset reads it.
            "table:old|OLD|Table|connection:c1|snowflake|-|-|DB|S|OLD|-|-",
        ],
    );
    shows(
        &world,
        "bi_connection_column",
        &[
            "warehouse-column:tbl/AMOUNT|AMOUNT|Column|table:tbl|number|in euros",
            "warehouse-column:tbl/ID|ID|Column|table:tbl|-|-",
            "warehouse-column:ds/D|D|Column|dataset:ds|-|-",
            "warehouse-column:ds-unseen/D|D|Column|dataset:ds-unseen|-|-",
            // No element shows it.
            "warehouse-column:old/AMOUNT|AMOUNT|Column|table:old|number|in euros",
        ],
    );
}

#[test]
fn users_are_members_active_or_not() {
    shows(
        &world(),
        "bi_user",
        &[
            "member:m1|First M1|User|m1@example.com|viewer|internal|1|-|-|-",
            "member:m2|First M2|User|m2@example.com|viewer|internal|0|-|-|-",
            "member:m3|-|User|m3@example.com|viewer|internal|1|-|-|-",
        ],
    );
}

#[test]
fn lineage_tells_the_direct_sources_of_elements() {
    shows(
        &world(),
        "bi_lineage",
        &[
            "table|table:tbl|element|element:wb/e1|source",
            "table|table:far|element|element:wb/e1|source",
            "customSQL|customSQL:wb/q|element|element:wb/e1|source",
            "customSQL|customSQL:rp/q|element|element:rp/e1|source",
            "csv-upload|csv-upload:csv|element|element:wb/e1|source",
            "csv-upload|csv-upload:csv|element|element:rp/e1|source",
            // An element of a data model where it is known, else the data model, else what Sigma said.
            "element|element:dm/d1|element|element:wb/e1|source",
            "data-model|data-model:dm|element|element:wb/e1|source",
            "data-model|data-model:dm-unseen|element|element:wb/e1|source",
            "unresolved|unresolved:dm-nowhere/x|element|element:wb/e1|source",
            "dataset|dataset:ds|element|element:wb/e1|source",
            "dataset|dataset:ds-unseen|element|element:wb/e1|source",
            "unresolved|unresolved:gone|element|element:wb/e1|source",
            "element|element:wb/e1|element|element:wb/e2|lookup",
            "table|table:tbl|element|element:dm/d1|source",
            "table|table:old|dataset|dataset:ds|source",
        ],
    );
}

#[test]
fn an_external_id_is_there_once() {
    let world = world();
    for view in VIEWS.iter().filter(|view| view.columns[0].0 == "external_id") {
        let twice = format!("SELECT external_id FROM {} GROUP BY 1 HAVING count(*) > 1", view.name);
        assert_eq!(world.view(&twice), [""; 0], "{}", view.name);
        assert_ne!(world.view(&format!("SELECT 1 FROM {} LIMIT 1", view.name)), [""; 0], "{}", view.name);
    }
}

/// A column that holds external ids, and the views they are in.
const REFERENCES: &[(&str, &str, &[&str])] = &[
    ("bi_folder", "parent_external_id", &["bi_folder"]),
    ("bi_folder", "owner_external_id", &["bi_user"]),
    ("bi_report", "parent_folder_external_id", &["bi_folder"]),
    ("bi_report", "parent_report_external_id", &["bi_report"]),
    ("bi_report", "owner_external_id", &["bi_user"]),
    ("bi_report_column", "report_external_id", &["bi_report"]),
    ("bi_report_column", "connection_column_external_id", &["bi_connection_column"]),
    ("bi_datasource", "parent_folder_external_id", &["bi_folder"]),
    ("bi_datasource", "parent_datasource_external_id", &["bi_datasource"]),
    ("bi_datasource", "owner_external_id", &["bi_user"]),
    ("bi_datasource_column", "datasource_external_id", &["bi_datasource"]),
    ("bi_datasource_column", "connection_column_external_id", &["bi_connection_column"]),
    ("bi_connection", "parent_external_id", &["bi_connection"]),
    ("bi_connection_column", "connection_external_id", &["bi_connection", "bi_datasource"]),
    ("bi_lineage", "target_external_id", &["bi_report", "bi_datasource"]),
    ("bi_lineage", "source_external_id", &["bi_report", "bi_datasource", "bi_connection"]),
];

#[test]
fn every_reference_leads_to_a_row() {
    let world = world();
    let known: usize = VIEWS
        .iter()
        .filter(|view| view.name != "bi_permission")
        .flat_map(|view| view.columns)
        .filter(|(name, _)| name.ends_with("_external_id"))
        .count();
    assert_eq!(REFERENCES.len(), known, "a column with references is missing here");
    for (view, column, targets) in REFERENCES {
        let targets: Vec<_> =
            targets.iter().map(|target| format!("SELECT external_id FROM {target}")).collect();
        let dangling = format!(
            "SELECT {column} FROM {view} WHERE {column} NOT LIKE 'unresolved:%' AND {column} NOT IN ({})",
            targets.join(" UNION ")
        );
        assert_eq!(world.view(&dangling), [""; 0], "{view}.{column}");
    }
}
