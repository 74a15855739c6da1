//! Who sees what.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sigma_catalog::simulator::{Mutation, Options};

use crate::client::{field, objects, quick, sign_in, start};

fn text<'v>(row: &'v Value, name: &str) -> &'v str {
    row[name].as_str().unwrap_or_else(|| panic!("no {name} in {row}"))
}

/// Files of the five default types.
fn is_listed_by_default(file: &Value) -> bool {
    ["folder", "workbook", "data-model", "dataset", "report"].contains(&text(file, "type"))
}

#[tokio::test]
async fn files_follow_the_caller_even_for_admins() {
    let (simulator, admin) = start(quick()).await;
    let truth = simulator.truth();
    let visible: BTreeSet<&str> = objects(&truth, "file")
        .iter()
        .filter(|file| file["visible"] == true && is_listed_by_default(file))
        .map(|file| text(file, "id"))
        .collect();
    let rows = admin.all("/v2/files", 100).await;
    assert_eq!(rows.iter().map(|row| text(row, "id")).collect::<BTreeSet<_>>(), visible);

    let all_workbooks =
        admin.all("/v2/workbooks?skipPermissionCheck=true&excludeExplorations=true", 100).await;
    let hidden: Vec<&Value> =
        all_workbooks.iter().filter(|row| !visible.contains(text(row, "workbookId"))).collect();
    assert_eq!(hidden.iter().map(|row| text(row, "name")).collect::<Vec<_>>(), ["Compensation Scratchpad"]);
    let id = text(hidden[0], "workbookId");
    assert_eq!(admin.ask(&format!("/v2/workbooks/{id}/pages")).await.0, 200);
    assert_eq!(admin.ask(&format!("/v2/files/{id}")).await.0, 403);
}

#[tokio::test]
async fn explorations_and_archived_documents_are_listed_only_on_request() {
    let (simulator, admin) = start(quick()).await;
    let truth = simulator.truth();
    let names = |rows: &[Value]| rows.iter().map(|row| text(row, "name").to_owned()).collect::<Vec<_>>();
    let plain = names(&admin.all("/v2/workbooks", 100).await);
    let all = names(&admin.all("/v2/workbooks?skipPermissionCheck=true", 100).await);
    let archived = names(&admin.all("/v2/workbooks?isArchived=true", 100).await);
    assert!(
        !plain.contains(&"Untitled Exploration".to_owned())
            && all.contains(&"Untitled Exploration".to_owned())
    );
    assert!(!all.contains(&"Retired Forecast".to_owned()));
    assert_eq!(archived, ["Retired Forecast"]);
    let models = admin.all("/v2/dataModels", 100).await;
    assert_eq!(models.iter().filter(|row| row["isArchived"] == true).count(), 1);

    let retired =
        objects(&truth, "workbook").iter().find(|row| row["archived"] == true).expect("an archived workbook");
    let id = text(retired, "id");
    for child in ["pages", "elements", "columns", "lineage", "queries", "sources", "tags", "version-history"]
    {
        let (status, body) = admin.ask(&format!("/v2/workbooks/{id}/{child}")).await;
        assert_eq!((status.as_u16(), text(&body, "code")), (409, "inode_archived"), "{child}");
    }
    assert_eq!(admin.ask(&format!("/v2/files/{id}")).await.0, 409);
}

#[tokio::test]
async fn workspaces_are_given_only_to_those_who_ask_for_nothing_else() {
    let (_simulator, admin) = start(quick()).await;
    let kinds = |rows: &[Value]| rows.iter().map(|row| text(row, "type").to_owned()).collect::<BTreeSet<_>>();
    let of = |query: &'static str| {
        let admin = &admin;
        async move { kinds(&admin.all(&format!("/v2/files{query}"), 500).await) }
    };
    assert_eq!(of("?typeFilters=workspace").await, ["workspace".to_owned()].into());
    assert_eq!(of("?typeFilters=workspace&typeFilters=folder").await, ["folder".to_owned()].into());
    assert_eq!(of("?typeFilters=symlink").await, ["symlink".to_owned()].into());
    let default = of("").await;
    assert_eq!(default, ["data-model", "dataset", "folder", "report", "workbook"].map(str::to_owned).into());
    assert_eq!(admin.ask("/v2/files?typeFilters=nonsense").await.0, 400);
}

