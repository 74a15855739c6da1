//! The three dialects of paging.
use std::collections::BTreeSet;

use serde_json::Value;
use sigma_catalog::simulator::Options;

use crate::client::{Asker, field, objects, quick, start};

/// The first live workbook or report with contents.
fn document(truth: &Value, kind: &str) -> String {
    objects(truth, kind)[0]["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn a_walk_through_any_listing_gives_every_row_once() {
    let (simulator, admin) = start(quick()).await;
    let truth = simulator.truth();
    let (workbook, report) = (document(&truth, "workbook"), document(&truth, "report"));
    for (path, key) in [
        ("/v2/members".to_owned(), "memberId"),
        ("/v2.1/members".to_owned(), "memberId"),
        ("/v2/files".to_owned(), "id"),
        ("/v2/workbooks?skipPermissionCheck=true".to_owned(), "workbookId"),
        (format!("/v2/workbooks/{workbook}/elements"), "elementId"),
        (format!("/v2/workbooks/{workbook}/queries"), "elementId"),
        (format!("/v2/reports/{report}/elements"), "elementId"),
        (format!("/v2/reports/{report}/queries"), "elementId"),
        ("/v2/accountTypes".to_owned(), "accountTypeId"),
    ] {
        let in_one_go = field(&admin.all(&path, 500).await, key);
        assert!(in_one_go.len() > 3, "{path} is too short to be paged");
        assert_eq!(in_one_go.iter().collect::<BTreeSet<_>>().len(), in_one_go.len(), "{path} has duplicates");
        assert_eq!(field(&admin.all(&path, 3).await, key), in_one_go, "{path} three at a time");
    }
    let columns = |size| admin.all_columns(&workbook, size);
    assert_eq!(columns(7).await, columns(1000).await);
}

impl Asker {
    /// (element, column) of a workbook, in order.
    async fn all_columns(&self, workbook: &str, size: usize) -> Vec<String> {
        let rows = self.all(&format!("/v2/workbooks/{workbook}/columns"), size).await;
        rows.iter().map(|row| format!("{} {}", row["elementId"], row["columnId"])).collect()
    }
}

#[tokio::test]
async fn a_page_has_fifty_rows_unless_asked_otherwise() {
    let (_simulator, admin) = start(Options { members: 120, ..quick() }).await;
    let body = admin.get("/v2.1/members").await;
    assert_eq!(body["entries"].as_array().map(Vec::len), Some(50));
    assert_eq!(body["nextPage"], "50");
    assert_eq!(body["hasMore"], true);
    assert_eq!(body["total"], admin.all("/v2.1/members", 1000).await.len());
}

#[tokio::test]
async fn the_last_page_says_so_in_the_way_of_its_dialect() {
    let (_simulator, admin) = start(quick()).await;
    let pages = admin.get("/v2/workbooks?limit=1000").await;
    assert!(
        pages.as_object().is_some_and(|body| body["nextPage"].is_null() && body.contains_key("nextPage"))
    );
    let tokens = admin.get("/v2/accountTypes?pageSize=1000").await;
    assert!(tokens.get("nextPageToken").is_none());
    assert!(admin.get("/v2/accountTypes?pageSize=2").await["nextPageToken"].is_string());
    // `limit` means nothing in this dialect, and what means nothing is ignored.
    assert_eq!(admin.get("/v2/accountTypes?limit=2").await, tokens);
}

#[tokio::test]
async fn sizes_beyond_the_maximum_are_refused() {
    let (simulator, admin) = start(quick()).await;
    let model = document(&simulator.truth(), "data-model");
    for (path, status) in [
        ("/v2/workbooks?limit=1000".to_owned(), 200),
        ("/v2/workbooks?limit=1001".to_owned(), 400),
        ("/v2/workbooks?limit=0".to_owned(), 400),
        ("/v2/workbooks?limit=ten".to_owned(), 400),
        ("/v2/accountTypes?pageSize=1000".to_owned(), 200),
        ("/v2/accountTypes?pageSize=1001".to_owned(), 400),
        (format!("/v2/dataModels/{model}/sources?pageSize=500"), 200),
        (format!("/v2/dataModels/{model}/sources?pageSize=501"), 400),
    ] {
        assert_eq!(admin.ask(&path).await.0, status, "{path}");
    }
}

#[tokio::test]
async fn cursors_of_columns_and_queries_are_opaque_and_belong_to_their_listing() {
    let (simulator, admin) = start(quick()).await;
    let truth = simulator.truth();
    let workbooks = objects(&truth, "workbook");
    let path = |i: usize, child: &str| {
        format!("/v2/workbooks/{}/{child}?limit=1", workbooks[i]["id"].as_str().unwrap_or(""))
    };
    for child in ["columns", "queries"] {
        let body = admin.get(&path(0, child)).await;
        let cursor = body["nextPage"].as_str().expect("a cursor").to_owned();
        assert!(
            cursor.parse::<u64>().is_err() && ['%', '+', '/', '='].iter().all(|c| cursor.contains(*c)),
            "{cursor}"
        );
        let encoded: String = url::form_urlencoded::byte_serialize(cursor.as_bytes()).collect();
        assert_eq!(admin.ask(&format!("{}&page={encoded}", path(0, child))).await.0, 200);
        assert_eq!(admin.ask(&format!("{}&page={encoded}", path(1, child))).await.0, 400, "a foreign cursor");
        assert_eq!(
            admin.ask(&format!("{}&page={cursor}", path(0, child))).await.0,
            400,
            "a cursor decoded twice"
        );
        assert_eq!(admin.ask(&format!("{}&page=1", path(0, child))).await.0, 400, "a made-up cursor");
    }
    assert_eq!(admin.ask("/v2/workbooks?page=nonsense").await.0, 400);
    assert_eq!(admin.ask("/v2/workbooks?page=4711").await.0, 400);
}

#[tokio::test]
async fn bare_lists_refuse_a_limit() {
    let (simulator, admin) = start(quick()).await;
    let workbook = document(&simulator.truth(), "workbook");
    let path = format!("/v2/workbooks/{workbook}/sources");
    assert!(admin.get(&path).await.is_array());
    let (status, body) = admin.ask(&format!("{path}?limit=10")).await;
    assert_eq!((status.as_u16(), body["code"].as_str()), (400, Some("invalid_request")));
}

#[tokio::test]
async fn the_old_lists_are_bare_without_a_limit_only_if_told_so() {
    let (_new, admin) = start(quick()).await;
    let (old, admin_of_old) = start(Options { legacy_unpaginated: true, ..quick() }).await;
    let workbook = document(&old.truth(), "workbook");
    for path in ["/v2/members", "/v2/teams", "/v2/workspaces"] {
        assert!(admin.get(path).await["entries"].is_array(), "{path}");
        assert!(admin_of_old.get(path).await.is_array(), "{path}");
        assert!(admin_of_old.get(&format!("{path}?limit=5")).await["entries"].is_array(), "{path}");
    }
    let path = format!("/v2/workbooks/{workbook}/materialization-schedules");
    let (before, since) = (admin_of_old.get(&path).await, admin.get(&path).await);
    assert!(before["entries"].is_array() && before.get("nextPage").is_none());
    assert!(since.get("nextPage").is_some());
    // The twins under /v2.1 never did.
    assert!(admin_of_old.get("/v2.1/members").await["entries"].is_array());
}
