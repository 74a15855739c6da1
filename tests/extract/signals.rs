//! A run that is told to stop, or killed, leaves the last published catalog.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sigma_catalog::simulator::{Mutation, Options};

use crate::context::Context;
use crate::truth;

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
