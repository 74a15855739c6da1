//! The disk fails in every way it can: each has its message and exit code, and nothing that was published is lost.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rusqlite::Connection;
use sigma_catalog::simulator::Options;
use sigma_catalog::store::schema::VERSION;

use crate::context::{Context, Ran, run};
use crate::world::{World, assert_ends, extract, published};

/// The binary under a shell that sets a limit first. Its own words stay in `$@`.
fn under(world: &World, limit: &str, arguments: &[&str]) -> Ran {
    let plain = world.command(arguments);
    let mut shell = Command::new("/bin/sh");
    shell.current_dir(world.folder.path()).env_clear();
    for (name, value) in plain.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    shell.arg("-c").arg(format!("{limit}; exec \"$0\" \"$@\"")).arg(plain.get_program());
    run(shell.args(plain.get_args()))
}

/// No file may grow beyond so many blocks of 512 bytes: writing fails as it does on a full disk, and ends nobody.
fn file_limit(blocks: u64) -> String {
    format!("trap '' XFSZ; ulimit -f {blocks}")
}

#[test]
fn whatever_file_cannot_grow_the_run_ends_with_9_and_the_catalog_stays() {
    let world = World::new();
    let before = world.published();
    let limits = [0, 1, 8, 63, 70, 128, 256, u64::MAX >> 20];
    for (refused, blocks) in limits.into_iter().enumerate() {
        let ran = under(&world, &file_limit(blocks), &extract());
        if ran.code == 0 {
            assert!(refused >= 4, "the files outgrew {refused} limits only");
            return;
        }
        assert_ends(&ran, 9, &["store.full", "store.io", "store.path", "store.not_writable"]);
        assert_eq!(world.published(), before, "{blocks} blocks: {ran}");
        let whole =
            world.run(&["check", "--format", "json", "--db", "catalog.db", "--api-url", extract()[2]]);
        assert_eq!(whole.code, 0, "{blocks} blocks: {whole}");
    }
    panic!("no limit was large enough");
}

#[test]
fn a_report_that_cannot_be_written_leaves_the_old_one() {
    let world = World::new();
    // Enough for the shared memory of a reader, and too little for what is to be written.
    for (arguments, name, code) in [
        (&["report", "R01", "--format", "json", "--out", "access.json"][..], "access.json", "output"),
        (&["report", "html", "--out", "all.html"], "all.html", "output"),
        (&["backup", "copy.db"], "copy.db", "store.io"),
    ] {
        fs::write(world.path(name), "as it was").expect("a file");
        let all = [arguments, &["--db", "catalog.db"]].concat();
        let names = world.names();
        let ran = under(&world, &file_limit(70), &all);
        assert_ends(&ran, 9, &[code, "store.full"]);
        assert_eq!(fs::read_to_string(world.path(name)).expect("a file"), "as it was", "{ran}");
        let left: Vec<String> = world.names().into_iter().filter(|name| !names.contains(name)).collect();
        assert!(left.iter().all(|name| name.ends_with("-shm") || name.ends_with("-wal")), "{left:?} {ran}");
        let ran = world.run(&all);
        assert_eq!(ran.code, 0, "{ran}");
        assert!(fs::metadata(world.path(name)).expect("a file").len() > 70 * 512, "{ran}");
    }
}

#[test]
fn a_folder_that_may_not_be_written_is_named() {
    for has_catalog in [false, true] {
        let world = if has_catalog { World::new() } else { World::empty() };
        let before = has_catalog.then(|| world.published());
        // Nothing can be denied to root, so that nobody runs a copy of the program which that user can reach.
        let program = world.path("program");
        fs::copy(world.command(&[]).get_program(), &program).expect("a copy of the program");
        let as_root =
            fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
        let mode = if as_root { 0o755 } else { 0o555 };
        if as_root && has_catalog {
            fs::set_permissions(world.database(), fs::Permissions::from_mode(0o644)).expect("a file of ours");
        }
        fs::set_permissions(&world.folder, fs::Permissions::from_mode(mode)).expect("a folder of ours");
        let plain = world.command(&extract());
        let mut command = Command::new(&program);
        command.current_dir(world.folder.path()).env_clear().args(plain.get_args());
        for (name, value) in plain.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        if as_root {
            std::os::unix::process::CommandExt::uid(&mut command, 65534);
        }
        let ran = run(&mut command);
        fs::set_permissions(&world.folder, fs::Permissions::from_mode(0o755)).expect("a folder of ours");
        assert_ends(&ran, 9, &["store.path", "store.not_writable"]);
        assert!(ran.stderr.contains("catalog.db"), "{ran}");
        assert!(ran.stderr.contains("may write to"), "{ran}");
        assert_eq!(has_catalog.then(|| world.published()), before);
    }
}

