//! A run that would remove suspiciously much is not published, whatever else it brings.

use sigma_catalog::catalog::delivery::{Outcome, scope};
use sigma_catalog::store::{RunEnd, RunOutcome, RunState};

use crate::org::{Inside, Org, document, file, member};
use crate::{World, assert_same};

/// An organisation with so many workbooks, each with a page of one element.
fn with_workbooks(count: usize) -> Org {
    let mut org = Org::small().without_document("wb1").without_document("wb2");
    org.grants.retain(|grant| !grant.object_id.starts_with("wb"));
    for number in 0..count {
        let id = format!("w{number}");
        org.documents.push(document(&id, "workbook"));
        org.inside.insert(id, Inside::default().page("p", &["e"]));
    }
    org
}

fn refused(outcome: &RunOutcome) -> Vec<(String, i64, i64)> {
    outcome.refusals.iter().map(|refusal| (refusal.kind.clone(), refusal.before, refusal.removed)).collect()
}

/// Runs both; the second must be refused for the kind, leave nothing behind, and pass when accepted.
#[track_caller]
fn refuses(before: &Org, after: &Org, kind: &str, had: i64, removed: i64) {
    let world = World::new();
    let first = world.run(before.deliveries());
    let (history, seen) = (world.history(), world.reader());
    let second = world.run(after.deliveries());
    assert_eq!(second.state, RunState::Rejected, "{kind}");
    assert_eq!(refused(&second), [(kind.to_owned(), had, removed)]);
    assert_same(&history, &world.history());
    drop(seen);
    let runs = world.catalog().runs(5).unwrap();
    assert_eq!((runs[0].state, runs[0].exit_code, runs[0].is_current), (RunState::Rejected, Some(4), false));
    assert!(runs[1].is_current && runs[1].run_id == first.run_id);
    assert_eq!(world.catalog().counts(second.run_id).unwrap().len(), 0);
    let third = world.run_accepting(after.deliveries());
    assert_eq!(third.state, RunState::Published, "{kind}");
    assert_eq!(third.counts[kind].removed, removed, "{kind}");
    assert_eq!(refused(&third), []);
}

#[test]
fn six_workbooks_that_become_one_are_refused_although_everything_else_grows() {
    let mut after = with_workbooks(1);
    after.members.extend((10..60).map(|number| member(&format!("m{number}"))));
    after.files.extend((0..60).map(|number| file(&format!("x{number}"), "folder", None)));
    refuses(&with_workbooks(6), &after, "workbook", 6, 5);
}

#[test]
fn more_than_three_in_ten_of_a_large_kind_are_refused_and_three_in_ten_are_not() {
    let of = |count: usize| {
        let mut org = Org::small();
        org.members.extend((0..count - 3).map(|number| member(&format!("x{number}"))));
        org
    };
    refuses(&of(100), &of(69), "member", 100, 31);
    let world = World::new();
    world.run(of(100).deliveries());
    let second = world.run(of(70).deliveries());
    assert_eq!(second.state, RunState::Published);
    assert_eq!(second.counts["member"].removed, 30);
}

#[test]
fn few_removals_pass_however_small_the_kind_is() {
    let world = World::new();
    world.run(with_workbooks(6).deliveries());
    let second = world.run(with_workbooks(2).deliveries());
    assert_eq!((second.state, second.counts["workbook"].removed), (RunState::Published, 4));
}

#[test]
fn three_of_a_kind_that_become_none_are_refused() {
    refuses(&with_workbooks(3), &with_workbooks(0), "workbook", 3, 3);
}

#[test]
fn two_of_a_kind_that_become_none_are_reported() {
    let world = World::new();
    world.run(with_workbooks(2).deliveries());
    let second = world.run(with_workbooks(0).deliveries());
    assert_eq!(second.state, RunState::Published);
    assert!(second.emptied.contains(&"workbook".to_owned()), "{second:?}");
}

#[test]
fn people_containers_and_grants_are_never_emptied() {
    let mut one = Org::small();
    one.members.truncate(1);
    one.teams.clear();
    one.team_members.clear();
    one.grants.clear();
    let mut none = one.clone();
    none.members.clear();
    refuses(&one, &none, "member", 1, 1);

    let mut with_team = one.clone();
    with_team.teams.push(crate::org::team("t"));
    refuses(&with_team, &one, "team", 1, 1);

    let mut no_workspace = one.clone();
    no_workspace.workspaces.clear();
    refuses(&one, &no_workspace, "workspace", 1, 1);

    let mut with_grant = one.clone();
    with_grant.grants.push(crate::org::grant("g", "wb1", "m1", ""));
    refuses(&with_grant, &one, "object_grant", 1, 1);
}

