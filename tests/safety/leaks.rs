//! A server that repeats everything it knows in its errors: no secret gets into any artefact, no address where it does not
//! belong, and no value of a record into an error.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Response};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::context::{Context, RUNTIME, Ran, run};

/// A value of a record that does not fit, which no error may repeat.
const MARKER: &str = "value-of-somebodys-record";

/// What the server hands out and must not come back.
#[derive(Clone, Default)]
struct Tokens(Arc<Mutex<BTreeSet<String>>>);

/// What of the server leaks.
#[derive(Clone, Copy, PartialEq)]
enum Leaking {
    Data,
    /// The token endpoint, with that status.
    Token(u16),
}

/// Everything that would be telling, in every form, in one text for people and in one that is wrapped into short lines.
fn telling(secret: &str, id: &str, headers: &HeaderMap, email: &str) -> String {
    let authorization =
        headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let wrapped: Vec<String> =
        secret.as_bytes().chunks(16).map(|part| String::from_utf8_lossy(part).into_owned()).collect();
    format!(
        "{authorization} for {email}: client_secret={secret} ({encoded}, {secret:?}, {}, Basic {}) {}",
        STANDARD.encode(secret),
        STANDARD.encode(format!("{id}:{secret}")),
        wrapped.join("\n")
    )
}

/// A server that asks the simulator, and on some paths says all that it knows instead. Its address.
fn leaking(context: &Context, leaking: Leaking, tokens: Tokens) -> String {
    let (simulator, http) = (context.simulator.url(), reqwest::Client::new());
    let (id, secret) =
        (context.simulator.client_id().to_owned(), context.simulator.client_secret().to_owned());
    let truth = context.simulator.truth();
    let of = |kind: &str, key: &str, at: usize| -> String {
        truth["objects"][kind][at][key].as_str().unwrap_or_else(|| panic!("{kind} {key}")).to_owned()
    };
    let email = of("member", "email", 1);
    let (first, second) = (of("workbook", "id", 0), of("workbook", "id", 1));
    let answer = move |request: Request| {
        let (simulator, http, tokens) = (simulator.clone(), http.clone(), tokens.clone());
        let (id, secret, email) = (id.clone(), secret.clone(), email.clone());
        let (first, second) = (first.clone(), second.clone());
        async move {
            let (parts, body) = request.into_parts();
            let path = parts.uri.path().to_owned();
            let leak = telling(&secret, &id, &parts.headers, &email);
            // At the front and behind what a message is cut to, so that it is cut within a secret as well.
            let error = |code: &str| {
                let padded = format!("{}{leak}", "x".repeat(if code.is_empty() { 330 } else { 0 }));
                json!({ "code": format!("{code}{secret}"), "message": padded, "requestId": leak }).to_string()
            };
            let of = |workbook: &str, what: &str| path.contains(workbook) && path.ends_with(what);
            let fault: Option<(u16, String)> = match leaking {
                Leaking::Token(status) if path.ends_with("/auth/token") => Some((status, error("refused"))),
                Leaking::Data if of(&first, "/columns") => Some((500, error("boom"))),
                Leaking::Data if of(&first, "/queries") => Some((403, error(""))),
                Leaking::Data if of(&first, "/lineage") => Some((409, error("inode_archived"))),
                Leaking::Data if of(&second, "/columns") => Some((404, error(""))),
                Leaking::Data if of(&second, "/queries") => Some((200, format!("<html>{leak}</html>"))),
                Leaking::Data if of(&second, "/lineage") => Some((302, leak.clone())),
                Leaking::Data if path.ends_with("/v2/tags") => Some((500, leak.clone())),
                Leaking::Data if path.ends_with("/v2/accountTypes") => {
                    Some((200, json!({ "entries": [MARKER, format!("{MARKER} {email}")] }).to_string()))
                }
                Leaking::Data if path.ends_with("/v2/user-attributes") => {
                    let row = json!({ "code": "boom", "message": leak, "requestId": leak });
                    Some((200, json!({ "entries": [row] }).to_string()))
                }
                _ => None,
            };
            let answer = Response::builder();
            if let Some((status, body)) = fault {
                let request_id: String = leak.chars().filter(char::is_ascii_graphic).collect();
                let answer = answer.status(status).header("x-request-id", request_id);
                let answer = answer.header("location", format!("https://example.com/?secret={secret}"));
                return answer.body(Body::from(body)).expect("an answer");
            }
            let body = axum::body::to_bytes(body, usize::MAX).await.expect("a request");
            let url = format!("{}{}", simulator.trim_end_matches('/'), parts.uri);
            let mut headers = parts.headers;
            for name in ["host", "content-length", "accept-encoding"] {
                headers.remove(name);
            }
            let asked = http.request(parts.method, url).headers(headers).body(body).send().await;
            let asked = asked.expect("the simulator answers");
            let answer = answer.status(asked.status());
            let body = asked.bytes().await.expect("a body");
            if path.ends_with("/auth/token")
                && let Ok(granted) = serde_json::from_slice::<Value>(&body)
                && let Some(token) = granted["access_token"].as_str()
            {
                tokens.0.lock().expect("no panic elsewhere").insert(token.to_owned());
            }
            answer.body(Body::from(body)).expect("an answer")
        }
    };
    let listener = RUNTIME.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
    let address = listener.local_addr().expect("an address");
    RUNTIME.spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    format!("http://{address}")
}

