//! Runs that read a part of an organisation, one user's view of it or images of it are gone on with like any other. What
//! decides the part is asked again, for it is held against itself before anything is taken; contents and images are not.

use std::collections::BTreeMap;

use sigma_catalog::simulator::Options;

use crate::context::Context;
use crate::resume::{Case, WORKERS, assert_alike, finish, in_hand, killed_after, points, told};

/// The questions about what lies in documents.
pub fn inside(asked: &BTreeMap<String, u64>) -> Vec<&str> {
    let kinds = ["/v2/workbooks/", "/v2/reports/", "/v2/dataModels/"];
    let is_inside = |target: &&str| kinds.iter().any(|kind| target.starts_with(kind)) && !is_export(target);
    asked.keys().map(String::as_str).filter(is_inside).collect()
}

fn is_export(target: &str) -> bool {
    target.ends_with("/export")
}

/// The document of a question about what lies in it.
pub fn document(target: &str) -> &str {
    target.split('/').nth(3).unwrap_or(target)
}

/// Kills a run at so many points of it, lets the next one go on, and compares with a run without interruption.
fn is_gone_on_with(case: &Case, kills: u64) {
    let whole = case.uninterrupted();
    let mut spared = 0;
    for answered in points(whole.requests, kills) {
        let what = format!("{:?} killed after {answered} of {}", case.more, whole.requests);
        let context = case.context();
        let first = killed_after(&context, answered, &case.more).expect("a run to kill");
        let staged = context.database().exists() && !context.rows("SELECT 1 FROM staging").is_empty();
        let drawn = if staged { context.rows("SELECT 1 FROM preview_history").len() } else { 0 };
        context.simulator.answer_only(u64::MAX);
        let ran = finish(&context, &case.more);
        assert!([0, 3].contains(&ran.code), "{what}: {ran}");
        assert_eq!(ran.json()["resumes"].is_i64(), staged, "{what}: {ran}");
        assert_alike(&whole.told, &told(&context), &what);
        let second = context.simulator.asked().0;
        // What Sigma was still drawing has to be drawn again.
        let exports: u64 =
            second.iter().filter(|(target, _)| is_export(target)).map(|(_, count)| count).sum();
        assert_eq!(exports as usize, whole.told["preview"].len() - drawn, "{what}");
        let mut again: Vec<&str> =
            inside(&first).into_iter().filter(|target| second.contains_key(*target)).collect();
        spared += inside(&first).len() - again.len();
        again = again.into_iter().map(document).collect();
        again.dedup();
        assert!(again.len() <= in_hand(WORKERS), "{what}: asked again {again:#?}");
    }
    assert!(spared > 50, "{:?}: next to nothing was taken over: {spared}", case.more);
}

#[test]
fn a_killed_run_with_filters_is_gone_on_with() {
    let context = Context::small();
    assert_eq!(finish(&context, &[]).code, 0);
    let one = |sql: &str| -> &'static str {
        Box::leak(context.rows(sql).remove(0).trim_matches('"').to_owned().into_boxed_str())
    };
    let workspace = one(
        "SELECT w.name FROM workspace w JOIN file f ON f.parent_id = w.id GROUP BY 1 ORDER BY count(*) DESC",
    );
    let document = one("SELECT id FROM document WHERE kind = 'workbook' ORDER BY 1 DESC");
    for more in [["--exclude-workspaces", workspace], ["--exclude-documents", document]] {
        is_gone_on_with(&Case::new(Options::small(), &more), 4);
    }
}

#[test]
fn a_killed_run_of_one_users_view_is_gone_on_with() {
    let view = ["--mirroring", "false", "--login-user", "chris.creator@northwind-labs.example"];
    is_gone_on_with(&Case::new(Options::small(), &view), 4);
}

#[test]
fn a_killed_run_that_draws_images_is_gone_on_with() {
    is_gone_on_with(&Case::new(Options::small(), &["--previews", "pages"]), 2);
}
