//! The sections: what is run, and what is told of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use secrecy::SecretString;
use serde_json::{Value, json};
use sigma_catalog::sigma::{ClientOptions, Endpoint, SigmaClient};
use sigma_catalog::store::Store;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use crate::machine::{inserts_per_second, requests_per_second};
use crate::process::{Ran, Server, Shape, extract};
use crate::{Bench, median, seconds, tell};

const MEBIBYTE: f64 = 1_048_576.0;

/// A folder for catalogs that are thrown away.
fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// A first run into a catalog of its own.
fn first(server: &Server, workers: usize) -> (Ran, TempDir, PathBuf) {
    let folder = folder();
    let database = folder.path().join("catalog.db");
    (extract(server, &database, workers, &[]), folder, database)
}

/// The ids of the catalog's first workbooks.
fn workbooks(database: &Path, count: usize) -> Vec<String> {
    let catalog =
        Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the catalog");
    let mut statement = catalog
        .prepare("SELECT id FROM document WHERE kind = 'workbook' ORDER BY id LIMIT ?")
        .expect("a statement");
    let ids = statement.query_map([count as i64], |row| row.get(0)).expect("ids");
    ids.collect::<Result<_, _>>().expect("ids")
}

/// Requests about the contents of workbooks.
fn contents(stats: &Value) -> u64 {
    let by_endpoint = stats["requests"].as_object().expect("requests");
    let contents = by_endpoint.iter().filter(|(name, _)| name.starts_with("GET /v2/workbooks/{"));
    contents
        .flat_map(|(_, counts)| counts.as_object().expect("statuses").values())
        .filter_map(Value::as_u64)
        .sum()
}

pub fn limit(bench: &Bench) {
    const LATENCY: u64 = 30;
    let late = LATENCY as f64 / 1000.0;
    for (count, aim) in [(200, "at most 1.10"), (1_000, "at most 1.05")] {
        let server = Server::start(Shape::of(count).late(LATENCY));
        for workers in [3, 10] {
            let (mut asked, mut about) = (0, 0);
            let (mut walls, mut bare, mut memory) = (Vec::new(), Vec::new(), 0.0_f64);
            for _ in 0..bench.runs {
                server.reset_stats();
                let (ran, _folder, database) = first(&server, workers);
                (asked, about) = (ran.requests(), contents(&server.stats()));
                walls.push(ran.wall.as_secs_f64());
                memory = memory.max(ran.memory as f64 / MEBIBYTE);
                let ids = workbooks(&database, 200);
                // Two seconds and more: the next token may be asked for one second after this one.
                let paths = ids.iter().cycle().take(70 * workers);
                let paths = paths.map(|id| format!("/v2/workbooks/{id}/lineage")).collect();
                bare.push(workers as f64 / requests_per_second(&server, workers, paths) / late);
            }
            let limit = asked as f64 * late / workers as f64;
            let wall = median(walls);
            println!("  {count} workbooks, {workers} workers");
            tell("requests a workbook", &format!("{:.2}", about as f64 / count as f64), "at most 7");
            tell("all other requests", &(asked - about).to_string(), "at most 250");
            tell("wall, and the limit", &format!("{wall:.2} s, {limit:.2} s"), "");
            tell("wall / limit", &format!("{:.3}", wall / limit), aim);
            tell("the same of reqwest alone, which only reads", &format!("{:.3}", median(bare)), "");
            tell("peak memory", &format!("{memory:.0} MiB"), "");
        }
    }
}

pub fn again(bench: &Bench) {
    let permissions: [(&str, &[&str]); 2] =
        [("permissions read by each run", &[]), ("permissions read once a day", &["--grants-every", "1d"])];
    for count in [200, 1_000] {
        let server = Server::start(Shape::of(count).late(30));
        for (which, settings) in permissions {
            println!("  {count} workbooks, 10 workers, 30 ms, {which}");
            second_runs(bench, &server, count, settings);
        }
    }
}

/// What runs cost after a first one, in shares of that.
fn second_runs(bench: &Bench, server: &Server, count: usize, settings: &[&str]) {
    let (mut found, mut told) = (Vec::new(), String::new());
    for _ in 0..bench.runs {
        let (ran, _folder, database) = first(server, 10);
        let same = extract(server, &database, 10, settings);
        for id in workbooks(&database, count / 100) {
            server.mutate(&json!({"op": "touch_document", "document": id}));
        }
        // A token is granted once a second, and such a run may take less.
        std::thread::sleep(Duration::from_secs(1));
        let little = extract(server, &database, 10, settings);
        let share = |of: u64| of as f64 / ran.requests() as f64 * 100.0;
        let time = |of: Duration| of.as_secs_f64() / ran.wall.as_secs_f64() * 100.0;
        found.push([share(same.requests()), time(same.wall), share(little.requests()), time(little.wall)]);
        told = format!("{}, {}, {}", ran.requests(), same.requests(), little.requests());
    }
    tell("requests: first run, unchanged, 1 % changed", &told, "");
    let names = [
        ("unchanged: requests", "at most 3 %"),
        ("unchanged: time", "at most 5 %"),
        ("1 % changed: requests", "at most 5 %"),
        ("1 % changed: time", ""),
    ];
    tell_shares(names, &found);
}

