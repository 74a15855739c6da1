//! Which part of the organisation is crawled: filters, personal folders, archived documents, explorations.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::context::{Context, Ran, run};

/// Contents asked for, by the request log: every document whose pages, elements or columns were asked about.
fn asked(context: &Context, path: &str) -> u64 {
    let stats = context.simulator.stats();
    let statuses = stats["requests"][format!("GET {path}")].as_object().cloned().unwrap_or_default();
    statuses.values().filter_map(Value::as_u64).sum()
}

fn ids(context: &Context, sql: &str) -> BTreeSet<String> {
    context.rows(sql).into_iter().map(|id| id.trim_matches('"').to_owned()).collect()
}

/// A workspace with workbooks in folders of it, and a folder in it that holds a workbook: (workspace, folder path).
fn place(context: &Context) -> (String, String) {
    let found = context.rows(
        "SELECT w.name, f.name FROM workspace w JOIN file f ON f.parent_id = w.id AND f.type = 'folder' \
         JOIN file b ON b.parent_id = f.id AND b.type = 'workbook' JOIN document d ON d.id = b.id \
         GROUP BY w.name, f.name ORDER BY count(*) DESC, 1, 2 LIMIT 1",
    );
    let (workspace, folder) = found[0].split_once(" | ").expect("two cells");
    let (workspace, folder) = (workspace.trim_matches('"'), folder.trim_matches('"'));
    (workspace.to_owned(), format!("{workspace}/{folder}"))
}

const IN_FOLDER: &str = "WITH RECURSIVE below(id) AS (SELECT f.id FROM file f LEFT JOIN workspace w ON w.id = f.parent_id \
     WHERE f.type = 'folder' AND w.name || '/' || f.name = '{}' \
     UNION SELECT f.id FROM file f JOIN below b ON f.parent_id = b.id) ";

fn below(context: &Context, folder: &str) -> BTreeSet<String> {
    let sql = IN_FOLDER.replace("{}", folder);
    ids(context, &format!("{sql} SELECT d.id FROM document d WHERE d.id IN below"))
}

fn documents(context: &Context) -> BTreeSet<String> {
    ids(context, "SELECT id FROM document")
}

#[test]
fn an_excluded_folder_is_not_asked_about_and_leaves_the_catalog() {
    let context = Context::small();
    context.extract();
    let (_, folder) = place(&context);
    let (all, inside) = (documents(&context), below(&context, &folder));
    assert!(!inside.is_empty() && inside.len() < all.len());
    let pages_of_all = asked(&context, "/v2/workbooks/{workbookId}/pages");
    context.simulator.reset_stats();
    let ran = context.extract_with(&["--exclude-folders", &folder]);
    let ran = if ran.code == 4 { accept(&context, &ran, &["--exclude-folders", &folder]) } else { ran };
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(documents(&context), all.difference(&inside).cloned().collect());
    let workbooks = inside
        .iter()
        .filter(|id| {
            context
                .rows(&format!("SELECT 1 FROM document_history WHERE id = '{id}' AND kind = 'workbook'"))
                .len()
                == 1
        })
        .count() as u64;
    assert_eq!(asked(&context, "/v2/workbooks/{workbookId}/pages"), pages_of_all - workbooks);
    let said = context
        .rows("SELECT DISTINCT error_code, message FROM fetch_scope WHERE error_code = 'filter.excluded'");
    assert!(said.iter().any(|row| row.contains("crawl.exclude_folders")), "{said:?}");
    // Nothing of them is left, also not what was granted on them.
    let gone: Vec<String> = inside.iter().map(|id| format!("'{id}'")).collect();
    for (table, column) in [("file", "id"), ("object_grant", "object_id"), ("element_column", "document_id")]
    {
        let left = context.rows(&format!("SELECT 1 FROM {table} WHERE {column} IN ({})", gone.join(", ")));
        assert_eq!(left.len(), 0, "{table}");
    }
}

fn accept(context: &Context, refused: &Ran, arguments: &[&str]) -> Ran {
    context.simulator.reset_stats();
    let run = refused.json()["run_id"].to_string();
    context.extract_with(&[arguments, &["--accept-removals", &run]].concat())
}

#[test]
fn a_filter_that_would_empty_the_catalog_is_named_by_the_guard_and_may_be_accepted() {
    let context = Context::small();
    context.extract();
    let (workspace, folder) = place(&context);
    let (all, inside) = (documents(&context), below(&context, &folder));
    let arguments = ["--include-folders", folder.as_str()];
    let refused = context.extract_with(&arguments);
    assert_eq!(refused.code, 4, "{refused}");
    assert_eq!(documents(&context), all, "the previous catalog stays");
    let message = context.rows("SELECT message FROM run WHERE state = 'rejected'").remove(0);
    assert!(message.contains("workbook by `crawl.include_folders`"), "{message}");
    let left_out = refused.json()["left_out"].clone();
    assert!(
        left_out
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one["setting"] == "crawl.include_folders"))
    );
    let accepted = accept(&context, &refused, &arguments);
    assert_eq!(accepted.code, 0, "{accepted}");
    assert_eq!(documents(&context), inside);
    // The containers above stay, with nothing else in them.
    assert_eq!(ids(&context, "SELECT name FROM workspace"), [workspace].into());
    // And back: what was left out comes again.
    context.extract();
    assert_eq!(documents(&context), all);
}

