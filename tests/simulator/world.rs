//! The generated organisation.
use serde_json::Value;
use sigma_catalog::simulator::{Options, Simulator};

use crate::client::{objects, quick};

async fn truth(options: Options) -> Value {
    let simulator = Simulator::start(options).await.expect("a free port");
    let truth = simulator.truth();
    simulator.stop().await;
    truth
}

#[tokio::test]
async fn the_same_seed_gives_the_same_organisation_and_another_seed_another() {
    let first = truth(quick()).await;
    assert_eq!(first, truth(quick()).await);
    let other = truth(Options { seed: 2, ..quick() }).await;
    for kind in ["member", "workbook", "element", "column"] {
        assert_ne!(first["objects"][kind], other["objects"][kind], "{kind}");
    }
}

#[tokio::test]
async fn without_awkward_cases_there_is_exactly_what_was_asked_for() {
    let truth = truth(Options { awkward: false, ..quick() }).await;
    for (kind, count) in [
        ("workspace", 4),
        ("workbook", 12),
        ("data-model", 3),
        ("report", 0),
        ("member", 20),
        ("team", 6),
        ("page", 12 * 2),
        ("element", 12 * 2 * 4 + 3 * 4),
        ("column", (12 * 2 * 4 + 3 * 4) * 6),
    ] {
        assert_eq!(objects(&truth, kind).len(), count, "{kind}");
    }
}

fn text<'v>(row: &'v Value, name: &str) -> &'v str {
    row[name].as_str().unwrap_or_else(|| panic!("no {name} in {row}"))
}

#[tokio::test]
async fn the_awkward_people_are_there() {
    let truth = truth(quick()).await;
    let members = objects(&truth, "member");
    let has = |test: &dyn Fn(&Value) -> bool| members.iter().any(test);
    assert!(has(&|m| m["id"] == "SigmaSchedulerRobot" && m["memberType"] == "admin"));
    for kind in ["embed", "guest", "internal"] {
        assert!(has(&|m| m["userKind"] == kind), "{kind}");
    }
    assert!(has(&|m| m["isArchived"] == true) && has(&|m| m["isInactive"] == true));
    assert!(has(&|m| m["memberType"] == "view") && has(&|m| m["memberType"] == "View"));
    assert!(has(&|m| m["memberType"] == "viewer") && has(&|m| m["memberType"] == "creator"));
    assert!(has(&|m| text(m, "email").contains('+') && text(m, "email").chars().any(char::is_uppercase)));
    let teams = objects(&truth, "team");
    assert!(
        teams.iter().any(|t| t["isArchived"] == true) && teams.iter().any(|t| t["visibility"] == "private")
    );
    let memberships = truth["memberships"].as_array().expect("memberships");
    assert!(teams.iter().any(|t| memberships.iter().all(|m| m["team"] != t["id"])), "an empty team");
}

#[tokio::test]
async fn the_awkward_places_and_grants_are_there() {
    let truth = truth(quick()).await;
    let files = objects(&truth, "file");
    assert!(files.iter().any(|f| f["parent"] == f["id"] && f["type"] == "folder"), "a personal folder");
    assert!(files.iter().any(|f| text(f, "path").split('/').count() >= 6), "a deep folder");
    assert!(
        files.iter().any(|f| text(f, "path").starts_with("My Documents")),
        "a document in a personal folder"
    );
    assert!(files.iter().any(|f| f["type"] == "symlink"));
    let grants = truth["grants"].as_array().expect("grants");
    let same = |a: &Value, b: &Value| ["inode", "member", "team"].iter().all(|key| a[*key] == b[*key]);
    let twice = |a: &Value| grants.iter().any(|b| same(a, b) && a["permission"] != b["permission"]);
    assert!(grants.iter().any(twice), "two levels for one principal");
    assert_eq!(grants.iter().filter(|grant| grant["orphan"] == true).count(), 1);
    for grant in grants {
        assert_ne!(grant["member"].is_null(), grant["team"].is_null(), "{grant}");
    }
}

