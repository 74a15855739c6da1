//! Readers see the last published catalog, whole, whatever a run does or however it ends.

use sigma_catalog::catalog::TABLES;
use sigma_catalog::catalog::delivery::{Delivery, Event, Severity};
use sigma_catalog::store::{RunEnd, RunState, Writer};

use crate::org::Org;
use crate::{History, World, assert_same, history, reader, start, view};

/// What a reader sees of every record, and of every view of the stable face.
fn seen(db: &rusqlite::Connection) -> Vec<(String, Vec<String>)> {
    let names = view(db, "SELECT name FROM sqlite_schema WHERE type = 'view'");
    assert!(names.len() > TABLES.len());
    names.into_iter().map(|name| (name.clone(), view(db, &format!("SELECT * FROM {name}")))).collect()
}

/// The small organisation with something new, changed and removed in nearly every table.
fn other() -> Org {
    let mut org = Org::small();
    org.organizations[0].slug = Some("other".into());
    org.members[0].email = None;
    org.members[2].id = "m9".into();
    org.teams[0].name = Some("Other".into());
    org.team_members.remove(0);
    org.workspaces[0].name = Some("Other".into());
    org.files[1].badge = Some("Warning".into());
    org.connections[0].name = Some("Other".into());
    org.grants[1].permission = Some("edit".into());
    let inside = org.inside("wb1").clone().page("p9", &["e9"]);
    org.inside.insert("wb1".into(), inside);
    org.inside("wb1").elements[0].name = Some("Other".into());
    org.inside("wb2").columns.clear();
    org.inside("dm1").elements.clear();
    org
}

#[test]
fn there_is_nothing_to_see_before_the_first_publish() {
    let world = World::new();
    let mut writer = world.fill(Org::small().deliveries());
    writer.flush().unwrap();
    assert!(seen(&world.reader()).iter().all(|(_, rows)| rows.is_empty()));
    assert!(world.catalog().runs(9).unwrap().iter().all(|run| !run.is_current));
}

#[test]
fn readers_see_the_old_catalog_until_the_new_one_is_published() {
    let world = World::new();
    world.run(Org::small().deliveries());
    let old = seen(&world.reader());
    let mut writer = world.begin();
    for delivery in other().deliveries() {
        writer.accept(delivery).unwrap();
        writer.flush().unwrap();
        assert_eq!(seen(&world.reader()), old);
    }
    writer.publish(&RunEnd::default(), &crate::any_removal()).unwrap();
    let alone = World::new();
    alone.run(other().deliveries());
    let (new, expected) = (seen(&world.reader()), seen(&alone.reader()));
    for ((name, rows), (_, expected)) in
        new.iter().zip(&expected).filter(|((name, _), _)| name != "bi_server")
    {
        assert_eq!(rows, expected, "{name}");
    }
}

#[test]
fn a_reader_in_a_transaction_keeps_its_catalog_across_a_publish() {
    let world = World::new();
    world.run(Org::small().deliveries());
    let db = world.reader();
    db.execute_batch("BEGIN").unwrap();
    let old = seen(&db);
    world.run_accepting(other().deliveries());
    assert_eq!(seen(&db), old);
    db.execute_batch("COMMIT").unwrap();
    assert_ne!(seen(&db), old);
    assert_eq!(seen(&db), seen(&world.reader()));
}

/// Ends a run without publishing it.
type Ending = fn(Writer);

#[test]
fn a_run_that_is_not_published_leaves_no_trace_in_the_catalog() {
    let endings: [(&str, Ending); 4] = [
        ("failed", |writer| drop(writer.abandon_as(RunState::Failed, &RunEnd::default()).unwrap())),
        ("interrupted", |writer| {
            drop(writer.abandon_as(RunState::Interrupted, &RunEnd::default()).unwrap());
        }),
        ("abandoned", drop),
        ("abandoned", |mut writer| {
            writer.flush().unwrap();
            drop(writer);
        }),
    ];
    for (state, end) in endings {
        let world = World::new();
        let first = world.run(Org::small().deliveries());
        let (before, old) = (world.history(), seen(&world.reader()));
        end(world.fill(other().deliveries()));
        assert_eq!(seen(&world.reader()), old, "{state}");
        // What was read waits to be gone on with, or to be undone.
        let mut store = world.store();
        assert_eq!(store.staging().unwrap().is_some(), state != "failed");
        store.forget_staged().unwrap();
        assert_same(&before, &world.history());
        let last = store.last_run().unwrap().unwrap();
        assert_eq!(last.state.name(), state);
        assert!(last.ended_at.is_some());
        assert_eq!(store.published().unwrap().unwrap().run_id, first.run_id);
        drop(store);
        // And can be published as if nothing had been.
        let next = world.run_accepting(other().deliveries());
        assert_eq!((next.state, next.run_id), (RunState::Published, first.run_id + 2));
        let alone = World::new();
        alone.run(other().deliveries());
        assert_eq!(world.view("SELECT * FROM element"), alone.view("SELECT * FROM element"));
    }
}