#[tokio::test]
async fn a_folder_narrows_files_to_what_is_in_it() {
    let (simulator, admin) = start(quick()).await;
    let truth = simulator.truth();
    let parent_of: BTreeMap<&str, &str> =
        objects(&truth, "file").iter().map(|file| (text(file, "id"), text(file, "parent"))).collect();
    let is_inside = |id: &str, folder: &str| {
        std::iter::successors(parent_of.get(id).copied(), |at| {
            parent_of.get(at).copied().filter(|next| next != at)
        })
        .any(|at| at == folder)
    };
    let workspace = text(&objects(&truth, "workspace")[0], "id");
    let expected = |test: &dyn Fn(&str) -> bool| -> Vec<String> {
        let wanted = |f: &&Value| f["visible"] == true && is_listed_by_default(f) && test(text(f, "id"));
        let mut ids: Vec<String> =
            objects(&truth, "file").iter().filter(wanted).map(|f| text(f, "id").to_owned()).collect();
        ids.sort();
        ids
    };
    let below = field(&admin.all(&format!("/v2/files?parentId={workspace}"), 100).await, "id");
    assert_eq!(below, expected(&|id| is_inside(id, workspace)));
    let direct = admin.all(&format!("/v2/files?parentId={workspace}&directChildFilter=true"), 100).await;
    assert_eq!(field(&direct, "id"), expected(&|id| parent_of[id] == workspace));
    assert!(direct.len() < below.len());
}

#[tokio::test]
async fn what_a_member_may_do_follows_from_grants_teams_containers_and_ownership() {
    // Nothing but what this test grants reaches the newcomer, who is in no team.
    let (simulator, admin) = start(Options { awkward: false, ..quick() }).await;
    let truth = simulator.truth();
    let mutate = |mutation: Mutation| simulator.mutate(&mutation).expect("a change");
    let newcomer =
        text(&mutate(Mutation::AddMember { first: None, last: None, email: None, member_type: None }), "id")
            .to_owned();
    let teams = objects(&truth, "team");
    let id_of = |row: &Value| text(row, "id").to_owned();
    mutate(Mutation::RemoveTeamMember { team: id_of(&teams[0]), member: newcomer.clone() });

    let files = objects(&truth, "file");
    let within = |folder: &str, kind: &str| {
        files.iter().find(|f| text(f, "type") == kind && text(f, "parent") == folder).map(id_of)
    };
    let workbooks: Vec<String> = objects(&truth, "workbook").iter().map(id_of).collect();
    let model = id_of(&objects(&truth, "data-model")[0]);
    let workspace = id_of(&objects(&truth, "workspace")[0]);
    let folder = within(&workspace, "folder").expect("a folder");
    // A workbook and a data model in a folder on which the newcomer's team contributes; the workbook also directly.
    for document in [&workbooks[0], &model] {
        mutate(Mutation::MoveDocument { document: document.clone(), folder: folder.clone() });
    }
    let elsewhere = id_of(objects(&truth, "workspace").last().expect("a workspace"));
    for document in &workbooks[1..4] {
        mutate(Mutation::MoveDocument { document: document.clone(), folder: elsewhere.clone() });
    }
    mutate(Mutation::AddTeamMember { team: id_of(&teams[1]), member: newcomer.clone(), admin: false });
    let stranger = |grant: &&Value| grant["team"] == teams[1]["id"];
    for grant in truth["grants"].as_array().into_iter().flatten().filter(stranger) {
        mutate(Mutation::RemoveGrant { grant: id_of(grant) });
    }
    let to_team = |inode: &str, permission: &str| Mutation::AddGrant {
        inode: inode.to_owned(),
        member: None,
        team: Some(id_of(&teams[1])),
        permission: permission.to_owned(),
    };
    let to_member = |inode: &str, permission: &str| Mutation::AddGrant {
        inode: inode.to_owned(),
        member: Some(newcomer.clone()),
        team: None,
        permission: permission.to_owned(),
    };
    mutate(to_team(&folder, "organize"));
    mutate(to_member(&workbooks[0], "view"));
    mutate(to_member(&workbooks[1], "view"));
    mutate(to_member(&workbooks[1], "explore"));
    mutate(to_member(&workbooks[1], "view"));
    mutate(Mutation::SetOwner { document: workbooks[2].clone(), member: newcomer.clone() });

    let effective = |rows: Vec<Value>| -> BTreeMap<String, String> {
        rows.iter().map(|row| (text(row, "id").to_owned(), text(row, "permission").to_owned())).collect()
    };
    let path = format!("/v2/members/{newcomer}/files?limit=1000");
    let found = effective(admin.all(&path, 1000).await);
    let expected = [
        (folder.clone(), Some("organize")),
        // Contributing to a container is exploring its workbooks and viewing its models; a lower direct grant takes
        // nothing away.
        (workbooks[0].clone(), Some("explore")),
        (model, Some("view")),
        // The highest of several grants counts, wherever it stands among them.
        (workbooks[1].clone(), Some("explore")),
        (workbooks[2].clone(), Some("edit")),
        (workbooks[3].clone(), None),
        // Nothing is inherited upwards.
        (workspace, None),
    ];
    for (id, permission) in expected {
        assert_eq!(found.get(&id).map(String::as_str), permission, "{id}");
    }

    mutate(Mutation::RemoveTeamMember { team: id_of(&teams[1]), member: newcomer.clone() });
    let found = effective(admin.all(&path, 1000).await);
    assert_eq!(found.get(&folder), None);
    assert_eq!(found.get(&workbooks[0]).map(String::as_str), Some("view"));
    mutate(Mutation::ArchiveMember { member: newcomer.clone() });
    assert_eq!(admin.all(&path, 1000).await, Vec::<Value>::new());
}

