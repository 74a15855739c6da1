//! The two programs that are measured: the simulator, as a process of its own, and `extract`.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::runtime::Runtime;

/// The binary, as `cargo bench` built it.
const BINARY: &str = env!("CARGO_BIN_EXE_sigma-catalog");

/// A made-up organisation of the shape that other connectors were measured with.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub workbooks: usize,
    pub latency: Duration,
    /// What the server allows; `None`: everything.
    pub per_second: Option<u32>,
}

impl Shape {
    pub const PAGES: usize = 3;
    pub const ELEMENTS: usize = 8;
    pub const COLUMNS: usize = 12;

    /// That many workbooks, answered at once.
    pub fn of(workbooks: usize) -> Self {
        Self { workbooks, latency: Duration::ZERO, per_second: None }
    }

    /// The same, each answer late by that much.
    pub fn late(self, milliseconds: u64) -> Self {
        Self { latency: Duration::from_millis(milliseconds), ..self }
    }
}

/// A simulator in a process of its own; it ends with this value.
pub struct Server {
    process: Child,
    pub url: String,
    pub id: String,
    pub secret: String,
    runtime: Runtime,
    http: reqwest::Client,
}

impl Server {
    pub fn start(shape: Shape) -> Self {
        let mut command = Command::new(BINARY);
        command.args([
            "simulate",
            "--json",
            "--uniform",
            "--workspaces",
            "10",
            "--members",
            "100",
            "--teams",
            "10",
        ]);
        command.args(["--data-models", "20"]);
        let sizes = [
            ("--workbooks", shape.workbooks),
            ("--pages", Shape::PAGES),
            ("--elements", Shape::ELEMENTS),
            ("--columns", Shape::COLUMNS),
            ("--latency-ms", shape.latency.as_millis() as usize),
        ];
        for (name, value) in sizes {
            command.args([name, &value.to_string()]);
        }
        if let Some(rate) = shape.per_second {
            command.args(["--requests-per-second", &rate.to_string()]);
        }
        let mut process = command.stdout(Stdio::piped()).spawn().expect("the simulator starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        let told: Value = serde_json::from_str(&line).expect("JSON");
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let admin = &told["credentials"][0];
        Self {
            process,
            url: text(&told["api_url"]),
            id: text(&admin["client_id"]),
            secret: text(&admin["client_secret"]),
            runtime: Runtime::new().expect("a runtime"),
            http: reqwest::Client::new(),
        }
    }

    /// What it was asked since the last reset, by endpoint and status.
    pub fn stats(&self) -> Value {
        let answer = self.http.get(format!("{}/__stats", self.url)).send();
        let text =
            self.runtime.block_on(async { answer.await.expect("an answer").text().await.expect("a body") });
        serde_json::from_str(&text).expect("JSON")
    }

    pub fn reset_stats(&self) {
        self.post("/__stats/reset", String::new());
    }

    /// Changes the organisation.
    pub fn mutate(&self, mutation: &Value) {
        self.post("/__mutate", mutation.to_string());
    }

    fn post(&self, path: &str, body: String) {
        let sent = self.http.post(format!("{}{path}", self.url)).body(body).send();
        let status = self.runtime.block_on(async { sent.await.expect("an answer").status() });
        assert!(status.is_success(), "{path}: {status}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What one run of `extract` took.
#[derive(Debug)]
pub struct Ran {
    /// From the start of the process to its end.
    pub wall: Duration,
    /// The most memory it held, in bytes.
    pub memory: u64,
    /// What it printed.
    pub told: Value,
}

impl Ran {
    pub fn requests(&self) -> u64 {
        self.told["requests"]["total"].as_u64().expect("a number")
    }

    pub fn publishing(&self) -> Duration {
        Duration::from_millis(self.told["publish_ms"].as_u64().expect("a number"))
    }

    /// Objects of all kinds that are in the catalog.
    pub fn rows(&self) -> u64 {
        let kinds = self.told["objects"].as_object().expect("objects");
        kinds.values().map(|counts| counts["total"].as_u64().expect("a number")).sum()
    }

    /// Objects of one kind.
    pub fn count(&self, kind: &str) -> u64 {
        self.told["objects"][kind]["total"].as_u64().expect("a number")
    }
}

/// Runs `extract` to its end.
pub fn extract(server: &Server, database: &Path, workers: usize, more: &[&str]) -> Ran {
    let folder = database.parent().expect("a folder");
    let mut command = Command::new(BINARY);
    command.current_dir(folder).env_clear().env("SIGMA_CLIENT_ID", &server.id);
    command.env("SIGMA_CLIENT_SECRET", &server.secret).arg("extract").args(["--api-url", &server.url]);
    command.arg("--db").arg(database).args(["--concurrency", &workers.to_string(), "--format", "json", "-q"]);
    command.args(more).stdout(Stdio::piped());
    let begun = Instant::now();
    let process = command.spawn().expect("extract starts");
    let id = process.id();
    let output = std::thread::spawn(move || process.wait_with_output().expect("extract ends"));
    let mut memory = 0;
    while !output.is_finished() {
        memory = peak(id).unwrap_or(memory);
        std::thread::sleep(Duration::from_millis(5));
    }
    let wall = begun.elapsed();
    let output = output.join().expect("its output");
    assert!(output.status.success(), "extract: {}", output.status);
    Ran { wall, memory, told: serde_json::from_slice(&output.stdout).expect("JSON") }
}

/// The most memory that a process held so far. Linux tells it; elsewhere it stays unknown.
fn peak(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}
