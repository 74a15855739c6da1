//! Every way in which an answer fails, in a whole run: what becomes of the scope, and what of the run.

use sigma_catalog::simulator::{Mutation, Options};

use super::world::{break_it, exit_of, extract, extract_from, scope, workbooks};
use crate::context::Context;
use crate::truth;

/// A failure of the pages of one workbook: how their scope ends, and after how many requests.
const OF_A_CHILD: [(&str, &str, &str, u32); 18] = [
    ("400", "failed", "request.rejected", 1),
    ("402", "failed", "server.timed_out", 6),
    ("403", "denied", "access.forbidden", 1),
    ("404", "gone", "object.not_found", 1),
    ("408", "failed", "server.timed_out", 6),
    ("409", "skipped", "object.archived", 1),
    ("410", "skipped", "endpoint.retired", 1),
    ("425", "failed", "server.error", 6),
    ("500", "failed", "server.error", 2),
    ("501", "failed", "server.error", 1),
    ("502", "failed", "server.error", 6),
    ("503", "failed", "server.error", 6),
    ("504", "failed", "server.timed_out", 6),
    ("reset", "failed", "network.broken", 6),
    ("truncate", "failed", "network.broken", 6),
    ("html200", "failed", "body.not_json", 6),
    ("malformed", "failed", "body.not_json", 6),
    ("null", "failed", "body.shape", 1),
];

/// Failures that pass: after one or two of them the answer comes.
const THAT_PASS: [&str; 12] = [
    "401 x1",
    "402 x2",
    "408 x2",
    "425 x2",
    "429 x1 retry-after=0",
    "500 x1",
    "503 x2",
    "504 x2",
    "reset x2",
    "truncate x2",
    "html200 x2",
    "malformed x2",
];

/// What the lineage endpoints of a document answer where there is none, and how that scope ends. The elements, which are asked
/// after a 400 or 404 for the whole, have none either.
const OF_LINEAGE: [(&str, &str); 3] = [
    ("400", "\"complete\" | \"\" | 0 | "),
    ("404", "\"complete\" | \"\" | 0 | "),
    ("500", "\"carried\" | \"object.no_data\" | 0 | 1"),
];

fn touch(context: &Context, document: &str) {
    let document = document.to_owned();
    context.simulator.mutate(&Mutation::TouchDocument { document }).expect("a change");
}

