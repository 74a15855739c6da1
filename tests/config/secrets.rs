//! The client secret: where it may come from, and that it is shown nowhere.

use std::io::Cursor;

use secrecy::ExposeSecret;
use sigma_catalog::config::{Settings, TABLE};

use super::{World, shown};

const SECRET: &str = "s3cr3t-hunter2";

/// The secret the settings lead to, given what stands on standard input.
fn secret_of(settings: &Settings, input: &str) -> Result<String, String> {
    let mut settings = settings.clone();
    settings.sigma.client_id = Some("id".to_owned());
    settings.sigma.api_url = "https://api.sigmacomputing.com".parse().ok();
    settings
        .require_credentials_from(&mut Cursor::new(input))
        .map(|credentials| credentials.client_secret.expose_secret().to_owned())
        .map_err(|errors| errors.to_string())
}

#[test]
fn the_secret_is_found_in_every_place_it_may_be_kept_in() {
    let line = format!("{SECRET}\r\n");
    let worlds = [
        World::new().env("SIGMA_CLIENT_SECRET", SECRET),
        World::new().env("SIGMACAT_SIGMA_CLIENT_SECRET", &line),
        World::new().settings("[sigma]\nclient_secret = \"${env:MINE}\"").env("MINE", &line),
        World::new().settings("[sigma]\nclient_secret = \"file:secret.txt\"").file("secret.txt", &line),
        World::new().settings("[sigma]\nclient_secret_file = \"secret.txt\"").file("secret.txt", &line),
        World::new().env("SIGMACAT_SIGMA_CLIENT_SECRET_FILE", "secret.txt").file("secret.txt", SECRET),
        World::new()
            .flag("sigma.client_secret_file", "secret.txt")
            .file("secret.txt", format!("\u{feff}{line}")),
    ];
    for world in worlds {
        assert_eq!(secret_of(&world.loaded().settings, "").as_deref(), Ok(SECRET));
    }
}

#[test]
fn the_secret_is_the_first_line_of_standard_input_when_that_is_asked_for() {
    let worlds = [
        World::new().settings("[sigma]\nclient_secret = \"stdin\""),
        World::new().settings("[sigma]\nclient_secret = \"-\""),
        World::new().flag("sigma.client_secret_file", "-"),
    ];
    for world in worlds {
        let settings = world.loaded().settings;
        assert_eq!(secret_of(&settings, &format!("{SECRET}\nmore")).as_deref(), Ok(SECRET));
        let refused = secret_of(&settings, "").expect_err("nothing was piped in");
        assert!(refused.contains("[config.secret_empty]"), "{refused}");
    }
}

