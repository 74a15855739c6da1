//! Every message says what, where, why and what to do; all of them come at once.

use std::collections::BTreeSet;

use super::World;

#[test]
fn an_unknown_key_is_refused_with_a_suggestion() {
    insta::assert_snapshot!(World::new().settings("[crawl]\n  linage = true # off\n").refusal(), @r#"
    sigma-catalog.toml:2:3: there is no setting "linage" in [crawl] [config.unknown_key]
        linage = true # off
        ^^^^^^
    help: did you mean `lineage`?
    "#);
    insta::assert_snapshot!(World::new().settings("crawl.Data-Models = true").refusal(), @r#"
    sigma-catalog.toml:1:7: there is no setting "Data-Models" in [crawl] [config.unknown_key]
      crawl.Data-Models = true
            ^^^^^^^^^^^
    help: did you mean `data_models`?
    "#);
}

#[test]
fn a_key_in_the_wrong_section_or_in_none_is_sent_to_its_own() {
    insta::assert_snapshot!(World::new().settings("[crawl]\ndatabase = \"a.db\"").refusal(), @r#"
    sigma-catalog.toml:2:1: there is no setting "database" in [crawl] [config.unknown_key]
      database = "a.db"
      ^^^^^^^^
    help: `database` belongs under [catalog]
    "#);
    insta::assert_snapshot!(World::new().settings("concurency = 4").refusal(), @r#"
    sigma-catalog.toml:1:1: the setting "concurency" stands in no section [config.unknown_key]
      concurency = 4
      ^^^^^^^^^^
    help: write `concurrency` under [crawl]
    "#);
    insta::assert_snapshot!(World::new().settings("zzz = 4").refusal(), @r#"
    sigma-catalog.toml:1:1: the setting "zzz" stands in no section [config.unknown_key]
      zzz = 4
      ^^^
    help: every setting stands in one of [sigma], [crawl], [catalog], [permissions], [log]
    "#);
}

#[test]
fn a_key_like_no_other_is_answered_with_what_there_is() {
    insta::assert_snapshot!(World::new().settings("[log]\nrotation = 7").refusal(), @r#"
    sigma-catalog.toml:2:1: there is no setting "rotation" in [log] [config.unknown_key]
      rotation = 7
      ^^^^^^^^
    help: [log] knows: format, level
    "#);
    insta::assert_snapshot!(World::new().settings("[crawl.documents]\nworkbooks = true").refusal(), @r#"
    sigma-catalog.toml:1:8: there is no setting "documents" in [crawl] [config.unknown_key]
      [crawl.documents]
             ^^^^^^^^^
    help: [crawl] knows: concurrency, grants, workbooks, data_models, reports, datasets, archived, explorations, sql, lineage, column_lineage
    "#);
}

#[test]
fn an_unknown_section_is_refused_with_a_suggestion() {
    insta::assert_snapshot!(World::new().settings("[crawler]\nsql = true").refusal(), @r#"
    sigma-catalog.toml:1:2: there is no section "crawler" [config.unknown_key]
      [crawler]
       ^^^^^^^
    help: did you mean [crawl]?
    "#);
    insta::assert_snapshot!(World::new().settings("[metrics]\nport = 1").refusal(), @r#"
    sigma-catalog.toml:1:2: there is no section "metrics" [config.unknown_key]
      [metrics]
       ^^^^^^^
    help: the sections are [sigma], [crawl], [catalog], [permissions], [log]
    "#);
}

#[test]
fn a_section_must_be_a_section() {
    insta::assert_snapshot!(World::new().settings("crawl = 3").refusal(), @r"
    sigma-catalog.toml:1:1: `crawl` must be a section, found integer [config.wrong_type]
      crawl = 3
      ^^^^^
    help: write [crawl] on its own line
    ");
    insta::assert_snapshot!(World::new().settings("[[log]]\nlevel = \"info\"").refusal(), @r"
    sigma-catalog.toml:1:3: `log` must be a section, found array [config.wrong_type]
      [[log]]
        ^^^
    help: write [log] on its own line
    ");
}

#[test]
fn a_value_of_the_wrong_type_is_pointed_at() {
    insta::assert_snapshot!(World::new().settings("[crawl]\nconcurrency = \"4\"").refusal(), @r#"
    sigma-catalog.toml:2:15: `crawl.concurrency` must be a whole number, found string [config.wrong_type]
      concurrency = "4"
                    ^^^
    help: write a number from 1 to 10, in the settings file without quotes
    "#);
    insta::assert_snapshot!(World::new().settings("[crawl]\nsql = 1").refusal(), @r"
    sigma-catalog.toml:2:7: `crawl.sql` must be true or false, found integer [config.wrong_type]
      sql = 1
            ^
    help: write true or false, in the settings file without quotes
    ");
    insta::assert_snapshot!(World::new().settings("[catalog]\ndatabase = [\n  'a',\n]").refusal(), @r#"
    sigma-catalog.toml:2:12: `catalog.database` must be text, found array [config.wrong_type]
      database = [
                 ^
    help: write it in quotes: database = "..."
    "#);
    insta::assert_snapshot!(World::new().env("SIGMACAT_CRAWL_SQL", "yes").refusal(), @r#"
    environment variable SIGMACAT_CRAWL_SQL: `crawl.sql` must be true or false, found "yes" [config.wrong_type]
    help: write true or false, in the settings file without quotes
    "#);
    insta::assert_snapshot!(World::new().flag("crawl.concurrency", "many").refusal(), @r#"
    flag --concurrency: `crawl.concurrency` must be a whole number, found "many" [config.wrong_type]
    help: write a number from 1 to 10, in the settings file without quotes
    "#);
}

#[test]
fn a_number_out_of_range_names_the_setting_and_the_layer() {
    insta::assert_snapshot!(World::new().settings("[crawl]\nconcurrency = 30").refusal(), @r"
    sigma-catalog.toml:2:15: `crawl.concurrency` must be between 1 and 10 requests in flight, found 30 [config.out_of_range]
      concurrency = 30
                    ^^
    help: leave it out for the default of 3, or choose 1 to 10
    ");
    insta::assert_snapshot!(World::new().env("SIGMACAT_CRAWL_CONCURRENCY", "0").refusal(), @r"
    environment variable SIGMACAT_CRAWL_CONCURRENCY: `crawl.concurrency` must be between 1 and 10 requests in flight, found 0 [config.out_of_range]
    help: leave it out for the default of 3, or choose 1 to 10
    ");
    insta::assert_snapshot!(World::new().flag("sigma.requests_per_second", "0").refusal(), @r"
    flag --requests-per-second: `sigma.requests_per_second` must be between 1 and 1000 requests per second, found 0 [config.out_of_range]
    help: leave it out, or choose 1 to 1000
    ");
    insta::assert_snapshot!(World::new().settings("[crawl]\nconcurrency = 1_000_000_000_000_000_000_000_000_000_000_000_000_000_000").refusal(), @r"
    sigma-catalog.toml:2:15: `crawl.concurrency` must be between 1 and 10 requests in flight, found a longer number [config.out_of_range]
      concurrency = 1_000_000_000_000_000_000_000_000_000_000_000_000_000_000
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    help: leave it out for the default of 3, or choose 1 to 10
    ");
}

#[test]
fn a_word_outside_the_list_is_refused_with_the_list() {
    insta::assert_snapshot!(World::new().settings("[crawl]\ngrants = \"objects\"").refusal(), @r#"
    sigma-catalog.toml:2:10: `crawl.grants` must be one of "auto", "object", "principal", found "objects" [config.unknown_choice]
      grants = "objects"
               ^^^^^^^^^
    help: did you mean "object"?
    "#);
    insta::assert_snapshot!(World::new().env("SIGMACAT_LOG_LEVEL", "loud\u{1b}[31m").refusal(), @r"
    environment variable SIGMACAT_LOG_LEVEL: `log.level` contains a control character [config.malformed]
    help: write it on one line, without tabs or escapes
    ");
    insta::assert_snapshot!(World::new().env("SIGMACAT_LOG_LEVEL", "loud").refusal(), @r#"
    environment variable SIGMACAT_LOG_LEVEL: `log.level` must be one of "error", "warn", "info", "debug", "trace", found "loud" [config.unknown_choice]
    help: leave it out for the default of "info"
    "#);
}

#[test]
fn empty_and_malformed_texts_are_refused() {
    insta::assert_snapshot!(World::new().settings("[catalog]\ndatabase = ''").refusal(), @r"
    sigma-catalog.toml:2:12: `catalog.database` is empty [config.empty]
      database = ''
                 ^^
    help: leave it out, or give it a value
    ");
    insta::assert_snapshot!(World::new().settings("[sigma]\nclient_id = \"a\\nb\"").refusal(), @r#"
    sigma-catalog.toml:2:13: `sigma.client_id` contains a control character [config.malformed]
      client_id = "a\nb"
                  ^^^^^^
    help: write it on one line, without tabs or escapes
    "#);
    insta::assert_snapshot!(World::new().settings("[sigma]\nallow_host = \"https://x.example.com\"").refusal(), @r#"
    sigma-catalog.toml:2:14: `sigma.allow_host` must be one host name, found "https://x.example.com" [config.malformed]
      allow_host = "https://x.example.com"
                   ^^^^^^^^^^^^^^^^^^^^^^^
    help: write the host alone, e.g. "sigma.example.com": no scheme, port, path or wildcard
    "#);
    insta::assert_snapshot!(World::new().settings("[sigma]\nproxy = \"proxy:3128\"").refusal(), @r#"
    sigma-catalog.toml:2:9: `sigma.proxy` must start with one of http://, https://, socks5://, socks5h:// [config.malformed]
      proxy = "proxy:3128"
              ^^^^^^^^^^^^
    help: write scheme, host and port, e.g. "http://proxy.example.com:3128"
    "#);
}

#[test]
fn a_file_that_is_no_toml_is_pointed_at() {
    insta::assert_snapshot!(World::new().settings("[crawl]\nconcurrency 4").refusal(), @r#"
    sigma-catalog.toml:2:13: not valid TOML: key with no value, expected `=` [config.syntax]
      concurrency 4
                  ^
    help: sections are written [name], settings name = value, and text stands in "quotes"
    "#);
    insta::assert_snapshot!(World::new().settings("[crawl]\nsql = true\nsql = false").refusal(), @r"
    sigma-catalog.toml:3:1: not valid TOML: duplicate key [config.syntax]
      sql = false
      ^^^
    help: keep one of them: a section or setting stands in the file once
    ");
    insta::assert_snapshot!(World::new().settings("[sigma]\nclient_secret = \"abc").refusal(), @r#"
    sigma-catalog.toml:2:21: not valid TOML: invalid basic string, expected `"` [config.syntax]
      client_secret = [redacted]
                      ^^^^^^^^^^
    help: sections are written [name], settings name = value, and text stands in "quotes"
    "#);
}

#[test]
fn a_file_that_was_named_must_be_there() {
    insta::assert_snapshot!(World::new().config("conf/other.toml").refusal(), @r"
    flag --config: the settings file `conf/other.toml` does not exist [config.file_missing]
    help: check the path, or copy sample-config.toml there; relative paths start at the current folder
    ");
    insta::assert_snapshot!(World::new().env("SIGMACAT_CONFIG", "other.toml").refusal(), @r"
    environment variable SIGMACAT_CONFIG: the settings file `other.toml` does not exist [config.file_missing]
    help: check the path, or copy sample-config.toml there; relative paths start at the current folder
    ");
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    insta::assert_snapshot!(World::new().config(".").refusal(), @r"
    the settings file `.` cannot be read: Is a directory (os error 21) [config.file_unreadable]
    help: it must be a text file in TOML; sample-config.toml shows every setting
    ");
    insta::assert_snapshot!(World::new().file("a.toml", b"[crawl]\n# caf\xe9\n").config("a.toml").refusal(), @r"
    the settings file `a.toml` is not UTF-8 text: see line 2 [config.file_unreadable]
    help: it must be a text file in TOML; sample-config.toml shows every setting
    ");
    insta::assert_snapshot!(World::new().file("a.toml", " ".repeat(1_048_577)).config("a.toml").refusal(), @r"
    the settings file `a.toml` is larger than 1048576 bytes [config.file_unreadable]
    help: it must be a text file in TOML; sample-config.toml shows every setting
    ");
}

#[test]
fn a_certificate_file_must_be_there() {
    insta::assert_snapshot!(World::new().settings("[sigma]\nca_bundle = \"ca.pem\"").refusal(), @r#"
    sigma-catalog.toml:2:13: `sigma.ca_bundle` names `[folder]/ca.pem`, which is not a file [config.file_missing]
      ca_bundle = "ca.pem"
                  ^^^^^^^^
    help: name a PEM file of certificates; relative paths start at the folder the command runs in
    "#);
}

#[test]
fn the_base_url_is_explained() {
    insta::assert_snapshot!(World::new().settings("[sigma]\napi_url = \"https://app.sigmacomputing.com/acme\"").refusal(), @r#"
    sigma-catalog.toml:2:11: `sigma.api_url` names app.sigmacomputing.com, which is Sigma's app for people, not its API [config.app_url]
      api_url = "https://app.sigmacomputing.com/acme"
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    help: use the API base of your organisation's cloud and region:
          https://api.sigmacomputing.com             GCP US
          https://api.sa.gcp.sigmacomputing.com      GCP KSA (Dammam)
          https://aws-api.sigmacomputing.com         AWS US West (Oregon)
          https://api.us-a.aws.sigmacomputing.com    AWS US East
          https://api.ca.aws.sigmacomputing.com      AWS Canada
          https://api.eu.aws.sigmacomputing.com      AWS Europe (Frankfurt)
          https://api.au.aws.sigmacomputing.com      AWS Australia and APAC (Sydney)
          https://api.uk.aws.sigmacomputing.com      AWS UK
          https://api.us.azure.sigmacomputing.com    Azure US
          https://api.eu.azure.sigmacomputing.com    Azure Europe (Netherlands)
          https://api.ca.azure.sigmacomputing.com    Azure Canada
          https://api.uk.azure.sigmacomputing.com    Azure UK
          https://api.au.azure.sigmacomputing.com    Azure Australia
    "#);
    insta::assert_snapshot!(World::new().env("SIGMA_API_URL", "https://sigma.example.com").refusal(), @r"
    environment variable SIGMA_API_URL: `sigma.api_url` names sigma.example.com, which is not a host of sigmacomputing.com [config.foreign_host]
    help: use the API base of your organisation's cloud and region:
          https://api.sigmacomputing.com             GCP US
          https://api.sa.gcp.sigmacomputing.com      GCP KSA (Dammam)
          https://aws-api.sigmacomputing.com         AWS US West (Oregon)
          https://api.us-a.aws.sigmacomputing.com    AWS US East
          https://api.ca.aws.sigmacomputing.com      AWS Canada
          https://api.eu.aws.sigmacomputing.com      AWS Europe (Frankfurt)
          https://api.au.aws.sigmacomputing.com      AWS Australia and APAC (Sydney)
          https://api.uk.aws.sigmacomputing.com      AWS UK
          https://api.us.azure.sigmacomputing.com    Azure US
          https://api.eu.azure.sigmacomputing.com    Azure Europe (Netherlands)
          https://api.ca.azure.sigmacomputing.com    Azure Canada
          https://api.uk.azure.sigmacomputing.com    Azure UK
          https://api.au.azure.sigmacomputing.com    Azure Australia
          if sigma.example.com is a gateway you trust, set `sigma.allow_host` to it
    ");
    insta::assert_snapshot!(World::new().flag("sigma.api_url", "http://api.sigmacomputing.com").refusal(), @r"
    flag --api-url: `sigma.api_url` would send the client secret to api.sigmacomputing.com unencrypted [config.insecure_url]
    help: write https://api.sigmacomputing.com; http is for a simulator on this machine only
    ");
}

#[test]
fn a_misplaced_secret_is_explained() {
    insta::assert_snapshot!(World::new().settings("[sigma]\nclient_secret = \"abc\"").refusal(), @r#"
    sigma-catalog.toml:2:17: `sigma.client_secret` is written out in a file that others may read [config.secret_in_file]
      client_secret = [redacted]
                      ^^^^^^^^^^
    help: write "${env:NAME}" or "file:PATH" instead, or make the file yours alone (chmod 600)
    "#);
    insta::assert_snapshot!(World::new().flag("sigma.client_secret", "abc").refusal(), @r"
    `sigma.client_secret` cannot be given as a flag, where every user of the machine can read it [config.secret_in_flag]
    help: use the environment variable SIGMA_CLIENT_SECRET, or `--client-secret-file`
    ");
    insta::assert_snapshot!(World::new().env("SIGMA_CLIENT_SECRET", "").refusal(), @r"
    environment variable SIGMA_CLIENT_SECRET: the client secret is empty [config.secret_empty]
    help: store there the client secret that Sigma showed when the API credentials were created
    ");
    let both = World::new().env("SIGMA_CLIENT_SECRET", "a").env("SIGMACAT_SIGMA_CLIENT_SECRET_FILE", "b");
    insta::assert_snapshot!(both.refusal(), @r"
    environment variable SIGMACAT_SIGMA_CLIENT_SECRET_FILE: `sigma.client_secret` (environment variable SIGMA_CLIENT_SECRET) and `sigma.client_secret_file` (environment variable SIGMACAT_SIGMA_CLIENT_SECRET_FILE) are both given [config.contradiction]
    help: leave one of them out
    ");
}

#[test]
fn a_missing_secret_is_explained_where_it_was_expected() {
    let toml = "sigma.api_url = 'https://api.sigmacomputing.com'\nsigma.client_id = 'id'\n";
    for (line, part) in [("client_secret = '${env:MINE}'", "MINE"), ("client_secret_file = 'none'", "none")] {
        let world = World::new().settings(&format!("{toml}sigma.{line}"));
        let errors =
            world.loaded().settings.require_credentials().expect_err("there is no secret").to_string();
        assert!(errors.starts_with("sigma-catalog.toml:3:") && errors.contains(part), "{errors}");
        assert!(errors.contains("help: "), "{errors}");
    }
}

#[test]
fn all_missing_credentials_are_listed_at_once() {
    let loaded = World::new().loaded();
    let errors = loaded.settings.require_credentials().expect_err("nothing is set");
    insta::assert_snapshot!(errors, @r"
    `sigma.api_url` is needed to talk to Sigma, and is not set [config.missing]
    help: set `--api-url`, the environment variable SIGMA_API_URL or `api_url` under [sigma] in the settings file
          use the API base of your organisation's cloud and region:
          https://api.sigmacomputing.com             GCP US
          https://api.sa.gcp.sigmacomputing.com      GCP KSA (Dammam)
          https://aws-api.sigmacomputing.com         AWS US West (Oregon)
          https://api.us-a.aws.sigmacomputing.com    AWS US East
          https://api.ca.aws.sigmacomputing.com      AWS Canada
          https://api.eu.aws.sigmacomputing.com      AWS Europe (Frankfurt)
          https://api.au.aws.sigmacomputing.com      AWS Australia and APAC (Sydney)
          https://api.uk.aws.sigmacomputing.com      AWS UK
          https://api.us.azure.sigmacomputing.com    Azure US
          https://api.eu.azure.sigmacomputing.com    Azure Europe (Netherlands)
          https://api.ca.azure.sigmacomputing.com    Azure Canada
          https://api.uk.azure.sigmacomputing.com    Azure UK
          https://api.au.azure.sigmacomputing.com    Azure Australia

    `sigma.client_id` is needed to talk to Sigma, and is not set [config.missing]
    help: set `--client-id`, the environment variable SIGMA_CLIENT_ID or `client_id` under [sigma] in the settings file

    `sigma.client_secret` is needed to talk to Sigma, and is not set [config.missing]
    help: set the environment variable SIGMA_CLIENT_SECRET or `client_secret` under [sigma] in the settings file, or its file with `--client-secret-file` (`-`: standard input)
    ");
    let loaded =
        World::new().env("SIGMA_API_URL", "https://api.sigmacomputing.com").env("SIGMA_CLIENT_SECRET", "a");
    let errors = loaded.loaded().settings.require_credentials().expect_err("the id is missing");
    insta::assert_snapshot!(errors, @r"
    `sigma.client_id` is needed to talk to Sigma, and is not set [config.missing]
    help: set `--client-id`, the environment variable SIGMA_CLIENT_ID or `client_id` under [sigma] in the settings file
    ");
}

#[test]
fn only_mirroring_without_a_csv_is_accepted_in_this_release() {
    let permissions = |mirroring: bool, csv_mapping: bool| {
        World::new().settings(&format!("[permissions]\nmirroring = {mirroring}\ncsv_mapping = {csv_mapping}"))
    };
    permissions(true, false).loaded();
    insta::assert_snapshot!(permissions(false, false).refusal(), @r"
    sigma-catalog.toml:2:13: `permissions.mirroring` = false (crawl the view of one login user) is not available in this version [config.unsupported]
      mirroring = false
                  ^^^^^
    help: this version supports `permissions.mirroring` = true with `permissions.csv_mapping` = false, the defaults: set them so, or leave both out
    ");
    insta::assert_snapshot!(permissions(true, true).refusal(), @r"
    sigma-catalog.toml:3:15: `permissions.csv_mapping` = true (mirror the users of an identity CSV) is not available in this version [config.unsupported]
      csv_mapping = true
                    ^^^^
    help: this version supports `permissions.mirroring` = true with `permissions.csv_mapping` = false, the defaults: set them so, or leave both out
    ");
    insta::assert_snapshot!(permissions(false, true).refusal(), @r"
    sigma-catalog.toml:3:15: `permissions.csv_mapping` is true while `permissions.mirroring` is false: the CSV says whose permissions are mirrored, so it needs mirroring [config.contradiction]
      csv_mapping = true
                    ^^^^
    help: this version supports `permissions.mirroring` = true with `permissions.csv_mapping` = false, the defaults: set them so, or leave both out
    ");
    insta::assert_snapshot!(World::new().flag("permissions.mirroring", "false").refusal(), @r"
    flag --mirroring: `permissions.mirroring` = false (crawl the view of one login user) is not available in this version [config.unsupported]
    help: this version supports `permissions.mirroring` = true with `permissions.csv_mapping` = false, the defaults: set them so, or leave both out
    ");
}

#[test]
fn all_mistakes_come_at_once_in_the_order_of_the_file() {
    let toml = "[log]\nlevel = \"loud\"\n[sigma]\nurl = \"x\"\n[crawl]\nsql = 1\nconcurrency = 99\n[nope]\n";
    let world = World::new().settings(toml).env("SIGMACAT_CRAWL_LINEAGE", "off").flag("sigma.api_url", "x");
    let errors = world.errors();
    let found: Vec<_> = errors.iter().map(|e| format!("{} {}", e.origin(), e.code())).collect();
    insta::assert_snapshot!(found.join("\n"), @r"
    sigma-catalog.toml:2:9 config.unknown_choice
    sigma-catalog.toml:4:1 config.unknown_key
    sigma-catalog.toml:6:7 config.wrong_type
    sigma-catalog.toml:7:15 config.out_of_range
    sigma-catalog.toml:8:2 config.unknown_key
    environment variable SIGMACAT_CRAWL_LINEAGE config.wrong_type
    flag --api-url config.malformed_url
    ");
}

#[test]
fn every_message_has_a_code_of_the_documented_list_and_advice() {
    let documented: BTreeSet<_> = DOCUMENTED.iter().copied().collect();
    assert_eq!(documented.len(), DOCUMENTED.len());
    for (world, code) in one_of_each() {
        let errors = world.errors();
        assert_eq!(errors.codes(), [code]);
        for error in errors.iter() {
            assert!(documented.contains(error.code()), "{error}");
            assert!(!error.problem().is_empty() && !error.help().is_empty(), "{error}");
            assert!(error.to_string().contains(&format!("[{}]\n", error.code())), "{error}");
        }
    }
    let seen: BTreeSet<_> = one_of_each().into_iter().map(|(_, code)| code).collect();
    assert_eq!(seen, documented);
}

/// The codes that `load` documents; a program may depend on them.
const DOCUMENTED: &[&str] = &[
    "config.app_url",
    "config.contradiction",
    "config.empty",
    "config.file_missing",
    "config.file_unreadable",
    "config.foreign_host",
    "config.insecure_url",
    "config.malformed",
    "config.malformed_url",
    "config.out_of_range",
    "config.secret_empty",
    "config.secret_in_file",
    "config.secret_in_flag",
    "config.secret_malformed",
    "config.secret_reference",
    "config.syntax",
    "config.unknown_choice",
    "config.unknown_key",
    "config.unsupported",
    "config.wrong_type",
];

fn one_of_each() -> Vec<(World, &'static str)> {
    let url = |url: &str| World::new().env("SIGMA_API_URL", url);
    let toml = |text: &str| World::new().settings(text);
    vec![
        (url("https://app.sigmacomputing.com"), "config.app_url"),
        (toml("[permissions]\nmirroring = false\ncsv_mapping = true"), "config.contradiction"),
        (toml("sigma.client_id = ''"), "config.empty"),
        (World::new().config("none"), "config.file_missing"),
        (World::new().config("."), "config.file_unreadable"),
        (url("https://example.com"), "config.foreign_host"),
        (url("http://example.com"), "config.insecure_url"),
        (toml("sigma.proxy = 'x'"), "config.malformed"),
        (url("x"), "config.malformed_url"),
        (toml("crawl.concurrency = 0"), "config.out_of_range"),
        (World::new().env("SIGMA_CLIENT_SECRET", ""), "config.secret_empty"),
        (toml("sigma.client_secret = 'abc'"), "config.secret_in_file"),
        (World::new().flag("sigma.client_secret", "a"), "config.secret_in_flag"),
        (World::new().env("SIGMA_CLIENT_SECRET", "a b"), "config.secret_malformed"),
        (toml("sigma.client_secret = '$ABC'"), "config.secret_reference"),
        (toml("["), "config.syntax"),
        (toml("log.level = 'loud'"), "config.unknown_choice"),
        (toml("a = 1"), "config.unknown_key"),
        (toml("[permissions]\ncsv_mapping = true"), "config.unsupported"),
        (toml("crawl = 1"), "config.wrong_type"),
    ]
}
