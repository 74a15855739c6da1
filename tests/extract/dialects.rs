//! Servers that write what the simulator writes, in another way that Sigma's reference allows.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::Request;
use serde_json::{Value, json};
use sigma_catalog::simulator::Mutation;
use tokio::net::TcpListener;

use crate::context::{Context, EVERYTHING, RUNTIME, Ran, run};
use crate::truth;

/// The address of a server that asks the simulator and changes the JSON of its answers, by their path.
fn through(context: &Context, change: impl Fn(&str, &mut Value) + Clone + Send + Sync + 'static) -> String {
    let (simulator, client) = (context.simulator.url(), reqwest::Client::new());
    let answer = move |request: Request| {
        let (simulator, client, change) = (simulator.clone(), client.clone(), change.clone());
        async move {
            let (parts, body) = request.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.expect("a request");
            let url = format!("{}{}", simulator.trim_end_matches('/'), parts.uri);
            let mut headers = parts.headers;
            for name in ["host", "content-length", "accept-encoding"] {
                headers.remove(name);
            }
            let asked = client.request(parts.method, url).headers(headers).body(body).send().await;
            let asked = asked.expect("the simulator answers");
            let status = asked.status();
            let mut body: Value =
                serde_json::from_slice(&asked.bytes().await.expect("a body")).expect("JSON");
            change(parts.uri.path(), &mut body);
            (status, axum::Json(body))
        }
    };
    let listener = RUNTIME.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
    let address = listener.local_addr().expect("an address");
    RUNTIME.spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    format!("http://{address}")
}

/// `extract` from another address, which has to end well.
fn extract_from(context: &Context, url: &str, arguments: &[&str]) -> Ran {
    let all = ["extract", "--api-url", url, "--db", "catalog.db", "--format", "json"];
    let ran = run(context.command(&all).args(arguments));
    assert_eq!(ran.code, 0, "{ran}");
    ran
}

/// Crawls everything twice, the second time through a server that changes the answers, and says what that changed.
fn what_changes(change: impl Fn(&str, &mut Value) + Clone + Send + Sync + 'static) -> Vec<String> {
    let context = Context::small();
    context.extract();
    let url = through(&context, change);
    let ran = extract_from(&context, &url, &EVERYTHING);
    let objects = ran.json()["objects"].as_object().expect("objects").clone();
    let is_changed = |counts: &Value| ["new", "changed", "removed"].iter().any(|how| counts[how] != 0);
    objects
        .iter()
        .filter(|(_, counts)| is_changed(counts))
        .map(|(kind, counts)| format!("{kind} {counts}"))
        .collect()
}

/// Every value that is no list and no object.
fn each_value(value: &mut Value, change: &impl Fn(&mut Value)) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(|one| each_value(one, change)),
        Value::Object(all) => all.values_mut().for_each(|one| each_value(one, change)),
        one => change(one),
    }
}

#[test]
fn uuids_in_upper_case_are_the_same_uuids() {
    let is_uuid = |text: &str| text.len() == 36 && text.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
    let changed = what_changes(move |_, body| {
        each_value(body, &|value| {
            if let Some(upper) = value.as_str().filter(|text| is_uuid(text)).map(str::to_ascii_uppercase) {
                *value = json!(upper);
            }
        });
    });
    assert_eq!(changed, Vec::<String>::new());
}

#[test]
fn numbers_written_as_texts_are_the_same_numbers() {
    let changed = what_changes(|path, body| {
        if path != "/v2/auth/token" {
            each_value(body, &|value| {
                if let Value::Number(number) = value {
                    *value = json!(number.to_string());
                }
            });
        }
    });
    assert_eq!(changed, Vec::<String>::new());
}

#[test]
fn sources_that_the_document_leaves_open_are_asked_of_the_element() {
    let context = Context::small();
    context.extract();
    let edges = "SELECT document_id, source_type, source_document_id, source_id, target_id FROM lineage_edge \
                 WHERE document_id IN (SELECT id FROM document WHERE kind = 'workbook') \
                 AND source_type <> 'unresolved' ORDER BY 1, 2, 3, 4, 5";
    let told = context.rows(edges);
    let nodes = "SELECT * FROM lineage_node ORDER BY 1, 2, 3";
    let described = context.rows(nodes);
    let url = through(&context, |path, body| {
        if !path.starts_with("/v2/workbooks/") || !path.ends_with("/lineage") {
            return;
        }
        for entry in body["entries"].as_array_mut().into_iter().flatten() {
            if entry["type"] == "element" {
                entry["sourceIds"] = Value::Null;
            }
        }
    });
    extract_from(&context, &url, &[&EVERYTHING[..], &["--full"]].concat());
    assert!(!told.is_empty());
    assert_eq!(context.rows(edges), told);
    assert_eq!(context.rows(nodes), described, "a graph says less of them than the document");
    let evidence = "SELECT DISTINCT evidence FROM lineage_edge e JOIN document d ON d.id = e.document_id \
                    WHERE d.kind = 'workbook'";
    assert_eq!(context.rows(evidence), ["\"lineage/elements\""]);
}

