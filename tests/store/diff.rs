//! The difference of two runs is what was done between them, whichever runs they are.

use sigma_catalog::store::{RunEnd, RunState, StoreError};

use crate::World;
use crate::org::{Org, document, member};

/// Three catalogs in a row: the small one, another, and the small one again.
fn there_and_back() -> (World, [i64; 3], Vec<String>) {
    let world = World::new();
    let org = Org::small();
    let mut other = org.clone();
    other.members.pop();
    other.members[0].email = None;
    other.members.push(member("m4"));
    other.documents[0].name = Some("Renamed".into());
    other.documents.push(document("dm2", "data-model"));
    other.inside("wb1").elements[0].error = Some("broken".into());
    other.inside("wb2").pages.pop();
    other.inside("wb2").elements.pop();
    other.inside("wb2").columns.pop();
    other.inside("wb2").queries.pop();
    let runs = [&org, &other, &org].map(|org| world.run(org.deliveries()).run_id);
    let expected = [
        "+ data-model dm2",
        "+ member m4",
        "- element wb2/e3",
        "- element_column wb2/e3/c1",
        "- element_query wb2/e3",
        "- member m3",
        "- page wb2/p2",
        "~ element wb1/e1",
        "~ member m1",
        "~ workbook wb1",
    ];
    (world, runs, expected.map(str::to_owned).to_vec())
}

#[test]
fn the_difference_of_two_runs_is_what_was_done() {
    let (world, [first, second, _], expected) = there_and_back();
    assert_eq!(world.diff(first, second), expected);
    assert_eq!(world.diff(first, first), [""; 0]);
}

#[test]
fn the_difference_read_backwards_is_the_opposite() {
    let (world, [first, second, third], expected) = there_and_back();
    let mut opposite: Vec<String> = expected
        .iter()
        .map(|line| match line.split_at(1) {
            ("+", rest) => format!("-{rest}"),
            ("-", rest) => format!("+{rest}"),
            (sign, rest) => format!("{sign}{rest}"),
        })
        .collect();
    opposite.sort();
    assert_eq!(world.diff(second, third), opposite);
    assert_eq!(world.diff(second, first), opposite);
}

#[test]
fn what_went_and_came_back_unchanged_is_no_difference() {
    let (world, [first, _, third], _) = there_and_back();
    assert_eq!(world.diff(first, third), [""; 0]);
    assert_eq!(world.diff(third, first), [""; 0]);
}

#[test]
fn a_run_in_between_that_was_not_published_makes_no_difference() {
    let world = World::new();
    let mut org = Org::small();
    let first = world.run(org.deliveries());
    let mut wrong = org.clone();
    wrong.members[2].email = Some("wrong@example.com".into());
    wrong.teams.pop();
    let abandoned = world.fill(wrong.deliveries()).abandon_as(RunState::Failed, &RunEnd::default()).unwrap();
    drop(world.fill(wrong.deliveries()));
    org.members[0].email = Some("right@example.com".into());
    let last = world.run(org.deliveries());
    assert_eq!(last.run_id, first.run_id + 3);
    assert_eq!(world.diff(first.run_id, last.run_id), ["~ member m1"]);
    let refused =
        world.catalog().diff(first.run_id, abandoned.run_id, |_| -> Result<(), StoreError> { Ok(()) });
    assert_eq!(refused.unwrap_err().code(), "store.no_such_run");
    let refused = world.catalog().diff(0, last.run_id, |_| -> Result<(), StoreError> { Ok(()) });
    assert_eq!(refused.unwrap_err().code(), "store.no_such_run");
}

#[test]
fn a_difference_tells_the_name_of_what_differs() {
    let (world, [first, second, _], _) = there_and_back();
    let mut names = Vec::new();
    let told = world.catalog().diff(first, second, |change| -> Result<(), StoreError> {
        if matches!(change.kind.as_str(), "workbook" | "page" | "element_query" | "member") {
            names.push((change.id, change.name));
        }
        Ok(())
    });
    told.unwrap();
    names.sort();
    let named = |id: &str, name: Option<&str>| (id.to_owned(), name.map(str::to_owned));
    let expected = [
        named("m1", None),
        named("m3", None),
        named("m4", None),
        named("wb1", Some("Renamed")),
        named("wb2/e3", None),
        named("wb2/p2", Some("P2")),
    ];
    assert_eq!(names, expected);
}