#[test]
fn every_failure_of_a_child_ends_its_scope_as_it_should_and_no_other() {
    let context = Context::new(Options { workbooks: 60, ..Options::small() });
    assert_eq!(exit_of(&extract(&context)), 0);
    let workbooks = workbooks(&context, &["lineage_edge"]);
    assert!(workbooks.len() > OF_A_CHILD.len() + THAT_PASS.len() + OF_LINEAGE.len(), "{}", workbooks.len());
    let (broken, others) = workbooks.split_at(OF_A_CHILD.len());
    let (shaky, others) = others.split_at(THAT_PASS.len());
    let (without, _) = others.split_at(OF_LINEAGE.len());
    let everything = |table: &str| context.rows(&format!("SELECT * FROM {table} ORDER BY 1, 2, 3"));
    let before = ["page", "element", "element_column", "element_query"].map(everything);
    let mut rules = Vec::new();
    for (workbook, (fault, ..)) in broken.iter().zip(OF_A_CHILD) {
        rules.push(format!("GET /v2/workbooks/{workbook}/pages {fault}"));
    }
    for (workbook, fault) in shaky.iter().zip(THAT_PASS) {
        rules.push(format!("GET /v2/workbooks/{workbook}/pages {fault}"));
        rules.push(format!("GET /v2/workbooks/{workbook}/columns {fault}"));
    }
    for (workbook, (status, _)) in without.iter().zip(OF_LINEAGE) {
        rules.push(format!("GET /v2/workbooks/{workbook}/lineage* {status}"));
    }
    workbooks.iter().for_each(|workbook| touch(&context, workbook));
    break_it(&context, &rules);
    let ran = extract(&context);
    assert_eq!(exit_of(&ran), 3);
    let report = ran.expect("a run");
    let ended_badly = context.rows(
        "SELECT parent_id FROM fetch_scope WHERE run_id = 2 AND endpoint = 'pages' \
         AND outcome NOT IN ('complete', 'not_applicable', 'carried', 'excluded') ORDER BY 1",
    );
    let quoted: Vec<_> = broken.iter().map(|workbook| format!("{workbook:?}")).collect();
    assert_eq!(ended_badly, quoted, "and nobody else's");
    for (workbook, (fault, outcome, code, calls)) in broken.iter().zip(OF_A_CHILD) {
        assert_eq!(
            scope(&context, "pages", workbook),
            format!("{outcome:?} | {code:?} | 0 | {calls}"),
            "{fault}"
        );
    }
    for (workbook, fault) in shaky.iter().zip(THAT_PASS) {
        for endpoint in ["pages", "columns"] {
            let scope = scope(&context, endpoint, workbook);
            assert!(scope.starts_with("\"complete\" | \"\" | "), "{fault}: {endpoint}: {scope}");
            let calls: u32 = if fault.contains("x2") { 3 } else { 2 };
            assert!(scope.ends_with(&format!(" | {calls}")), "{fault}: {endpoint}: {scope}");
        }
    }
    for (workbook, (status, outcome)) in without.iter().zip(OF_LINEAGE) {
        let scope = scope(&context, "lineage", workbook);
        assert!(scope.starts_with(outcome), "{status}: {scope}");
        let edges = context.rows(&format!("SELECT 1 FROM lineage_edge WHERE document_id = '{workbook}'"));
        // A server in trouble answers 500 too: what is known stays.
        assert_eq!(edges.is_empty(), status != "500", "{status}");
    }
    let after = ["page", "element", "element_column", "element_query"].map(everything);
    assert!(before == after, "nothing changed in the organisation, so nothing may have in the catalog");
    // One token for all of it, and one more for each of the two times it was refused.
    assert_eq!(report.stats.token_calls, 3);
    break_it(&context, &[]);
    workbooks.iter().for_each(|workbook| touch(&context, workbook));
    assert_eq!(exit_of(&extract(&context)), 0);
    let wrong = truth::differences(&context);
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_failure_at_what_no_catalog_can_do_without_ends_the_run_with_its_exit_code() {
    let context = Context::small();
    assert_eq!(exit_of(&extract(&context)), 0);
    let state = || {
        let tables = context
            .rows("SELECT name FROM sqlite_schema WHERE name LIKE '%\\_history' ESCAPE '\\' ORDER BY 1");
        let rows = |table: &String| {
            context.rows(&format!("SELECT * FROM {} ORDER BY 1, 2", table.trim_matches('"')))
        };
        tables.iter().map(rows).collect::<Vec<_>>()
    };
    let before = state();
    for (rule, exit, code, said) in [
        ("GET /v2/files 403", 6, "access.forbidden", "listing folders"),
        ("GET /v2/members 403", 6, "access.forbidden", "listing members"),
        ("GET /v2/workbooks 403 skip=1", 6, "access.forbidden", "listing workbooks"),
        ("GET /v2/workbooks 503", 7, "server.error", "after 6 attempts"),
        ("GET /v2/workbooks 500", 7, "server.error", "after 2 attempts"),
        ("GET /v2/workbooks 410", 7, "endpoint.retired", "/v2/workbooks"),
        ("GET /v2/teams html200", 7, "body.not_json", "bytes"),
        ("GET /v2/teams null-entries", 7, "body.shape", "`entries`"),
        ("GET /v2/teams reset", 7, "network.broken", "127.0.0.1"),
        ("GET /v2/* unauthorized", 5, "auth.token_refused", "401"),
        ("POST /v2/auth/token 503", 7, "server.error", "/v2/auth/token"),
        ("POST /v2/auth/token 401", 5, "auth.rejected", "client secret"),
        // Also where it is only a child that is refused: Sigma means everybody.
        ("GET /v2/teams/{teamId}/members 429 retry-after=301", 7, "rate.retry_after_too_long", "301 seconds"),
        ("GET /v2/teams/{teamId}/members html429", 7, "rate.limited", "bytes"),
    ] {
        break_it(&context, &[rule.to_owned()]);
        // A token call has to keep its distance from the one before it.
        let ran = extract_from(&context, &context.simulator.url(), |options| {
            if rule.contains("token") {
                options.retry.attempts = 2;
            }
        });
        assert_eq!(exit_of(&ran), exit, "{rule}");
        let error = ran.expect_err(rule).error;
        assert_eq!(error.code(), code, "{rule}: {error}");
        assert!(error.to_string().contains(said), "{rule}: {error}");
        assert!(!error.to_string().contains("1015") && !error.to_string().contains('<'), "{rule}: {error}");
        assert!(error.remedy().is_some_and(|remedy| remedy.len() > 20), "{rule}");
        let run = context.rows("SELECT state, exit_code FROM run ORDER BY run_id DESC LIMIT 1");
        assert_eq!(run, [format!("\"failed\" | {exit}")], "{rule}");
        assert!(before == state(), "{rule}");
    }
    // What ends one run ends no more than that.
    break_it(&context, &[]);
    assert_eq!(exit_of(&extract(&context)), 0);
    assert!(before == state());
}

#[test]
fn a_token_that_ends_again_and_again_costs_one_token_call_each_time() {
    let context = Context::small();
    let stop = std::sync::atomic::AtomicBool::new(false);
    let ran = std::thread::scope(|scope| {
        let ended = scope.spawn(|| {
            let ran = extract(&context);
            stop.store(true, std::sync::atomic::Ordering::SeqCst);
            ran
        });
        let mut revoked = 0;
        while !stop.load(std::sync::atomic::Ordering::SeqCst) {
            std::thread::sleep(std::time::Duration::from_millis(1_100));
            context.simulator.revoke_tokens();
            revoked += 1;
        }
        (ended.join().expect("no panic"), revoked)
    });
    let (ran, revoked) = ran;
    assert_eq!(exit_of(&ran), 0);
    let calls = ran.expect("a run").stats.token_calls;
    assert!(calls <= 1 + revoked, "{calls} token calls for {revoked} tokens that ended");
    let wrong = truth::differences(&context);
    assert!(wrong.is_empty(), "{wrong}");
}