#[test]
fn what_goes_together_with_its_parent_is_not_suspicious() {
    let world = World::new();
    // Of twenty documents one holds nearly all pages, and all grants are on it.
    let mut org = with_workbooks(20);
    let pages: Vec<String> = (0..100).map(|number| format!("p{number}")).collect();
    let big = pages.iter().fold(Inside::default(), |inside, page| inside.page(page, &[page]));
    org.inside.insert("w0".into(), big);
    org.grants = (0..10).map(|number| crate::org::grant(&format!("g{number}"), "w0", "m1", "")).collect();
    world.run(org.deliveries());
    let mut after = org.without_document("w0");
    after.grants.clear();
    let second = world.run(after.deliveries());
    assert_eq!((second.state, refused(&second)), (RunState::Published, vec![]));
    assert_eq!((second.counts["page"].removed, second.counts["object_grant"].removed), (100, 10));
}

#[test]
fn what_goes_together_with_its_page_is_not_suspicious() {
    let world = World::new();
    let elements: Vec<String> = (0..20).map(|number| format!("x{number}")).collect();
    let elements: Vec<&str> = elements.iter().map(String::as_str).collect();
    let mut org = Org::small();
    let inside = org.inside("wb1").clone().page("p3", &elements);
    org.inside.insert("wb1".into(), inside);
    world.run(org.deliveries());
    let second = world.run(Org::small().deliveries());
    assert_eq!((second.state, refused(&second)), (RunState::Published, vec![]));
    assert_eq!(second.counts["element"].removed, 20);
}

#[test]
fn the_contents_of_documents_that_stay_are_guarded_too() {
    let mut before = Org::small();
    let elements: Vec<String> = (0..20).map(|number| format!("x{number}")).collect();
    let elements: Vec<&str> = elements.iter().map(String::as_str).collect();
    let inside = before.inside("wb1").clone().page("p3", &elements);
    before.inside.insert("wb1".into(), inside);
    let mut after = before.clone();
    after.inside("wb1").queries.retain(|query| !query.element_id.starts_with('x'));
    refuses(&before, &after, "element_query", 27, 20);
}

#[test]
fn a_run_after_a_rejected_one_compares_with_the_published_one() {
    let world = World::new();
    let first = world.run(with_workbooks(6).deliveries());
    world.run(with_workbooks(1).deliveries());
    let third = world.run(with_workbooks(6).deliveries());
    assert_eq!(third.state, RunState::Published);
    assert_eq!(third.counts["workbook"].unchanged, 6);
    assert_eq!(world.diff(first.run_id, third.run_id), [""; 0]);
    // And the guard is as awake as before.
    let fourth = world.run(with_workbooks(1).deliveries());
    assert_eq!(fourth.state, RunState::Rejected);
}

#[test]
fn a_listing_that_failed_does_not_wake_the_guard() {
    let world = World::new();
    world.run(with_workbooks(6).deliveries());
    let second =
        world.run(with_workbooks(0).ends(scope::DOCUMENTS, "workbook", Outcome::Failed).deliveries());
    assert_eq!((second.state, second.counts["workbook"].total), (RunState::PublishedPartial, 6));
}

#[test]
fn what_was_accepted_for_one_rejection_lets_nothing_else_pass() {
    let world = World::new();
    world.run(with_workbooks(12).deliveries());
    let after = with_workbooks(6);
    let rejected = world.run(after.deliveries());
    assert_eq!(refused(&rejected), [("workbook".to_owned(), 12, 6)]);
    let told = world.catalog().run(rejected.run_id).unwrap().message.unwrap();
    assert!(told.contains("6 of 12") && told.contains("workbook"), "{told}");
    let accepted = world.store().refused_removals(rejected.run_id).unwrap();
    assert_eq!(accepted, [("workbook".to_owned(), 6)].into());
    let publish = |org: &Org| world.fill(org.deliveries()).publish(&RunEnd::default(), &accepted).unwrap();
    // More of the same kind, or something of another kind, is a new suspicion.
    assert_eq!(publish(&with_workbooks(5)).state, RunState::Rejected);
    let mut nobody = with_workbooks(6);
    nobody.members.clear();
    assert_eq!(publish(&nobody).state, RunState::Rejected);
    assert_eq!(publish(&after).state, RunState::Published);
}

#[test]
fn what_was_accepted_stays_accepted_where_something_else_has_the_run_rejected() {
    let world = World::new();
    world.run(with_workbooks(12).deliveries());
    let rejected = world.run(with_workbooks(6).deliveries());
    let accepted = world.store().refused_removals(rejected.run_id).unwrap();
    let mut nobody = with_workbooks(6);
    nobody.members.clear();
    let again = world.fill(nobody.deliveries()).publish(&RunEnd::default(), &accepted).unwrap();
    assert_eq!(again.state, RunState::Rejected);
    let kinds: Vec<_> = again.refusals.iter().map(|refusal| refusal.kind.as_str()).collect();
    assert_eq!(kinds, ["member", "workbook"], "nothing was removed, so both are to be accepted");
    let accepted = world.store().refused_removals(again.run_id).unwrap();
    let outcome = world.fill(nobody.deliveries()).publish(&RunEnd::default(), &accepted).unwrap();
    assert_eq!(outcome.state, RunState::Published);
}