/// Every file below a folder.
fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push((path.display().to_string(), fs::read(&path).expect("a file")));
        }
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// The forms of a secret: as it is, in a URL, in base64 of three kinds, and each of the lines it may be wrapped into.
fn forms(secret: &str, id: &str) -> Vec<String> {
    let mut forms = vec![
        STANDARD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        STANDARD.encode(format!("{id}:{secret}")),
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
    ];
    // Sixteen characters of it are as telling as all; a JSON or debug text only escapes what is in between.
    forms.extend(secret.as_bytes().chunks(16).map(|part| String::from_utf8_lossy(part).into_owned()));
    forms.retain(|form| form.len() >= 8);
    forms
}

#[test]
fn nothing_secret_gets_out_whatever_a_server_repeats() {
    let context = Context::small();
    let tokens = Tokens::default();
    let data = leaking(&context, Leaking::Data, tokens.clone());
    let mut said: Vec<(String, Ran)> = Vec::new();
    let mut ask = |arguments: &[&str], codes: &[i32]| {
        let ran = run(&mut context.command(arguments));
        assert!(codes.contains(&ran.code), "{arguments:?}: {ran}");
        said.push((arguments.join(" "), ran));
    };
    let path = |name: &str| context.folder.path().join(name);
    fs::create_dir(path("mappings")).expect("a folder");
    let truth = context.simulator.truth();
    let members: Vec<&Value> = truth["objects"]["member"].as_array().expect("members").iter().collect();
    let emails: Vec<String> =
        members.iter().filter_map(|member| member["email"].as_str().map(str::to_owned)).collect();
    assert!(emails.len() > 10);
    let users: Vec<String> =
        emails.iter().take(3).map(|email| format!("u{},{email},Name,true\n", email.len())).collect();
    let header = "network_id,email,display_name,active\n".to_owned();
    fs::write(path("mappings/catalog-users.csv"), header + &users.concat()).expect("a file");
    let pairs = format!("network_id,sigma_email\nu1,{}\nu2,nobody@nowhere.example\n", emails[0]);
    fs::write(path("identity.csv"), pairs).expect("a file");
    fs::write(path("broken.csv"), format!("network_id,sigma_email\nu1,{}\nu1\n", emails[0])).expect("a file");

    let db = ["--db", "catalog.db"];
    let extract = ["extract", "--api-url", &data, "--everything", "true", "--db", "catalog.db"];
    ask(&extract, &[3]);
    ask(&[&extract[..], &["--log-format", "json", "--format", "json"]].concat(), &[3]);
    ask(&["check", "--api-url", &data, "--everything", "true", "--db", "catalog.db"], &[0, 6, 7]);
    ask(&["check", "--api-url", &data, "--db", "catalog.db", "--format", "json"], &[0, 6, 7]);
    ask(&["access", "verify", "--all", "--api-url", &data, "--db", "catalog.db"], &[0, 7, 11]);
    for status in [401, 500, 400] {
        let refusing = leaking(&context, Leaking::Token(status), tokens.clone());
        ask(
            &["extract", "--api-url", &refusing, "--db", "catalog.db"],
            if status == 500 { &[7] } else { &[5] },
        );
        ask(
            &["check", "--api-url", &refusing, "--db", "catalog.db"],
            if status == 500 { &[7] } else { &[5] },
        );
    }
    ask(&[&["identity", "import", "identity.csv", "--yes"], &db[..]].concat(), &[0]);
    ask(&[&["identity", "import", "broken.csv", "--yes"], &db[..]].concat(), &[8]);
    ask(&[&["report", "all", "--out", "reports"], &db[..]].concat(), &[0]);
    ask(&[&["report", "html", "--out", "all.html"], &db[..]].concat(), &[0]);
    ask(&[&["mirror", "export"], &db[..]].concat(), &[0]);
    ask(&[&["runs", "show", "--format", "json"], &db[..]].concat(), &[0]);
    ask(&[&["runs", "show"], &db[..]].concat(), &[0]);
    ask(&["config", "show"], &[0]);
    ask(&["config", "show", "--concurrency", "77"], &[8]);
    ask(&[&["backup", "copy.db"], &db[..]].concat(), &[0]);
    // Not even who asks for every request to be told is told a secret.
    for loud in LOUD {
        ask(&[&extract[..], loud].concat(), &[3]);
    }

    let mut artefacts: Vec<(String, Vec<u8>)> = Vec::new();
    files(context.folder.path(), &mut artefacts);
    for (arguments, ran) in &said {
        artefacts.push((format!("stdout of {arguments}"), ran.stdout.clone().into_bytes()));
        artefacts.push((format!("stderr of {arguments}"), ran.stderr.clone().into_bytes()));
    }
    let tokens = tokens.0.lock().expect("no panic elsewhere").clone();
    assert!(tokens.len() >= 4, "each run has its token: {tokens:?}");
    let (id, secret) = (context.simulator.client_id(), context.simulator.client_secret());
    let secrets: Vec<String> =
        tokens.iter().map(String::as_str).chain([secret]).flat_map(|secret| forms(secret, id)).collect();
    for (name, bytes) in &artefacts {
        for form in &secrets {
            assert!(
                !contains(bytes, form.as_bytes()),
                "{name} holds {form}: {}",
                String::from_utf8_lossy(bytes)
            );
        }
        let stored = ["catalog.db", "catalog.db-wal", "copy.db"].iter().any(|end| name.ends_with(end));
        assert!(stored || !contains(bytes, MARKER.as_bytes()), "{name} holds a record's value");
    }

    // Words for people and logs name nobody by address, unless the user gave it himself.
    for (arguments, ran) in &said[..said.len() - LOUD.len()] {
        let told =
            ran.stderr.replace(&emails[0], if arguments.starts_with("identity") { "" } else { &emails[0] });
        let named: Vec<&String> = emails.iter().filter(|email| told.contains(email.as_str())).collect();
        assert!(named.is_empty(), "stderr of {arguments} names {named:?}: {ran}");
    }
    assert_eq!(holders(&context, &emails), HOLDERS.map(str::to_owned), "tables that hold addresses");
    assert!(
        !holders(&context, &[MARKER.to_owned()]).iter().any(|holder| !holder.is_empty()),
        "a record's value"
    );
}

