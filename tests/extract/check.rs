//! `check` says what would work, and what to do about what would not.

use serde_json::Value;

use crate::context::{Context, EVERYTHING, Ran, run};

fn check(context: &Context, secret: Option<&str>, arguments: &[&str]) -> Ran {
    let url = context.simulator.url();
    let mut all = vec!["check", "--api-url", &url];
    all.extend(arguments);
    let mut command = context.command(&all);
    if let Some(secret) = secret {
        command.env("SIGMA_CLIENT_SECRET", secret);
    }
    run(&mut command)
}

fn line<'a>(report: &'a Value, what: &str) -> &'a Value {
    let lines = report["lines"].as_array().expect("lines");
    lines.iter().find(|line| line["what"] == what).unwrap_or_else(|| panic!("no {what} in {report:#}"))
}

#[test]
fn all_is_well_for_an_administrator() {
    let context = Context::small();
    let ran = check(&context, None, &[&["--format", "json"], &EVERYTHING[..]].concat());
    assert_eq!(ran.code, 0, "{ran}");
    let report = ran.json();
    assert_eq!(report["ok"], true);
    for line in report["lines"].as_array().expect("lines") {
        // Images cost warehouse queries: they are off unless asked for.
        let off = line["detail"].as_str().is_some_and(|detail| detail.ends_with("`previews.mode` is off"));
        assert!(off || ["ok", "nothing"].contains(&line["answer"].as_str().expect("an answer")), "{line}");
    }
    assert!(
        line(&report, "owner")["detail"].as_str().is_some_and(|text| text.ends_with(": an administrator"))
    );
    let text = check(&context, None, &[]);
    assert!(text.stdout.contains("/v2/workbooks/{workbookId}/columns"), "{text}");
}

#[test]
fn what_sigma_ended_is_no_failure() {
    let context = Context::small();
    context.simulator.set_faults(vec!["GET /v2/datasets/{datasetId}/sources 410".parse().expect("a rule")]);
    let ran = check(&context, None, &["--format", "json"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(line(&ran.json(), "sources of a dataset")["answer"], "nothing");
}

#[test]
fn a_wrong_secret_is_one_failed_line_with_its_remedy() {
    let context = Context::small();
    let ran = check(&context, Some("wrong"), &["--format", "json"]);
    assert_eq!(ran.code, 5, "{ran}");
    let report = ran.json();
    assert_eq!((&report["ok"], &report["exit_code"]), (&false.into(), &5.into()));
    let line = line(&report, "credentials");
    assert_eq!(line["answer"], "failed");
    assert!(line["remedy"].as_str().is_some_and(|remedy| remedy.contains("client secret")), "{line}");
    assert!(check(&context, Some("wrong"), &[]).stdout.contains("help: "));
}

#[test]
fn an_endpoint_that_there_is_no_catalog_without_decides_the_exit_code() {
    let context = Context::small();
    context.simulator.set_faults(vec!["GET /v2/members 403".parse().expect("a rule")]);
    let ran = check(&context, None, &["--format", "json"]);
    assert_eq!(ran.code, 6, "{ran}");
    assert_eq!(line(&ran.json(), "members")["answer"], "denied");
    // And the run itself ends the same way, before anything is stored.
    let ran = context.extract_with(&[]);
    assert_eq!(ran.code, 6, "{ran}");
    assert!(!context.database().exists());
    context.simulator.set_faults(vec!["GET /v2/accountTypes 403".parse().expect("a rule")]);
    let ran = check(&context, None, &["--format", "json"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(line(&ran.json(), "account types")["answer"], "denied");
}