#[test]
fn a_catalog_that_another_program_keeps_locked_ends_the_run_with_9() {
    let world = World::new();
    let before = world.published();
    let other = Connection::open(world.database()).expect("the catalog");
    other.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    let ran = world.extract();
    assert_ends(&ran, 9, &["store.busy"]);
    other.execute_batch("ROLLBACK").expect("no lock");
    assert_eq!(world.published(), before);
    assert_eq!(world.extract().code, 0);
}

/// Commands that open the catalog, for writing and for reading.
fn commands() -> [Vec<&'static str>; 3] {
    [
        extract().to_vec(),
        vec!["report", "R01", "--db", "catalog.db"],
        vec!["backup", "copy.db", "--db", "catalog.db"],
    ]
}

#[test]
fn a_damaged_catalog_is_refused_untouched_by_every_command() {
    let damages: [fn(&mut Vec<u8>); 5] = [
        |bytes| bytes[..16].copy_from_slice(b"SQLite format 4\0"),
        |bytes| bytes[..4096].fill(0x5a),
        |bytes| bytes.truncate(bytes.len() / 2),
        |bytes| bytes.truncate(bytes.len() - 4096),
        |bytes| bytes.truncate(100),
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        let world = World::new();
        let mut bytes = fs::read(world.database()).expect("the catalog");
        damage(&mut bytes);
        fs::write(world.database(), &bytes).expect("the catalog");
        for command in commands() {
            let ran = world.run(&command);
            assert_ends(&ran, 9, &["store.corrupt", "store.not_a_catalog"]);
            // Whose file it is nobody knows.
            assert!(number > 0 || !world.path("catalog.db.lock").exists(), "{ran}");
            assert!(fs::read(world.database()).expect("the catalog") == bytes, "damage {number}: {ran}");
        }
        let line = world.run(&["check", "--format", "json", "--db", "catalog.db", "--api-url", extract()[2]]);
        assert_eq!((line.code, &line.json()["lines"][1]["answer"]), (9, &"failed".into()), "{line}");
    }
}

#[test]
fn damage_within_the_file_is_found_by_a_check_and_by_a_backup() {
    let world = World::new();
    // A page that holds something: of free ones nobody minds what they hold.
    let page: u32 = {
        let catalog = Connection::open(world.database()).expect("the catalog");
        let sql = "SELECT pageno FROM dbstat WHERE name = 'element_history' AND pagetype = 'leaf' ORDER BY 1 LIMIT 1";
        catalog.query_row(sql, [], |row| row.get(0)).expect("a page")
    };
    let mut bytes = fs::read(world.database()).expect("the catalog");
    let page = page as usize;
    bytes[(page - 1) * 4096..page * 4096].fill(0x5a);
    fs::write(world.database(), &bytes).expect("the catalog");
    let ran = world.run(&["check", "--db", "catalog.db", "--api-url", extract()[2]]);
    assert_eq!(ran.code, 9, "{ran}");
    assert!(ran.stdout.contains("store.corrupt") && ran.stdout.contains("restore a copy"), "{ran}");
    let ran = world.run(&["backup", "copy.db", "--db", "catalog.db"]);
    assert_ends(&ran, 9, &["store.corrupt"]);
    assert!(!world.path("copy.db").exists(), "a copy of damage is no backup");
}

#[test]
fn a_catalog_of_a_newer_version_is_refused_untouched_by_every_command() {
    let world = World::new();
    let newer = Connection::open(world.database()).expect("the catalog");
    newer.pragma_update(None, "user_version", VERSION + 1).expect("a version");
    drop(newer);
    let before = fs::read(world.database()).expect("the catalog");
    for command in commands() {
        let ran = world.run(&command);
        assert_ends(&ran, 9, &["store.newer_schema"]);
        assert!(ran.stderr.contains(&format!("schema version {}", VERSION + 1)), "{ran}");
        assert!(fs::read(world.database()).expect("the catalog") == before, "{ran}");
        assert!(world.names().iter().all(|name| !name.contains("backup") && !name.contains("lock")));
    }
}