#[cfg(unix)]
#[test]
fn a_secret_written_out_in_the_file_needs_a_file_of_its_owner_alone() {
    let toml = format!("[sigma]\nclient_secret = \"{SECRET}\"");
    for (mode, good) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o620, false)] {
        let world = World::new().settings(&toml).mode("sigma-catalog.toml", mode);
        match world.load() {
            Ok(loaded) => {
                assert!(good, "mode {mode:o} is accepted");
                assert_eq!(secret_of(&loaded.settings, "").as_deref(), Ok(SECRET));
            }
            Err(errors) => {
                assert!(!good, "mode {mode:o}: {errors}");
                assert_eq!(errors.codes(), ["config.secret_in_file"]);
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn a_mistyped_reference_is_never_taken_for_the_secret() {
    let mistyped =
        ["$MINE", "${MINE}", "${env:}", "${env:MINE", "${env:A B}", "env:MINE", "file:", "exec:pass sigma"];
    for text in mistyped {
        let toml = format!("[sigma]\nclient_secret = {text:?}");
        let world = World::new().settings(&toml).mode("sigma-catalog.toml", 0o600).env("MINE", SECRET);
        assert_eq!(world.errors().codes(), ["config.secret_reference"], "{text}");
    }
}

#[test]
fn an_unusable_secret_is_refused_wherever_it_is_kept() {
    let long = "x".repeat(5000);
    let cases = [
        ("", "config.secret_empty"),
        (" \n", "config.secret_empty"),
        ("two words", "config.secret_malformed"),
        ("two\nlines", "config.secret_malformed"),
        (long.as_str(), "config.secret_malformed"),
    ];
    for (text, code) in cases {
        assert_eq!(World::new().env("SIGMA_CLIENT_SECRET", text).errors().codes(), [code]);
        let reference = World::new().settings("sigma.client_secret = \"${env:MINE}\"").env("MINE", text);
        assert_eq!(reference.errors().codes(), [code]);
        let file = World::new().flag("sigma.client_secret_file", "secret.txt").file("secret.txt", text);
        let refused = secret_of(&file.loaded().settings, "").expect_err("it is unusable");
        assert!(refused.contains(code), "{refused}");
    }
    let file = World::new().flag("sigma.client_secret_file", "secret.txt").file("secret.txt", [0xff, 0xfe]);
    let refused = secret_of(&file.loaded().settings, "").expect_err("it is not text");
    assert!(refused.contains("config.secret_unreadable"), "{refused}");
}

#[test]
fn a_command_that_needs_no_secret_does_not_look_for_it() {
    let worlds = [
        World::new().settings("sigma.client_secret = \"${env:NOT_SET}\""),
        World::new().settings("sigma.client_secret = \"file:not-there\""),
        World::new().flag("sigma.client_secret_file", "not-there"),
        World::new().settings("sigma.client_secret = \"stdin\""),
    ];
    for world in worlds {
        let loaded = world.loaded();
        assert!(loaded.settings.sigma.client_secret.is_some());
        secret_of(&loaded.settings, "").expect_err("the command that needs it is told");
    }
}

#[test]
fn the_stronger_layer_decides_between_secret_and_secret_file() {
    let world = World::new()
        .env("SIGMA_CLIENT_SECRET", "of-the-environment")
        .flag("sigma.client_secret_file", "secret.txt")
        .file("secret.txt", SECRET);
    let loaded = world.loaded();
    assert_eq!(secret_of(&loaded.settings, "").as_deref(), Ok(SECRET));
    assert_eq!(shown(&loaded, "sigma.client_secret").value, None);

    let toml = "[sigma]\nclient_secret_file = \"secret.txt\"";
    let loaded = World::new().settings(toml).env("SIGMA_CLIENT_SECRET", SECRET).loaded();
    assert_eq!(secret_of(&loaded.settings, "").as_deref(), Ok(SECRET));
    assert_eq!(shown(&loaded, "sigma.client_secret_file").value, None);
}

#[test]
fn both_secret_and_secret_file_in_one_layer_are_a_contradiction() {
    let toml = "[sigma]\nclient_secret = \"stdin\"\nclient_secret_file = \"secret.txt\"";
    assert_eq!(World::new().settings(toml).errors().codes(), ["config.contradiction"]);
}

#[test]
fn a_secret_given_as_a_flag_is_refused() {
    let errors = World::new().flag("sigma.client_secret", SECRET).errors();
    assert_eq!(errors.codes(), ["config.secret_in_flag"]);
    assert!(!errors.to_string().contains(SECRET));
}

#[test]
fn settings_never_print_a_secret() {
    let world = World::new()
        .env("SIGMA_API_URL", "https://api.sigmacomputing.com")
        .env("SIGMA_CLIENT_ID", "id")
        .env("SIGMA_CLIENT_SECRET", SECRET)
        .flag("sigma.proxy", &format!("http://me:{SECRET}@proxy:3128"));
    let loaded = world.loaded();
    let credentials = loaded.settings.require_credentials().expect("all three are given");
    assert_eq!(credentials.client_secret.expose_secret(), SECRET);
    let json = serde_json::to_string(&loaded.show()).expect("it is plain data");
    let texts = [format!("{loaded:?}"), format!("{loaded:#?}"), format!("{credentials:?}"), json];
    for text in texts {
        assert!(!text.contains(SECRET), "{text}");
    }
    assert_eq!(shown(&loaded, "sigma.client_secret").value.as_deref(), Some("[redacted]"));
    assert_eq!(shown(&loaded, "sigma.proxy").value.as_deref(), Some("http://***@proxy:3128"));
}

#[cfg(unix)]
#[test]
fn errors_never_print_a_secret() {
    // Wrong in every way a file can be wrong around a secret; each must be refused, none may quote it.
    let texts = [
        "[sigma]\nclient_secret = \"SECRET\"",
        "[sigma]\nclient_secret = \"$SECRET\"",
        "[sigma]\nclient_secret = \"SECRET",
        "[sigma]\nclient_secret = SECRET",
        "[sigma]\nclient_secret: SECRET",
        "[sigma]\nclient_secret = [\"SECRET\"]",
        "[sigma]\nclient_secret = [\n\"SECRET\"\n\"SECRET\"\n]",
        "[sigma]\nclient_secret = { value = \"SECRET\" }",
        "[sigma]\nclient_secret = \"\"\"\nSECRET\\q\n\"\"\"",
        "[sigma]\nclient_secret =\n\"SECRET\"",
        "[sigma]\nclient_secrt = \"SECRET\"",
        "[sigma]\napi_token = \"SECRET\"",
        "client_secret = \"SECRET\"",
        "sigma = { client_secret = \"SECRET\", nope = 1 }",
        "[crawl]\nclient_secret = \"SECRET\"",
        "[sigma]\nclient_secret = \"a\"\nclient_secret = \"SECRET\"",
        "[sigma]\nproxy = \"http://me:SECRET@proxy/path\"",
        "[sigma]\nproxy = \"me:SECRET@proxy\"",
        "[sigma]\napi_url = \"https://me:SECRET@api.sigmacomputing.com\"",
        "[sigma]\nclient_secret = \"SECRET SECRET\"",
    ];
    for text in texts {
        let world = World::new().settings(&text.replace("SECRET", SECRET)).mode("sigma-catalog.toml", 0o644);
        let errors = world.errors();
        assert!(!errors.to_string().contains(SECRET), "{errors}");
        assert!(!format!("{errors:?}").contains(SECRET), "{errors:?}");
    }
}

#[test]
fn whatever_is_called_like_a_secret_is_one() {
    let words = ["token", "secret", "password", "key", "jwt", "credential"];
    for setting in TABLE.iter().filter(|setting| words.iter().any(|word| setting.name().contains(word))) {
        // The name of a file that holds a secret is none.
        assert!(setting.is_secret() || setting.name().ends_with("_file"), "{}", setting.key);
        assert!(
            !setting.is_secret() || (setting.flag.is_none() && setting.default.is_none()),
            "{}",
            setting.key
        );
    }
    assert_eq!(TABLE.iter().filter(|setting| setting.is_secret()).count(), 1);
}
