//! What a broken disk or clock may do to a catalog's file between runs.

use std::fs;

use rusqlite::Connection;
use sigma_catalog::store::{RunEnd, RunState, Store};

use crate::org::Org;
use crate::{World, any_removal, assert_same, view};

/// Spoils a page in the middle of the file, where no header is.
fn spoil(world: &World) -> Vec<u8> {
    let mut bytes = fs::read(world.path()).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0x5a);
    fs::write(world.path(), &bytes).unwrap();
    bytes
}

#[test]
fn a_file_is_read_through_after_a_run_that_ended_without_a_word() {
    let world = World::new();
    world.run(Org::small().deliveries());
    let mut writer = world.begin();
    writer.flush().unwrap();
    drop(writer);
    let spoilt = spoil(&world);
    let error = Store::open(&world.path()).unwrap_err();
    assert_eq!(error.code(), "store.corrupt");
    assert!(error.remedy().contains("restore a copy"), "{error}");
    assert!(fs::read(world.path()).unwrap() == spoilt, "the file is left as it is");
}

#[test]
fn without_its_log_a_catalog_is_what_was_last_written_to_the_file_itself() {
    let world = World::new();
    world.run(Org::small().deliveries());
    // While somebody reads, closing the catalog does not write the log back: publishing has to.
    let reader = world.reader();
    assert_eq!(view(&reader, "SELECT published_run FROM catalog_state"), ["1"]);
    world.run(Org::small().deliveries());
    let before = world.history();
    // A run in progress whose rows are in the log, and a machine that loses the log.
    let mut writer = world.fill([]);
    for delivery in Org::small().without_document("wb1").deliveries() {
        writer.accept(delivery).unwrap();
    }
    writer.flush().unwrap();
    assert!(fs::metadata(world.file("catalog.db-wal")).unwrap().len() > 0);
    let copy = World::new();
    fs::copy(world.path(), copy.path()).unwrap();
    let store = copy.store();
    assert_eq!(store.published().unwrap().unwrap().run_id, 2);
    drop(store);
    assert_same(&before, &copy.history());
    assert_eq!(copy.view("PRAGMA integrity_check"), ["ok"]);
}

#[test]
fn a_clock_that_was_set_back_lets_no_run_end_before_it_began() {
    let world = World::new();
    let writer = world.fill(Org::small().deliveries());
    let run = writer.run_id();
    let later = "2999-01-01T00:00:00.000Z";
    drop(writer);
    let writer = world.fill([]);
    let other = Connection::open(world.path()).unwrap();
    other.execute("UPDATE run SET started_at = ?", [later]).unwrap();
    writer.publish(&RunEnd::default(), &any_removal()).unwrap();
    let ended = world.view("SELECT ended_at FROM run ORDER BY run_id DESC LIMIT 1");
    assert_eq!(ended, [later], "run after {run}");
}

#[test]
fn what_was_removed_leaves_no_trace_in_the_file() {
    let world = World::new();
    let secret = "an address that somebody took back";
    let mut org = Org::small();
    org.members[0].email = Some(secret.repeat(50));
    world.run(Org::small().deliveries());
    let mut writer = world.fill(org.deliveries());
    writer.flush().unwrap();
    // Of a run that failed everything is deleted again, and the log is gone with the last who has the file open.
    writer.abandon_as(RunState::Failed, &RunEnd::default()).unwrap();
    assert!(!world.file("catalog.db-wal").exists());
    let bytes = fs::read(world.path()).unwrap();
    assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
}
