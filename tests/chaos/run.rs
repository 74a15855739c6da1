//! One run: in this process with waits that are over at once, or the binary, which can be killed.

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sigma_catalog::catalog::delivery::Severity;
use sigma_catalog::config::{Overrides, Settings, load};
use sigma_catalog::crawl::{self, Exit, Extract, Failure, Progress, Report, Snapshot, Stop};
use sigma_catalog::sigma::{ClientOptions, ClientStats, RetryPolicy, SigmaClient};

use crate::context::{Context, RUNTIME};
use crate::truth::Asked;

/// No run may take longer, whatever happens to it.
const LONGEST: Duration = Duration::from_secs(120);
/// How soon the binary is killed or told to stop if it asks too little to be so because of that.
const SOON: Duration = Duration::from_secs(2);

/// What befalls a run after so many requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Nothing: it ends by itself.
    Itself,
    /// It is asked to stop.
    Stopped(u64),
    /// What it does is dropped where it stands.
    Dropped(u64),
    /// The binary is killed.
    Killed(u64),
    /// The binary gets SIGTERM.
    Terminated(u64),
    /// The binary is left alone.
    Binary,
}

/// What came of it.
#[allow(clippy::large_enum_variant, reason = "there is one at a time")]
pub enum Came {
    /// It said how it ended.
    Ended(Result<Report, Failure>, ClientStats),
    /// It could not say anything.
    Gone,
    /// It did not end in time.
    Hung,
    /// The binary's exit code, and what it said.
    Exited(i32, String),
}

/// How to run.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    pub asked: Asked,
    pub workers: u64,
    pub end: End,
    pub accept: Option<i64>,
    /// Whether to go on with what an earlier run has read.
    pub resume: bool,
    /// Whether to ask every document, whatever is known of it.
    pub full: bool,
}

struct Quiet;

impl Progress for Quiet {
    fn moved(&self, _: Snapshot) {}
    fn notice(&self, _: Severity, _: &str) {}
}

fn options(way: &Way) -> Vec<(&'static str, String)> {
    let grants = if way.asked.by_object { "object" } else { "principal" };
    vec![
        ("crawl.concurrency", way.workers.to_string()),
        ("crawl.grants", grants.to_owned()),
        ("crawl.everything", way.asked.everything.to_string()),
        ("crawl.personal", way.asked.personal.to_string()),
    ]
}

fn settings(context: &Context, way: &Way) -> Settings {
    let mut values = options(way);
    values.push(("sigma.api_url", context.simulator.url()));
    values.push(("catalog.database", context.database().display().to_string()));
    let variable = |name: &str| match name {
        "SIGMA_CLIENT_ID" => Some(context.simulator.client_id().to_owned()),
        "SIGMA_CLIENT_SECRET" => Some(context.simulator.client_secret().to_owned()),
        _ => None,
    };
    load(&Overrides { config: None, values }, &variable, context.folder.path()).expect("settings").settings
}

fn client(settings: &Settings, stop: &Stop) -> SigmaClient {
    let credentials = settings.require_credentials().expect("credentials");
    let mut options =
        ClientOptions::new(credentials.api_url, credentials.client_id, credentials.client_secret);
    options.workers = settings.crawl.concurrency;
    options.retry = RetryPolicy {
        base_delay: Duration::from_millis(1),
        longest_delay: Duration::from_millis(4),
        retry_after_jitter: Duration::ZERO,
        longest_retry_after: Duration::from_millis(50),
        between_token_calls: Duration::from_millis(1),
        ..RetryPolicy::default()
    };
    SigmaClient::new(options, stop.token.clone()).expect("a client")
}

fn asked(context: &Context) -> u64 {
    context.simulator.stats()["total"].as_u64().expect("a total")
}

