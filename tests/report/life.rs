//! Findings from run to run: new, known, suppressed, resolved; and the one record of a report, cell by cell.

use sigma_catalog::report::finding::{Ledger, Status};
use sigma_catalog::report::{Severity, seen};
use sigma_catalog::store::{FindingRow, Suppression};

use crate::facts::Build;
use crate::world::{World, report};

fn world() -> World {
    let mut world = World::new();
    world.facts.member("off", "Viewer").is_archived = true;
    world.facts.document("workbook", "wb", "");
    world.facts.grant("wb", "off", "=view");
    world
}

fn key(world: &World) -> String {
    world.rows("R08", &["finding_key"]).remove(0)
}

fn found(world: &World, first_seen_run: i64, resolved_run: Option<i64>) -> FindingRow {
    let seen = world.with(|inputs| seen(report("R08"), inputs)).expect("findings");
    FindingRow {
        report_id: "R08".into(),
        finding_key: seen.found[0].key.clone(),
        object_id: seen.found[0].object_id.clone(),
        first_seen_run,
        last_seen_run: first_seen_run,
        resolved_run,
        cells: seen.found[0].cells.clone(),
    }
}

fn suppression(key: &str, until: &str) -> Suppression {
    Suppression {
        finding_key: key.into(),
        report_id: "R08".into(),
        reason: "on leave".into(),
        until: until.into(),
        suppressed_by: "me".into(),
        suppressed_at: "2026-11-01T00:00:00.000Z".into(),
    }
}

const LIFE: [&str; 4] = ["status", "first_seen_run", "suppress_reason", "suppress_until"];

#[test]
fn a_finding_is_new_in_its_first_run_and_known_from_then_on() {
    let mut world = world();
    assert_eq!(world.rows("R08", &LIFE), ["new | 7 |  | "]);
    world.ledger = Ledger::new(vec![found(&world, 7, None)], Vec::new(), "2026-11-21");
    assert_eq!(world.rows("R08", &LIFE), ["new | 7 |  | "]);
    world.ledger = Ledger::new(vec![found(&world, 3, None)], Vec::new(), "2026-11-21");
    assert_eq!(world.rows("R08", &LIFE), ["known | 3 |  | "]);
}

#[test]
fn a_suppression_hides_a_finding_to_the_end_of_its_last_day() {
    let mut world = world();
    let key = key(&world);
    for (until, shown) in [("2026-11-20", true), ("2026-11-21", false), ("2027-01-01", false)] {
        let suppressions = vec![suppression(&key, until)];
        world.ledger = Ledger::new(vec![found(&world, 3, None)], suppressions, "2026-11-21");
        world.filter.statuses.clear();
        let expected: &[&str] = if shown { &["known | 3 |  | "] } else { &[] };
        assert_eq!(world.rows("R08", &LIFE), expected, "{until}");
        assert_eq!(world.json("R08")["suppressed"], i64::from(!shown));
        world.filter.statuses = vec![Status::Suppressed];
        let expected = format!("suppressed | 3 | on leave | {until}");
        let expected: &[&str] = if shown { &[] } else { &[&expected] };
        assert_eq!(world.rows("R08", &LIFE), expected, "{until}");
    }
}

#[test]
fn what_is_resolved_is_shown_as_it_was_when_asked_for() {
    let mut world = world();
    let ledger = |world: &World| Ledger::new(vec![found(world, 3, Some(6))], Vec::new(), "2026-11-21");
    world.filter.statuses = vec![Status::Resolved];
    world.ledger = ledger(&world);
    // It is there again: not resolved, whatever the ledger says.
    assert_eq!(world.rows("R08", &["status"]), Vec::<String>::new());
    world.facts.grants.clear();
    let columns = ["status", "grant_id", "reason", "permission", "severity", "first_seen_run"];
    assert_eq!(world.rows("R08", &columns), ["resolved | g1 | member_deactivated | =view | medium | 3"]);
    // In a run before that it was not resolved yet.
    world.run = 5;
    assert_eq!(world.rows("R08", &columns), Vec::<String>::new());
}

#[test]
fn the_key_is_of_the_thing_and_not_of_the_day() {
    let mut world = world();
    let first = key(&world);
    world.run = 70;
    world.facts.members[0].is_inactive = true;
    world.facts.grants[0].permission = Some("edit".into());
    assert_eq!(key(&world), first);
    world.facts.grants[0].id = "g2".into();
    assert_ne!(key(&world), first);
}

#[test]
fn filters_choose_rows_and_say_when_they_cannot() {
    let mut world = world();
    world.filter.severity = Some(Severity::High);
    assert_eq!(world.rows("R08", &["grant_id"]), Vec::<String>::new());
    world.filter.severity = Some(Severity::Medium);
    world.filter.kind = Some("Workbook".into());
    assert_eq!(world.rows("R08", &["grant_id"]), ["g1"]);
    world.filter.member = Some("somebody else".into());
    assert_eq!(world.rows("R08", &["grant_id"]), Vec::<String>::new());
    let refused = world.make("R01", &mut sigma_catalog::report::render::Json::new(&mut Vec::new()));
    assert!(refused.expect_err("no severity").to_string().contains("--severity"));
}

#[test]
fn csv_marks_what_a_spreadsheet_would_run_and_numbers_stay_numbers() {
    let world = world();
    let mut bytes = Vec::new();
    world.make("R08", &mut sigma_catalog::report::render::Csv::new(&mut bytes, false)).expect("a report");
    let text = String::from_utf8(bytes).expect("UTF-8");
    let key = key(&world);
    let expected = "report_id,run_id,as_of,org_id,grant_id,object_id,kind,object,workspace,grantee_kind,grantee_id,grantee,\
        permission,reason,created_at,created_by,created_by_id,confidence,finding_key,severity,status,first_seen_run,\
        suppress_reason,suppress_until\r\n\
        R08,7,2026-11-01T00:00:00.000Z,org,g1,wb,workbook,wb,,member,off,off@x.com,'=view,member_deactivated,,,,exact,";
    assert_eq!(text, format!("{expected}{key},medium,new,7,,\r\n"));
}

#[test]
fn html_and_markdown_escape_what_other_people_named() {
    let mut world = world();
    world.facts.documents[0].name = Some("</td><script>alert(1)</script>|".into());
    let mut html = Vec::new();
    world.make("R08", &mut sigma_catalog::report::render::Html::new(&mut html)).expect("a report");
    let html = String::from_utf8(html).expect("UTF-8");
    assert!(!html.contains("<script"), "{html}");
    assert!(html.contains("&lt;script&gt;alert(1)") || html.contains("&#60;script&#62;alert(1)"), "{html}");
    assert!(html.contains("default-src 'none'; style-src 'sha256-"), "{html}");
    let mut markdown = Vec::new();
    world.make("R08", &mut sigma_catalog::report::render::Markdown::new(&mut markdown)).expect("a report");
    let markdown = String::from_utf8(markdown).expect("UTF-8");
    assert!(markdown.contains("&lt;/td&gt;&lt;script&gt;alert(1)&lt;/script&gt;\\|"), "{markdown}");
}
