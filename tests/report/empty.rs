//! Organisations in which a report finds nothing, and how sure it is of that.

use sigma_catalog::store::{Embeds, StoredVerification, VerificationCounts};

use crate::facts::Build;
use crate::world::World;

/// Two mapped people, one of them an administrator by Sigma's own type, and a team that owns nothing.
fn tidy() -> World {
    let mut world = World::new();
    let facts = &mut world.facts;
    for id in ["ann", "bob"] {
        facts.member(id, "Creator");
    }
    facts.team("fin", &["ann", "bob"]);
    facts.workspace("ws");
    facts.folder("f", "ws").owner_id = Some("ann".into());
    facts.document("workbook", "wb", "f").owner_id = Some("ann".into());
    facts.grant("ws", "team:fin", "view");
    facts.grant("wb", "team:fin", "edit");
    facts.grant("f", "team:fin", "edit");
    world.evidence.embeds = Some(Embeds { rows: Vec::new(), is_whole: true });
    world.user("u1", "ann@x.com", true);
    world.user("u2", "bob@x.com", true);
    world
}

#[test]
fn a_tidy_organisation_has_no_findings_and_that_is_sure() {
    let world = tidy();
    for id in ["R07", "R08", "R09", "R10", "R11", "R13", "R14", "R18"] {
        assert_eq!(world.rows(id, &["finding_key"]), Vec::<String>::new(), "{id}");
        assert_eq!(world.confidence(id), "exact", "{id}");
        assert_eq!(world.json(id)["unread"], serde_json::json!([]), "{id}");
    }
}

#[test]
fn that_nothing_is_exposed_is_never_sure() {
    let world = tidy();
    assert_eq!(world.rows("R12", &["finding_key"]), Vec::<String>::new());
    assert_eq!(world.confidence("R12"), "lower_bound");
    assert_eq!(world.json("R12")["unread"], serde_json::json!(["signed-embeds"]));
}

#[test]
fn where_embeds_were_never_asked_for_that_is_said() {
    let mut world = tidy();
    world.evidence.embeds = None;
    assert_eq!(world.json("R12")["unread"], serde_json::json!(["embeds", "signed-embeds"]));
}

#[test]
fn an_organisation_without_anybody_has_no_access_and_nothing_to_mirror() {
    let world = World::new();
    for id in ["R01", "R06"] {
        assert_eq!(world.rows(id, &["finding_key"]), Vec::<String>::new(), "{id}");
        assert_eq!(world.confidence(id), "exact", "{id}");
    }
}

#[test]
fn somebody_with_nothing_sees_nothing() {
    let mut world = tidy();
    world.facts.member("eve", "Viewer");
    world.options.member = Some("eve@x.com".into());
    world.options.object = Some("wb".into());
    assert_eq!(world.rows("R03", &["row"]), Vec::<String>::new());
    let explained = world.rows("R04", &["narrative", "confidence"]);
    assert_eq!(explained, ["no path: nothing gives the member access | exact"]);
    world.facts.grants.clear();
    world.facts.documents[0].owner_id = None;
    world.facts.files.iter_mut().for_each(|file| file.owner_id = None);
    assert_eq!(world.rows("R02", &["row", "n_members", "confidence"]), ["summary | 0 | exact"]);
}

#[test]
fn what_was_not_read_makes_nothing_a_lower_bound() {
    let mut world = tidy();
    world.facts.readings.note("members", "", false);
    for id in ["R06", "R07", "R08", "R13", "R14"] {
        assert_ne!(world.confidence(id), "exact", "{id}");
    }
    let mut world = tidy();
    world.facts.readings.by_administrator = false;
    for id in ["R01", "R08", "R09", "R11", "R13", "R14"] {
        assert_ne!(world.confidence(id), "exact", "{id}");
    }
}

#[test]
fn a_verification_without_differences_agrees() {
    let mut world = tidy();
    let columns = ["row", "agree", "verdict", "compared_n", "confidence"];
    assert_eq!(world.rows("R21", &columns), ["summary |  | never_run |  | unknown"]);
    let counts = VerificationCounts { members: 2, compared: 6, agreed: 6, ..VerificationCounts::default() };
    world.evidence.verification =
        Some(StoredVerification { run_id: 7, counts, ..StoredVerification::default() });
    assert_eq!(world.rows("R21", &columns), ["summary | true | agreed | 6 | exact"]);
    // What was said of another run proves nothing of this one.
    world.run = 8;
    assert_eq!(world.rows("R21", &columns), ["summary | true | agreed | 6 | unknown"]);
}