#[test]
fn a_document_is_included_by_its_address_and_exclusion_beats_it() {
    let context = Context::small();
    context.extract();
    let row = context.rows(
        "SELECT d.url, d.id FROM document d JOIN file f ON f.id = d.id WHERE d.kind = 'report' LIMIT 1",
    );
    let (url, id) = row[0].split_once(" | ").expect("two cells");
    let (url, id) = (url.trim_matches('"'), id.trim_matches('"'));
    let fresh = Context::small();
    assert_eq!(fresh.extract_with(&["--include-documents", url]).code, 0);
    assert_eq!(documents(&fresh), [id.to_owned()].into());
    let fresh = Context::small();
    assert_eq!(fresh.extract_with(&["--include-documents", url, "--exclude-documents", id]).code, 0);
    assert_eq!(documents(&fresh), BTreeSet::new());
    assert_eq!(asked(&fresh, "/v2/reports/{reportId}/pages"), 0);
}

#[test]
fn a_filter_that_names_nothing_stops_the_run_before_any_document_is_read() {
    let context = Context::small();
    let name =
        context.simulator.truth()["objects"]["workspace"][0]["name"].as_str().expect("a name").to_owned();
    let mistyped: String = name.chars().skip(1).collect();
    let ran =
        context.extract_with(&["--exclude-workspaces", &mistyped, "--exclude-workspaces", "no such place"]);
    assert_eq!(ran.code, 8, "{ran}");
    assert!(ran.stderr.contains("[config.unknown_object]"), "{ran}");
    assert!(ran.stderr.contains(&format!("did you mean {name:?}?")), "{ran}");
    assert!(ran.stderr.contains("\"no such place\""), "{ran}");
    assert_eq!(asked(&context, "/v2/workbooks/{workbookId}/pages"), 0);
    assert_eq!(context.rows("SELECT published_run FROM catalog_state"), ["0"]);
}

#[test]
fn personal_folders_are_crawled_only_when_asked_for() {
    let context = Context::small();
    context.extract();
    let truth = context.simulator.truth();
    let objects = truth["objects"].as_object().expect("objects");
    let own: BTreeSet<String> = ["workbook", "report", "data-model"]
        .iter()
        .flat_map(|kind| objects[*kind].as_array().expect("rows").clone())
        .filter(|row| row["path"].as_str().is_some_and(|path| path.starts_with("My Documents")))
        .filter(|row| row["archived"] != true && row["exploration"] != true)
        .map(|row| row["id"].as_str().expect("an id").to_owned())
        .collect();
    assert!(!own.is_empty(), "nobody has a document of their own: this would test nothing");
    assert!(documents(&context).is_disjoint(&own));
    let report = run(&mut context.command(&["report", "R22", "--format", "json", "--db", "catalog.db"]));
    let counts: Vec<_> = report.json()["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .filter(|row| row["section"] == "counts")
        .cloned()
        .collect();
    assert!(counts.iter().all(|row| row["confidence"] == "exact"), "{counts:#?}");
    let homes = "SELECT id FROM file WHERE id IN (SELECT home_folder_id FROM member)";
    assert_eq!(ids(&context, homes), BTreeSet::new());
    let without = asked(&context, "/v2/workbooks/{workbookId}/pages");
    context.simulator.reset_stats();
    let ran = context.extract_with(&["--personal", "true"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert!(documents(&context).is_superset(&own));
    assert!(!ids(&context, homes).is_empty());
    assert!(asked(&context, "/v2/workbooks/{workbookId}/pages") > without);
}

#[test]
fn archived_documents_and_explorations_come_when_asked_for_and_archived_contents_are_not_read() {
    let context = Context::small();
    context.extract();
    let truth = context.simulator.truth();
    let workbooks = truth["objects"]["workbook"].as_array().expect("workbooks");
    let that_are = |what: &str| -> BTreeSet<String> {
        let those = workbooks.iter().filter(|row| row[what] == true);
        those.map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
    };
    for (what, flag) in [("archived", "--archived"), ("exploration", "--explorations")] {
        let those = that_are(what);
        assert!(!those.is_empty(), "{what}");
        assert!(documents(&context).is_disjoint(&those), "{what}");
        let fresh = Context::small();
        let ran = fresh.extract_with(&[flag, "true", "--personal", "true"]);
        assert_eq!(ran.code, 0, "{ran}");
        assert!(documents(&fresh).is_superset(&those), "{what}");
        let one = those.first().expect("one");
        let read = fresh.rows(&format!("SELECT 1 FROM page WHERE document_id = '{one}'"));
        assert_eq!(read.is_empty(), what == "archived", "{what}");
        let scopes = fresh.rows(&format!(
            "SELECT DISTINCT outcome FROM fetch_scope WHERE parent_id = '{one}' AND endpoint = 'columns'"
        ));
        assert_eq!(scopes, [if what == "archived" { "\"excluded\"" } else { "\"complete\"" }], "{what}");
    }
}
