//! The table of settings, the sample file that documents it, and the sample mappings.

use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::*;
use sigma_catalog::config::{Kind, Setting, TABLE, find};

use super::{World, shown};

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// One setting of the sample file: its key, the comment above it in one line, and its value as written.
struct Documented {
    key: String,
    comment: String,
    value: String,
}

/// The settings of the sample, which stand behind a `#` without a space.
fn documented() -> Vec<Documented> {
    let mut section = String::new();
    let mut comment: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for line in read("sample-config.toml").lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_owned();
        } else if let Some(text) = line.strip_prefix("# ") {
            comment.push(text.trim().to_owned());
        } else if let Some((name, value)) = line.strip_prefix('#').and_then(|line| line.split_once(" = ")) {
            let key = format!("{section}.{name}");
            found.push(Documented { key, comment: comment.join(" "), value: value.to_owned() });
        } else if line.is_empty() {
            comment.clear();
        }
    }
    found
}

/// What the sample must say about a setting besides its sentence.
fn facts(setting: &Setting) -> Vec<String> {
    let default = match (setting.default, setting.kind) {
        (None, _) => "No default".to_owned(),
        (Some(default), Kind::Integer { .. } | Kind::Switch) => format!("Default: {default}."),
        (Some(""), Kind::List) => "Default: [].".to_owned(),
        (Some(default), _) => format!("Default: \"{default}\"."),
    };
    let flag = setting.flag.map_or("No flag".to_owned(), |flag| format!("Flag: --{flag}"));
    let mut facts = vec![setting.doc.to_owned(), default, flag];
    facts.push(format!("Environment: {}.", setting.env.join(", ")));
    match setting.kind {
        Kind::Integer { min, max } => {
            facts.push(format!("Unit: {}, {min} to {max}.", setting.unit.expect("a number has a unit")));
        }
        Kind::Choice(words) => facts.push(format!("One of: {}.", words.join(", "))),
        _ => {}
    }
    facts
}

#[test]
fn the_sample_documents_every_setting_as_the_table_has_it() {
    let documented = documented();
    let keys: Vec<_> = documented.iter().map(|entry| entry.key.as_str()).collect();
    let table: Vec<_> = TABLE.iter().map(|setting| setting.key).collect();
    assert_eq!(keys, table);
    for (entry, setting) in documented.iter().zip(TABLE) {
        for fact in facts(setting) {
            assert!(entry.comment.contains(&fact), "{}: `{fact}` is not in: {}", entry.key, entry.comment);
        }
    }
}

#[test]
fn the_sample_as_it_is_changes_nothing() {
    let loaded = World::new().settings(&read("sample-config.toml")).loaded();
    assert!(loaded.show().iter().all(|setting| setting.origin.to_string() == "default"));
}

#[test]
fn the_sample_with_every_line_taken_in_is_good_and_repeats_the_defaults() {
    // The two ways to name the secret exclude each other, so each is left out once.
    for left_out in ["sigma.client_secret", "sigma.client_secret_file"] {
        let entries: Vec<_> = documented().into_iter().filter(|entry| entry.key != left_out).collect();
        let toml: String = entries.iter().map(|entry| format!("{} = {}\n", entry.key, entry.value)).collect();
        let loaded = World::new().settings(&toml).file("company-ca.pem", "").loaded();
        for entry in entries {
            let setting = find(&entry.key).expect("a setting of the table");
            let found = shown(&loaded, setting.key);
            assert!(found.origin.to_string().starts_with("sigma-catalog.toml:"), "{}", entry.key);
            if setting.default.is_some() {
                assert_eq!(found.value.as_deref(), setting.default, "{}", entry.key);
            }
        }
    }
}

#[test]
fn the_sample_names_every_region() {
    let sample = read("sample-config.toml");
    for region in sigma_catalog::config::REGIONS {
        let end = [' ', '\n'].iter().any(|end| sample.contains(&format!(" {}{end}", region.base)));
        assert!(end, "{}", region.base);
    }
}

#[test]
fn the_table_keeps_its_own_rules() {
    let unique = |what: &str, names: Vec<&str>| {
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{what} are not distinct");
    };
    unique("keys", TABLE.iter().map(|setting| setting.key).collect());
    unique("flags", TABLE.iter().filter_map(|setting| setting.flag).collect());
    unique("variables", TABLE.iter().flat_map(|setting| setting.env).copied().collect());
    for setting in TABLE {
        let own = format!("SIGMACAT_{}", setting.key.to_uppercase().replace('.', "_"));
        assert_eq!(setting.env[0], own);
        assert!(setting.doc.ends_with('.') && setting.doc.len() <= 100, "{}", setting.key);
        assert_eq!(setting.unit.is_some(), matches!(setting.kind, Kind::Integer { .. }), "{}", setting.key);
        match setting.kind {
            Kind::Integer { min, max } => assert!(min < max, "{}", setting.key),
            Kind::Choice(words) => unique(setting.key, words.to_vec()),
            _ => {}
        }
        // Given as a flag, a default must be accepted and change nothing.
        if let Some(default) = setting.default {
            let loaded = World::new().flag(setting.key, default).loaded();
            assert_eq!(shown(&loaded, setting.key).value.as_deref(), Some(default));
        }
    }
}

