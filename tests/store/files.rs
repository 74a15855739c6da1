//! The file of a catalog: who may write it, who may read it, and what is no catalog.

use std::fs;

use rusqlite::Connection;
use sigma_catalog::store::schema::{APPLICATION_ID, VERSION};
use sigma_catalog::store::{Catalog, RunEnd, Store, lock};

use crate::org::Org;
use crate::{World, assert_same, start};

/// The code of a refusal to open the world's catalog for writing.
#[track_caller]
fn refused(world: &World) -> &'static str {
    Store::open(&world.path()).expect_err("this must not be opened").code()
}

#[test]
fn a_second_writer_is_refused_and_told_who_writes() {
    let world = World::new();
    let store = world.store();
    let error = Store::open(&world.path()).unwrap_err();
    assert_eq!(error.code(), "store.another_run");
    let said = error.to_string();
    assert!(said.contains(&format!("process {} since ", std::process::id())), "{said}");
    // Also while it runs, and not any more when it ended.
    let writer = store.begin(&start()).unwrap();
    assert_eq!(refused(&world), "store.another_run");
    assert!(Catalog::open(&world.path()).is_ok(), "readers need no lock");
    writer.publish(&RunEnd::default(), &std::collections::BTreeMap::new()).unwrap();
    world.store();
}

#[test]
fn a_refused_writer_does_not_touch_the_note_of_the_one_that_writes() {
    let world = World::new();
    let _store = world.store();
    let before = fs::read_to_string(lock::path_of(&world.path())).unwrap();
    refused(&world);
    assert_eq!(fs::read_to_string(lock::path_of(&world.path())).unwrap(), before);
}

#[cfg(unix)]
#[test]
fn every_file_of_a_catalog_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let mut writer = world.fill(Org::small().deliveries());
    writer.flush().unwrap();
    let reader = world.reader();
    assert_eq!(crate::view(&reader, "SELECT count(*) FROM member"), ["0"]);
    for name in ["catalog.db", "catalog.db-wal", "catalog.db-shm", "catalog.db.lock"] {
        let mode =
            fs::metadata(world.file(name)).unwrap_or_else(|error| panic!("{name}: {error}")).permissions();
        assert_eq!(mode.mode() & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_catalog_of_a_newer_program_is_refused_untouched() {
    let world = World::new();
    world.run(Org::small().deliveries());
    let newer = Connection::open(world.path()).unwrap();
    newer.pragma_update(None, "user_version", VERSION + 1).unwrap();
    newer.pragma_update(None, "wal_checkpoint", "TRUNCATE").ok();
    drop(newer);
    let before = fs::read(world.path()).unwrap();
    assert_eq!(refused(&world), "store.newer_schema");
    assert_eq!(Catalog::open(&world.path()).unwrap_err().code(), "store.newer_schema");
    assert!(fs::read(world.path()).unwrap() == before);
}

#[test]
fn a_database_of_another_program_is_refused_untouched() {
    let world = World::new();
    let foreign = Connection::open(world.path()).unwrap();
    foreign.execute_batch("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)").unwrap();
    drop(foreign);
    let before = fs::read(world.path()).unwrap();
    assert_eq!(refused(&world), "store.not_a_catalog");
    assert_eq!(Catalog::open(&world.path()).unwrap_err().code(), "store.not_a_catalog");
    assert!(fs::read(world.path()).unwrap() == before);
}

#[test]
fn a_file_that_is_no_database_is_refused_untouched() {
    let contents: [Vec<u8>; 3] =
        [b"network_id,sigma_email\n".repeat(200), vec![0; 8192], b"SQLite format 3\0 or so".to_vec()];
    for content in contents {
        let world = World::new();
        fs::write(world.path(), &content).unwrap();
        let codes = ["store.corrupt", "store.not_a_catalog"];
        assert!(codes.contains(&refused(&world)));
        assert!(codes.contains(&Catalog::open(&world.path()).unwrap_err().code()));
        assert!(fs::read(world.path()).unwrap() == content);
    }
}

#[test]
fn a_damaged_catalog_is_refused_untouched() {
    let damages: [fn(&mut Vec<u8>); 3] = [
        |bytes| bytes[..16].copy_from_slice(b"SQLite format 4\0"),
        |bytes| bytes.truncate(bytes.len() / 2),
        |bytes| bytes.truncate(4096),
    ];
    for damage in damages {
        let world = World::new();
        world.run(Org::small().deliveries());
        let mut bytes = fs::read(world.path()).unwrap();
        damage(&mut bytes);
        fs::write(world.path(), &bytes).unwrap();
        assert_eq!(refused(&world), "store.corrupt");
        assert_eq!(Catalog::open(&world.path()).unwrap_err().code(), "store.corrupt");
        assert!(fs::read(world.path()).unwrap() == bytes);
    }
}

#[test]
fn a_log_that_is_garbage_or_gone_costs_nothing_that_was_published() {
    for garbage in [Some(vec![0x5a; 40_000]), None] {
        let world = World::new();
        world.run(Org::small().deliveries());
        let before = world.history();
        let log = world.file("catalog.db-wal");
        match garbage {
            Some(garbage) => fs::write(&log, garbage).unwrap(),
            None => drop(fs::remove_file(&log)),
        }
        world.store();
        assert_same(&before, &world.history());
    }
}

#[test]
fn there_is_no_reading_where_there_is_no_catalog() {
    let world = World::new();
    assert_eq!(Catalog::open(&world.path()).unwrap_err().code(), "store.missing");
    assert!(!world.path().exists(), "asking makes no file");
    fs::write(world.path(), "").unwrap();
    assert_eq!(Catalog::open(&world.path()).unwrap_err().code(), "store.missing");
}

#[test]
fn a_reader_cannot_write() {
    let world = World::new();
    world.run(Org::small().deliveries());
    let catalog = world.catalog();
    let error = catalog.connection().execute("DELETE FROM run", []).unwrap_err();
    assert_eq!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::ReadOnly));
}

