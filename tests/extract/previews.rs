//! Images of workbook pages: exported once for a version, stored by their hash, and never in the way of the catalog.

use std::path::PathBuf;

use serde_json::Value;
use sigma_catalog::simulator::Mutation;

use crate::context::Context;

const EXPORT: &str = "POST /v2/workbooks/{workbookId}/export";
const DOWNLOAD: &str = "GET /v2/query/{queryId}/download";

fn asked(context: &Context, endpoint: &str) -> usize {
    let stats = context.simulator.stats();
    let statuses = stats["requests"][endpoint].as_object().cloned().unwrap_or_default();
    statuses.values().filter_map(Value::as_u64).sum::<u64>() as usize
}

/// Pages of workbooks that can be drawn.
fn pages(context: &Context) -> usize {
    context
        .rows(
            "SELECT 1 FROM page p JOIN document d ON d.id = p.document_id \
             WHERE d.kind = 'workbook' AND coalesce(p.hidden, 0) = 0",
        )
        .len()
}

fn images(context: &Context) -> Vec<PathBuf> {
    let folder = context.folder.path().join("catalog-previews");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

fn fault(context: &Context, rule: &str) {
    context.simulator.reset_stats();
    context.simulator.set_faults(vec![rule.parse().expect("a rule")]);
}

#[test]
fn every_visible_page_is_drawn_once_and_an_unchanged_version_never_again() {
    let context = Context::small();
    let ran = context.extract_with(&["--previews", "pages", "--concurrency", "4"]);
    assert_eq!(ran.code, 0, "{ran}");
    let count = pages(&context);
    assert!(count > 10);
    assert_eq!(context.rows("SELECT * FROM preview").len(), count);
    assert_eq!(asked(&context, EXPORT), count);
    assert_eq!(asked(&context, DOWNLOAD), count * 3, "two times not ready, then the image");
    assert!(context.simulator.stats()["max_in_flight"].as_u64().is_some_and(|most| most <= 4));
    let held = context.rows("SELECT DISTINCT sha256 FROM preview");
    let files = images(&context);
    assert_eq!(files.len(), held.len());
    for file in &files {
        let name = file.file_stem().and_then(|name| name.to_str()).expect("a name");
        assert!(held.contains(&format!("{name:?}")), "{name}");
        let content = std::fs::read(file).expect("an image");
        assert!(content.starts_with(b"\x89PNG"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &std::path::Path| {
                std::fs::metadata(path).expect("a file").permissions().mode() & 0o777
            };
            assert_eq!((mode(file), mode(file.parent().expect("a folder"))), (0o600, 0o700));
        }
    }
    let before = context.rows("SELECT * FROM preview_history ORDER BY 1, 2");
    context.simulator.reset_stats();
    assert_eq!(context.extract_with(&["--previews", "pages"]).code, 0);
    assert_eq!((asked(&context, EXPORT), asked(&context, DOWNLOAD)), (0, 0));
    assert_eq!(context.rows("SELECT * FROM preview_history ORDER BY 1, 2"), before);
}

#[test]
fn a_new_version_another_width_and_a_lost_file_are_drawn_again() {
    let context = Context::small();
    assert_eq!(context.extract_with(&["--previews", "workbooks"]).code, 0);
    let drawn = context.rows("SELECT document_id FROM preview ORDER BY 1");
    assert_eq!(drawn.len(), asked(&context, EXPORT));
    let document = drawn[0].trim_matches('"').to_owned();
    let grown = Mutation::AddPage { document, name: Some("Appendix".to_owned()) };
    context.simulator.mutate(&grown).expect("a change");
    context.simulator.reset_stats();
    assert_eq!(context.extract_with(&["--previews", "workbooks"]).code, 0);
    assert_eq!(asked(&context, EXPORT), 1, "only the one that changed");
    context.simulator.reset_stats();
    assert_eq!(context.extract_with(&["--previews", "workbooks", "--preview-pixel-width", "640"]).code, 0);
    assert_eq!(asked(&context, EXPORT), drawn.len());
    context.simulator.reset_stats();
    for file in images(&context) {
        std::fs::remove_file(file).expect("removed");
    }
    assert_eq!(context.extract_with(&["--previews", "workbooks", "--preview-pixel-width", "640"]).code, 0);
    assert_eq!(asked(&context, EXPORT), drawn.len());
}

#[test]
fn fewer_images_may_be_asked_for_without_any_guard_and_files_that_nothing_refers_to_go() {
    let context = Context::small();
    assert_eq!(context.extract_with(&["--previews", "pages"]).code, 0);
    let folder = context.folder.path().join("catalog-previews");
    let (stray, unfinished, theirs) = (
        folder.join(format!("{}.png", "0".repeat(64))),
        folder.join(format!("{}.7.part", "1".repeat(64))),
        folder.join("notes.png"),
    );
    for file in [&stray, &unfinished, &theirs] {
        std::fs::write(file, "x").expect("written");
    }
    let ran = context.extract_with(&["--previews", "workbooks"]);
    assert_eq!(ran.code, 0, "{ran}");
    let workbooks = context.rows(
        "SELECT DISTINCT document_id FROM page WHERE document_id IN (SELECT id FROM document WHERE kind = 'workbook') \
         AND coalesce(hidden, 0) = 0",
    );
    assert_eq!(context.rows("SELECT * FROM preview").len(), workbooks.len());
    assert!(!stray.exists() && !unfinished.exists() && theirs.exists());
    assert_eq!(images(&context).len(), 2, "the image and somebody's file");
}

#[test]
fn nothing_is_exported_unless_asked_for() {
    let context = Context::small();
    context.extract();
    assert_eq!((asked(&context, EXPORT), context.rows("SELECT * FROM preview").len()), (0, 0));
    assert!(!context.folder.path().join("catalog-previews").exists());
    let url = context.simulator.url();
    let checked =
        crate::context::run(&mut context.command(&["check", "--api-url", &url, "--previews", "pages"]));
    assert_eq!(checked.code, 0, "{checked}");
    assert!(checked.stdout.contains("runs warehouse queries"), "{checked}");
    assert_eq!(asked(&context, EXPORT), 0, "a check exports nothing");
}

#[test]
fn an_export_that_fails_is_not_started_twice_and_leaves_the_catalog_whole() {
    for (rule, outcome, code) in [
        ("403", "denied", "access.forbidden"),
        ("500 x3", "failed", "server.error"),
        ("503 x3", "failed", "server.error"),
        ("402 x3", "failed", "server.timed_out"),
        ("reset x2", "failed", "network.broken"),
    ] {
        let context = Context::small();
        fault(&context, &format!("{EXPORT} {rule}"));
        let ran = context.extract_with(&["--previews", "workbooks"]);
        assert_eq!(ran.code, 3, "{rule}: {ran}");
        let wrong = context.rows(
            "SELECT DISTINCT endpoint, outcome, error_code FROM fetch_scope \
             WHERE outcome NOT IN ('complete', 'excluded', 'not_applicable', 'carried')",
        );
        assert_eq!(wrong, [format!("\"previews\" | {outcome:?} | {code:?}")], "{rule}");
        let found = crate::truth::differences(&context);
        assert!(found.is_empty(), "{rule}: {found}");
        let drawn =
            context.rows("SELECT DISTINCT parent_id FROM fetch_scope WHERE endpoint = 'previews'").len();
        assert_eq!(asked(&context, EXPORT), drawn, "{rule}: each once");
    }
}

#[test]
fn an_export_that_surely_did_not_begin_is_started_again() {
    let context = Context::small();
    fault(&context, &format!("{EXPORT} 429 x1 retry-after=0"));
    let ran = context.extract_with(&["--previews", "workbooks"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(asked(&context, EXPORT), context.rows("SELECT * FROM preview").len() + 1);
}

#[test]
fn what_is_no_image_or_does_not_come_is_told_and_an_error_meanwhile_is_waited_out() {
    for (rule, code) in
        [("500 x2", "server.error"), ("html200 x2", "preview.not_png"), ("404", "preview.timeout")]
    {
        let context = Context::small();
        fault(&context, &format!("{DOWNLOAD} {rule}"));
        let timeout = if rule == "404" { "1" } else { "180" };
        let arguments = ["--previews", "workbooks", "--preview-timeout-secs", timeout, "--concurrency", "4"];
        let ran = context.extract_with(&arguments);
        assert_eq!(ran.code, 3, "{rule}: {ran}");
        let codes = context.rows(
            "SELECT DISTINCT error_code FROM fetch_scope WHERE endpoint = 'previews' AND outcome = 'failed'",
        );
        assert_eq!(codes, [format!("{code:?}")], "{rule}");
    }
    let context = Context::small();
    fault(&context, &format!("{DOWNLOAD} 404 x5"));
    assert_eq!(context.extract_with(&["--previews", "workbooks"]).code, 0);
}
