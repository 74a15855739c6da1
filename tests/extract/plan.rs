//! `extract --dry-run`: what would be asked, without asking it.

use serde_json::Value;
use sigma_catalog::simulator::Options;

use crate::context::{Context, run};

fn plan(context: &Context, arguments: &[&str]) -> Value {
    let ran = context.extract_with(&[&["--dry-run"], arguments].concat());
    assert_eq!(ran.code, 0, "{ran}");
    ran.json()
}

fn total(context: &Context) -> u64 {
    context.simulator.stats()["total"].as_u64().expect("a total")
}

fn requests<'a>(plan: &'a Value, endpoint: &str, of: &str) -> &'a Value {
    let steps = plan["steps"].as_array().expect("steps");
    let step = steps.iter().find(|step| step["endpoint"] == endpoint && step["of"] == of);
    &step.unwrap_or_else(|| panic!("no {endpoint} of {of}: {plan:#}"))["requests"]
}

#[test]
fn without_a_catalog_a_handful_of_requests_tells_what_can_be_told_and_nothing_is_made() {
    let context = Context::small();
    let plan = plan(&context, &[]);
    assert!(total(&context) <= 8, "{}", context.simulator.stats());
    assert!(std::fs::read_dir(context.folder.path()).expect("a folder").next().is_none(), "nothing was made");
    assert_eq!(plan["sizes_of_run"], Value::Null);
    assert!(requests(&plan, "/v2/workbooks/{workbookId}/columns", "workbook").as_u64() > Some(12));
    assert_eq!(
        *requests(&plan, "/v2/workbooks/{workbookId}/pages/{pageId}/elements", "workbook"),
        Value::Null
    );
    assert_eq!(*requests(&plan, "/v2/members", "organisation"), Value::Null);
    assert_eq!(plan["grants"]["by"], "undecided");
}

#[test]
fn with_a_catalog_the_plan_is_what_the_next_run_asks() {
    for (options, arguments) in [
        (Options::small(), &[][..]),
        (
            Options { workbooks: 30, elements: 60, awkward: false, ..Options::small() },
            &["--grants", "object"],
        ),
        (Options::small(), &["--lineage", "false", "--reports", "false"]),
        (Options::small(), &["--everything", "true", "--archived", "true", "--personal", "true"]),
    ] {
        let context = Context::new(options);
        assert_eq!(context.extract_with(arguments).code, 0);
        let planned = plan(&context, arguments);
        assert_eq!(planned["unknown_steps"], 0, "{planned:#}");
        assert_eq!(context.rows("SELECT count(*) FROM run"), ["1"], "no run was begun");
        context.simulator.reset_stats();
        assert_eq!(context.extract_with(arguments).code, 0);
        let (expected, asked) = (planned["requests"].as_u64().expect("a number"), total(&context));
        assert!(
            expected.abs_diff(asked) <= 4,
            "{expected} planned, {asked} asked: {planned:#} {:#}",
            context.simulator.stats()
        );
    }
}

#[test]
fn what_is_off_is_not_in_the_plan_and_what_needs_an_administrator_says_so() {
    let context = Context::small();
    let steps = |plan: &Value| plan["steps"].to_string();
    let all = steps(&plan(&context, &[]));
    assert!(all.contains("/lineage") && all.contains("crawl.lineage"), "{all}");
    assert!(!steps(&plan(&context, &["--lineage", "false"])).contains("/lineage"));
    let credentials = context.simulator.credentials();
    let ordinary =
        credentials.iter().find(|c| !c.account_type.eq_ignore_ascii_case("admin")).expect("a non-admin");
    let url = context.simulator.url();
    let mut command = context.command(&["extract", "--dry-run", "--api-url", &url, "--format", "json"]);
    command.env("SIGMA_CLIENT_ID", &ordinary.client_id).env("SIGMA_CLIENT_SECRET", &ordinary.client_secret);
    let plan = run(&mut command).json();
    assert_eq!(*requests(&plan, "/v2/accountTypes", "organisation"), 0);
    assert_eq!(plan["grants"]["by"], "object");
}

#[test]
fn people_see_a_table_and_a_total() {
    let context = Context::small();
    context.extract();
    let url = context.simulator.url();
    let ran = run(&mut context.command(&["extract", "--dry-run", "--api-url", &url, "--db", "catalog.db"]));
    assert_eq!(ran.code, 0, "{ran}");
    for said in [
        "requests",
        "/v2/workbooks/{id}/queries",
        "crawl.sql",
        "grants: ",
        "run 1 published",
        "nothing was crawled",
    ] {
        assert!(ran.stdout.contains(said), "{said}: {ran}");
    }
}
