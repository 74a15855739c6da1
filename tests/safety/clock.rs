//! The clock is wrong, or jumps: nothing is scheduled by it, nothing lasts a negative time, and no token is asked for anew.
//!
//! Needs libfaketime, which answers for the clock of the day; the monotonic one keeps running.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use rusqlite::Connection;
use sigma_catalog::simulator::Options;

use crate::context::{Context, Ran};

/// Where Debian and Fedora put it.
fn library() -> PathBuf {
    let folders =
        ["/usr/lib/x86_64-linux-gnu/faketime", "/usr/lib/aarch64-linux-gnu/faketime", "/usr/lib64/faketime"];
    let files = folders.map(|folder| PathBuf::from(folder).join("libfaketime.so.1"));
    files.into_iter().find(|file| file.exists()).expect("libfaketime is not installed")
}

/// An extraction under another clock, which has to end well, fast and with one token.
fn assert_runs(context: &Context, environment: &[(&str, &str)], midway: impl FnOnce()) -> Ran {
    context.simulator.reset_stats();
    let url = context.simulator.url();
    let mut command =
        context.command(&["extract", "--api-url", &url, "--db", "catalog.db", "--format", "json"]);
    command
        .env("LD_PRELOAD", library())
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .envs(environment.iter().copied());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    while context.simulator.stats()["total"].as_u64().is_none_or(|total| total < 40) {
        std::thread::sleep(Duration::from_millis(5));
    }
    midway();
    let ran: Ran = child.wait_with_output().expect("an end").into();
    assert_eq!(ran.code, 0, "{ran}");
    let summary = ran.json();
    let seconds = summary["duration_ms"].as_f64().map(|ms| ms / 1000.0);
    assert!(seconds.is_some_and(|seconds| (0.0..600.0).contains(&seconds)), "how long it took: {ran}");
    // One by whoever asks first; the token lasts an hour, whatever the date is.
    assert_eq!(context.simulator.stats()["token_calls"], 1, "{}", context.simulator.stats());
    let wrong = context.rows("SELECT run_id FROM run WHERE ended_at < started_at");
    assert!(wrong.is_empty(), "runs that ended before they began: {wrong:?}");
    ran
}

fn started(context: &Context) -> String {
    let catalog = Connection::open(context.database()).expect("the catalog");
    let sql = "SELECT started_at FROM run ORDER BY run_id DESC LIMIT 1";
    catalog.query_row(sql, [], |row| row.get(0)).expect("a run")
}

fn year() -> i64 {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).year().into()
}

#[test]
#[ignore = "needs libfaketime"]
fn five_years_ahead_changes_nothing_but_the_date() {
    let context = Context::small();
    assert_runs(&context, &[("FAKETIME", "+5y")], || {});
    assert!(started(&context).starts_with(&(year() + 5).to_string()), "the clock was not moved");
}

#[test]
#[ignore = "needs libfaketime"]
fn five_years_back_after_a_run_of_today_changes_nothing_but_the_date() {
    let context = Context::small();
    context.extract();
    let ran = assert_runs(&context, &[("FAKETIME", "-5y")], || {});
    assert!(started(&context).starts_with(&(year() - 5).to_string()), "the clock was not moved");
    assert_eq!(context.rows("SELECT published_run FROM catalog_state"), ["2"], "the later run counts: {ran}");
}

#[test]
#[ignore = "needs libfaketime"]
fn a_clock_that_jumps_in_the_middle_of_a_run_hurts_nobody() {
    for (before, after) in [("+0", "-1d"), ("+0", "+400d")] {
        let context = Context::new(Options { latency: Duration::from_millis(20), ..Options::small() });
        let file = context.folder.path().join("clock");
        fs::write(&file, before).expect("a file");
        let name = file.display().to_string();
        let clock = [("FAKETIME_TIMESTAMP_FILE", &*name), ("FAKETIME_NO_CACHE", "1")];
        assert_runs(&context, &clock, || fs::write(&file, after).expect("a file"));
    }
}

#[test]
#[ignore = "needs libfaketime"]
fn the_hour_that_comes_twice_and_the_one_that_does_not_come_are_hours_like_others() {
    for start in ["@2026-10-25 02:59:57", "@2027-03-28 01:59:57"] {
        let context = Context::new(Options { latency: Duration::from_millis(30), ..Options::small() });
        assert_runs(&context, &[("TZ", "Europe/Berlin"), ("FAKETIME", start)], || {});
    }
}

#[test]
#[ignore = "needs libfaketime"]
fn a_leap_day_is_a_day_like_others() {
    for start in ["@2028-02-28 23:59:57", "@2028-02-29 23:59:57"] {
        let context = Context::new(Options { latency: Duration::from_millis(30), ..Options::small() });
        assert_runs(&context, &[("TZ", "UTC"), ("FAKETIME", start)], || {});
        assert!(started(&context).starts_with("2028-02-2"), "the clock was not moved");
    }
}