#[tokio::test]
async fn the_awkward_documents_are_there() {
    let truth = truth(quick()).await;
    let workbooks = objects(&truth, "workbook");
    let one = |test: &dyn Fn(&Value) -> bool, what: &str| {
        workbooks.iter().find(|w| test(w)).unwrap_or_else(|| panic!("no workbook: {what}"))
    };
    one(&|w| w["archived"] == true, "archived");
    one(&|w| w["exploration"] == true, "exploration");
    one(&|w| w["description"].is_null(), "without description");
    let odd = one(&|w| text(w, "name").contains("<script>"), "odd name");
    assert!(text(odd, "name").contains('"') && !text(odd, "name").is_ascii());
    let tagged = one(&|w| w["tagged_source"].is_string(), "tagged version");
    assert!(workbooks.iter().any(|w| w["id"] == tagged["tagged_source"]));

    let in_document = |kind: &str, id: &Value| -> Vec<String> {
        objects(&truth, kind)
            .iter()
            .filter(|row| row["document"] == *id)
            .map(|row| text(row, "id").to_owned())
            .collect()
    };
    let copy = one(&|w| text(w, "name").starts_with("Copy of "), "copy");
    let original = one(&|w| text(copy, "name") == format!("Copy of {}", text(w, "name")), "original");
    assert_eq!(in_document("element", &copy["id"]), in_document("element", &original["id"]));

    let elements = objects(&truth, "element");
    let empty_pages = objects(&truth, "page")
        .iter()
        .filter(|p| !elements.iter().any(|e| e["document"] == p["document"] && e["page"] == p["id"]));
    assert_eq!(empty_pages.count(), 1);
    assert!(
        elements.iter().any(|e| e["name"].is_null() && e["type"].is_null()),
        "an element with nothing but an id"
    );
    for kind in ["table", "pivot-table", "input-table", "visualization", "text", "image", "control"] {
        assert!(elements.iter().any(|e| e["type"] == kind), "{kind}");
    }
    let columns = objects(&truth, "column");
    assert!(columns.iter().any(|c| c["type"] == "error"));
    assert!(columns.iter().any(|c| text(c, "formula").contains("\\[USD\\]")), "a name with escaped brackets");
    assert!(
        columns.iter().any(|c| text(c, "id").starts_with("inode-") && text(c, "id").ends_with("/ORDER_ID"))
    );
    assert!(objects(&truth, "data-model").iter().any(|m| m["archived"] == true));
    assert!(objects(&truth, "report").len() >= 2);
    let ids = |kind: &str| objects(&truth, kind).iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
    let models = ids("data-model");
    let chained = truth["lineage"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|edge| edge["source_type"] == "data-model" && models.contains(&edge["document"]));
    assert!(chained, "a data model on a data model");
    let joined = |e: &Value| {
        let into = |edge: &&Value| edge["document"] == e["document"] && edge["target"] == e["id"];
        truth["lineage"].as_array().into_iter().flatten().filter(into).count() == 2
    };
    assert!(elements.iter().any(joined), "a join");
}

#[tokio::test]
async fn the_awkward_connections_and_datasets_are_there() {
    let (_simulator, admin) = crate::client::start(quick()).await;
    let connections = admin.all("/v2/connections?includeArchived=true", 50).await;
    for flag in ["isSample", "isAuditLog", "isArchived"] {
        assert_eq!(connections.iter().filter(|c| c[flag] == true).count(), 1, "{flag}");
    }
    assert_eq!(admin.all("/v2/connections", 50).await.len(), connections.len() - 1);
    let datasets = admin.all("/v2/datasets", 50).await;
    for status in ["migrated", "not-migrated", "not-required"] {
        assert_eq!(datasets.iter().filter(|d| d["migrationStatus"] == status).count(), 1, "{status}");
    }
    let migrated = datasets.iter().find(|d| d["migrationStatus"] == "migrated").expect("one");
    assert!(migrated["migrationToDataModel"]["dataModelId"].is_string());
}
