//! Each kind of fault, as it shows on the wire.

use std::time::Duration;

use serde_json::{Value, json};
use sigma_catalog::simulator::{FAULT_KINDS, Options, Simulator};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::client::{Asker, field, objects, quick, start};

async fn with_fault(rule: &str) -> (Simulator, Asker) {
    start(Options { faults: vec![rule.parse().expect("a rule")], ..quick() }).await
}

/// A listing with a total, and one without, both of more than ten rows.
const LISTS: [(&str, &str, &str, &str); 2] = [
    ("/v2.1/members", "limit", "page", "nextPage"),
    ("/v2/reports/{}/columns", "pageSize", "pageToken", "nextPageToken"),
];

struct List {
    simulator: Simulator,
    admin: Asker,
    path: String,
    dialect: (&'static str, &'static str, &'static str),
    /// All rows, as they are without the fault.
    rows: Vec<Value>,
}

impl List {
    async fn new((path, size, parameter, next): (&str, &'static str, &'static str, &'static str)) -> Self {
        let (simulator, admin) = start(quick()).await;
        let truth = simulator.truth();
        let columns = objects(&truth, "column");
        let richest = objects(&truth, "report")
            .iter()
            .max_by_key(|report| columns.iter().filter(|column| column["document"] == report["id"]).count());
        let report = richest.expect("a report")["id"].as_str().expect("an id").to_owned();
        let path = path.replace("{}", &report);
        let rows = admin.all(&path, 500).await;
        assert!(rows.len() > 10, "{path}: {}", rows.len());
        Self { simulator, admin, path, dialect: (size, parameter, next), rows }
    }

    fn fault(&self, rest: &str) {
        self.simulator.set_faults(vec![format!("{} {rest}", self.path).parse().expect("a rule")]);
    }

    /// One page: its rows, its cursor, all of it.
    async fn page(&self, size: usize, cursor: Option<&str>) -> (Vec<Value>, Option<String>, Value) {
        let (size_name, parameter, next) = self.dialect;
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair(size_name, &size.to_string());
        cursor.map(|cursor| query.append_pair(parameter, cursor));
        let body = self.admin.get(&format!("{}?{}", self.path, query.finish())).await;
        let rows = body["entries"].as_array().expect("entries").clone();
        (rows, body[next].as_str().map(str::to_owned), body)
    }

    /// The pages of a walk, at most `most` of them, and the cursors between them.
    async fn walk(&self, size: usize, most: usize) -> (Vec<Vec<Value>>, Vec<String>) {
        let (mut pages, mut cursors): (Vec<_>, Vec<String>) = (Vec::new(), Vec::new());
        while pages.len() < most {
            let (rows, next, _) = self.page(size, cursors.last().map(String::as_str)).await;
            pages.push(rows);
            let Some(next) = next else { break };
            cursors.push(next);
        }
        (pages, cursors)
    }
}

#[tokio::test]
async fn cursors_go_in_circles_of_one_two_and_three() {
    for list in LISTS {
        let list = List::new(list).await;
        for (kind, length) in [("repeat-cursor", 1), ("cycle-2", 2), ("cycle-3", 3)] {
            list.fault(kind);
            let (_, cursors) = list.walk(2, 9).await;
            assert_eq!(cursors.len(), 9, "{kind}: it never ends");
            let fresh: std::collections::BTreeSet<_> = cursors[..length].iter().collect();
            assert_eq!(fresh.len(), length, "{kind}");
            for (place, cursor) in cursors.iter().enumerate() {
                assert_eq!(*cursor, cursors[place % length], "{kind}: {cursors:?}");
            }
        }
    }
}

#[tokio::test]
async fn the_rows_of_the_first_page_come_again_under_ever_new_cursors() {
    for list in LISTS {
        let list = List::new(list).await;
        list.fault("repeat-rows");
        let (pages, cursors) = list.walk(4, 7).await;
        assert!(pages.iter().all(|page| *page == list.rows[..4]));
        assert_eq!(cursors.iter().collect::<std::collections::BTreeSet<_>>().len(), 7, "{cursors:?}");
        // Only once: then the listing goes on where it was.
        list.fault("repeat-rows x1 skip=1");
        let (pages, _) = list.walk(4, 50).await;
        assert_eq!(pages[1], pages[0]);
        assert_eq!([&pages[..1], &pages[2..]].concat().concat(), list.rows);
    }
}

#[tokio::test]
async fn an_empty_page_is_followed_by_the_rows_or_by_more_of_the_kind() {
    for list in LISTS {
        let list = List::new(list).await;
        for skip in [0, 1] {
            list.fault(&format!("empty-page x2 skip={skip}"));
            let (pages, _) = list.walk(4, 50).await;
            assert!(pages[skip..skip + 2].iter().all(Vec::is_empty));
            assert_eq!(pages.concat(), list.rows);
        }
        list.fault("empty-page");
        let (pages, cursors) = list.walk(4, 12).await;
        assert!(pages.len() == 12 && pages.iter().all(Vec::is_empty));
        assert_eq!(cursors.iter().collect::<std::collections::BTreeSet<_>>().len(), 12);
    }
}

#[tokio::test]
async fn pages_of_another_size_than_asked() {
    for list in LISTS {
        let list = List::new(list).await;
        list.fault("short-page");
        let (pages, _) = list.walk(500, 500).await;
        assert!(pages.iter().rev().skip(1).all(|page| page.len() == 3));
        assert_eq!(pages.concat(), list.rows);
        list.fault("limit-ignored");
        let (pages, _) = list.walk(2, 500).await;
        assert_eq!(pages, std::slice::from_ref(&list.rows));
    }
}

#[tokio::test]
async fn pages_overlap_and_drift() {
    for list in LISTS {
        let list = List::new(list).await;
        let count = list.rows.len();
        list.fault("overlap");
        let (pages, _) = list.walk(4, 500).await;
        assert_eq!(pages[..2], [list.rows[..4].to_vec(), list.rows[3..7].to_vec()]);
        assert_eq!(pages.last().expect("pages").last(), list.rows.last());
        for (kind, second, total) in [("drift-insert", 3..7, count + 1), ("drift-delete", 5..9, count - 1)] {
            list.fault(kind);
            let (first, next, body) = list.page(4, None).await;
            assert_eq!(first, list.rows[..4]);
            let counted = body["total"].is_number();
            assert_eq!(body["total"], if counted { json!(count) } else { Value::Null });
            let (rows, _, body) = list.page(4, next.as_deref()).await;
            assert_eq!(rows, list.rows[second], "{kind}");
            assert_eq!(body["total"], if counted { json!(total) } else { Value::Null }, "{kind}");
            let (pages, _) = list.walk(4, 500).await;
            assert_eq!(pages.concat().len(), total, "{kind}");
        }
    }
}

#[tokio::test]
async fn totals_lie() {
    let list = List::new(LISTS[0]).await;
    let count = list.rows.len();
    for (kind, total) in [
        ("total-low", json!(count / 2)),
        ("total-high", json!(count + 3)),
        ("no-total", Value::Null),
        ("text-total", json!(count.to_string())),
    ] {
        list.fault(kind);
        let (rows, _, body) = list.page(500, None).await;
        assert_eq!((rows.len(), &body["total"]), (count, &total), "{kind}");
    }
}

#[tokio::test]
async fn entries_are_an_object() {
    let list = List::new(LISTS[1]).await;
    list.fault("object-entries");
    let body = list.admin.get(&list.path).await;
    assert_eq!(body["entries"], json!({ "first": list.rows[0] }));
}

/// What a plain socket reads until the connection ends.
async fn raw(admin: &Asker, path: &str) -> (String, Vec<u8>) {
    let address = admin.base.trim_start_matches("http://");
    let mut socket = tokio::net::TcpStream::connect(address).await.expect("a connection");
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\r\n",
        admin.token
    );
    socket.write_all(request.as_bytes()).await.expect("sent");
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).await.expect("an orderly end");
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
    (String::from_utf8(bytes[..end].to_vec()).expect("text"), bytes[end + 4..].to_vec())
}

