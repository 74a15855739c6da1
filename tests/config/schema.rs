//! The JSON Schema of a settings file says what the program does.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use sigma_catalog::config::{Kind, TABLE, json_schema};

use super::World;
use super::sample::good_settings;

/// Names that say that a value is secret.
const SECRET: [&str; 8] =
    ["token", "secret", "password", "passwd", "api_key", "jwt", "credential", "private_key"];

/// Whether a schema accepts a settings file.
fn is_accepted(toml: &str) -> bool {
    let settings: toml::Table = toml.parse().expect("TOML");
    let settings = serde_json::to_value(settings).expect("JSON");
    jsonschema::is_valid(&json_schema(), &settings)
}

#[test]
fn every_setting_is_in_the_schema_with_all_that_is_known_of_it() {
    let schema = json_schema();
    jsonschema::meta::validate(&schema).expect("a schema");
    let sections = schema["properties"].as_object().expect("sections");
    let count: usize =
        sections.values().map(|section| section["properties"].as_object().map_or(0, |all| all.len())).sum();
    assert_eq!(count, TABLE.len(), "a key more than the table has");
    for setting in TABLE {
        let found = &sections[setting.section()]["properties"][setting.name()];
        assert_eq!(found["description"], setting.doc, "{}", setting.key);
        assert_eq!(found["x-environment"], json!(setting.env), "{}", setting.key);
        assert_eq!(found.get("default").is_some(), setting.default.is_some(), "{}", setting.key);
        if let Some(default) = found.get("default") {
            assert!(jsonschema::is_valid(found, default), "{}: its own default {default}", setting.key);
        }
    }
}

#[test]
fn what_sounds_secret_is_marked_secret() {
    for setting in TABLE {
        let named = SECRET.iter().any(|word| setting.name().contains(word));
        // Where a secret is kept is none.
        let is_secret = named && !matches!(setting.kind, Kind::Path);
        assert_eq!(setting.is_secret(), is_secret, "{}", setting.key);
        let marked = &json_schema()["properties"][setting.section()]["properties"][setting.name()];
        assert_eq!(marked["writeOnly"] == true, is_secret, "{}", setting.key);
        assert!(!is_secret || setting.flag.is_none(), "{}: others see the flags of a process", setting.key);
    }
    assert!(TABLE.iter().any(|setting| setting.is_secret()));
}

#[test]
fn a_hundred_settings_files_are_accepted_by_the_schema_and_by_the_program() {
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    for _ in 0..100 {
        let given = good_settings().new_tree(&mut runner).expect("settings").current();
        let toml: String =
            given.iter().map(|(setting, toml, _)| format!("{} = {toml}\n", setting.key)).collect();
        assert!(is_accepted(&toml), "the schema refuses\n{toml}");
        World::new().settings(&toml).file("ca.pem", "").loaded();
    }
}

#[test]
fn what_the_schema_refuses_the_program_refuses_and_the_other_way_round() {
    for toml in [
        "crawl.concurency = 3",
        "craw.concurrency = 3",
        "concurrency = 3",
        "crawl = 3",
        "crawl.concurrency = \"3\"",
        "crawl.concurrency = 0",
        "crawl.concurrency = 11",
        "crawl.grants = \"Auto\"",
        "crawl.workbooks = \"true\"",
        "crawl.include_folders = \"a\"",
        "crawl.include_folders = [\" \"]",
        "sigma.client_id = 7",
    ] {
        assert!(!is_accepted(toml), "the schema accepts {toml}");
        assert!(World::new().settings(toml).load().is_err(), "the program accepts {toml}");
    }
}

/// Every sample of a released version, and of this one, with all its lines taken in.
#[test]
fn every_sample_there_ever_was_is_still_accepted() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/samples");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the samples") {
        let path = entry.expect("an entry").path();
        let sample = std::fs::read_to_string(&path).expect("a sample");
        let mut toml = String::new();
        for line in sample.lines() {
            // A setting stands behind a `#` without a space. The two ways to name the secret exclude each other.
            let setting =
                line.strip_prefix('#').filter(|line| !line.starts_with([' ', '#']) && !line.is_empty());
            if setting.is_some_and(|line| line.starts_with("client_secret ")) {
                continue;
            }
            toml.push_str(setting.unwrap_or(line));
            toml.push('\n');
        }
        assert!(is_accepted(&toml), "{}", path.display());
        World::new().settings(&toml).file("company-ca.pem", "").loaded();
        count += 1;
    }
    assert!(count > 0);
}

#[test]
fn a_secret_has_no_default_and_no_example_in_the_schema() {
    let schema = json_schema();
    let secret: &Value = &schema["properties"]["sigma"]["properties"]["client_secret"];
    assert!(secret.get("default").is_none() && secret.get("examples").is_none(), "{secret}");
}
