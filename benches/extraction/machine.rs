//! What the machine can do without us: bare inserts with rusqlite, bare requests with reqwest.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};
use serde_json::Value as Json;
use tokio::runtime::Runtime;

use crate::process::Server;

/// Rows of the largest table that are read for the bare inserts.
const SAMPLE: usize = 400_000;

/// Rows a second that rusqlite inserts into a copy of the catalog's largest table: the same rows in the same order and
/// transactions of the same size, and nothing else.
pub fn inserts_per_second(catalog: &Path, folder: &Path) -> f64 {
    let source = Connection::open_with_flags(catalog, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the catalog");
    let table = "element_column_history";
    let statement: String = source
        .query_row("SELECT sql FROM sqlite_schema WHERE name = ?", [table], |row| row.get(0))
        .expect("a table");
    let mut read = source.prepare(&format!("SELECT * FROM {table} LIMIT {SAMPLE}")).expect("a statement");
    let width = read.column_count();
    let rows: Vec<Vec<Value>> = read
        .query_map([], |row| (0..width).map(|column| row.get(column)).collect())
        .expect("rows")
        .collect::<Result<_, _>>()
        .expect("rows");
    let target = Connection::open(folder.join("bare.db")).expect("a database");
    target.pragma_update(None, "journal_mode", "WAL").expect("a setting");
    target.pragma_update(None, "synchronous", "FULL").expect("a setting");
    target.pragma_update(None, "wal_autocheckpoint", 16_384).expect("a setting");
    target.pragma_update(None, "cache_size", -32_768).expect("a setting");
    // The table refers to one that is not copied.
    target.pragma_update(None, "foreign_keys", false).expect("a setting");
    target.execute_batch(&statement).expect("a table");
    let insert = format!("INSERT INTO {table} VALUES ({})", vec!["?"; width].join(", "));
    let begun = Instant::now();
    for part in rows.chunks(10_000) {
        target.execute_batch("BEGIN IMMEDIATE").expect("a transaction");
        for row in part {
            target
                .prepare_cached(&insert)
                .expect("a statement")
                .execute(params_from_iter(row))
                .expect("an insert");
        }
        target.execute_batch("COMMIT").expect("a commit");
    }
    rows.len() as f64 / begun.elapsed().as_secs_f64()
}

/// Requests a second that reqwest makes, `workers` at once, of the addresses that `path` makes of the workbooks' ids; the
/// answers are read and thrown away.
pub fn requests_per_second(server: &Server, workers: usize, paths: Vec<String>) -> f64 {
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let http = reqwest::Client::new();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &server.id),
            ("client_secret", &server.secret),
        ];
        let granted = http.post(format!("{}/v2/auth/token", server.url)).form(&form).send().await;
        let granted = granted.expect("an answer").text().await.expect("a body");
        let granted: Json = serde_json::from_str(&granted).expect("JSON");
        let token = granted["access_token"].as_str().expect("a token").to_owned();
        let (paths, next) = (Arc::new(paths), Arc::new(AtomicUsize::new(0)));
        let begun = Instant::now();
        let asking: Vec<_> = (0..workers)
            .map(|_| {
                let (http, token) = (http.clone(), token.clone());
                let (paths, next, url) = (Arc::clone(&paths), Arc::clone(&next), server.url.clone());
                tokio::spawn(async move {
                    while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let answer = http.get(format!("{url}{path}")).bearer_auth(&token).send().await;
                        answer.expect("an answer").bytes().await.expect("a body");
                    }
                })
            })
            .collect();
        for task in asking {
            task.await.expect("a task");
        }
        paths.len() as f64 / begun.elapsed().as_secs_f64()
    })
}
