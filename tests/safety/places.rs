//! Places where somebody else could interfere with a catalog are refused before anything is written.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::world::{World, assert_ends, extract, published};

#[test]
fn a_path_that_is_a_link_is_refused_and_what_it_leads_to_is_left_alone() {
    // To a catalog, and to nowhere.
    for target in [Some(World::new()), None] {
        let world = World::empty();
        let elsewhere = target.as_ref().map_or(world.path("elsewhere.db"), World::database);
        let before = target.as_ref().map(|target| fs::read(target.database()).expect("the catalog"));
        symlink(&elsewhere, world.database()).expect("a link");
        let ran = world.extract();
        assert_ends(&ran, 9, &["store.symlink"]);
        assert_eq!(world.names(), ["catalog.db"], "nothing was written: {ran}");
        assert!(target.map(|target| fs::read(target.database()).expect("the catalog")) == before);
        assert!(!world.path("elsewhere.db").exists());
    }
}

#[test]
fn a_lock_that_is_a_link_is_not_written_through() {
    let world = World::new();
    let victim = world.path("victim");
    fs::write(&victim, "precious").expect("a file");
    symlink(&victim, world.path("catalog.db.lock")).expect("a link");
    let ran = world.extract();
    assert_ends(&ran, 9, &["store.path"]);
    assert!(ran.stderr.contains("catalog.db.lock"), "{ran}");
    assert_eq!(fs::read_to_string(victim).expect("a file"), "precious");
}

#[test]
fn a_folder_that_others_may_write_to_is_refused_unless_it_is_sticky() {
    for (mode, exit) in [(0o777, 9), (0o757, 9), (0o1777, 0), (0o755, 0)] {
        let world = World::empty();
        fs::set_permissions(&world.folder, Permissions::from_mode(mode)).expect("a folder of ours");
        let ran = world.extract();
        assert_eq!(ran.code, exit, "{mode:o}: {ran}");
        if exit != 0 {
            assert_ends(&ran, 9, &["store.shared_folder"]);
            assert!(ran.stderr.contains(&format!("mode {mode:04o}")), "{ran}");
            assert!(world.names().is_empty(), "nothing was written: {ran}");
            let line = world.run(&["check", "--db", "catalog.db", "--api-url", extract()[2]]);
            assert_eq!(line.code, 9, "{line}");
            assert!(line.stdout.contains("store.shared_folder"), "{line}");
        }
    }
}

#[test]
fn a_copy_goes_neither_through_a_link_nor_over_the_catalog() {
    let world = World::new();
    let before = world.published();
    let victim = world.path("victim");
    fs::write(&victim, "precious").expect("a file");
    symlink(&victim, world.path("copy.db")).expect("a link");
    assert_ends(&world.run(&["backup", "copy.db", "--db", "catalog.db"]), 9, &["store.symlink"]);
    assert_eq!(fs::read_to_string(victim).expect("a file"), "precious");
    assert_ends(&world.run(&["backup", "./catalog.db", "--db", "catalog.db"]), 9, &["store.path"]);
    assert_eq!(world.published(), before);
    let ran = world.run(&["backup", "good.db", "--db", "catalog.db"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(published(&world.path("good.db")), before);
}

#[cfg(target_os = "linux")]
#[test]
fn a_crash_leaves_no_memory_on_disk() {
    use std::io::Read;
    use std::process::Stdio;
    // A listener that never answers keeps the program alive long enough to be looked at.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let world = World::empty();
    let mut command = world.command(&["check", "--api-url", &url]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
    let mut asked = listener.accept().expect("a connection").0;
    asked.read_exact(&mut [0]).expect("a request");
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).expect("limits");
    child.kill().expect("a kill");
    child.wait().expect("an end");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit");
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
}
