//! Readers and a writer at the same time.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use sigma_catalog::catalog::organisation::{Member, Team};

use crate::org::{Org, member, team};
use crate::{World, view};

/// An organisation in which every name says which version it is.
fn version(number: usize) -> Org {
    let mut org = Org::small();
    let name = format!("version {number}");
    org.teams = (0..50).map(|at| Team { name: Some(name.clone()), ..team(&format!("t{at}")) }).collect();
    org.members =
        (0..50).map(|at| Member { first_name: Some(name.clone()), ..member(&format!("m{at}")) }).collect();
    org
}

#[test]
fn whoever_reads_while_runs_are_published_sees_one_of_them_whole() {
    let world = World::new();
    world.run_accepting(version(0).deliveries());
    let over = AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let db = world.reader();
            let mut seen = BTreeSet::new();
            while !over.load(Ordering::Relaxed) {
                // One statement sees one state.
                let sql = "SELECT name, count(*) FROM (SELECT name FROM team UNION ALL SELECT first_name FROM member) \
                           GROUP BY 1";
                let found = view(&db, sql);
                assert!(found.len() == 1 && found[0].ends_with("|100"), "a mix: {found:?}");
                seen.extend(found);
            }
            seen
        });
        for number in 1..12 {
            world.run_accepting(version(number).deliveries());
        }
        over.store(true, Ordering::Relaxed);
        reading.join().expect("a reader")
    });
    assert!(seen.len() > 2, "the reader saw too little to show anything: {seen:?}");
}