fn header(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).map(str::to_owned)
}

#[tokio::test]
async fn redirects_lead_elsewhere_away_and_in_a_loop() {
    for (kind, location) in [
        ("redirect", "/v2/elsewhere"),
        ("redirect-away", "https://elsewhere.invalid/v2/whoami"),
        ("redirect-away location=http://127.0.0.1:9/v2/teams", "http://127.0.0.1:9/v2/teams"),
        ("redirect-loop", "/v2/teams?limit=2"),
    ] {
        let (_simulator, admin) = with_fault(&format!("/v2/teams {kind}")).await;
        let (head, body) = raw(&admin, "/v2/teams?limit=2").await;
        assert!(head.starts_with("HTTP/1.1 307 "), "{head}");
        assert_eq!(header(&head, "location").as_deref(), Some(location));
        assert!(body.is_empty());
    }
}

#[tokio::test]
async fn a_wrong_length_is_larger_than_the_whole_body() {
    let (simulator, admin) = with_fault("/v2/teams wrong-length").await;
    let (head, body) = raw(&admin, "/v2/teams").await;
    assert_eq!(header(&head, "content-length"), Some((body.len() + 100).to_string()));
    simulator.heal();
    assert_eq!(serde_json::from_slice::<Value>(&body).expect("all of it"), admin.get("/v2/teams").await);
}

