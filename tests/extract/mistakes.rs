//! Each mistake gets a message that names it and says what to do, its exit code, and leaves no file behind.

use std::process::Command;

use tempfile::TempDir;

use crate::context::{Context, Ran, binary, run};

/// Runs in a folder of its own and checks that nothing new is in it.
fn fails(prepare: impl FnOnce(&TempDir, &mut Command)) -> Ran {
    let folder = TempDir::new().expect("a folder");
    let mut command = binary(&folder);
    command.env("SIGMA_CLIENT_ID", "some-id").env("SIGMA_CLIENT_SECRET", "s3cr3t-value");
    prepare(&folder, &mut command);
    let files = |folder: &TempDir| -> Vec<_> {
        std::fs::read_dir(folder.path())
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name())
            .collect()
    };
    let before = files(&folder);
    let ran = run(&mut command);
    assert_eq!(files(&folder), before, "{ran}");
    assert!(ran.stdout.is_empty(), "{ran}");
    for leak in ["s3cr3t-value", "panicked", "RUST_BACKTRACE"] {
        assert!(!ran.stderr.contains(leak), "{ran}");
    }
    ran
}

#[track_caller]
fn assert_says(ran: &Ran, code: i32, parts: &[&str]) {
    assert_eq!(ran.code, code, "{ran}");
    for part in parts.iter().chain(&["help: "]) {
        assert!(ran.stderr.contains(part), "no `{part}` in {ran}");
    }
}

#[test]
fn a_wrong_secret_is_an_authentication_failure() {
    let context = Context::small();
    let url = context.simulator.url();
    let ran = fails(|_, command| {
        command.env("SIGMA_CLIENT_ID", context.simulator.client_id()).args(["extract", "--api-url", &url]);
    });
    assert_says(&ran, 5, &["auth.", "client"]);
}

#[test]
fn an_unknown_region_is_named() {
    let ran = fails(|_, command| {
        command.args(["extract", "--api-url", "https://api.mars.sigmacomputing.com"]);
    });
    assert_says(&ran, 7, &["network.", "api.mars.sigmacomputing.com", "after 3 attempts"]);
}

#[test]
fn nobody_answering_is_said() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|socket| socket.local_addr())
        .expect("a port")
        .port();
    let url = format!("http://127.0.0.1:{port}");
    let ran = fails(|_, command| {
        command.args(["extract", "--api-url", &url]);
    });
    assert_says(&ran, 7, &["network.refused", "127.0.0.1", "proxy", "after 3 attempts"]);
}

#[test]
fn plain_http_beyond_this_machine_is_refused() {
    let ran = fails(|_, command| {
        command.args(["extract", "--api-url", "http://api.sigmacomputing.com"]);
    });
    assert_says(&ran, 8, &["config.insecure_url", "sigma.api_url", "https://api.sigmacomputing.com"]);
}

#[test]
fn a_concurrency_out_of_range_names_the_setting() {
    for given in ["0", "11", "-1", "many"] {
        let ran = fails(|_, command| {
            command.args(["extract", "--api-url", "http://127.0.0.1:1", &format!("--concurrency={given}")]);
        });
        assert_says(&ran, 8, &["config.", "crawl.concurrency", given]);
    }
}

#[test]
fn an_unknown_key_is_shown_where_it_stands() {
    let ran = fails(|folder, command| {
        std::fs::write(folder.path().join("c.toml"), "[crawl]\nconcurency = 3\n").expect("a file");
        command.args(["extract", "--config", "c.toml"]);
    });
    assert_says(&ran, 8, &["config.unknown_key", "c.toml:2:1", "concurrency"]);
}

#[test]
fn a_missing_settings_file_is_named() {
    let ran = fails(|_, command| {
        command.args(["extract", "--config", "nowhere.toml"]);
    });
    assert_says(&ran, 8, &["config.file_missing", "nowhere.toml"]);
}

#[test]
fn what_is_missing_is_listed_in_one_go() {
    let ran = fails(|_, command| {
        command.env_remove("SIGMA_CLIENT_ID").env_remove("SIGMA_CLIENT_SECRET").arg("extract");
    });
    assert_says(&ran, 8, &["sigma.api_url", "sigma.client_id", "sigma.client_secret", "SIGMA_CLIENT_SECRET"]);
}

