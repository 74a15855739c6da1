//! What the endpoints say is inside documents is what the truth says.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use sigma_catalog::simulator::Mutation;

use crate::client::{objects, quick, start};

fn text<'v>(row: &'v Value, name: &str) -> &'v str {
    row[name].as_str().unwrap_or_else(|| panic!("no {name} in {row}"))
}

/// The truth's rows of one document, as a set of texts.
fn expected(truth: &Value, kind: &str, document: &str, keep: &[&str]) -> BTreeSet<String> {
    let rows = objects(truth, kind).iter().filter(|row| row["document"] == document);
    rows.map(|row| keep.iter().map(|name| row[*name].to_string()).collect::<Vec<_>>().join(" ")).collect()
}

/// Rows of an endpoint in the same form.
fn found(rows: &[Value], keep: &[&str]) -> BTreeSet<String> {
    let value = |row: &Value, name: &str| match name.split_once('.') {
        Some((outer, inner)) => row[outer][inner].to_string(),
        None => row[name].to_string(),
    };
    rows.iter().map(|row| keep.iter().map(|name| value(row, name)).collect::<Vec<_>>().join(" ")).collect()
}

/// (path prefix, kind) of every document with contents.
fn documents(truth: &Value) -> Vec<(String, String, &'static str)> {
    [("workbook", "workbooks"), ("report", "reports"), ("data-model", "dataModels")]
        .into_iter()
        .flat_map(|(kind, path)| objects(truth, kind).iter().map(move |row| (row, kind, path)))
        .filter(|(row, ..)| row["archived"] == false && row["exploration"] == false)
        .map(|(row, kind, path)| {
            (format!("/v2/{path}/{}", text(row, "id")), text(row, "id").to_owned(), kind)
        })
        .collect()
}

