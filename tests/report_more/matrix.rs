//! R16 and R17.

use serde_json::Value;
use sigma_catalog::catalog::facts::Facts;

use crate::facts::{Build, empty};
use crate::made::made;

/// Two workspaces, a folder and a workbook in the first, a workbook outside of both.
fn organisation() -> Facts {
    let mut facts = empty();
    facts.workspace("alpha");
    facts.workspace("beta");
    facts.folder("f", "alpha");
    facts.document("workbook", "wb", "f");
    facts.document("workbook", "loose", "");
    facts.document("workbook", "old", "alpha").is_archived = true;
    facts.member("ann", "creator");
    facts.member("bob", "Viewer");
    facts.member("cat", "Viewer").is_archived = true;
    facts.member("eve", "Admin");
    facts.member("SigmaSchedulerRobot", "admin");
    facts.team("fin", &["ann", "cat"]);
    facts.team("idle", &["bob"]);
    facts.team("all", &[]).name = Some("All Members".into());
    facts.team("gone", &["bob"]).is_archived = true;
    facts.grant("alpha", "team:fin", "edit");
    facts.grant("f", "team:all", "explore");
    facts.grant("loose", "team:fin", "view");
    facts.grant("loose", "bob", "edit");
    facts.grant("alpha", "team:gone", "edit");
    facts
}

#[test]
fn account_types_are_counted_by_what_their_members_reach() {
    let mut facts = organisation();
    let viewer = facts.account_types.iter_mut().find(|known| known.name.as_deref() == Some("Viewer"));
    viewer.expect("a type").permissions = Some(vec!["view-worksheet".into()]);
    let made = made("R16", &facts);
    made.is(&[
        // name, members, active, objects, view, explore, organize, edit, owner, managers, above
        "Admin|1|1|5|0|0|0|5|0|1|0",
        "Creator|1|1|4|1|0|0|3|0|1|",
        "Viewer|2|1|3|0|2|0|1|0|0|3",
    ]);
    assert_eq!(made.json[1][10], Value::Null, "what a creator may use is not known");
    assert_eq!(made.sure, ["exact"; 3]);
}

#[test]
fn account_types_of_an_organisation_without_any_are_none() {
    let mut facts = empty();
    facts.account_types.clear();
    facts.member("SigmaSchedulerRobot", "admin");
    made("matrix-account-types", &facts).is(&[]);
    facts.member("nil", "").account_type = None;
    made("matrix-account-types", &facts).is(&["|1|1|0|0|0|0|0|0|0|"]);
}

#[test]
fn teams_are_shown_by_workspace() {
    let made = made("R17", &organisation());
    made.is(&[
        // id, name, members, workspace id, workspace, most, objects, view, explore, organize, edit
        "all|All Members|3|alpha|alpha|explore|2|0|2|0|0",
        "fin|fin|1|alpha|alpha|edit|3|0|0|0|3",
        "fin|fin|1|||view|1|1|0|0|0",
    ]);
    assert_eq!(made.sure, ["exact"; 3]);
}

#[test]
fn teams_without_grants_reach_nothing() {
    let mut facts = organisation();
    facts.grants.retain(|grant| grant.team_id.is_empty());
    made("matrix-teams", &facts).is(&[]);
}

#[test]
fn a_matrix_of_what_was_not_all_read_is_a_lower_bound() {
    let mut facts = organisation();
    facts.readings.note("object-grants", "f", false);
    assert_eq!(made("R16", &facts).sure, ["lower_bound"; 3]);
    // Only the workspace with the folder is in doubt.
    assert_eq!(made("R17", &facts).sure, ["lower_bound", "lower_bound", "exact"]);
}