/// Ways to be told more than people need.
const LOUD: [&[&str]; 2] = [&["--log-level", "trace"], &["-vv"]];

/// Where an address belongs: the members themselves, the mapping that the user gave, and what reports found about members.
const HOLDERS: [&str; 4] =
    ["finding.cells", "identity_pair.email_key", "identity_pair.sigma_email", "member_history.email"];

/// The columns of the catalog in which one of these texts occurs.
fn holders(context: &Context, texts: &[String]) -> Vec<String> {
    let catalog =
        Connection::open_with_flags(context.database(), OpenFlags::SQLITE_OPEN_READ_ONLY).expect("a catalog");
    let sql = "SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' \
               AND m.name NOT LIKE 'sqlite_%' ORDER BY 1, 2";
    let mut statement = catalog.prepare(sql).expect(sql);
    let columns: Vec<(String, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect(sql)
        .collect::<Result<_, _>>()
        .expect(sql);
    let holds = |table: &str, column: &str| {
        texts.iter().any(|text| {
            let sql = format!("SELECT EXISTS (SELECT 1 FROM \"{table}\" WHERE instr(lower(CAST(\"{column}\" AS TEXT)), lower(?)) > 0)");
            catalog.query_row(&sql, [text], |row| row.get::<_, bool>(0)).unwrap_or_default()
        })
    };
    columns
        .into_iter()
        .filter(|(table, column)| holds(table, column))
        .map(|(table, column)| format!("{table}.{column}"))
        .collect()
}