#[test]
fn grants_that_name_no_object_are_missed_and_not_taken_for_removed() {
    let context = Context::small();
    let by_principal = ["--grants", "principal"];
    assert_eq!(context.extract_with(&by_principal).code, 0);
    let granted = context.rows("SELECT * FROM object_grant ORDER BY 1");
    let url = through(&context, |path, body| {
        if path == "/v2/grants" {
            for grant in body["entries"].as_array_mut().into_iter().flatten() {
                grant.as_object_mut().expect("a grant").remove("inodeId");
            }
        }
    });
    let all = ["extract", "--api-url", &url, "--db", "catalog.db"];
    let ran = run(context.command(&all).args(by_principal));
    assert_eq!(ran.code, 3, "{ran}");
    assert!(ran.stderr.contains("do not say on which object they are"), "{ran}");
    assert!(!granted.is_empty());
    assert_eq!(context.rows("SELECT * FROM object_grant ORDER BY 1"), granted);
}

#[test]
fn a_page_that_comes_while_its_workbook_is_read_is_read_with_its_elements() {
    let context = Arc::new(Context::small());
    context.extract();
    let pages = "SELECT document_id, count(*) FROM page p JOIN document d ON d.id = p.document_id \
                 WHERE d.kind = 'workbook' GROUP BY 1 ORDER BY 2 DESC, 1";
    let document = context.rows(pages)[0].split('"').nth(1).expect("an id").to_owned();
    let on_no_page = "SELECT * FROM element WHERE page_id IS NULL ORDER BY 1, 2";
    let before = context.rows(on_no_page);
    assert!(!before.is_empty());
    let path = format!("/v2/workbooks/{document}/pages");
    let elements = format!("SELECT DISTINCT page_id FROM element WHERE document_id = '{document}'");
    let pages_with_elements = context.rows(&elements).len();
    let (changed, is_first) = (Arc::clone(&context), Arc::new(AtomicBool::new(true)));
    let url = through(&context, move |asked, _| {
        if asked == path && is_first.swap(false, Ordering::Relaxed) {
            let page = Mutation::AddPage { document: document.clone(), name: None };
            changed.simulator.mutate(&page).expect("a change");
        }
    });
    extract_from(&context, &url, &[&EVERYTHING[..], &["--full"]].concat());
    assert_eq!(context.rows(on_no_page), before);
    assert_eq!(context.rows(&elements).len(), pages_with_elements + 1);
    context.extract();
    let wrong = truth::differences(&context);
    assert!(wrong.is_empty(), "{wrong}");
}

/// Changes the organisation once, right after the answer to a request whose path ends like that.
fn changing_after(context: &Arc<Context>, path: String, mutation: Mutation) -> String {
    let (changed, is_first) = (Arc::clone(context), Arc::new(AtomicBool::new(true)));
    through(context, move |asked, _| {
        if asked.ends_with(&path) && is_first.swap(false, Ordering::Relaxed) {
            changed.simulator.mutate(&mutation).expect("a change");
        }
    })
}

#[test]
fn elements_that_come_to_a_page_that_was_read_are_not_taken_for_those_of_no_page() {
    let context = Arc::new(Context::small());
    context.extract();
    let empty = context.rows(
        "SELECT d.id, p.page_id FROM document d JOIN page p ON p.document_id = d.id \
         WHERE d.name = 'Headcount Planning' AND NOT EXISTS \
         (SELECT 1 FROM element e WHERE e.document_id = d.id AND e.page_id = p.page_id)",
    );
    let [_, document, _, page, _] = empty[0].split('"').collect::<Vec<_>>()[..] else { panic!("{empty:?}") };
    // The page that was empty because it was the last fills up.
    let grows = Mutation::AddPage { document: document.to_owned(), name: None };
    let url = changing_after(&context, format!("/{document}/pages/{page}/elements"), grows);
    extract_from(&context, &url, &["--full"]);
    let filled = format!("SELECT 1 FROM element WHERE document_id = '{document}' AND page_id = '{page}'");
    assert!(!context.rows(&filled).is_empty());
    let nowhere = format!("SELECT 1 FROM element WHERE document_id = '{document}' AND page_id IS NULL");
    assert_eq!(context.rows(&nowhere), [""; 0]);
    context.extract();
    let wrong = truth::differences(&context);
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_document_that_goes_while_it_is_read_does_not_lose_its_lineage_to_that() {
    let context = Arc::new(Context::small());
    context.extract();
    for kind in ["workbook", "report", "data-model"] {
        let read = format!(
            "SELECT DISTINCT l.document_id FROM lineage_node l JOIN document d ON d.id = l.document_id \
             WHERE d.kind = '{kind}' AND d.is_archived IS NOT 1 ORDER BY 1"
        );
        let document = context.rows(&read)[0].trim_matches('"').to_owned();
        let nodes = format!("SELECT * FROM lineage_node WHERE document_id = '{document}' ORDER BY 1, 2, 3");
        let before = context.rows(&nodes);
        let goes = Mutation::DeleteDocument { document: document.clone() };
        let last_before_lineage = if kind == "data-model" { "columns" } else { "queries" };
        let url = changing_after(&context, format!("/{document}/{last_before_lineage}"), goes);
        let all = ["extract", "--api-url", &url, "--db", "catalog.db", "--full"];
        let ran = run(&mut context.command(&all));
        assert_eq!(ran.code, 3, "{ran}");
        assert_eq!(context.rows(&nodes), before, "{kind}");
        context.extract();
        assert_eq!(context.rows(&nodes), [""; 0], "{kind}");
    }
    let wrong = truth::differences(&context);
    assert!(wrong.is_empty(), "{wrong}");
}
