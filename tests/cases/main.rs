//! The list of failure cases and the tests that show each of them: every case has a test, and every test named exists.
//!
//! One file per group beside this one, a line for each test of a case: `E18 tests/client/statuses.rs name_of_the_test`.

use std::collections::BTreeSet;
use std::path::Path;

/// The groups, how many cases each has, and what they are about.
const GROUPS: [(char, usize, &str); 9] = [
    ('A', 9, include_str!("a.txt")),
    ('B', 10, include_str!("b.txt")),
    ('C', 8, include_str!("c.txt")),
    ('D', 22, include_str!("d.txt")),
    ('E', 44, include_str!("e.txt")),
    ('F', 10, include_str!("f.txt")),
    ('G', 14, include_str!("g.txt")),
    ('H', 5, include_str!("h.txt")),
    ('I', 6, include_str!("i.txt")),
];

/// The lines of a group, each split into case, file and test.
fn lines(group: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    let lines = group.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| {
        let mut words = line.split_whitespace();
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some(case), Some(file), Some(test), None) => (case, file, test),
            _ => panic!("not \"case file test\": {line}"),
        }
    })
}

#[test]
fn every_test_that_is_named_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (case, file, test) in GROUPS.iter().flat_map(|(_, _, text)| lines(text)) {
        let source = std::fs::read_to_string(root.join(file))
            .unwrap_or_else(|error| panic!("{case}: {file}: {error}"));
        assert!(source.contains(&format!("fn {test}(")), "{case}: {file} has no test `{test}`");
    }
}

#[test]
fn every_case_has_a_test() {
    for (group, count, text) in GROUPS {
        let named: BTreeSet<_> = lines(text).map(|(case, _, _)| case.to_owned()).collect();
        let wanted: BTreeSet<_> = (1..=count).map(|number| format!("{group}{number}")).collect();
        assert_eq!(named, wanted, "group {group}");
    }
}
