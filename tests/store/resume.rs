//! What a resumed run neither asks for nor takes over is gone when it publishes.

use std::collections::BTreeMap;

use sigma_catalog::catalog::delivery::{Bundle, Delivery, Outcome, Page, Rows, ScopeReport, scope};
use sigma_catalog::catalog::document;
use sigma_catalog::catalog::organisation::TeamMember;
use sigma_catalog::store::{Resume, RunEnd};

use crate::{World, start};

fn page(scope: &'static str, parent: &str, rows: Rows) -> Delivery {
    Delivery::Page(Page { scope, parent: parent.to_owned(), rows, follow_ups: Vec::new() })
}

fn complete(scope: &'static str, parent: &str) -> ScopeReport {
    ScopeReport::without_rows(scope, parent, Outcome::Complete, "", "")
}

#[test]
fn what_an_earlier_run_read_of_something_that_is_gone_since_goes_with_it() {
    let world = World::new();
    let resume = |goes_on| Resume { fingerprint: "same", goes_on, only: None, why_not: None };
    // The listings of teams and documents had not ended, what they had shown was read.
    let mut writer = world.store().begin_as(&start(), resume(false)).expect("a run");
    let mut rows = Rows::default();
    rows.push(TeamMember {
        team_id: "gone".into(),
        member_id: "m".into(),
        is_team_admin: None,
        added_by: None,
    });
    let mut inside = Rows::default();
    inside.push(document::Page { page_id: "p".into(), name: None, hidden: None });
    let bundle =
        Bundle { document_id: "gone".into(), rows: inside, scopes: vec![complete(scope::PAGES, "")] };
    for delivery in [
        page(scope::TEAM_MEMBERS, "gone", rows),
        Delivery::Scope(complete(scope::TEAM_MEMBERS, "gone")),
        Delivery::Document(bundle, Vec::new()),
    ] {
        writer.accept(delivery).expect("a delivery that fits");
    }
    writer.flush().expect("a disk with room");
    drop(writer);
    let mut writer = world.store().begin_as(&start(), resume(true)).expect("a run");
    assert_eq!(writer.resumes(), Some(1));
    for scope in [scope::TEAMS, scope::DOCUMENTS] {
        writer.accept(Delivery::Scope(complete(scope, ""))).expect("a delivery that fits");
    }
    let outcome = writer.publish(&RunEnd::default(), &BTreeMap::new()).expect("a publish");
    assert!(outcome.counts.values().all(|counts| counts.total == 0), "{:?}", outcome.counts);
    for table in ["team_member_history", "page_history"] {
        assert_eq!(world.view(&format!("SELECT count(*) FROM {table}")), ["0"], "{table}");
    }
    assert_eq!(world.view("SELECT endpoint FROM fetch_scope ORDER BY 1"), ["documents", "teams"]);
}
