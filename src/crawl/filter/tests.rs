use super::*;

/// An organisation of two workspaces: `Sales` with `Sales/Reports/Q3`, `Ops` with a folder of the same name, and a home.
struct World {
    workspaces: Vec<Workspace>,
    files: Vec<File>,
    documents: Vec<Document>,
}

fn workspace(id: &str, name: &str) -> Workspace {
    Workspace {
        id: id.to_owned(),
        url_id: Some(format!("u-{id}")),
        name: Some(name.to_owned()),
        created_by: None,
        updated_by: None,
        created_at: None,
        updated_at: None,
    }
}

fn file(id: &str, r#type: &str, name: &str, parent: Option<&str>, path: &str) -> File {
    File {
        id: id.to_owned(),
        r#type: r#type.to_owned(),
        url_id: Some(format!("u-{id}")),
        name: Some(name.to_owned()),
        parent_id: parent.map(str::to_owned),
        path: Some(path.to_owned()),
        permission: None,
        badge: None,
        description: None,
        owner_id: None,
        is_archived: None,
        created_by: None,
        updated_by: None,
        created_at: None,
        updated_at: None,
    }
}

fn document(id: &str, path: &str) -> Document {
    Document {
        id: id.to_owned(),
        kind: "workbook".to_owned(),
        url_id: Some(format!("u{id}")),
        name: Some(id.to_owned()),
        url: Some(format!("https://app.example.com/acme/workbook/Some-Name-u{id}")),
        path: Some(path.to_owned()),
        description: None,
        owner_id: None,
        latest_version: None,
        is_archived: None,
        migration_status: None,
        migrated_to: None,
        created_by: None,
        updated_by: None,
        created_at: None,
        updated_at: None,
    }
}

fn world() -> World {
    World {
        workspaces: vec![workspace("sales", "Sales"), workspace("ops", "Ops")],
        files: vec![
            file("reports", "folder", "Reports", Some("sales"), "Sales"),
            file("q3", "folder", "Q3", Some("reports"), "Sales/Reports"),
            file("ops-reports", "folder", "Reports", Some("ops"), "Ops"),
            file("home", "folder", "My Documents", None, ""),
            file("drafts", "folder", "Drafts", Some("home"), "My Documents"),
            file("loop-a", "folder", "A", Some("loop-b"), "?"),
            file("loop-b", "folder", "B", Some("loop-a"), "?"),
            file("top", "workbook", "top", Some("sales"), "Sales"),
            file("deep", "workbook", "deep", Some("q3"), "Sales/Reports/Q3"),
            file("other", "workbook", "other", Some("ops-reports"), "Ops/Reports"),
            file("mine", "workbook", "mine", Some("drafts"), "My Documents/Drafts"),
            file("odd", "workbook", "odd", Some("loop-a"), "?"),
        ],
        documents: ["top", "deep", "other", "mine", "odd"]
            .into_iter()
            .map(|id| document(id, "wherever"))
            // Seen without the permission check only: no file tells their folder.
            .chain([document("unseen", "Sales/Reports/Secret"), document("nowhere", "Gone")])
            .collect(),
    }
}

fn left_out(filters: Filters, personal: bool) -> Result<Vec<(String, Setting)>, Vec<UnknownFilter>> {
    let world = world();
    let homes: HashSet<String> = ["home".to_owned()].into();
    let listed = Listed { workspaces: &world.workspaces, files: &world.files, documents: &world.documents };
    let verdicts = judge(&filters, listed, (!personal).then_some(&homes))?;
    let mut found: Vec<_> = verdicts.left_out.into_iter().collect();
    found.sort();
    Ok(found)
}

fn ids(filters: Filters) -> Vec<String> {
    left_out(filters, true).expect("known filters").into_iter().map(|(id, _)| id).collect()
}

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn an_excluded_folder_takes_everything_below_it() {
    for name in ["Sales/Reports", "/Sales/Reports/", "reports", "u-reports"] {
        let filters = Filters { exclude_folders: texts(&[name]), ..Filters::default() };
        assert_eq!(ids(filters), ["deep", "q3", "reports", "unseen"], "{name}");
    }
}