#[test]
fn a_catalog_of_an_older_version_is_copied_before_it_is_brought_up_to_date() {
    let context = Context::small();
    context.extract();
    context.back_to_version(8);
    let copy = context.folder.path().join("catalog.db.backup-v8");
    // Where no copy can be made, nothing is changed.
    fs::create_dir(&copy).expect("a folder in the way");
    let before = published(&context.database());
    let ran = context.extract_with(&[]);
    assert_ends(&ran, 9, &["store.path"]);
    assert!(ran.stderr.contains("could not be copied first"), "{ran}");
    assert_eq!(context.rows("SELECT user_version FROM pragma_user_version"), ["8"]);
    assert_eq!(published(&context.database()), before);
    fs::remove_dir(&copy).expect("a folder in the way");

    let ran = context.extract_with(&[]);
    assert_eq!(ran.code, 0, "{ran}");
    assert!(ran.stderr.contains("catalog.db.backup-v8"), "people are told where the copy is: {ran}");
    assert_eq!(context.rows("SELECT user_version FROM pragma_user_version"), [VERSION.to_string()]);
    assert_eq!(fs::metadata(&copy).expect("a copy").permissions().mode() & 0o777, 0o600);
    assert_eq!(published(&copy), before);
    let copied = Connection::open(&copy).expect("the copy");
    let of_copy = |pragma: &str| -> String {
        copied.query_row(pragma, [], |row| row.get::<_, rusqlite::types::Value>(0)).map(text).expect(pragma)
    };
    assert_eq!(of_copy("PRAGMA user_version"), "8");
    assert_eq!(of_copy("PRAGMA integrity_check"), "ok");
    let made = fs::metadata(&copy).and_then(|copy| copy.modified()).expect("a time");
    assert_eq!(context.extract_with(&[]).code, 0);
    assert_eq!(fs::metadata(&copy).and_then(|copy| copy.modified()).expect("a time"), made, "once is enough");
}

fn text(value: rusqlite::types::Value) -> String {
    match value {
        rusqlite::types::Value::Integer(number) => number.to_string(),
        rusqlite::types::Value::Text(text) => text,
        other => panic!("{other:?}"),
    }
}