#[tokio::test]
async fn grants_are_asked_for_by_exactly_one_thing() {
    let (simulator, admin) = start(quick()).await;
    let truth = simulator.truth();
    let grants = truth["grants"].as_array().expect("grants");
    let ids = |wanted: &dyn Fn(&Value) -> bool| {
        let mut ids: Vec<String> =
            grants.iter().filter(|g| wanted(g)).map(|g| text(g, "id").to_owned()).collect();
        ids.sort();
        ids
    };
    assert_eq!(admin.ask("/v2/grants").await.0, 400);
    let viewer = simulator.credentials()[2].member_id.clone();
    let team = text(&objects(&truth, "team")[1], "id");
    assert_eq!(admin.ask(&format!("/v2/grants?userId={viewer}&teamId={team}")).await.0, 400);

    let of_viewer = field(&admin.all(&format!("/v2/grants?userId={viewer}"), 5).await, "grantId");
    assert_eq!(of_viewer, ids(&|g| g["member"] == viewer.as_str()));
    let of_team = field(&admin.all(&format!("/v2/grants?teamId={team}"), 5).await, "grantId");
    assert_eq!(of_team, ids(&|g| g["team"] == team));

    // A workbook with grants of its own, in a workspace with grants: some are inherited.
    let workbook = objects(&truth, "workbook")
        .iter()
        .map(|row| text(row, "id"))
        .find(|id| grants.iter().any(|g| g["inode"] == *id))
        .expect("a shared workbook");
    let direct = admin.all(&format!("/v2/grants?inodeId={workbook}&directGrantsOnly=true"), 50).await;
    assert_eq!(field(&direct, "grantId"), ids(&|g| g["inode"] == workbook));
    let with_inherited = admin.all(&format!("/v2/grants?inodeId={workbook}"), 50).await;
    assert!(with_inherited.len() > direct.len());
    // Rows name the object by its urlId, which is accepted as well.
    let slug = text(&direct[0], "inodeId");
    assert_ne!(slug, workbook);
    assert_eq!(admin.all(&format!("/v2/grants?inodeId={slug}&directGrantsOnly=true"), 50).await, direct);

    let workspace = text(&objects(&truth, "workspace")[0], "id");
    let on_workspace = admin.all(&format!("/v2/workspaces/{workspace}/grants"), 50).await;
    assert_eq!(field(&on_workspace, "grantId"), ids(&|g| g["inode"] == workspace));
    assert!(on_workspace.iter().all(|row| row.get("inodeType").is_none()));
}