#[test]
fn an_excluded_workspace_takes_everything_in_it() {
    let filters = Filters { exclude_workspaces: texts(&["Sales"]), ..Filters::default() };
    assert_eq!(ids(filters), ["deep", "q3", "reports", "sales", "top", "unseen"]);
}

#[test]
fn what_stands_above_something_included_stays_and_nothing_else_does() {
    let filters = Filters { include_folders: texts(&["Sales/Reports/Q3"]), ..Filters::default() };
    let out = ids(filters);
    for stays in ["sales", "reports", "q3", "deep"] {
        assert!(!out.contains(&stays.to_owned()), "{stays}: {out:?}");
    }
    assert_eq!(
        out,
        [
            "drafts",
            "home",
            "loop-a",
            "loop-b",
            "mine",
            "nowhere",
            "odd",
            "ops",
            "ops-reports",
            "other",
            "top",
            "unseen"
        ]
    );
}

#[test]
fn exclusion_beats_inclusion() {
    let filters = Filters {
        include_workspaces: texts(&["Sales"]),
        include_documents: texts(&["deep", "other"]),
        exclude_folders: texts(&["Sales/Reports"]),
        ..Filters::default()
    };
    let out = ids(filters);
    assert!(out.contains(&"deep".to_owned()) && !out.contains(&"top".to_owned()), "{out:?}");
    assert!(!out.contains(&"other".to_owned()) && !out.contains(&"ops".to_owned()), "{out:?}");
}

#[test]
fn a_document_is_named_by_id_url_id_or_address() {
    for name in [
        "top",
        "utop",
        "https://app.example.com/acme/workbook/Some-Name-utop",
        "https://app.example.com/acme/workbook/Renamed-since-utop?:nodeId=x#y",
        "https://app.example.com/acme/workbook/utop",
    ] {
        let filters = Filters { exclude_documents: texts(&[name]), ..Filters::default() };
        assert_eq!(ids(filters), ["top"], "{name}");
    }
}

#[test]
fn personal_folders_are_left_out_with_what_lies_in_them_unless_asked_for() {
    let out = left_out(Filters::default(), false).expect("no filters");
    assert_eq!(
        out,
        [("drafts", PERSONAL), ("home", PERSONAL), ("mine", PERSONAL)].map(|(id, by)| (id.to_owned(), by))
    );
    assert_eq!(left_out(Filters::default(), true), Ok(Vec::new()));
}

#[test]
fn a_path_is_personal_below_my_documents_only() {
    for (path, personal) in [
        (Some("My Documents"), true),
        (Some("My Documents/Drafts"), true),
        (Some("My Documents of old"), false),
        (Some("Sales/My Documents"), false),
        (Some(""), false),
        (None, false),
    ] {
        assert_eq!(is_personal_path(path), personal, "{path:?}");
    }
}

#[test]
fn what_names_nothing_is_told_all_at_once_with_what_was_meant() {
    let filters = Filters {
        include_workspaces: texts(&["sales"]),
        exclude_workspaces: texts(&["Slaes"]),
        exclude_folders: texts(&["Sales/Reprots", "zzzzzzzz"]),
        exclude_documents: texts(&["utpo"]),
        ..Filters::default()
    };
    let unknown = left_out(filters, true).expect_err("unknown names");
    let told: Vec<_> = unknown.iter().map(|one| (one.setting, one.near.as_deref())).collect();
    assert_eq!(
        told,
        [
            ("crawl.exclude_workspaces", Some("Sales")),
            ("crawl.exclude_folders", Some("Sales/Reports")),
            ("crawl.exclude_folders", None),
            ("crawl.exclude_documents", Some("utop")),
        ]
    );
    assert_eq!(
        unknown[1].to_string(),
        "`crawl.exclude_folders` names \"Sales/Reprots\", which is no folder that the credentials can see: did you mean \
         \"Sales/Reports\"?"
    );
}
