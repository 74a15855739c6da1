//! What callers rely on: what prints and exits with 0, and one object from `check` whatever is wrong.

use serde_json::Value;

use crate::context::run;
use crate::world::{World, extract};

#[test]
fn what_it_is_and_how_to_use_it_is_printed_without_anything_else() {
    let world = World::empty();
    let version = world.run(&["--version"]);
    assert_eq!((version.code, version.stderr.as_str()), (0, ""), "{version}");
    assert_eq!(version.stdout, format!("sigma-catalog {}\n", env!("CARGO_PKG_VERSION")));

    let about = world.run(&["about", "--format", "json"]);
    assert_eq!((about.code, about.stderr.as_str()), (0, ""), "{about}");
    let about = about.json();
    assert_eq!(about["name"], "sigma-catalog");
    assert_eq!(about["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(about["catalog_schema"], sigma_catalog::store::schema::VERSION);
    let codes: Vec<u64> = about["exit_codes"]
        .as_array()
        .expect("codes")
        .iter()
        .filter_map(|exit| exit["code"].as_u64())
        .collect();
    assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 130, 143]);
    assert!(world.run(&["about"]).stdout.contains(env!("CARGO_PKG_VERSION")));

    let help = world.run(&["--help"]);
    assert_eq!((help.code, help.stderr.as_str()), (0, ""), "{help}");
    let commands: Vec<&str> = help
        .stdout
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
        .collect();
    assert!(commands.len() > 15 && commands.contains(&"backup"), "{commands:?}");
    for command in commands {
        let help = world.run(&[command, "--help"]);
        assert_eq!((help.code, help.stderr.as_str()), (0, ""), "{command}: {help}");
        assert!(help.stdout.contains("Usage: sigma-catalog"), "{command}: {help}");
    }
    assert!(world.names().is_empty());
}

/// The one object that `check` prints, and its exit code.
#[track_caller]
fn checked(world: &World, secret: Option<&str>, arguments: &[&str]) -> (i32, Value) {
    let all = [&["check", "--format", "json"], arguments].concat();
    let mut command = world.command(&all);
    if let Some(secret) = secret {
        command.env("SIGMA_CLIENT_SECRET", secret);
    }
    let ran = run(&mut command);
    let mut objects = serde_json::Deserializer::from_str(&ran.stdout).into_iter::<Value>();
    let object = objects.next().unwrap_or_else(|| panic!("no object: {ran}")).expect("JSON");
    assert!(objects.next().is_none(), "more than one object: {ran}");
    assert_eq!(object["exit_code"], ran.code, "{ran}");
    assert_eq!(object["ok"], ran.code == 0, "{ran}");
    (ran.code, object)
}

#[test]
fn a_check_answers_with_one_object_and_tells_well_from_refused_from_misconfigured() {
    let url = ["--api-url", extract()[2]];
    let world = World::empty();
    let (well, _) = checked(&world, None, &url);
    let (refused, _) = checked(&world, Some("not-the-secret-it-should-be"), &url);
    let (misconfigured, object) = checked(&world, None, &[&url[..], &["--concurrency", "99"]].concat());
    assert_eq!((well, refused, misconfigured), (0, 5, 8));
    let line = &object["lines"][0];
    assert_eq!((&line["what"], &line["answer"]), (&"configuration".into(), &"failed".into()), "{line}");
    let detail = line["detail"].as_str().expect("a text");
    assert!(detail.contains("config.out_of_range") && detail.contains("crawl.concurrency"), "{line}");
    let (missing, object) = checked(&world, None, &[]);
    assert_eq!(missing, 8);
    assert!(
        object["lines"][0]["detail"].as_str().is_some_and(|text| text.contains("sigma.api_url")),
        "{object}"
    );
}