#[tokio::test]
async fn private_teams_are_hidden_from_strangers() {
    let (simulator, admin) = start(quick()).await;
    let builder = sign_in(&simulator, &simulator.credentials()[1]).await;
    let names = |rows: Vec<Value>| rows.iter().map(|row| text(row, "name").to_owned()).collect::<Vec<_>>();
    let (of_admin, of_builder) =
        (names(admin.all("/v2/teams", 50).await), names(builder.all("/v2/teams", 50).await));
    assert!(of_admin.contains(&"Board Observers".to_owned()));
    assert!(!of_builder.contains(&"Board Observers".to_owned()));
    assert!(of_builder.contains(&"All Members".to_owned()));
}

#[tokio::test]
async fn all_members_are_everybody_but_guests() {
    let (simulator, admin) = start(quick()).await;
    let truth = simulator.truth();
    let team = text(&objects(&truth, "team")[0], "id");
    let found = field(&admin.all(&format!("/v2/teams/{team}/members"), 10).await, "userId");
    let active = |m: &&Value| m["isArchived"] == false && m["isInactive"] == false;
    let mut expected: Vec<String> = objects(&truth, "member")
        .iter()
        .filter(active)
        .filter(|m| m["userKind"] != "guest")
        .map(|m| text(m, "id").to_owned())
        .collect();
    expected.sort();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn an_archived_team_gives_its_members_nothing() {
    let (simulator, admin) = start(quick()).await;
    let truth = simulator.truth();
    let teams = objects(&truth, "team");
    let team = |name: &str| text(teams.iter().find(|t| t["name"] == name).expect("a team"), "id").to_owned();
    let archived = team("Former Projects");
    assert!(truth["grants"].as_array().into_iter().flatten().any(|g| g["team"] == archived.as_str()));
    let mutate = |mutation: Mutation| simulator.mutate(&mutation).expect("a change");
    let added = mutate(Mutation::AddMember { first: None, last: None, email: None, member_type: None });
    let member = text(&added, "id").to_owned();
    mutate(Mutation::RemoveTeamMember { team: team("All Members"), member: member.clone() });
    mutate(Mutation::AddTeamMember { team: archived, member: member.clone(), admin: false });
    let rows = admin.all(&format!("/v2/members/{member}/files"), 100).await;
    assert_eq!(rows.iter().map(|row| text(row, "name")).collect::<Vec<_>>(), ["My Documents"]);
}

#[tokio::test]
async fn members_who_left_are_listed_on_request_and_flags_are_there_only_then() {
    let (_simulator, admin) = start(quick()).await;
    let names =
        |rows: &[Value]| rows.iter().map(|row| text(row, "firstName").to_owned()).collect::<BTreeSet<_>>();
    let plain = admin.all("/v2/members", 100).await;
    assert!(plain.iter().all(|row| row.get("isArchived").is_none() && row.get("isInactive").is_none()));
    let archived = admin.all("/v2/members?includeArchived=true", 100).await;
    assert!(archived.iter().all(|row| row["isArchived"].is_boolean()));
    let both = admin.all("/v2/members?includeArchived=true&includeInactive=true", 100).await;
    let (plain, archived, both) = (names(&plain), names(&archived), names(&both));
    assert_eq!(archived.difference(&plain).collect::<Vec<_>>(), ["Archie"]);
    assert_eq!(both.difference(&archived).collect::<Vec<_>>(), ["Ina"]);
    assert_eq!(admin.ask("/v2/members?email=a%40b.example&search=a").await.0, 400);
}