/// Tells four shares, each the median of what the runs gave.
fn tell_shares(names: [(&str, &str); 4], runs: &[[f64; 4]]) {
    for (place, (what, aim)) in names.into_iter().enumerate() {
        let found = runs.iter().map(|run| run[place]).collect();
        tell(what, &format!("{:.1} %", median(found)), aim);
    }
}

pub fn rows(bench: &Bench) {
    let small = {
        let server = Server::start(Shape::of(500));
        bench.median(|| first(&server, 10).0.memory as f64 / MEBIBYTE)
    };
    let server = Server::start(Shape::of(5_000));
    let (mut rate, mut asked, mut memory, mut columns) = (Vec::new(), Vec::new(), Vec::new(), 0);
    let mut last = None;
    for _ in 0..bench.runs {
        let (ran, folder, database) = first(&server, 10);
        let wall = ran.wall.as_secs_f64();
        rate.push(ran.rows() as f64 / wall);
        asked.push(ran.requests() as f64 / wall);
        memory.push(ran.memory as f64 / MEBIBYTE);
        columns = ran.count("element_column");
        last = Some((folder, database));
    }
    let (rate, asked, memory) = (median(rate), median(asked), median(memory));
    let (_folder, database) = last.expect("a run");
    let inserts = bench.median(|| {
        let folder = folder();
        inserts_per_second(&database, folder.path())
    });
    let ids = workbooks(&database, 2_000);
    let about = ["pages", "columns?pageSize=1000", "queries?pageSize=1000", "lineage"];
    let paths =
        || ids.iter().flat_map(|id| about.map(|child| format!("/v2/workbooks/{id}/{child}"))).collect();
    let bare = bench.median(|| requests_per_second(&server, 10, paths()));
    println!("  5,000 workbooks, {columns} columns, 10 workers, no latency");
    tell("rows a second, from the API to the published catalog", &format!("{rate:.0}"), "at least 100000");
    tell("peak memory", &format!("{memory:.0} MiB"), "at most 128 MB");
    tell("peak memory / that of 500 workbooks", &format!("{:.2}", memory / small), "at most 1.3");
    tell("bare inserts a second", &format!("{inserts:.0}"), "");
    tell("rows a second / bare inserts a second", &format!("{:.2}", rate / inserts), "");
    tell("requests a second, bare requests a second", &format!("{asked:.0}, {bare:.0}"), "");
    tell("requests a second / bare requests a second", &format!("{:.2}", asked / bare), "");
    tell("the larger of the two ratios", &format!("{:.2}", (rate / inserts).max(asked / bare)), "aim: 0.67");
}

pub fn publish(bench: &Bench) {
    let server = Server::start(Shape::of(5_000));
    let (ran, _folder, database) = first(&server, 10);
    let (mut same, mut little) = (Vec::new(), Vec::new());
    for _ in 0..bench.runs {
        same.push(extract(&server, &database, 10, &["--full"]).publishing().as_secs_f64());
        for id in workbooks(&database, 50) {
            server.mutate(&json!({"op": "add_page", "document": id}));
        }
        little.push(extract(&server, &database, 10, &["--full"]).publishing().as_secs_f64());
    }
    println!("  5,000 workbooks, {} columns, everything asked again", ran.count("element_column"));
    tell("publishing the first run", &seconds(ran.publishing()), "");
    tell("publishing, nothing changed", &format!("{:.2} s", median(same)), "at most 2 s");
    tell("publishing, 1 % of the workbooks changed", &format!("{:.2} s", median(little)), "at most 3 s");
    let size = std::fs::metadata(&database).expect("the catalog").len();
    let per_column = size as f64 / ran.count("element_column") as f64;
    tell("bytes of the database a column", &format!("{per_column:.0}"), "");
    let rebuilt = bench.median(|| {
        let mut store = Store::open(&database).expect("the catalog");
        let begun = Instant::now();
        store.rebuild_search().expect("an index");
        begun.elapsed().as_secs_f64()
    });
    let millions = ran.count("element_column") as f64 / 1e6;
    tell("full-text index anew, a million columns", &format!("{:.2} s", rebuilt / millions), "at most 4 s");
}