/// Any good value of a setting, as TOML and as `config show` prints it.
fn good_value(setting: &'static Setting) -> BoxedStrategy<(String, String)> {
    let texts = |texts: &'static [&'static str]| {
        proptest::sample::select(texts).prop_map(|text| (format!("{text:?}"), text.to_owned())).boxed()
    };
    match (setting.key, setting.kind) {
        ("permissions.mirroring", _) => Just(("true".to_owned(), "true".to_owned())).boxed(),
        ("sigma.ca_bundle", _) => texts(&["ca.pem"]),
        ("sigma.client_secret", _) => Just(("\"${env:NAME}\"".to_owned(), "[redacted]".to_owned())).boxed(),
        (_, Kind::Switch) => any::<bool>().prop_map(|on| (on.to_string(), on.to_string())).boxed(),
        (_, Kind::Integer { min, max }) => (min..=max, any::<bool>())
            .prop_map(|(n, hex)| (if hex { format!("{n:#x}") } else { n.to_string() }, n.to_string()))
            .boxed(),
        (_, Kind::Choice(words)) => texts(words),
        (_, Kind::Duration) => texts(&["0", "45s", "12h", "3650d"]),
        (_, Kind::List) => proptest::collection::vec("[A-Za-z/ ]{0,5}[A-Za-z,]", 0..4)
            .prop_map(|texts| {
                let texts: Vec<_> = texts.iter().map(|text| text.trim().to_owned()).collect();
                let escaped: Vec<_> = texts.iter().map(|text| text.replace(',', "\\,")).collect();
                (format!("{texts:?}"), escaped.join(","))
            })
            .boxed(),
        (_, Kind::ApiUrl) => texts(&["https://api.sigmacomputing.com", "http://127.0.0.1:1"]),
        (_, Kind::ProxyUrl) => texts(&["http://proxy:3128", "socks5h://10.0.0.1:1080"]),
        (_, Kind::Host) => texts(&["gateway.example.com", "10.0.0.1"]),
        // Anything on one line that has a visible character; TOML and Rust escape `"` and `\` alike.
        _ => "[ -~äßé]{0,20}[!-~]"
            .prop_map(|text| (format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")), text))
            .boxed(),
    }
}

/// Some of the settings, each with a good value.
pub(crate) fn good_settings() -> impl Strategy<Value = Vec<(&'static Setting, String, String)>> {
    let each: Vec<_> = TABLE
        .iter()
        .map(|setting| {
            proptest::option::of(good_value(setting).prop_map(move |(toml, shown)| (setting, toml, shown)))
        })
        .collect();
    each.prop_map(|given| {
        let mut given: Vec<_> = given.into_iter().flatten().collect();
        if given.iter().any(|(setting, ..)| setting.key == "sigma.client_secret") {
            given.retain(|(setting, ..)| setting.key != "sigma.client_secret_file");
        }
        given
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_good_settings_file_is_read_as_it_was_written(given in good_settings()) {
        let toml: String = given.iter().map(|(setting, toml, _)| format!("{} = {toml}\n", setting.key)).collect();
        let loaded = World::new().settings(&toml).file("ca.pem", "").loaded();
        for found in loaded.show() {
            let written = given.iter().find(|(setting, ..)| setting.key == found.key);
            match written {
                Some((_, _, shown)) => prop_assert_eq!(found.value.as_ref(), Some(shown)),
                None => prop_assert_eq!(found.origin.to_string(), "default"),
            }
        }
    }

    #[test]
    fn no_text_at_all_makes_loading_panic(text in "(\\[?[a-z_.]{0,8}\\]?[ =\"'#\n\t{}\\[\\]0-9é\u{feff}]{0,6}){0,12}") {
        // Both answers are fine; rendering the refusal must work too.
        if let Err(errors) = World::new().settings(&text).load() {
            prop_assert!(errors.to_string().contains("help: "));
        }
    }
}

#[test]
fn the_sample_mappings_are_what_their_header_says() {
    let identity = read("mappings/identity.csv");
    let users = read("mappings/catalog-users.csv");
    assert!(identity.starts_with("network_id,sigma_email\n"));
    assert!(users.starts_with("network_id,email,display_name,active\n"));
    let known: BTreeSet<_> = users.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    let mapped: Vec<_> =
        identity.lines().skip(1).map(|line| line.split_once(',').expect("two columns")).collect();
    assert!(!mapped.is_empty());
    for (network_id, email) in &mapped {
        assert!(known.contains(network_id), "{network_id} is no user of the sample catalog");
        assert_eq!(email.matches('@').count(), 1, "{email}");
    }
    assert_eq!(mapped.iter().map(|(id, _)| id).collect::<BTreeSet<_>>().len(), mapped.len());
}
