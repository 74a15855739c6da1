//! How old permissions are after a run that goes on with an interrupted one, and what is said of that.

use std::collections::BTreeSet;

use rusqlite::Connection;
use sigma_catalog::simulator::{Mutation, Options};

use crate::context::{Context, run};
use crate::resume::{CHANGED, Case, WORKERS, assert_alike, change, finish, killed_after, told};
use crate::resumed_parts::{document, inside};

#[test]
fn permissions_that_an_interrupted_run_had_read_are_said_to_be_as_old_as_it() {
    let case = Case::new(Options::small(), &[]);
    let whole = case.uninterrupted();
    for are_taken_over in [true, false] {
        let context = case.context();
        killed_after(&context, whole.requests - 1, &[]).expect("a run to kill");
        if !are_taken_over {
            let catalog = Connection::open(context.database()).expect("the catalog");
            let fell_short = "UPDATE staged_scope SET is_good = 0 WHERE endpoint LIKE '%-grants' \
                              OR endpoint IN ('team-members', 'user-attribute-values')";
            assert!(catalog.execute(fell_short, []).expect("an update") > 10);
        }
        context.simulator.answer_only(u64::MAX);
        let ran = finish(&context, &[]);
        let begun = context.rows("SELECT started_at FROM run WHERE run_id = 1").remove(0);
        let begun = begun.trim_matches('"').to_owned();
        let since = are_taken_over.then(|| begun.clone());
        assert_eq!(ran.json()["permissions_since"].as_str(), since.as_deref(), "{ran}");
        let read = context.rows("SELECT read_at FROM permission_read");
        assert_eq!(read.len() == 1 && read[0].contains(&begun), are_taken_over, "{read:?}");
        let object = context.rows("SELECT id FROM document ORDER BY 1").remove(0);
        let object = object.trim_matches('"').to_owned();
        for told in [&["runs", "show"][..], &["access", "object", &object], &["report", "R01"]] {
            let ran = run(&mut context.command(&[told, &["--db", "catalog.db"]].concat()));
            let says = ran.stdout.replacen(&format!("started        {begun}"), "", 1);
            assert_eq!(
                says.contains(&begun) || ran.stderr.contains(&begun),
                are_taken_over,
                "{told:?} {ran}"
            );
        }
    }
}

#[test]
fn permissions_that_an_interrupted_run_let_stand_are_asked_where_they_are_too_old_by_now() {
    let published_and_changed = |context: &Context, more: &[&str]| {
        assert_eq!(finish(context, more).code, 0);
        change(context);
    };
    let more = &["--grants-every", "1d"];
    let case = Case { before: published_and_changed, ..Case::new(Options::small(), more) };
    let whole = case.uninterrupted();
    let context = case.context();
    killed_after(&context, whole.requests - 1, more).expect("a run to kill");
    let carried = "SELECT count(*) > 0 FROM fetch_scope WHERE outcome = 'carried' AND run_id = 2 \
                   AND endpoint IN ('object-grants', 'member-grants', 'team-grants')";
    assert_eq!(context.rows(carried), ["1"]);
    let truth = context.simulator.truth();
    let of_catalog = context.rows("SELECT id FROM object_grant WHERE object_id IN (SELECT id FROM document)");
    let ids = truth["grants"].as_array().expect("grants").iter().filter_map(|grant| grant["id"].as_str());
    let taken =
        ids.into_iter().find(|id| of_catalog.contains(&format!("\"{id}\""))).expect("a grant").to_owned();
    context.simulator.mutate(&Mutation::RemoveGrant { grant: taken.clone() }).expect("a change");
    let catalog = Connection::open(context.database()).expect("the catalog");
    catalog
        .execute("UPDATE permission_read SET read_at = '2020-01-01T00:00:00.000Z'", [])
        .expect("an update");
    drop(catalog);
    context.simulator.answer_only(u64::MAX);
    let ran = finish(&context, more);
    assert_eq!((ran.code, ran.json()["resumes"].as_i64()), (0, Some(2)), "{ran}");
    assert!(!context.rows("SELECT id FROM object_grant").contains(&format!("\"{taken}\"")), "{ran}");
    // What came since they were read was asked by the interrupted run.
    let begun = context.rows("SELECT started_at FROM run WHERE run_id = 2").remove(0);
    assert_eq!(ran.json()["permissions_since"], begun.trim_matches('"'), "{ran}");
}

#[test]
fn after_a_longer_interruption_only_contents_are_taken_over_and_everything_else_is_as_it_is_now() {
    let changed = Case { before: |context, _| change(context), ..Case::new(Options::small(), &[]) };
    let new = changed.uninterrupted();
    let case = Case::new(Options::small(), &[]);
    let context = case.context();
    let first = killed_after(&context, case.uninterrupted().requests - 1, &[]).expect("a run to kill");
    change(&context);
    let catalog = Connection::open(context.database()).expect("the catalog");
    let hour = "UPDATE run SET heartbeat_at = strftime('%Y-%m-%dT%H:%M:%fZ', heartbeat_at, '-1 hour')";
    catalog.execute(hour, []).expect("an update");
    drop(catalog);
    context.simulator.answer_only(u64::MAX);
    let ran = finish(&context, &[]);
    assert_eq!((ran.code, ran.json()["resumes"].as_i64()), (0, Some(1)), "{ran}");
    assert_alike(&new.told, &told(&context), "an hour later");
    assert!(ran.json()["permissions_since"].is_null(), "{ran}");
    let second = context.simulator.asked().0;
    let again = inside(&first).into_iter().filter(|target| second.contains_key(*target)).map(document);
    let again: BTreeSet<&str> = again.collect();
    assert!(again.len() <= WORKERS + CHANGED, "asked again {again:#?}");
    assert!(inside(&first).into_iter().map(document).collect::<BTreeSet<_>>().len() > 3 * again.len());
}
