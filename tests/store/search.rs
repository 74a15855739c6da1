//! The full-text index says what the published catalog says, and no word typed is a command to it.

use std::collections::BTreeMap;

use sigma_catalog::catalog::delivery::scope;
use sigma_catalog::catalog::delivery::{Bundle, Delivery, Outcome, Rows};
use sigma_catalog::catalog::document::{Element, ElementColumn, ElementQuery, Page};
use sigma_catalog::catalog::organisation::{Document, Member};
use sigma_catalog::store::{Resume, RunEnd, RunState, Writer};

use crate::org::{Org, column, document, element, file, member};
use crate::{World, start};

/// What a search finds, as `kind:id`, sorted.
#[track_caller]
fn found(world: &World, text: &str) -> Vec<String> {
    let hits = world.catalog().search(text, &[], 100).expect("a search");
    let mut found: Vec<String> = hits.iter().map(|hit| hit.object.key.to_string()).collect();
    found.sort();
    found
}

/// The small organisation with names worth looking for.
fn org() -> Org {
    let mut org = Org::small();
    org.documents[0] = Document {
        name: Some("Net \"Revenue\" (draft) Größe".into()),
        description: Some("what the board reads".into()),
        ..document("wb1", "workbook")
    };
    org.members[0] = Member { first_name: Some("Zoë".into()), ..member("m1") };
    let inside = org.inside("wb1");
    inside.elements[0] = Element { name: None, ..element("e1", Some("p1")) };
    inside.columns[0] = ElementColumn {
        name: Some("Churn Ratio".into()),
        formula: Some("Sum([Lost]) / Count([CUSTOMER_ID])".into()),
        ..column("e1", "c1")
    };
    inside.queries[0] =
        ElementQuery { element_id: "e1".into(), sql: Some("select x from ledger_2024".into()), error: None };
    org
}

#[test]
fn every_text_of_an_object_is_found() {
    let world = World::new();
    world.run(org().deliveries());
    for (text, expected) in [
        ("revenue", "workbook:wb1"),
        ("REV", "workbook:wb1"),
        ("größe", "workbook:wb1"),
        ("board reads", "workbook:wb1"),
        ("churn", "element:wb1/e1"),
        ("customer_id", "element:wb1/e1"),
        ("lost count", "element:wb1/e1"),
        ("ledger_2024", "element:wb1/e1"),
        ("zoe", "member:m1"),
        ("m2@example.com", "member:m2"),
        ("tbl", "table:tbl"),
        ("f1", "folder:f1"),
        ("t2", "team:t2"),
        ("c1 -", "connection:c1"),
    ] {
        assert!(found(&world, text).contains(&expected.to_owned()), "{text}: {:?}", found(&world, text));
    }
    assert_eq!(found(&world, "evenue"), [""; 0], "the middle of a word");
    assert_eq!(found(&world, "id_customer"), [""; 0], "parts in another order");
    assert_eq!(found(&world, "churn absent"), [""; 0], "one of two words");
}

#[test]
fn a_word_is_found_where_it_stands_and_where_another_begins_with_it() {
    let world = World::new();
    let mut org = org();
    let named =
        |element: &str, name: &str| Element { name: Some(name.into()), ..self::element(element, None) };
    org.inside("wb2").elements =
        vec![named("a", "Fund"), named("b", "Funding"), named("c", "fund_id"), named("d", "Fund Idol")];
    org.inside("wb2").columns.clear();
    world.run(org.deliveries());
    for (text, elements) in [
        ("fund", ["a", "b", "c", "d"].as_slice()),
        ("funding", &["b"]),
        ("fund_id", &["c", "d"]),
        ("fund idol", &["d"]),
        ("fun ido", &["d"]),
    ] {
        let expected: Vec<String> = elements.iter().map(|id| format!("element:wb2/{id}")).collect();
        assert_eq!(found(&world, text), expected, "{text}");
    }
}

#[test]
fn a_name_counts_more_than_a_description_and_that_more_than_a_column() {
    let mut org = Org::small();
    org.documents[0] = Document { name: Some("Alpha margin".into()), ..document("wb1", "workbook") };
    org.documents[1] = Document { description: Some("margin".into()), ..document("wb2", "workbook") };
    org.inside("wb1").columns[0] = ElementColumn { name: Some("margin".into()), ..column("e1", "c1") };
    org.inside("wb2").queries[0] =
        ElementQuery { element_id: "e1".into(), sql: Some("margin margin margin".into()), error: None };
    let world = World::new();
    world.run(org.deliveries());
    let hits = world.catalog().search("margin", &[], 10).expect("a search");
    let order: Vec<String> = hits.iter().map(|hit| hit.object.key.to_string()).collect();
    assert_eq!(order, ["workbook:wb1", "workbook:wb2", "element:wb1/e1", "element:wb2/e1"]);
    let matched: Vec<&str> = hits.iter().map(|hit| hit.matched[0].field).collect();
    assert_eq!(matched, ["name", "description", "column", "sql"]);
}