#[test]
fn an_unknown_flag_is_a_mistake_of_usage() {
    let ran = fails(|_, command| {
        command.args(["extract", "--nonsense"]);
    });
    assert_eq!(ran.code, 2, "{ran}");
    assert!(ran.stderr.contains("--nonsense"), "{ran}");
}

#[test]
fn a_catalog_of_another_organisation_is_left_alone() {
    let (first, second) = (
        Context::small(),
        Context::new(sigma_catalog::simulator::Options {
            seed: 99,
            ..sigma_catalog::simulator::Options::small()
        }),
    );
    first.extract();
    std::fs::copy(first.database(), second.database()).expect("a copy");
    let ran = second.extract_with(&[]);
    assert_says(&ran, 8, &["run.other_organization", "catalog.database"]);
    assert_eq!(second.rows("SELECT count(*) FROM run"), ["1"]);
}

#[test]
fn a_file_that_is_no_catalog_is_left_alone() {
    let context = Context::small();
    for (content, code) in [("not a database, but long enough to look at", 9), ("", 0)] {
        std::fs::write(context.database(), content).expect("a file");
        let ran = context.extract_with(&[]);
        assert_eq!(ran.code, code, "{ran}");
        if code != 0 {
            assert!(ran.stderr.contains("store."), "{ran}");
            assert_eq!(std::fs::read_to_string(context.database()).expect("a file"), content);
            assert!(!context.folder.path().join("catalog.db.lock").exists());
        }
    }
}

#[test]
fn a_second_run_on_the_same_catalog_is_refused_at_once() {
    let context = Context::small();
    context.extract();
    let lock = std::fs::OpenOptions::new()
        .write(true)
        .open(context.folder.path().join("catalog.db.lock"))
        .expect("a lock");
    lock.lock().expect("the lock");
    let asked = context.simulator.stats()["total"].clone();
    let ran = context.extract_with(&[]);
    assert_says(&ran, 10, &["store.another_run", "catalog.db"]);
    assert_eq!(context.simulator.stats()["total"], asked);
}

#[test]
fn questions_about_a_catalog_that_is_not_there_are_answered_so() {
    for arguments in [&["runs", "list", "--db", "none.db"][..], &["runs", "show", "--db", "none.db"]] {
        let ran = fails(|_, command| {
            command.args(arguments);
        });
        assert_says(&ran, 9, &["store.missing", "none.db"]);
    }
}

#[test]
fn a_filter_that_nothing_can_meet_is_no_answer() {
    let context = Context::small();
    context.extract();
    for (filter, word, known) in [
        ("--workspace", "Finanse", "Finance"),
        ("--kind", "workbok", "workbook"),
        ("--level", "admin", "organize"),
    ] {
        let ran = run(&mut context.command(&["report", "R01", filter, word, "--db", "catalog.db"]));
        assert_says(&ran, 2, &[&format!("`{word}`"), known]);
        assert!(ran.stdout.is_empty(), "{ran}");
    }
    let ran = run(&mut context.command(&["report", "R01", "--workspace", "finance", "--db", "catalog.db"]));
    assert_eq!(ran.code, 0, "{ran}");
}

#[test]
fn questions_about_a_catalog_without_a_published_run_are_answered_so() {
    let context = Context::small();
    context.simulator.set_faults(vec!["GET /v2/files 403".parse().expect("a rule")]);
    assert_eq!(context.extract_with(&[]).code, 6);
    assert!(context.database().exists());
    let questions: [&[&str]; 10] = [
        &["search", "orders"],
        &["show", "orders"],
        &["lineage", "upstream", "orders"],
        &["impact", "orders"],
        &["models", "list"],
        &["models", "show", "orders"],
        &["models", "sql", "orders"],
        &["mirror", "export"],
        &["access", "effective"],
        &["report", "R01"],
    ];
    for question in questions {
        let ran = run(context.command(question).args(["--db", "catalog.db"]));
        assert_says(&ran, 2, &["store.nothing_published", "sigma-catalog extract"]);
        assert!(ran.stdout.is_empty(), "{question:?}: {ran}");
    }
}
