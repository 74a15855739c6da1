//! What is in the file, without a browser.

use std::path::PathBuf;

use sigma_catalog::report::finding::Ledger;
use sigma_catalog::report::page;
use sigma_catalog::simulator::Options;
use sigma_catalog::store::{EmbedRow, Embeds};
use tempfile::TempDir;

use crate::facts::Build;
use crate::shared::{Context, run};
use crate::world::World;

/// A name that would be dangerous if anything took it for more than text.
pub const HOSTILE: &str =
    "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'<!-- {{ 7*7 }} &amp;";

const DOUBT: &str = "Not everything was read";

/// The page of a world.
pub fn text_of(world: &World) -> String {
    world.with(|inputs| page(inputs, &Ledger::default())).expect("a page")
}

/// The page of a world as a file.
pub fn written(folder: &TempDir, world: &World) -> PathBuf {
    let path = folder.path().join("report.html");
    std::fs::write(&path, text_of(world)).expect("a file");
    path
}

/// The data that a page carries.
pub fn data_of(text: &str) -> &str {
    let (_, data) = text.split_once("<script type=\"application/json\" id=\"data\">").expect("data");
    data.split_once("</script>").expect("its end").0
}

/// An organisation in which everything has a hostile name, and everything of which there is a table is found.
pub fn hostile() -> World {
    let mut world = World::new();
    let facts = &mut world.facts;
    facts.account_types[1].name = Some(HOSTILE.into());
    for id in ["ann", "ben"] {
        let member = facts.member(id, HOSTILE);
        (member.name, member.email) = (Some(format!("{id} {HOSTILE}")), Some(format!("{id}{HOSTILE}@x.com")));
    }
    facts.team("t", &["ann"]).name = Some(HOSTILE.into());
    facts.team("all", &[]).name = Some("All Members".into());
    facts.workspace("w");
    facts.workspaces[0].name = Some(format!("W {HOSTILE}"));
    facts.document("workbook", "b", "w").name = Some(format!("B {HOSTILE}"));
    facts.document("workbook", "c", "w").name = Some(format!("C {HOSTILE}"));
    facts.readings.note("object-grants", "c", false);
    for (object, to, word) in
        [("w", "team:t", "view"), ("b", "team:all", "view"), ("b", "ben", HOSTILE), ("gone", "ann", "edit")]
    {
        facts.grant(object, to, word);
    }
    let embed = EmbedRow { embed_id: HOSTILE.into(), document_id: "b".into(), public: Some(true) };
    world.evidence.embeds = Some(Embeds { rows: vec![embed], is_whole: true });
    world.user(HOSTILE, "ann@x.com", true);
    world
}

#[test]
fn no_name_is_markup() {
    let text = text_of(&hostile());
    assert!(!text.contains("<script>alert"), "a name became a script");
    assert!(!text.contains("<img"), "a name became an element");
    assert_eq!(text.matches("<script").count(), 2, "the data and the page's own script");
    let read: serde_json::Value = serde_json::from_str(data_of(&text)).expect("JSON");
    assert_eq!(read["teams"]["name"][0], HOSTILE);
}

#[test]
fn the_policy_lets_in_what_the_page_carries_and_nothing_else() {
    let text = text_of(&hostile());
    let head = text.split_once("<style>").expect("a style").0;
    let policy = head.split_once("Content-Security-Policy\" content=\"").expect("a policy").1;
    let policy = policy.split_once('"').expect("its end").0;
    let rules: Vec<&str> = policy.split("; ").collect();
    let hash = |tag: &str| {
        use base64::{Engine, prelude::BASE64_STANDARD};
        use sha2::{Digest, Sha256};
        let body = text.split_once(&format!("<{tag}>")).expect(tag).1;
        let body = body.split_once(&format!("</{tag}>")).expect(tag).0;
        format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(body)))
    };
    let expected = [
        "default-src 'none'".to_owned(),
        format!("style-src {}", hash("style")),
        format!("script-src {}", hash("script")),
        "base-uri 'none'".to_owned(),
        "form-action 'none'".to_owned(),
    ];
    assert_eq!(rules, expected);
    let text = text_of(&World::new());
    for remote in ["http://", "https://", " src=", "@import", "url("] {
        assert!(!text.contains(remote), "{remote}");
    }
}

#[test]
fn a_table_that_is_too_long_says_so() {
    let mut world = World::new();
    let facts = &mut world.facts;
    facts.team("all", &[]).name = Some("All Members".into());
    facts.workspace("w");
    for number in 0..1200 {
        facts.document("workbook", &format!("b{number}"), "w");
        facts.readings.note("object-grants", &format!("b{number}"), false);
    }
    facts.grant("w", "team:all", "view");
    let text = text_of(&world);
    assert!(text.len() < 2_000_000, "{}", text.len());
    // The workspace is exposed as well; what everybody sees and nobody owns is a finding twice.
    assert!(text.contains("The first 1000 of 1201 are shown; <code>sigma-catalog report exposure</code>"));
    assert!(text.contains("The first 1000 of 1200 are shown; <code>sigma-catalog report coverage</code>"));
    assert!(text.contains("The first 1000 of 2401 are shown; <code>sigma-catalog report all</code>"));
}

#[test]
fn the_binary_writes_it_for_its_owner_with_the_organisations_name_and_whose_access_is_mirrored() {
    let context = Context::new(Options { pages: 1, elements: 1, columns: 2, ..Options::small() });
    context.extract();
    let folder = context.folder.path().join("out");
    std::fs::create_dir(&folder).expect("a folder");
    let written = folder.join("report.html");
    std::fs::write(&written, "an earlier one").expect("a file");
    for arguments in [&["html"][..], &["R08", "--format", "csv"]] {
        let more = ["--db", "catalog.db", "--out", "out/report.html"];
        let ran = run(&mut context.command(&[&["report"], arguments, &more].concat()));
        assert_eq!(ran.code, 0, "{ran}");
        let text = std::fs::read_to_string(&written).expect("text");
        if arguments == ["html"] {
            assert!(text.contains("<title>Who can see what: northwind-labs</title>"));
            assert!(text.contains("The catalog mirrors nobody&#39;s access"), "{}", &text[..200]);
            assert!(!text.contains(DOUBT), "what settings left out makes nothing doubtful");
        } else {
            assert!(text.starts_with("report_id,"), "{text}");
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&written).expect("a file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(std::fs::read_dir(&folder).expect("a folder").count(), 1, "nothing unfinished is left");
    }
    let ran = run(&mut context.command(&["report", "html", "--db", "catalog.db", "--out", "."]));
    assert_eq!((ran.code, ran.stderr.contains("cannot write `.`")), (2, true), "{ran}");
}

#[test]
fn what_was_not_read_is_said_above_everything() {
    assert!(text_of(&hostile()).contains(DOUBT), "the grants of one workbook were not read");
}
