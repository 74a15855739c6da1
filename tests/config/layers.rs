//! Which layer wins, and how the settings say where a value came from.

use std::time::Duration;

use sigma_catalog::config::{DataGrants, Grants, Kind, LogFormat, Setting, TABLE};
use tracing::Level;

use super::{World, shown};

#[test]
fn without_any_layer_the_defaults_hold() {
    let world = World::new();
    let loaded = world.loaded();
    let settings = &loaded.settings;
    assert!(settings.sigma.api_url.is_none());
    assert!(settings.sigma.client_id.is_none());
    assert!(settings.sigma.client_secret.is_none());
    assert!(settings.sigma.requests_per_second.is_none());
    assert_eq!(settings.sigma.connect_timeout, Duration::from_secs(10));
    assert_eq!(settings.sigma.request_timeout, Duration::from_secs(30));
    assert_eq!(settings.sigma.slow_request_timeout, Duration::from_secs(300));
    let crawl = &settings.crawl;
    assert_eq!((crawl.concurrency, crawl.grants), (3, Grants::Auto));
    assert!(
        crawl.workbooks
            && crawl.data_models
            && crawl.reports
            && crawl.datasets
            && crawl.sql
            && crawl.lineage
            && crawl.column_lineage
    );
    assert!(!crawl.archived && !crawl.explorations);
    assert!(crawl.tags && crawl.user_attributes && crawl.tenants && crawl.warehouse);
    // A request for each table, for columns that no element shows.
    assert!(!crawl.warehouse_columns);
    assert_eq!(crawl.data_grants, DataGrants::Connections);
    assert_eq!(settings.catalog.database, world.path("sigma-catalog.db"));
    assert!(settings.permissions.mirroring && !settings.permissions.csv_mapping);
    assert_eq!(settings.permissions.login_user, None);
    assert_eq!((settings.log.format, settings.log.level), (LogFormat::Text, Level::INFO));
    assert!(loaded.notices.is_empty());
    assert!(loaded.file.is_none());
    assert!(loaded.show().iter().all(|setting| setting.origin.to_string() == "default"));
}

