//! Changes between two crawls, made in process or over HTTP.
use serde_json::{Value, json};
use sigma_catalog::simulator::{Mutation, MutationError};

use crate::client::{Asker, field, objects, quick, start};

fn text<'v>(row: &'v Value, name: &str) -> &'v str {
    row[name].as_str().unwrap_or_else(|| panic!("no {name} in {row}"))
}

/// Makes a change as another process would.
async fn mutate(admin: &Asker, change: Value) -> Value {
    let answer = admin.http.post(format!("{}/__mutate", admin.base)).body(change.to_string()).send().await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), 200, "{change}");
    crate::client::json(answer).await
}

#[tokio::test]
async fn a_change_of_contents_moves_version_and_time_on_and_touches_nothing_else() {
    let (simulator, admin) = start(quick()).await;
    let truth = simulator.truth();
    let workbooks = objects(&truth, "workbook");
    let id = text(&workbooks[0], "id");
    let path = format!("/v2/workbooks/{id}");
    let before = admin.get(&path).await;
    let other = format!("/v2/workbooks/{}", text(&workbooks[1], "id"));
    let other_before = admin.get(&other).await;
    let added = mutate(&admin, json!({ "op": "add_page", "document": id, "name": "Appendix" })).await;
    let after = admin.get(&path).await;
    assert_eq!(after["latestVersion"].as_u64(), before["latestVersion"].as_u64().map(|v| v + 1));
    assert!(text(&after, "updatedAt") > text(&before, "updatedAt"));
    assert_eq!(admin.get(&other).await, other_before);

    let pages = admin.all(&format!("{path}/pages"), 50).await;
    let page = pages.last().expect("a page");
    assert_eq!((text(page, "name"), &page["pageId"]), ("Appendix", &added["id"]));
    let page_path = format!("{path}/pages/{}/elements", text(page, "pageId"));
    assert!(!admin.all(&page_path, 50).await.is_empty());

    mutate(&admin, json!({ "op": "remove_page", "document": id, "page": added["id"] })).await;
    assert_eq!(admin.ask(&page_path).await.0, 404);
    assert_eq!(field(&admin.all(&format!("{path}/pages"), 50).await, "pageId").len(), pages.len() - 1);
}

#[tokio::test]
async fn names_places_and_owners_change_where_they_show() {
    let (simulator, admin) = start(quick()).await;
    let truth = simulator.truth();
    let id = text(&objects(&truth, "workbook")[0], "id");
    let (first, last) = (&objects(&truth, "workspace")[0], &objects(&truth, "workspace")[3]);
    let member = text(&objects(&truth, "member")[4], "id");
    for change in [
        json!({ "op": "rename_document", "document": id, "name": "Renamed" }),
        json!({ "op": "move_document", "document": id, "folder": last["id"] }),
        json!({ "op": "rename_folder", "folder": last["id"], "name": "New Name" }),
        json!({ "op": "set_owner", "document": id, "member": member }),
    ] {
        mutate(&admin, change).await;
    }
    let row = admin.get(&format!("/v2/workbooks/{id}")).await;
    assert_eq!(
        (text(&row, "name"), text(&row, "path"), text(&row, "ownerId")),
        ("Renamed", "New Name", member)
    );
    assert_eq!(text(&admin.get(&format!("/v2/files/{id}")).await, "parentId"), text(last, "id"));
    assert_ne!(first["id"], last["id"]);
}

#[tokio::test]
async fn a_deleted_document_is_gone_and_so_are_its_grants() {
    let (simulator, admin) = start(quick()).await;
    let truth = simulator.truth();
    let grants = truth["grants"].as_array().expect("grants");
    let shared = |row: &&Value| grants.iter().any(|grant| grant["inode"] == row["id"]);
    let id = text(objects(&truth, "workbook").iter().find(shared).expect("a shared workbook"), "id");
    mutate(&admin, json!({ "op": "delete_document", "document": id })).await;
    assert_eq!(admin.ask(&format!("/v2/workbooks/{id}")).await.0, 404);
    let listed = field(&admin.all("/v2/workbooks?skipPermissionCheck=true", 50).await, "workbookId");
    assert!(!listed.contains(&id.to_owned()));
    let after = simulator.truth();
    assert!(objects(&after, "workbook").iter().all(|row| row["id"] != id));
    assert!(after["grants"].as_array().into_iter().flatten().all(|grant| grant["inode"] != id));
}

