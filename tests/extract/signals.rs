//! A run that is told to stop, or killed, leaves the last published catalog.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use sigma_catalog::simulator::{Mutation, Options};

use crate::context::{Context, Ran};
use crate::{resume, truth};

/// A run in progress that has asked for some dozens of answers, while more are to come.
fn midway(context: &Context) -> Child {
    context.simulator.reset_stats();
    let url = context.simulator.url();
    let mut command = context.command(&["extract", "--api-url", &url, "--db", "catalog.db"]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
    while context.simulator.stats()["total"].as_u64().is_none_or(|total| total < 60) {
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
}

fn published(context: &Context) -> Vec<String> {
    context.rows("SELECT id, name, updated_at FROM document ORDER BY 1")
}

fn slow() -> Context {
    Context::new(Options { latency: Duration::from_millis(10), ..Options::small() })
}

#[test]
fn a_run_that_is_told_to_stop_says_so_and_keeps_the_last_catalog() {
    let context = slow();
    context.extract();
    let before = published(&context);
    let workbook = context.rows("SELECT id FROM document WHERE kind = 'workbook' LIMIT 1").remove(0);
    let document = workbook.trim_matches('"').to_owned();
    context
        .simulator
        .mutate(&Mutation::RenameDocument { document, name: "New".to_owned() })
        .expect("a change");
    for (name, code) in [("-INT", 130), ("-TERM", 143)] {
        let mut child = midway(&context);
        signal(&child, name);
        assert_eq!(child.wait().expect("an end").code(), Some(code));
        let ended = context.rows("SELECT state, exit_code FROM run ORDER BY run_id DESC LIMIT 1");
        assert_eq!(ended, [format!("\"interrupted\" | {code}")]);
        assert_eq!(published(&context), before);
    }
}

/// Sends the first signal to a run in progress; what it exits with, and how many requests came more than a second later.
fn stopped(context: &Context, mut child: Child, name: &str) -> (Option<i32>, u64) {
    let total = || context.simulator.stats()["total"].as_u64().expect("a total");
    signal(&child, name);
    let sent = Instant::now();
    let mut after_a_second = None;
    loop {
        if let Some(status) = child.try_wait().expect("a child") {
            let late = after_a_second.map_or(0, |then| total() - then);
            return (status.code(), late);
        }
        if after_a_second.is_none() && sent.elapsed() >= Duration::from_secs(1) {
            after_a_second = Some(total());
        }
        assert!(sent.elapsed() < Duration::from_secs(10), "{name}: the run does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_signal_ends_a_run_within_seconds_and_what_it_had_read_is_not_asked_again() {
    for (name, code) in [("-INT", 130), ("-TERM", 143)] {
        let context = slow();
        context.simulator.answer_only(u64::MAX);
        let child = midway(&context);
        assert_eq!(stopped(&context, child, name), (Some(code), 0));
        let first = context.simulator.asked().0;
        context.simulator.answer_only(u64::MAX);
        let ran = context.extract_with(&[]);
        assert_eq!(ran.code, 0, "{ran}");
        assert_eq!(ran.json()["resumes"], 1, "{ran}");
        assert!(ran.stderr.contains("goes on with run 1: the contents of "), "{ran}");
        resume::assert_nothing_twice(&first, &context.simulator.asked().0, 3, name);
        let wrong = truth::differences(&context);
        assert!(wrong.is_empty(), "{wrong}");
    }
}

/// Somebody who keeps the catalog locked: an orderly end has to wait for that, and fails in the end.
fn holding(context: &Context) -> Connection {
    let holder = Connection::open(context.database()).expect("the catalog");
    holder.busy_timeout(Duration::from_secs(20)).expect("patience");
    holder.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    holder
}

#[test]
fn a_second_signal_ends_a_run_at_once() {
    let context = slow();
    context.extract();
    let mut child = midway(&context);
    let holder = holding(&context);
    signal(&child, "-INT");
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().expect("a child").is_none(), "the orderly end waits");
    signal(&child, "-TERM");
    assert_eq!(child.wait().expect("an end").code(), Some(143));
    drop(holder);
    context.extract();
    let wrong = truth::differences(&context);
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn two_signals_in_one_moment_are_two() {
    let context = slow();
    context.extract();
    let mut child = midway(&context);
    let _holder = holding(&context);
    // A stopped process hears both when it goes on.
    for name in ["-STOP", "-INT", "-TERM", "-CONT"] {
        signal(&child, name);
    }
    let ended = child.wait().expect("an end").code();
    assert!([Some(130), Some(143)].contains(&ended), "{ended:?}");
}

#[test]
fn a_signal_wakes_a_run_that_waits_before_asking_again() {
    for retry_after in ["", " retry-after=120"] {
        let context = Context::small();
        let fault = format!("GET /v2/teams 429{retry_after}");
        context.simulator.set_faults(vec![fault.parse().expect("a fault")]);
        let url = context.simulator.url();
        let mut command = context.command(&["extract", "--api-url", &url, "--db", "catalog.db"]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
        while context.simulator.stats()["by_status"]["429"].as_u64().is_none_or(|refused| refused < 1) {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(stopped(&context, child, "-TERM"), (Some(143), 0), "{retry_after}");
    }
}

#[test]
fn a_reader_that_goes_away_costs_a_run_nothing() {
    let context = Context::small();
    let url = context.simulator.url();
    for format in ["text", "json"] {
        let mut command =
            context.command(&["extract", "--api-url", &url, "--db", "catalog.db", "--format", format]);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        drop(child.stdout.take());
        drop(child.stderr.take());
        assert_eq!(child.wait().expect("an end").code(), Some(0), "{format}");
        assert_eq!(context.rows("PRAGMA integrity_check"), ["\"ok\""]);
    }
    assert_eq!(context.rows("SELECT count(*) FROM run WHERE state = 'published'"), ["2"]);
    // As `| head -1` does: more output than a pipe holds, and nobody who reads it.
    for command in
        ["runs diff 1 2", "runs show --format json", "search e --limit 1000", "bi-views", "report R01"]
    {
        let mut arguments: Vec<&str> = command.split(' ').collect();
        arguments.extend(["--db", "catalog.db"]);
        let mut child = context
            .command(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        drop(child.stdout.take());
        let ran: Ran = child.wait_with_output().expect("an end").into();
        assert!(!ran.stderr.contains("panicked"), "{command}: {ran}");
        assert!([0, 2].contains(&ran.code), "{command}: {ran}");
    }
    let wrong = truth::differences(&context);
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_killed_run_leaves_the_last_catalog_and_the_next_one_is_whole() {
    let context = slow();
    context.extract();
    let before = published(&context);
    let mut child = midway(&context);
    assert_eq!(published(&context), before, "readers see the published run while another is being written");
    child.kill().expect("a kill");
    child.wait().expect("an end");
    assert_eq!(published(&context), before);
    context.extract();
    assert_eq!(context.rows("SELECT state FROM run WHERE run_id = 2"), ["\"abandoned\""]);
    let wrong = truth::differences(&context);
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_first_run_that_is_killed_leaves_an_empty_catalog() {
    let context = slow();
    let mut child = midway(&context);
    child.kill().expect("a kill");
    child.wait().expect("an end");
    assert_eq!(context.rows("SELECT count(*) FROM document"), ["0"]);
    context.extract();
    let wrong = truth::differences(&context);
    assert!(wrong.is_empty(), "{wrong}");
}