/// Two values of a setting that differ from each other and from the default, as text and as TOML.
fn samples(setting: &Setting) -> [(String, String); 3] {
    let texts: [String; 3] = match setting.kind {
        Kind::Switch => return ["true", "false", "true"].map(|text| (text.to_owned(), text.to_owned())),
        Kind::Integer { min, .. } => {
            return [min + 1, min + 4, min + 6].map(|n| (n.to_string(), n.to_string()));
        }
        Kind::Choice(words) => [0, 1, words.len() - 1].map(|index| words[index].to_owned()),
        Kind::Duration => ["1d", "90m", "0"].map(str::to_owned),
        Kind::ApiUrl => ["a", "b", "c"].map(|name| format!("https://{name}.sigmacomputing.com")),
        Kind::ProxyUrl => ["a", "b", "c"].map(|name| format!("http://{name}.example.com:3128")),
        Kind::Host => ["a", "b", "c"].map(|name| format!("{name}.example.com")),
        // The world below has files of these names, for the settings that insist on one.
        Kind::Text | Kind::Path => ["a", "b", "c"].map(str::to_owned),
        Kind::List => {
            return [("a", r#"["a"]"#), (r"b,c\,d", r#"["b", "c,d"]"#), ("e f,g", r#"["e f", "g"]"#)]
                .map(|(text, toml)| (text.to_owned(), toml.to_owned()));
        }
        Kind::Secret => unreachable!("secrets have no flag; see `secrets`"),
    };
    texts.map(|text| (text.clone(), format!("{text:?}")))
}

#[test]
fn every_setting_can_be_given_in_each_layer_and_the_stronger_layer_wins() {
    for setting in TABLE.iter().filter(|setting| !setting.is_secret()) {
        // Off means nothing without a login user.
        if setting.key == "permissions.mirroring" {
            continue;
        }
        let [file, variable, flag] = samples(setting);
        let world = || World::new().file("a", "").file("b", "").file("c", "");
        let toml = format!("[{}]\n{} = {}\n", setting.section(), setting.name(), file.1);
        let check = |world: World, value: &str, origin: &str| {
            let found = shown(&world.loaded(), setting.key);
            assert_eq!(found.value.as_deref(), Some(value), "{} from {origin}", setting.key);
            assert_eq!(found.origin.to_string(), origin, "{}", setting.key);
        };

        let column = setting.name().len() + 4;
        check(world().settings(&toml), &file.0, &format!("sigma-catalog.toml:2:{column}"));
        for name in setting.env {
            let origin = format!("environment variable {name}");
            check(world().settings(&toml).env(name, &variable.0), &variable.0, &origin);
        }
        let all = world().settings(&toml).env(setting.env[0], &variable.0).flag(setting.key, &flag.0);
        check(all, &flag.0, &format!("flag --{}", setting.flag.expect("only secrets have no flag")));
    }
}

#[test]
fn values_reach_the_typed_settings() {
    let toml = r#"
        [sigma]
        api_url = "https://api.sigmacomputing.com/v2"
        allow_host = "Gateway.Example.com"
        requests_per_second = 8
        slow_request_timeout_secs = 0x78
        [crawl]
        concurrency = 10
        grants = "principal"
        workbooks = false
        data_models = false
        reports = false
        datasets = false
        archived = true
        explorations = true
        sql = false
        lineage = false
        column_lineage = false
        tags = false
        user_attributes = false
        tenants = false
        warehouse = false
        warehouse_columns = true
        data_grants = "off"
        [catalog]
        database = "/srv/catalog.db"
        [log]
        format = "json"
        level = "debug"
    "#;
    let settings = World::new().settings(toml).loaded().settings;
    assert_eq!(settings.sigma.api_url.map(String::from).as_deref(), Some("https://api.sigmacomputing.com/"));
    assert_eq!(settings.sigma.allow_host.as_deref(), Some("gateway.example.com"));
    assert_eq!(settings.sigma.requests_per_second.map(|n| n.get()), Some(8));
    assert_eq!(settings.sigma.slow_request_timeout, Duration::from_secs(120));
    let crawl = settings.crawl;
    assert_eq!((crawl.concurrency, crawl.grants), (10, Grants::Principal));
    assert!(
        !(crawl.workbooks
            || crawl.data_models
            || crawl.reports
            || crawl.datasets
            || crawl.sql
            || crawl.lineage
            || crawl.column_lineage)
    );
    assert!(crawl.archived && crawl.explorations);
    assert!(!(crawl.tags || crawl.user_attributes || crawl.tenants || crawl.warehouse));
    assert!(crawl.warehouse_columns);
    assert_eq!(crawl.data_grants, DataGrants::Off);
    assert_eq!(settings.catalog.database.to_str(), Some("/srv/catalog.db"));
    assert_eq!((settings.log.format, settings.log.level), (LogFormat::Json, Level::DEBUG));
    let object = World::new().env("SIGMACAT_CRAWL_GRANTS", "object").loaded();
    assert_eq!(object.settings.crawl.grants, Grants::Object);
    let tables = World::new().env("SIGMACAT_CRAWL_DATA_GRANTS", "tables").loaded();
    assert_eq!(tables.settings.crawl.data_grants, DataGrants::Tables);
}

#[test]
fn the_file_is_the_one_of_the_flag_else_of_the_environment_else_of_the_folder() {
    let world = || {
        World::new()
            .settings("[crawl]\nconcurrency = 1")
            .file("b.toml", "[crawl]\nconcurrency = 2")
            .file("c.toml", "[crawl]\nconcurrency = 4")
    };
    let read = |world: World| {
        let loaded = world.loaded();
        (loaded.settings.crawl.concurrency, loaded.file.expect("a file was read").display().to_string())
    };
    assert_eq!(read(world()), (1, "sigma-catalog.toml".to_owned()));
    assert_eq!(read(world().env("SIGMACAT_CONFIG", "")), (1, "sigma-catalog.toml".to_owned()));
    assert_eq!(read(world().env("SIGMACAT_CONFIG", "b.toml")), (2, "b.toml".to_owned()));
    assert_eq!(read(world().env("SIGMACAT_CONFIG", "b.toml").config("c.toml")), (4, "c.toml".to_owned()));
}

#[test]
fn our_own_variable_wins_over_the_one_shared_with_other_tools() {
    let world = World::new().env("SIGMA_CLIENT_ID", "shared").env("SIGMACAT_SIGMA_CLIENT_ID", "own");
    assert_eq!(world.loaded().settings.sigma.client_id.as_deref(), Some("own"));
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let world = World::new().env("SIGMACAT_SIGMA_CLIENT_ID", "").env("SIGMA_CLIENT_ID", "shared");
    assert_eq!(world.loaded().settings.sigma.client_id.as_deref(), Some("shared"));
    let world = World::new().settings("[crawl]\nconcurrency = 5").env("SIGMACAT_CRAWL_CONCURRENCY", "");
    assert_eq!(world.loaded().settings.crawl.concurrency, 5);
}

#[test]
fn the_later_of_two_equal_flags_wins() {
    let world = World::new().flag("crawl.concurrency", "2").flag("crawl.concurrency", "6");
    assert_eq!(world.loaded().settings.crawl.concurrency, 6);
}

#[test]
fn a_wrong_value_is_refused_even_where_a_stronger_layer_hides_it() {
    let world = World::new().settings("[crawl]\nconcurrency = 30").flag("crawl.concurrency", "4");
    assert_eq!(world.errors().codes(), ["config.out_of_range"]);
}

#[test]
fn concurrency_is_bounded_in_every_layer() {
    for (value, good) in [("-1", false), ("0", false), ("1", true), ("10", true), ("11", false)] {
        let worlds = [
            World::new().settings(&format!("crawl.concurrency = {value}")),
            World::new().env("SIGMACAT_CRAWL_CONCURRENCY", value),
            World::new().flag("crawl.concurrency", value),
        ];
        for world in worlds {
            match world.load() {
                Ok(loaded) => {
                    assert!(good, "{value} is accepted");
                    assert_eq!(loaded.settings.crawl.concurrency.to_string(), value);
                }
                Err(errors) => {
                    assert!(!good, "{errors}");
                    let error = errors.iter().next().expect("one error");
                    assert_eq!(
                        (error.code(), error.setting()),
                        ("config.out_of_range", Some("crawl.concurrency"))
                    );
                }
            }
        }
    }
}

#[test]
fn a_login_user_that_has_no_effect_is_mentioned() {
    let loaded = World::new().flag("permissions.login_user", "ada@example.com").loaded();
    assert_eq!(
        loaded.notices,
        ["flag --login-user: `permissions.login_user` is ignored because `permissions.mirroring` is true"]
    );
}

#[test]
fn show_lists_every_setting_once_in_the_order_of_the_table() {
    let keys: Vec<_> = World::new().loaded().show().into_iter().map(|setting| setting.key).collect();
    let table: Vec<_> = TABLE.iter().map(|setting| setting.key).collect();
    assert_eq!(keys, table);
}