#[test]
fn nothing_typed_is_a_command() {
    let world = World::new();
    world.run(org().deliveries());
    for text in [
        "\"revenue\"",
        "revenue*",
        "-revenue",
        "^revenue",
        "(revenue",
        "name:x OR revenue",
        "NOT revenue",
        "NEAR(revenue)",
        "{name} : revenue",
        "revenue\0",
        "'; DROP TABLE search_text; --",
    ] {
        let hits = world.catalog().search(text, &[], 10).unwrap_or_else(|error| panic!("{text}: {error}"));
        let only_the_word =
            !text.contains("OR") && !text.contains("NOT") && !text.contains("NEAR") && !text.contains("name");
        let is_found = hits.iter().any(|hit| hit.object.key.id == "wb1");
        assert_eq!(is_found, only_the_word && !text.contains("DROP"), "{text}");
    }
    assert_eq!(found(&world, "re\"venue"), [""; 0], "a sign within a word parts it");
}

#[test]
fn columns_are_found_by_name_or_formula() {
    let world = World::new();
    world.run(org().deliveries());
    let columns = |text: &str| -> Vec<String> {
        let hits = world.catalog().search(text, &["column".to_owned()], 10).expect("a search");
        hits.iter().map(|hit| hit.object.key.to_string()).collect()
    };
    assert_eq!(columns("churn"), ["column:wb1/e1/c1"]);
    assert_eq!(columns("churn lost"), ["column:wb1/e1/c1"]);
    assert_eq!(columns("ledger_2024"), [""; 0], "SQL is the element's");
}

#[test]
fn the_index_follows_what_is_published() {
    let world = World::new();
    world.run(org().deliveries());
    // An element's column is renamed, a workbook goes, a team is renamed, a table is no longer named.
    let mut next = org().without_document("wb2");
    next.inside("wb1").columns[0] = ElementColumn { name: Some("Retention".into()), ..column("e1", "c1") };
    next.teams[0].name = Some("Pathfinders".into());
    next.inside("wb1").nodes.clear();
    next.inside("wb1").edges.clear();
    assert_eq!(world.run_accepting(next.deliveries()).state, RunState::Published);
    assert_eq!(found(&world, "churn"), [""; 0]);
    assert_eq!(found(&world, "retention"), ["element:wb1/e1"]);
    assert_eq!(found(&world, "pathfinders"), ["team:t1"]);
    assert_eq!(found(&world, "tbl"), [""; 0]);
    assert!(!found(&world, "wb2").iter().any(|key| key.contains("wb2")), "{:?}", found(&world, "wb2"));
    assert!(found(&world, "e3").iter().all(|key| !key.contains("wb2")));
    // And back again.
    world.run(org().deliveries());
    assert_eq!(found(&world, "churn"), ["element:wb1/e1"]);
    assert!(found(&world, "wb2").contains(&"workbook:wb2".to_owned()));
}

#[test]
fn a_run_that_changes_nothing_or_publishes_nothing_leaves_the_index_alone() {
    let world = World::new();
    world.run(org().deliveries());
    let entries = || world.view("SELECT entry, kind, document, id FROM search_object");
    let before = entries();
    world.run(org().deliveries());
    assert_eq!(entries(), before, "nothing changed");
    // Rejected: all grants would go.
    let mut bad = org();
    bad.grants.clear();
    bad.members = vec![Member { first_name: Some("Nobody".into()), ..member("m9") }];
    let outcome = world.run(bad.deliveries());
    assert_eq!(outcome.state, RunState::Rejected);
    assert_eq!(entries(), before);
    assert_eq!(found(&world, "nobody"), [""; 0]);
    // Interrupted.
    let mut half = org();
    half.inside("wb1").columns[0] = ElementColumn { name: Some("Retention".into()), ..column("e1", "c1") };
    let writer = world.fill(half.deliveries());
    writer.abandon_as(RunState::Interrupted, &RunEnd::default()).expect("an end");
    assert_eq!(entries(), before);
    assert_eq!(found(&world, "retention"), [""; 0]);
    // Only the changed document's entries are new.
    let outcome = world.fill(half.deliveries()).publish(&RunEnd::default(), &BTreeMap::new()).expect("a run");
    assert_eq!(outcome.state, RunState::Published);
    let changed: Vec<String> = entries().into_iter().filter(|entry| !before.contains(entry)).collect();
    assert!(
        !changed.is_empty()
            && changed.iter().all(|entry| entry.contains("|element|1|") || entry.contains("|page|1|")),
        "{changed:?}"
    );
}

#[test]
fn an_object_that_only_others_still_name_is_found_under_their_name_for_it() {
    let mut org = Org::small();
    org.inside("wb2").nodes.clear();
    let inside = std::mem::take(org.inside("wb2"));
    *org.inside("wb2") = inside.reads("wb2", "e1", "data-model", "dm1");
    let world = World::new();
    world.run(org.deliveries());
    assert_eq!(found(&world, "dm1"), ["data-model:dm1"]);
    world.run_accepting(org.without_document("dm1").deliveries());
    assert_eq!(found(&world, "dm1"), ["data-model:dm1"], "lineage still names it");
}

