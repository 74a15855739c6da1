//! A small client, written for these tests only.
use std::{collections::BTreeSet, time::Duration};

use reqwest::{Client, Method, Response, StatusCode};
use serde_json::Value;
use sigma_catalog::simulator::{Credential, Options, Simulator};

/// Options of most tests: a small organisation that gives out tokens as fast as they are asked for.
pub fn quick() -> Options {
    Options { enforce_token_rate: false, ..Options::small() }
}

/// A simulator and someone who asks it.
pub struct Asker {
    pub http: Client,
    pub base: String,
    pub token: String,
}

/// Starts a simulator and signs its admin in.
pub async fn start(options: Options) -> (Simulator, Asker) {
    let simulator = Simulator::start(options).await.expect("a free port");
    let admin = sign_in(&simulator, &simulator.credentials()[0]).await;
    (simulator, admin)
}

/// Signs someone in.
pub async fn sign_in(simulator: &Simulator, credential: &Credential) -> Asker {
    let http = Client::builder().timeout(Duration::from_secs(30)).build().expect("a client");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &credential.client_id),
        ("client_secret", &credential.client_secret),
    ];
    let answer =
        http.post(format!("{}/v2/auth/token", simulator.url())).form(&form).send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "the token call failed");
    let body = json(answer).await;
    let token = body["access_token"].as_str().expect("a token").to_owned();
    Asker { http, base: simulator.url(), token }
}

/// The JSON body of a response.
pub async fn json(response: Response) -> Value {
    let text = response.text().await.expect("a body");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

impl Asker {
    /// Asks, whatever comes back.
    pub async fn send(&self, path: &str) -> reqwest::Result<Response> {
        self.http.request(Method::GET, format!("{}{path}", self.base)).bearer_auth(&self.token).send().await
    }

    /// Asks; gives status and JSON.
    pub async fn ask(&self, path: &str) -> (StatusCode, Value) {
        let response = self.send(path).await.expect("an answer");
        (response.status(), json(response).await)
    }

    /// Asks for something that must be there.
    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask(path).await;
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }

    /// All rows of a listing, in whichever dialect it is; `size` rows at a time.
    pub async fn all(&self, path: &str, size: usize) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut cursors = BTreeSet::new();
        let mut query = Vec::new();
        let separator = if path.contains('?') { '&' } else { '?' };
        loop {
            let sizes = [("limit", size.to_string()), ("pageSize", size.to_string())];
            let text = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(sizes.iter().map(|(k, v)| (*k, v)))
                .extend_pairs(query.iter().map(|(k, v): &(&str, String)| (*k, v)))
                .finish();
            let body = self.get(&format!("{path}{separator}{text}")).await;
            let entries =
                body["entries"].as_array().unwrap_or_else(|| panic!("no entries in {path}: {body}"));
            assert!(entries.len() <= size, "{path}: more rows than asked for");
            rows.extend(entries.iter().cloned());
            let next = [("page", "nextPage"), ("pageToken", "nextPageToken")].into_iter().find_map(
                |(parameter, field)| body[field].as_str().map(|cursor| (parameter, cursor.to_owned())),
            );
            let Some((parameter, cursor)) = next else { return rows };
            assert!(cursors.insert(cursor.clone()), "{path}: the cursor {cursor} came twice");
            query = vec![(parameter, cursor)];
        }
    }
}

/// The values of a field, sorted.
pub fn field(rows: &[Value], name: &str) -> Vec<String> {
    let mut values: Vec<String> = rows
        .iter()
        .map(|row| row[name].as_str().unwrap_or_else(|| panic!("no {name} in {row}")).to_owned())
        .collect();
    values.sort();
    values
}

/// The rows of `truth.objects.<kind>`.
pub fn objects<'t>(truth: &'t Value, kind: &str) -> &'t [Value] {
    truth["objects"][kind].as_array().map_or_else(|| panic!("no {kind} in the truth"), Vec::as_slice)
}