#[tokio::test]
async fn a_gzip_body_ends_halfway() {
    let (_simulator, admin) = with_fault("/v2/teams truncated-gzip").await;
    let (head, body) = raw(&admin, "/v2/teams").await;
    assert_eq!(header(&head, "content-encoding").as_deref(), Some("gzip"));
    assert_eq!(header(&head, "content-length"), Some(body.len().to_string()));
    assert_eq!(body[..4], [0x1f, 0x8b, 8, 0]);
    let block = usize::from(u16::from_le_bytes([body[11], body[12]]));
    assert_eq!(body.len() - 15, block / 2);
    assert!(body[15..].starts_with(b"{\"entries\":["));
}

#[tokio::test]
async fn a_drip_sends_a_byte_a_second() {
    let (_simulator, admin) = with_fault("/v2/whoami drip x1").await;
    let mut response = admin.send("/v2/whoami").await.expect("headers arrive");
    for _ in 0..2 {
        let chunk = response.chunk().await.expect("a chunk").expect("not the end");
        assert_eq!(chunk.len(), 1);
    }
    assert!(response.content_length().is_some_and(|length| length > 10));
    let rest = tokio::time::timeout(Duration::from_millis(200), response.bytes()).await;
    assert!(rest.is_err(), "the rest came at once");
}

async fn token_call(simulator: &Simulator) -> Value {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", simulator.client_id()),
        ("client_secret", simulator.client_secret()),
    ];
    let url = format!("{}/v2/auth/token", simulator.url());
    let answer = reqwest::Client::new().post(url).form(&form).send().await.expect("an answer");
    crate::client::json(answer).await
}

#[tokio::test]
async fn a_token_says_nonsense_about_its_end_or_ends_early() {
    let (simulator, mut admin) = start(quick()).await;
    let fault = |kind: &str| {
        simulator.set_faults(vec![format!("POST /v2/auth/token {kind}").parse().expect("a rule")]);
    };
    for (kind, told) in
        [("expires-zero", json!(0)), ("no-expires", Value::Null), ("text-expires", json!("3599"))]
    {
        fault(kind);
        let body = token_call(&simulator).await;
        assert_eq!(body["expires_in"], told, "{kind}");
        admin.token = body["access_token"].as_str().expect("a token").to_owned();
        assert_eq!(admin.ask("/v2/whoami").await.0, 200, "{kind}");
    }
    fault("expires-early");
    let body = token_call(&simulator).await;
    assert_eq!(body["expires_in"], 3599);
    admin.token = body["access_token"].as_str().expect("a token").to_owned();
    for turn in 0..12 {
        let status = admin.ask("/v2/whoami").await.0.as_u16();
        assert_eq!(status, if turn < 10 { 200 } else { 401 }, "{turn}");
    }
}