#[test]
fn a_catalog_of_an_earlier_version_gets_its_index_when_it_is_opened_for_writing() {
    let world = World::new();
    world.run(org().deliveries());
    let db = rusqlite::Connection::open(world.path()).expect("the file");
    db.execute_batch(
        "DELETE FROM search_object; INSERT INTO search_text (search_text) VALUES ('delete-all'); UPDATE search_state SET is_built = 0",
    )
    .expect("as after the migration");
    drop(db);
    assert_eq!(found(&world, "churn"), [""; 0]);
    drop(world.store());
    assert_eq!(found(&world, "churn"), ["element:wb1/e1"]);
}

#[test]
fn an_archived_workbook_is_found_as_the_file_it_is() {
    let mut org = Org::small().ends(scope::DOCUMENTS, "workbook", Outcome::Complete);
    org.files.push(file("wb9", "workbook", Some("f1")));
    let world = World::new();
    world.run(org.deliveries());
    assert_eq!(found(&world, "wb9"), ["workbook:wb9"]);
}

/// Every word of the index, with the object and the place it stands at.
fn words(world: &World) -> Vec<String> {
    world.view(
        "SELECT o.kind, k.id, o.id, w.term, w.col, w.offset FROM search_word w JOIN search_object o ON o.entry = w.doc \
         LEFT JOIN document_key k ON k.document = o.document",
    )
}

/// What the index holds after publishing is what one made from the published rows holds.
#[track_caller]
fn published_as_made_anew(world: &World, writer: Writer) -> Vec<String> {
    let outcome = writer.publish(&RunEnd::default(), &BTreeMap::new()).expect("a run");
    assert_eq!(outcome.state, RunState::Published);
    let published = words(world);
    world.store().rebuild_search().expect("an index");
    assert_eq!(published, words(world));
    published
}

/// Accepts these, and indexes each as soon as that may be.
#[track_caller]
fn ahead(writer: &mut Writer, org: Org) {
    for delivery in org.deliveries() {
        writer.accept(delivery).expect("a delivery that fits");
        writer.flush().expect("room");
        writer.index_ahead(1).expect("an index");
    }
}

#[test]
fn what_a_first_run_indexes_ahead_is_what_publishing_would_have_indexed() {
    let world = World::new();
    let expected = published_as_made_anew(&world, world.fill(org().deliveries()));
    let mut before = org();
    before.inside("wb1").columns[0] = ElementColumn { name: Some("Margin".into()), ..column("e1", "c1") };

    // Nothing is found before it is published.
    let world = World::new();
    let mut writer = world.begin();
    ahead(&mut writer, org());
    assert!(words(&world).iter().any(|word| word.contains("|churn|")), "{:?}", words(&world));
    assert_eq!(found(&world, "churn"), [""; 0]);
    assert_eq!(world.catalog().searchable_kinds().expect("kinds"), [""; 0]);
    assert_eq!(published_as_made_anew(&world, writer), expected);
    // A later run indexes nothing that others would find in the published catalog.
    let mut writer = world.begin();
    ahead(&mut writer, before.clone());
    assert_eq!(words(&world), expected);
    drop(writer);

    // What changed after it was indexed is indexed again.
    let world = World::new();
    let mut writer = world.begin();
    ahead(&mut writer, before.clone());
    org()
        .deliveries()
        .into_iter()
        .for_each(|delivery| writer.accept(delivery).expect("a delivery that fits"));
    assert_eq!(published_as_made_anew(&world, writer), expected);

    // Nothing is left of a run that another does not go on with, and nothing old of one that it does.
    for (goes_on, org) in [(false, org()), (true, org()), (true, org().without_document("wb2"))] {
        let is_whole = org.documents.len() == before.documents.len();
        let resume = |goes_on| Resume { fingerprint: "same", goes_on, only: None, why_not: None };
        let world = World::new();
        let mut writer = world.store().begin_as(&start(), resume(false)).expect("a run");
        ahead(&mut writer, before.clone());
        let mut rows = Rows::default();
        rows.push(Page { page_id: "p".into(), name: Some("ghost".into()), hidden: None });
        let bundle = Bundle { document_id: "gone".into(), rows, scopes: Vec::new() };
        writer.accept(Delivery::Document(bundle, Vec::new())).expect("a delivery that fits");
        writer.flush().expect("room");
        writer.index_ahead(1).expect("an index");
        drop(writer);
        let mut writer = world.store().begin_as(&start(), resume(goes_on)).expect("a run");
        assert_eq!(writer.resumes().is_some(), goes_on);
        assert_eq!(words(&world).is_empty(), !goes_on);
        for delivery in org.deliveries() {
            writer.accept(delivery).expect("a delivery that fits");
        }
        let indexed = published_as_made_anew(&world, writer);
        assert_eq!(indexed == expected, is_whole, "goes on: {goes_on}: {indexed:?}");
    }
    let world = World::new();
    let mut writer = world.begin();
    ahead(&mut writer, org());
    writer.abandon_as(RunState::Rejected, &RunEnd::default()).expect("an end");
    assert_eq!(words(&world), [""; 0]);
}