pub fn allowed(bench: &Bench) {
    const ALLOWED: u32 = 50;
    // Before, the pace is looked for; after, the last answers come in and the run is published.
    const STEADY: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(30)];
    let share = |part: f64, whole: f64| part / whole * 100.0;
    for workers in [3, 10] {
        let server = Server::start(Shape { per_second: Some(ALLOWED), ..Shape::of(200).late(30) });
        let mut found = Vec::new();
        for _ in 0..bench.runs {
            server.reset_stats();
            let begun = Instant::now();
            let (ran, [from, to]) = std::thread::scope(|threads| {
                let steady = threads.spawn(|| {
                    STEADY.map(|at| {
                        std::thread::sleep(at.saturating_sub(begun.elapsed()));
                        (answered(&server.stats()), begun.elapsed())
                    })
                });
                let (ran, ..) = first(&server, workers);
                (ran, steady.join().expect("counts"))
            });
            let steady = [0, 1].map(|of| (to.0[of] - from.0[of]) as f64);
            let all = answered(&server.stats()).map(|count| count as f64);
            let most = |time: Duration| time.as_secs_f64() * f64::from(ALLOWED);
            found.push([
                share(all[0], most(ran.wall)),
                share(steady[0], most(to.1 - from.1)),
                share(all[1], all[0] + all[1]),
                share(steady[1], steady[0] + steady[1]),
            ]);
        }
        println!("  200 workbooks, 30 ms, {workers} workers, {ALLOWED} requests a second allowed");
        let names = [
            ("used of what is allowed, the whole run", ""),
            ("used of what is allowed, from the tenth to the thirtieth second", "at least 95 %"),
            ("refused, the whole run", ""),
            ("refused, from the tenth to the thirtieth second", "under 2 %"),
        ];
        tell_shares(names, &found);
    }
}

/// The requests that were answered, and those that were refused for coming too fast.
fn answered(stats: &Value) -> [u64; 2] {
    let by_endpoint = stats["requests"].as_object().expect("requests");
    let mut found = [0, 0];
    for (status, count) in by_endpoint.values().flat_map(|counts| counts.as_object().expect("statuses")) {
        found[usize::from(status == "429")] += count.as_u64().expect("a number");
    }
    found
}

pub fn growth(bench: &Bench) {
    println!(
        "  {:>9} {:>10} {:>10} {:>12} {:>14}",
        "workbooks", "requests", "seconds", "memory, MiB", "database, MiB"
    );
    let mut table: Vec<[f64; 5]> = Vec::new();
    for count in [500, 1_000, 2_000, 4_000] {
        let server = Server::start(Shape::of(count));
        let (mut asked, mut size, mut memory) = (0, 0, Vec::new());
        let wall = bench.median(|| {
            let (ran, _folder, database) = first(&server, 10);
            (asked, size) = (ran.requests(), std::fs::metadata(&database).expect("the catalog").len());
            memory.push(ran.memory as f64 / MEBIBYTE);
            ran.wall.as_secs_f64()
        });
        let (memory, size) = (median(memory), size as f64 / MEBIBYTE);
        println!("  {count:>9} {asked:>10} {wall:>10.2} {memory:>12.0} {size:>14.1}");
        table.push([count as f64, asked as f64, wall, memory, size]);
    }
    for (what, column) in [("requests", 1), ("time", 2), ("memory", 3), ("database", 4)] {
        let points: Vec<_> = table.iter().map(|row| (row[0].ln(), row[column].ln())).collect();
        tell(&format!("{what}: exponent of growth"), &format!("{:.3}", slope(&points)), "aim: at most 1.02");
    }
}

/// The slope of the line through points with the least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
    let (x, y) = (x / count, y / count);
    let over: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    over / points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>()
}

pub fn detail(bench: &Bench) {
    const ASKED: usize = 100_000;
    const WORKERS: usize = 10;
    let server = Server::start(Shape::of(200));
    let (_, _folder, database) = first(&server, WORKERS);
    let ids = workbooks(&database, 200);
    let runtime = Runtime::new().expect("a runtime");
    let ours = bench.median(|| {
        let options = ClientOptions {
            workers: WORKERS,
            ..ClientOptions::new(
                server.url.parse().expect("an address"),
                server.id.clone(),
                SecretString::from(server.secret.clone()),
            )
        };
        let client = SigmaClient::new(options, CancellationToken::new()).expect("a client");
        let (ids, next) = (Arc::new(ids.clone()), Arc::new(AtomicUsize::new(0)));
        let begun = Instant::now();
        runtime.block_on(async {
            let asking: Vec<_> = (0..WORKERS)
                .map(|_| {
                    let (client, ids, next) = (client.clone(), Arc::clone(&ids), Arc::clone(&next));
                    tokio::spawn(async move {
                        loop {
                            let turn = next.fetch_add(1, Ordering::Relaxed);
                            if turn >= ASKED {
                                return;
                            }
                            let call = Endpoint::Workbook.call().path("workbookId", &ids[turn % ids.len()]);
                            client
                                .one::<sigma_catalog::sigma::model::Workbook>(&call)
                                .await
                                .expect("a workbook");
                        }
                    })
                })
                .collect();
            for task in asking {
                task.await.expect("a task");
            }
        });
        ASKED as f64 / begun.elapsed().as_secs_f64()
    });
    let paths = || (0..ASKED).map(|turn| format!("/v2/workbooks/{}", ids[turn % ids.len()])).collect();
    let bare = bench.median(|| requests_per_second(&server, WORKERS, paths()));
    tell("requests a second", &format!("{ours:.0}"), "at least 20000");
    tell("requests a second of reqwest alone", &format!("{bare:.0}"), "");
    tell("the ratio", &format!("{:.2}", ours / bare), "");
}