#[tokio::test]
async fn pages_elements_columns_and_queries_are_those_of_the_truth() {
    let (simulator, admin) = start(quick()).await;
    let truth = simulator.truth();
    for (path, id, kind) in documents(&truth) {
        let elements = admin.all(&format!("{path}/elements"), 100).await;
        let of_elements = ["elementId", "name", "type", "vizualizationType"];
        let in_truth = expected(&truth, "element", &id, &["id", "name", "type", "visualization"]);
        assert_eq!(found(&elements, &of_elements), in_truth, "{path}");
        let columns = admin.all(&format!("{path}/columns"), 100).await;
        let of_columns = ["elementId", "columnId", "name", "formula", "type.type"];
        let in_truth = expected(&truth, "column", &id, &["element", "id", "name", "formula", "type"]);
        assert_eq!(found(&columns, &of_columns), in_truth, "{path}");
        if kind == "data-model" {
            continue;
        }
        let pages = admin.all(&format!("{path}/pages"), 100).await;
        assert_eq!(
            found(&pages, &["pageId", "name"]),
            expected(&truth, "page", &id, &["id", "name"]),
            "{path}"
        );
        let mut on_pages = Vec::new();
        for page in &pages {
            let page = text(page, "pageId");
            let rows = admin.all(&format!("{path}/pages/{page}/elements"), 100).await;
            on_pages.extend(rows.iter().map(|row| json!({ "page": page, "id": row["elementId"] })));
        }
        let mut in_truth = expected(&truth, "element", &id, &["page", "id"]);
        in_truth.retain(|row| !row.starts_with("null"));
        assert_eq!(found(&on_pages, &["page", "id"]), in_truth, "{path}");
        let queries: Vec<Value> = admin
            .all(&format!("{path}/queries"), 100)
            .await
            .iter()
            .filter_map(|row| {
                let (sql, comment) = row["sql"].as_str()?.split_once("\n\n-- Sigma Σ ").expect("a comment");
                assert!(comment.contains(&simulator.credentials()[0].email), "{comment}");
                Some(json!({ "element": row["elementId"], "sql": sql }))
            })
            .collect();
        assert_eq!(
            found(&queries, &["element", "sql"]),
            expected(&truth, "query", &id, &["element", "sql"]),
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_comment_of_a_query_differs_from_request_to_request() {
    let (simulator, admin) = start(quick()).await;
    let truth = simulator.truth();
    let query = &objects(&truth, "query")[0];
    let workbook =
        objects(&truth, "workbook").iter().map(|row| text(row, "id")).find(|id| query["document"] == *id);
    let document = workbook.map_or_else(
        || {
            objects(&truth, "query")
                .iter()
                .find(|q| objects(&truth, "workbook").iter().any(|w| w["id"] == q["document"]))
                .expect("a query")
        },
        |_| query,
    );
    let path =
        format!("/v2/workbooks/{}/elements/{}/query", text(document, "document"), text(document, "element"));
    let (first, second) = (admin.get(&path).await, admin.get(&path).await);
    assert_ne!(first["sql"], second["sql"]);
    assert!(text(&first, "sql").starts_with(text(document, "sql")));
}

/// Rebuilds the truth's lineage of one document from what the endpoint says.
fn read_lineage(rows: &[Value], id: &str) -> BTreeSet<String> {
    let mut explained: BTreeMap<String, (String, String, String)> = BTreeMap::new();
    let null = || "null".to_owned();
    for row in rows {
        let quoted = |name: &str| row[name].to_string();
        let (key, meaning) = match text(row, "type") {
            "element" => (
                text(row, "elementId").to_owned(),
                ("\"element\"".into(), json!(id).to_string(), quoted("elementId")),
            ),
            "customSQL" => (
                text(row, "name").to_owned(),
                ("\"customSQL\"".into(), json!(id).to_string(), quoted("name")),
            ),
            "csv-upload" => {
                (text(row, "csvId").to_owned(), ("\"csv-upload\"".into(), null(), quoted("csvId")))
            }
            "data-model" => (
                slug(text(row, "dataModelId")),
                ("\"data-model\"".into(), quoted("dataModelId"), String::new()),
            ),
            kind @ ("table" | "dataset") => (
                format!("inode-{}", slug(text(row, "inodeId"))),
                (json!(kind).to_string(), null(), quoted("inodeId")),
            ),
            other => panic!("unexpected type {other}"),
        };
        explained.insert(key, meaning);
    }
    let mut edges = BTreeSet::new();
    for row in rows.iter().filter(|row| row["type"] == "element") {
        for source in row["sourceIds"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let model =
                source.split_once('/').and_then(|(model, suffix)| Some((explained.get(model)?, suffix)));
            let (kind, document, source_id) = match (model, explained.get(source)) {
                (Some((meaning, suffix)), _) => {
                    (meaning.0.clone(), meaning.1.clone(), json!(suffix).to_string())
                }
                (None, Some(meaning)) => meaning.clone(),
                (None, None) => ("\"unresolved\"".into(), null(), json!(source).to_string()),
            };
            edges.insert(format!("{kind} {document} {source_id} {}", row["elementId"]));
        }
    }
    edges
}

/// The urlId of a UUID, computed from the documented rule by repeated division of the digits.
fn slug(uuid: &str) -> String {
    const DIGITS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut number = u128::from_str_radix(&uuid.replace('-', ""), 16).expect("a UUID");
    let zeros = uuid.replace('-', "").bytes().take_while(|b| *b == b'0').count() / 2;
    let mut text = Vec::new();
    while number > 0 {
        text.push(DIGITS[(number % 62) as usize]);
        number /= 62;
    }
    text.extend(std::iter::repeat_n(b'0', zeros));
    text.reverse();
    String::from_utf8(text).expect("digits")
}

#[tokio::test]
async fn the_lineage_endpoint_explains_what_the_truth_says_and_nothing_else() {
    let (simulator, admin) = start(quick()).await;
    let truth = simulator.truth();
    let lineage = truth["lineage"].as_array().expect("lineage");
    let mut kinds = BTreeSet::new();
    for (path, id, _) in documents(&truth) {
        let keep = ["source_type", "source_document", "source_id", "target"];
        let mine: Vec<Value> =
            lineage.iter().filter(|edge| edge["document"] == id.as_str()).cloned().collect();
        let in_truth = found(&mine, &keep);
        let (status, _) = admin.ask(&format!("{path}/lineage")).await;
        if in_truth.is_empty() {
            assert_eq!(status, 404, "{path}");
            continue;
        }
        assert_eq!(read_lineage(&admin.all(&format!("{path}/lineage"), 100).await, &id), in_truth, "{path}");
        kinds.extend(mine.iter().map(|edge| text(edge, "source_type").to_owned()));
    }
    let all = ["csv-upload", "customSQL", "data-model", "dataset", "element", "table", "unresolved"];
    assert_eq!(kinds, all.map(str::to_owned).into());
}

#[tokio::test]
async fn an_element_whose_source_is_gone_is_unresolved() {
    let (simulator, admin) = start(quick()).await;
    let truth = simulator.truth();
    let showcase =
        objects(&truth, "workbook").iter().find(|row| row["name"] == "Lineage Showcase").expect("it");
    let id = text(showcase, "id");
    let page = objects(&truth, "page").iter().find(|page| page["document"] == id).expect("a page");
    let change = Mutation::RemovePage { document: id.to_owned(), page: text(page, "id").to_owned() };
    simulator.mutate(&change).expect("a change");
    let after = simulator.truth();
    let keep = ["source_type", "source_document", "source_id", "target"];
    let mine: Vec<Value> = after["lineage"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|edge| edge["document"] == id)
        .cloned()
        .collect();
    assert!(mine.iter().any(|edge| edge["source_type"] == "unresolved"));
    let rows = admin.all(&format!("/v2/workbooks/{id}/lineage"), 100).await;
    assert_eq!(read_lineage(&rows, id), found(&mine, &keep));
}

/// The direct sources of an element in an element-level graph: walk back from its sheet, through joins.
fn walk_back(graph: &Value, element: &str) -> BTreeSet<String> {
    let nodes = graph["dependencies"].as_object().expect("dependencies");
    let sheet = nodes.values().find(|node| node["elementId"] == element).expect("the element's sheet");
    assert_ne!(sheet["nodeId"], element, "a sheet's id is not the element's");
    let mut found = BTreeSet::new();
    let mut open = vec![text(sheet, "nodeId").to_owned()];
    while let Some(target) = open.pop() {
        for edge in
            graph["edges"].as_array().into_iter().flatten().filter(|edge| edge["target"] == target.as_str())
        {
            let source = text(edge, "source");
            match nodes.get(source) {
                Some(node) if node["type"] == "join" => open.push(source.to_owned()),
                Some(node) if node["type"] == "sheet" => {
                    found.insert(text(node, "elementId").to_owned());
                }
                _ => {
                    found.insert(source.to_owned());
                }
            }
        }
    }
    found
}

#[tokio::test]
async fn both_views_of_lineage_agree() {
    let (simulator, admin) = start(quick()).await;
    let truth = simulator.truth();
    let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
    let (mut models_in_edges_only, mut joins) = (0, 0);
    for (path, id, kind) in documents(&truth) {
        if kind == "data-model" || admin.ask(&format!("{path}/lineage")).await.0 != 200 {
            continue;
        }
        for row in admin.all(&format!("{path}/lineage"), 100).await {
            let Some(element) = row["elementId"].as_str() else { continue };
            let (status, graph) = admin.ask(&format!("{path}/lineage/elements/{element}")).await;
            *statuses.entry(status.as_u16()).or_default() += 1;
            let sources: BTreeSet<String> = row["sourceIds"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect();
            let is_data = row["sourceIds"].is_array();
            match status.as_u16() {
                200 => assert_eq!(walk_back(&graph, element), sources, "{id} {element}"),
                // An ordinary "no lineage", and an element of which none is asked.
                500 => assert!(is_data && sources.is_empty(), "{id} {element}"),
                400 => assert!(!is_data, "{id} {element}"),
                other => panic!("status {other} for {element}"),
            }
            let nodes = graph["dependencies"].as_object();
            joins += nodes.map_or(0, |nodes| nodes.values().filter(|node| node["type"] == "join").count());
            let is_model = |source: &&String| source.contains('/');
            models_in_edges_only += nodes.map_or(0, |nodes| {
                sources.iter().filter(is_model).filter(|s| !nodes.contains_key(*s)).count()
            });
        }
    }
    assert_eq!(statuses.keys().copied().collect::<Vec<_>>(), [200, 400, 500]);
    assert!(models_in_edges_only > 0 && joins > 0);
}

#[tokio::test]
async fn sources_name_tables_as_their_kind_of_document_does() {
    let (simulator, admin) = start(quick()).await;
    let truth = simulator.truth();
    let showcase =
        objects(&truth, "workbook").iter().find(|row| row["name"] == "Lineage Showcase").expect("it");
    let rows = admin.get(&format!("/v2/workbooks/{}/sources", text(showcase, "id"))).await;
    let kinds: BTreeSet<&str> = rows.as_array().into_iter().flatten().map(|row| text(row, "type")).collect();
    assert_eq!(kinds, ["custom-sql", "data-model", "dataset", "table"].into());
    assert!(
        rows.as_array()
            .into_iter()
            .flatten()
            .filter(|r| r["type"] == "table")
            .all(|r| r["inodeId"].is_string())
    );
    let model = text(&objects(&truth, "data-model")[0], "id");
    let rows = admin.all(&format!("/v2/dataModels/{model}/sources"), 100).await;
    assert!(rows.iter().any(|row| row["type"] == "table" && row["tableId"].is_string()));

    let legacy =
        objects(&truth, "workbook").iter().find(|row| row["name"] == "Legacy Mart Overview").expect("it");
    let (status, _) = admin.ask(&format!("/v2/workbooks/{}/sources", text(legacy, "id"))).await;
    assert_eq!(status, 409, "the connection below is archived");
}

#[tokio::test]
async fn tables_are_found_by_path_and_by_the_ids_of_lineage() {
    let (simulator, admin) = start(quick()).await;
    let truth = simulator.truth();
    let edge = truth["lineage"].as_array().into_iter().flatten().find(|edge| edge["source_type"] == "table");
    let table = text(edge.expect("a table"), "source_id");
    let path = admin.get(&format!("/v2/connections/paths/{table}")).await;
    let lookup = admin
        .http
        .post(format!("{}/v2/connection/{}/lookup", admin.base, text(&path, "connectionId")))
        .bearer_auth(&admin.token)
        .body(json!({ "path": path["path"] }).to_string())
        .send()
        .await
        .expect("an answer");
    let found: Value = crate::client::json(lookup).await;
    assert_eq!((text(&found, "kind"), text(&found, "inodeId")), ("table", table));
    assert_eq!(admin.get(&format!("/v2/files/{table}")).await["type"], "table");
    let columns = admin.all(&format!("/v2/connections/tables/{table}/columns"), 3).await;
    assert!(columns.len() > 5 && columns.iter().all(|column| column["type"]["type"].is_string()));
    let lengths: BTreeSet<usize> = admin
        .all("/v2/connections/paths", 100)
        .await
        .iter()
        .filter_map(|row| row["path"].as_array().map(Vec::len))
        .collect();
    assert_eq!(lengths, [1, 2, 3].into());
}

#[tokio::test]
async fn an_export_runs_for_a_while_and_then_is_bytes() {
    let (simulator, admin) = start(quick()).await;
    let truth = simulator.truth();
    let page = &objects(&truth, "page")[0];
    let workbook = text(page, "document");
    let export = |body: Value| {
        let url = format!("{}/v2/workbooks/{workbook}/export", admin.base);
        let request = admin.http.post(url).bearer_auth(&admin.token).body(body.to_string());
        async move { request.send().await.expect("an answer") }
    };
    assert_eq!(
        export(json!({ "format": { "type": "png" } })).await.status(),
        400,
        "a whole workbook is no picture"
    );
    let started =
        crate::client::json(export(json!({ "pageId": page["id"], "format": { "type": "png" } })).await).await;
    let path = format!("/v2/query/{}/download", text(&started, "queryId"));
    let mut statuses = Vec::new();
    let image = loop {
        let response = admin.send(&path).await.expect("an answer");
        statuses.push(response.status().as_u16());
        if response.status() == 200 {
            break response.bytes().await.expect("a body");
        }
    };
    assert_eq!(statuses, [204, 204, 200]);
    assert!(image.starts_with(b"\x89PNG"));
    assert_eq!(admin.ask("/v2/query/unknown/download").await.0, 404);
}
