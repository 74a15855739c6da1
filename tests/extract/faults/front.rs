//! A server before the simulator that answers some listings in ways of its own.

use std::collections::HashMap;
use std::sync::Mutex;

use serde_json::Value;
use tokio::runtime::Handle;

use super::support::{Reply, Seen, Server};
use crate::context::{Context, RUNTIME};

/// How a listing is answered instead, from all its rows, by the cursor asked for (empty at first) and by how often it was
/// asked for before.
pub type Script = Box<dyn Fn(&[Value], &str, usize) -> Value + Send + Sync>;

/// Stands before the simulator; the listings of these paths are answered by their scripts.
pub fn before(context: &Context, scripts: HashMap<String, Script>) -> Server {
    let simulator = context.simulator.url();
    let simulator = simulator.trim_end_matches('/').to_owned();
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let visits = Mutex::new(HashMap::<(String, String), usize>::new());
    let answer = move |seen: &Seen| {
        let script = scripts.get(&seen.path);
        let cursor = seen.cursor().unwrap_or_default().to_owned();
        let query = match script {
            // All its rows are on the first page.
            Some(_) if seen.parameter("pageSize").is_some() => "pageSize=500",
            Some(_) => "limit=1000",
            None => seen.raw_query.as_str(),
        };
        let url = format!("{simulator}{}?{query}", seen.path);
        let (status, body) =
            tokio::task::block_in_place(|| Handle::current().block_on(forward(&http, seen, &url)));
        let Some(script) = script.filter(|_| status == 200) else { return Reply::status(status).body(body) };
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        let next = if seen.parameter("pageSize").is_some() { "nextPageToken" } else { "nextPage" };
        assert!(body[next].is_null(), "more than one page of {}", seen.path);
        let visit = {
            let mut visits = visits.lock().expect("no panic elsewhere");
            let visit = visits.entry((seen.path.clone(), cursor.clone())).or_default();
            *visit += 1;
            *visit - 1
        };
        let mut page =
            tokio::task::block_in_place(|| script(body["entries"].as_array().expect("rows"), &cursor, visit));
        if let Some(cursor) = page.as_object_mut().and_then(|page| page.remove("next")) {
            page[next] = cursor;
        }
        Reply::json(page)
    };
    RUNTIME.block_on(Server::everything(answer))
}

async fn forward(http: &reqwest::Client, seen: &Seen, url: &str) -> (u16, Vec<u8>) {
    let mut request = match seen.method.as_str() {
        "POST" => http.post(url).body(seen.body.clone()),
        _ => http.get(url),
    };
    for (name, value) in [("authorization", &seen.authorization), ("content-type", &seen.content_type)] {
        if let Some(value) = value {
            request = request.header(name, value);
        }
    }
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.bytes().await.expect("a body").to_vec())
}