/// An extraction that is midway.
fn midway(context: &Context, shell: Option<&str>) -> Child {
    context.simulator.reset_stats();
    let url = context.simulator.url();
    let plain = context.command(&["extract", "--api-url", &url, "--db", "catalog.db"]);
    let mut command = Command::new("/bin/sh");
    command.current_dir(context.folder.path()).env_clear();
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    let before = shell.map(|shell| format!("{shell}; ")).unwrap_or_default();
    command
        .arg("-c")
        .arg(format!("{before}exec \"$0\" \"$@\""))
        .arg(plain.get_program())
        .args(plain.get_args());
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
    while context.simulator.stats()["total"].as_u64().is_none_or(|total| total < 60) {
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

fn slow() -> Context {
    Context::new(Options { latency: Duration::from_millis(15), ..Options::small() })
}

#[test]
fn a_backup_made_while_a_run_is_writing_is_whole_and_can_be_used() {
    let context = slow();
    context.extract();
    let before = published(&context.database());
    let mut child = midway(&context, None);
    let ran = run(&mut context.command(&["backup", "copy.db", "--db", "catalog.db", "--format", "json"]));
    let still_running = child.try_wait().expect("a child").is_none();
    child.kill().expect("a kill");
    child.wait().expect("an end");
    assert!(still_running, "the run was over too early to show anything");
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!((&ran.json()["integrity"], &ran.json()["published_run"]), (&"ok".into(), &1.into()));
    let copy = context.folder.path().join("copy.db");
    assert_eq!(published(&copy), before);
    let check: String = Connection::open(&copy)
        .and_then(|copy| copy.query_row("PRAGMA integrity_check", [], |row| row.get(0)))
        .expect("a check");
    assert_eq!(check, "ok");
    // Restored: the next run goes on from it, and what the other run had begun in it is undone.
    let url = context.simulator.url();
    let ran = run(&mut context.command(&[
        "extract",
        "--everything",
        "true",
        "--api-url",
        &url,
        "--db",
        "copy.db",
        "--format",
        "json",
    ]));
    assert_eq!(ran.code, 0, "{ran}");
    let objects = ran.json()["objects"].as_object().expect("objects").clone();
    for (kind, counts) in objects {
        for change in ["new", "changed", "removed"] {
            assert_eq!(counts[change], 0, "{kind} {counts}");
        }
    }
}

/// Every file and folder below, with its mode.
fn modes(folder: &Path, found: &mut Vec<(String, u32)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let mode = fs::metadata(&path).expect("a file").permissions().mode() & 0o7777;
        found.push((path.file_name().expect("a name").to_string_lossy().into_owned(), mode));
        if path.is_dir() {
            modes(&path, found);
        }
    }
}

#[test]
fn files_are_for_their_owner_only_whatever_the_umask() {
    let context = slow();
    let mut child = midway(&context, Some("umask 0"));
    child.kill().expect("a kill");
    child.wait().expect("an end");
    let url = context.simulator.url();
    let world = |arguments: &[&str]| {
        let plain = context.command(arguments);
        let mut shell = Command::new("/bin/sh");
        shell.current_dir(context.folder.path()).env_clear();
        for (name, value) in plain.get_envs() {
            shell.env(name, value.unwrap_or_default());
        }
        shell.arg("-c").arg("umask 0; exec \"$0\" \"$@\"").arg(plain.get_program()).args(plain.get_args());
        let ran = run(&mut shell);
        assert_eq!(ran.code, 0, "{ran}");
    };
    let mut found = Vec::new();
    modes(context.folder.path(), &mut found);
    for name in ["catalog.db", "catalog.db-wal", "catalog.db-shm", "catalog.db.lock"] {
        assert!(found.iter().any(|(found, _)| found == name), "{name} is not there: {found:?}");
    }
    world(&["extract", "--api-url", &url, "--db", "catalog.db", "--previews", "workbooks"]);
    world(&["report", "R01", "--out", "report.csv", "--format", "csv", "--db", "catalog.db"]);
    world(&["report", "html", "--out", "report.html", "--db", "catalog.db"]);
    world(&["backup", "copy.db", "--db", "catalog.db"]);
    context.back_to_version(8);
    world(&["extract", "--api-url", &url, "--db", "catalog.db"]);
    modes(context.folder.path(), &mut found);
    for name in ["report.csv", "report.html", "copy.db", "catalog-previews", "catalog.db.backup-v8"] {
        assert!(found.iter().any(|(found, _)| found == name), "{name} is not there: {found:?}");
    }
    for (name, mode) in found {
        let wanted = if name == "catalog-previews" { 0o700 } else { 0o600 };
        assert_eq!(mode, wanted, "{name} has mode {mode:o}");
    }
}

#[test]
#[ignore = "needs strace"]
fn whichever_flush_to_disk_fails_the_run_ends_with_9_and_the_catalog_stays() {
    let world = World::new();
    let mut before = world.published();
    let mut failed = 0;
    // From this flush on the disk fails for ever, until it fails too late to matter. Which flush is which depends on how
    // long things take, so that each number has several turns.
    for number in (1..12).flat_map(|number| [number; 3]) {
        let plain = world.command(&extract());
        let mut strace = Command::new("strace");
        let path = std::env::var_os("PATH").unwrap_or_default();
        strace.current_dir(world.folder.path()).env_clear().env("PATH", path);
        for (name, value) in plain.get_envs() {
            strace.env(name, value.unwrap_or_default());
        }
        let inject = format!("inject=fdatasync,fsync:error=EIO:when={number}+");
        strace.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync,fsync", "-e", &inject]);
        let ran = run(strace.arg(plain.get_program()).args(plain.get_args()));
        if ran.code == 0 {
            let after = world.published();
            assert_ne!(after, before, "a run that says it was published was: {ran}");
            before = after;
            continue;
        }
        assert_ends(&ran, 9, &["store.io"]);
        assert_eq!(world.published(), before, "flush {number}: {ran}");
        failed += 1;
    }
    assert!(failed >= 12, "only {failed} flushes failed");
}