/// Until the simulator has been asked that often.
async fn until(context: &Context, requests: u64) {
    while asked(context) < requests {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Runs.
pub fn run(context: &Context, way: &Way) -> Came {
    // A binary that another seed starts at this moment may still hold a copy of what this process held.
    wait_for_the_lock(context);
    context.simulator.reset_stats();
    match way.end {
        End::Itself | End::Stopped(_) | End::Dropped(_) => in_process(context, way),
        End::Killed(_) | End::Terminated(_) | End::Binary => by_binary(context, way),
    }
}

fn in_process(context: &Context, way: &Way) -> Came {
    let (settings, stop) = (settings(context, way), Stop::default());
    let client = client(&settings, &stop);
    let (client_of_run, accept_removals, resume) = (client.clone(), way.accept, way.resume);
    let request =
        Extract { settings: &settings, client: client_of_run, accept_removals, resume, full: way.full };
    let ended = RUNTIME.block_on(async {
        let run = tokio::time::timeout(LONGEST, crawl::extract(request, Arc::new(Quiet), &stop));
        match way.end {
            End::Dropped(requests) => tokio::select! {
                ended = run => Some(ended),
                () = until(context, requests) => None,
            },
            End::Stopped(requests) => {
                let stopping = async {
                    until(context, requests).await;
                    stop.request(Exit::Terminated);
                    std::future::pending::<()>().await;
                };
                tokio::select! {
                    ended = run => Some(ended),
                    () = stopping => None,
                }
            }
            _ => Some(run.await),
        }
    });
    match ended {
        Some(Err(_)) => Came::Hung,
        Some(Ok(ended)) => Came::Ended(ended, client.stats()),
        None => {
            wait_for_the_lock(context);
            Came::Gone
        }
    }
}

/// Waits until nobody holds the catalog. The store's thread of a run that was dropped ends by itself, a little later.
fn wait_for_the_lock(context: &Context) {
    let path = context.folder.path().join("catalog.db.lock");
    let begun = Instant::now();
    while let Ok(file) = File::open(&path) {
        if file.try_lock().is_ok() {
            break;
        }
        assert!(begun.elapsed() < LONGEST, "the lock of a run that is over is still held");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn by_binary(context: &Context, way: &Way) -> Came {
    let url = context.simulator.url();
    let (mut arguments, values) = (vec!["extract", "--api-url", &url, "--db", "catalog.db"], options(way));
    for (key, value) in &values {
        arguments
            .extend([sigma_catalog::config::find(key).and_then(|s| s.flag).map(flag).expect(key), value]);
    }
    let accept = way.accept.map(|run| run.to_string());
    if let Some(run) = &accept {
        arguments.extend(["--accept-removals", run]);
    }
    for (wanted, flag) in [(!way.resume, "--no-resume"), (way.full, "--full")] {
        arguments.extend(wanted.then_some(flag));
    }
    let mut child = context
        .command(&arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let begun = Instant::now();
    let (requests, signal) = match way.end {
        End::Killed(requests) => (requests, "-KILL"),
        End::Terminated(requests) => (requests, "-TERM"),
        _ => (u64::MAX, ""),
    };
    while is_running(&mut child) && !signal.is_empty() {
        if asked(context) >= requests || begun.elapsed() > SOON {
            let id = child.id().to_string();
            // It may have ended a moment ago.
            let _ = Command::new("kill").args([signal, &id]).stderr(Stdio::null()).status();
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    while is_running(&mut child) {
        if begun.elapsed() > LONGEST {
            child.kill().expect("a kill");
            panic!("the binary did not end in time");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().expect("an end");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).expect("UTF-8");
    output.status.code().map_or(Came::Gone, |code| Came::Exited(code, said))
}

fn flag(name: &'static str) -> &'static str {
    Box::leak(format!("--{name}").into_boxed_str())
}

/// Its output is small: it fits the pipes, so that it never waits for a reader.
fn is_running(child: &mut Child) -> bool {
    child.try_wait().expect("a child").is_none()
}