/// What a machine that stops right now leaves on its disk: the files as they are. Closing a file that SQLite holds open
/// drops its locks towards other processes, of which there are none here. (To start one that copies would be worse: for
/// an instant it holds the run locks of all tests.)
fn crashed(world: &World) -> World {
    let copy = World::new();
    for name in ["catalog.db", "catalog.db-wal"] {
        if world.file(name).exists() {
            std::fs::copy(world.file(name), copy.file(name)).expect("a copy");
        }
    }
    copy
}

#[test]
fn a_crash_after_any_delivery_leaves_the_last_published_catalog() {
    let world = World::new();
    let first = world.run(Org::small().deliveries());
    let before = world.history();
    let check = |copy: World, published: &History, run: i64| {
        let mut store = copy.store();
        assert_eq!(store.published().unwrap().unwrap().run_id, run);
        store.forget_staged().unwrap();
        drop(store);
        assert_same(published, &copy.history());
        assert_eq!(copy.view("PRAGMA integrity_check"), ["ok"]);
        copy
    };
    let mut writer = world.begin();
    for delivery in other().deliveries() {
        writer.accept(delivery).unwrap();
        // Both with an open transaction and with all committed.
        check(crashed(&world), &before, first.run_id);
        writer.flush().unwrap();
        let copy = check(crashed(&world), &before, first.run_id);
        let ledger = copy.catalog().runs(1).unwrap().remove(0);
        assert_eq!((ledger.state, ledger.exit_code), (RunState::Abandoned, None));
    }
    let second = writer.publish(&RunEnd::default(), &crate::any_removal()).unwrap();
    let after = world.history();
    let copy = check(crashed(&world), &after, second.run_id);
    assert_eq!(copy.catalog().runs(1).unwrap()[0].state, RunState::Published);
}

#[test]
fn nothing_of_an_unfinished_transaction_is_on_disk() {
    let world = World::new();
    world.run(Org::small().deliveries());
    let before = world.history();
    let writer = world.fill(other().deliveries());
    assert_same(&before, &world.history());
    drop(writer);
    assert_same(&before, &world.history());
}

#[test]
fn the_ledger_tells_how_a_run_ended_and_what_it_cost() {
    let world = World::new();
    let mut writer = world.begin();
    let run = writer.run_id();
    for (severity, code) in [(Severity::Warning, "first"), (Severity::Error, "second")] {
        let event = Event { severity, code: code.into(), message: "m".into(), context: "something".into() };
        writer.accept(Delivery::Event(event)).unwrap();
    }
    let end = RunEnd {
        exit_code: Some(7),
        requests: 5,
        retries: 4,
        refused: 3,
        waited_ms: 2,
        message: Some("the reason".into()),
        if_rejected: None,
        images: None,
    };
    writer.flush().unwrap();
    assert_eq!(world.catalog().run(run).unwrap().state, RunState::Running);
    writer.abandon_as(RunState::Failed, &end).unwrap();
    let row = world.catalog().run(run).unwrap();
    assert_eq!((row.state, row.exit_code), (RunState::Failed, Some(7)));
    assert_eq!((row.requests, row.retries, row.refused, row.waited_ms), (5, 4, 3, 2));
    assert_eq!(row.message.as_deref(), Some("the reason"));
    assert_eq!(
        (row.version, row.api_url, row.organization_id, row.token_member_id, row.token_is_admin),
        ("0.0.0".into(), "https://api.example.com/".into(), Some("org".into()), None, Some(true))
    );
    let events = world.catalog().events(run).unwrap();
    let told: Vec<_> = events.iter().map(|event| (event.severity.as_str(), event.code.as_str())).collect();
    assert_eq!(told, [("warning", "first"), ("error", "second")]);
    assert_eq!(world.catalog().run(run + 1).unwrap_err().code(), "store.no_such_run");
}

#[test]
fn a_published_run_is_on_disk_in_one_file() {
    let world = World::new();
    world.run(Org::small().deliveries());
    let alone = World::new();
    std::fs::copy(world.path(), alone.path()).unwrap();
    assert_same(&world.history(), &history(&reader(&alone.path())));
}

#[test]
fn a_run_number_is_never_used_twice() {
    let world = World::new();
    let numbers: Vec<i64> = (0..3).map(|_| world.store().begin(&start()).unwrap().run_id()).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(world.run([]).run_id, 4);
}