#[tokio::test]
async fn a_document_vanishes_when_it_is_asked_for_and_another_appears() {
    let (simulator, admin) = with_fault("/v2/workbooks/{workbookId}/pages vanish x1").await;
    let there = objects(&simulator.truth(), "workbook").len();
    let listed = admin.all("/v2/workbooks?skipPermissionCheck=true", 500).await;
    let id = listed[0]["workbookId"].as_str().expect("an id");
    assert_eq!(admin.ask(&format!("/v2/workbooks/{id}/pages")).await.0, 404);
    let listed_after = admin.all("/v2/workbooks?skipPermissionCheck=true", 500).await;
    assert_eq!(field(&listed_after, "workbookId"), {
        let mut others = field(&listed, "workbookId");
        others.retain(|other| other != id);
        others
    });
    simulator.set_faults(vec!["/v2/workbooks appear x1".parse().expect("a rule")]);
    let with_newcomer = admin.all("/v2/workbooks?skipPermissionCheck=true", 500).await;
    assert_eq!(with_newcomer.len(), listed.len());
    assert_eq!(objects(&simulator.truth(), "workbook").len(), there);
}

#[tokio::test]
async fn every_kind_has_a_name_of_its_own_and_is_counted_under_it() {
    let (simulator, admin) = start(quick()).await;
    for kind in FAULT_KINDS {
        assert_eq!(FAULT_KINDS.iter().filter(|other| other.name == kind.name).count(), 1, "{}", kind.name);
        if ["slow", "drip"].contains(&kind.name) {
            continue;
        }
        simulator.set_faults(vec![format!("/v2/teams {} x1", kind.name).parse().expect("a rule")]);
        simulator.reset_stats();
        let _ = admin.send("/v2/teams").await;
        assert_eq!(simulator.stats()["faults"], json!({ "GET /v2/teams": { kind.name: 1 } }));
    }
}

#[tokio::test]
async fn chaos_is_let_loose_and_healed_from_outside() {
    let (simulator, admin) = start(Options { chaos: Some(3), ..quick() }).await;
    let post = |path: &'static str, body: &'static str| {
        let request = admin.http.post(format!("{}{path}", admin.base)).body(body);
        async move { crate::client::json(request.send().await.expect("an answer")).await }
    };
    let ask_all = || async {
        for _ in 0..6 {
            for endpoint in sigma_catalog::simulator::endpoints().filter(|e| !e.path.contains('{')) {
                let _ = admin.send(endpoint.path).await;
            }
        }
        let stats = simulator.stats();
        simulator.reset_stats();
        let faults = stats["faults"].as_object().expect("faults").values();
        let kinds = faults.flat_map(|kinds| kinds.as_object().expect("kinds").keys().cloned());
        kinds.collect::<std::collections::BTreeSet<String>>()
    };
    let kinds = simulator.chaos_kinds();
    assert!(!kinds.is_empty());
    let mut struck = 0;
    for seed in ["3", "4", "5", "6", "7", "8"] {
        let told = post("/__chaos", seed).await["kinds"].clone();
        let faults = ask_all().await;
        assert!(
            faults.iter().all(|kind| told.as_array().expect("kinds").contains(&json!(kind))),
            "{told} {faults:?}"
        );
        struck += faults.len();
    }
    assert!(struck > 2, "{struck}");
    post("/__heal", "").await;
    assert!(ask_all().await.is_empty());
    assert_eq!(simulator.chaos_kinds(), Vec::<String>::new());
}

#[tokio::test]
async fn who_watches_sees_what_the_organisation_becomes() {
    let (simulator, _admin) = start(quick()).await;
    simulator.watch();
    let mut made = 0;
    for seed in 0..40 {
        made += usize::from(simulator.change_something(seed).is_some());
    }
    let watched = simulator.watched();
    assert_eq!(watched.len(), made + 1);
    assert!(made > 20, "{made} of 40 changes made sense");
    assert_eq!(watched.last(), Some(&simulator.truth()));
    assert!(watched.windows(2).filter(|pair| pair[0] != pair[1]).count() > made / 2);
}