#[tokio::test]
async fn deleting_a_data_model_leaves_dangling_lineage_behind() {
    let (simulator, _admin) = start(quick()).await;
    let truth = simulator.truth();
    let used =
        truth["lineage"].as_array().into_iter().flatten().find(|edge| edge["source_type"] == "data-model");
    let model = text(used.expect("a model in use"), "source_document").to_owned();
    let unresolved = |truth: &Value| {
        let edges = truth["column_lineage"].as_array().into_iter().flatten();
        edges.filter(|edge| edge["type"] == "unresolved").count()
    };
    simulator.mutate(&Mutation::DeleteDocument { document: model.clone() }).expect("a change");
    let after = simulator.truth();
    let of_model = |edge: &&Value| edge["source_document"] == model.as_str();
    let edges = |truth: &Value| {
        truth["lineage"].as_array().into_iter().flatten().filter(of_model).cloned().collect::<Vec<_>>()
    };
    let is_of_others = |edge: &&Value| edge["document"] != model.as_str();
    // The reference holds the id of the model; the names of its elements and columns went with it.
    assert_eq!(edges(&after), edges(&truth).iter().filter(is_of_others).cloned().collect::<Vec<_>>());
    assert!(objects(&after, "data-model").iter().all(|row| row["id"] != model.as_str()));
    assert!(unresolved(&after) > unresolved(&truth));
}

#[tokio::test]
async fn people_and_grants_come_and_go() {
    let (simulator, admin) = start(quick()).await;
    let truth = simulator.truth();
    let added = mutate(&admin, json!({ "op": "add_member", "first": "Nia", "email": "nia@x.example" })).await;
    let member = text(&added, "id");
    let (team, workbook) =
        (text(&objects(&truth, "team")[1], "id"), text(&objects(&truth, "workbook")[0], "id"));
    mutate(&admin, json!({ "op": "add_team_member", "team": team, "member": member })).await;
    let listed = field(&admin.all(&format!("/v2/teams/{team}/members"), 50).await, "userId");
    assert!(listed.contains(&member.to_owned()));
    let grant = json!({ "op": "add_grant", "inode": workbook, "member": member, "permission": "view" });
    let grant = mutate(&admin, grant).await;
    let found = field(&admin.all(&format!("/v2/grants?userId={member}"), 50).await, "grantId");
    assert_eq!(found, [text(&grant, "id")]);
    mutate(&admin, json!({ "op": "remove_grant", "grant": grant["id"] })).await;
    assert_eq!(admin.all(&format!("/v2/grants?userId={member}"), 50).await, Vec::<Value>::new());
    mutate(&admin, json!({ "op": "remove_team_member", "team": team, "member": member })).await;
    let by_mail = admin.all("/v2/members?email=nia%40x.example", 50).await;
    assert_eq!(by_mail.len(), 1);
    mutate(&admin, json!({ "op": "archive_member", "member": member })).await;
    assert_eq!(admin.all("/v2/members?email=nia%40x.example", 50).await, Vec::<Value>::new());
}

#[tokio::test]
async fn changes_that_make_no_sense_are_refused_and_change_nothing() {
    let (simulator, admin) = start(quick()).await;
    let before = simulator.truth();
    let model = text(&objects(&before, "data-model")[0], "id").to_owned();
    let unknown = simulator.mutate(&Mutation::TouchDocument { document: "nowhere".into() });
    assert!(matches!(unknown, Err(MutationError::Unknown { kind: "document", .. })));
    assert!(simulator.mutate(&Mutation::AddPage { document: model, name: None }).is_err());
    let answer = admin.http.post(format!("{}/__mutate", admin.base)).body(r#"{"op":"explode"}"#).send().await;
    assert_eq!(answer.expect("an answer").status(), 400);
    assert_eq!(simulator.truth(), before);
}