#[test]
fn a_path_that_cannot_be_written_is_named() {
    let world = World::new();
    fs::write(world.file("file"), "").unwrap();
    for below in ["file/catalog.db", "nowhere/catalog.db"] {
        let error = Store::open(&world.file(below)).unwrap_err();
        assert_eq!(error.code(), "store.path");
        assert!(error.to_string().contains(below), "{error}");
    }
    assert!(!world.file("nowhere").exists());
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_written_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let folder = world.file("closed");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o500)).unwrap();
    if fs::write(folder.join("probe"), "").is_ok() {
        return; // Nothing can be denied to root.
    }
    let error = Store::open(&folder.join("catalog.db")).unwrap_err();
    assert_eq!(error.code(), "store.path");
    assert!(error.to_string().contains("closed/catalog.db"), "{error}");
}

#[test]
fn a_catalog_that_another_program_keeps_locked_is_busy_and_stays_as_it_was() {
    let world = World::new();
    world.run(Org::small().deliveries());
    let before = world.history();
    let mut writer = world.begin();
    let other = Connection::open(world.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = Org::small().deliveries().into_iter().find_map(|delivery| writer.accept(delivery).err());
    assert_eq!(error.map(|error| error.code()), Some("store.busy"));
    other.execute_batch("ROLLBACK").unwrap();
    drop(writer);
    world.store();
    assert_same(&before, &world.history());
}

#[test]
fn a_new_file_says_what_it_is() {
    let world = World::new();
    world.store();
    let said = |pragma: &str| world.view(&format!("SELECT * FROM pragma_{pragma}"));
    assert_eq!(said("application_id"), [APPLICATION_ID.to_string()]);
    assert_eq!(said("user_version"), [VERSION.to_string()]);
    assert_eq!(said("journal_mode"), ["wal"]);
    assert_eq!(said("foreign_key_check"), [""; 0]);
}
