//! What is absent is removed only where its absence is known.

use sigma_catalog::catalog::delivery::{Outcome, scope};
use sigma_catalog::store::RunState;

use crate::World;
use crate::org::{Org, grant, listed, report};

const KEEPING: [Outcome; 7] = [
    Outcome::Carried,
    Outcome::Denied,
    Outcome::Gone,
    Outcome::Failed,
    Outcome::Incomplete,
    Outcome::Excluded,
    Outcome::Skipped,
];
const REMOVING: [Outcome; 2] = [Outcome::Complete, Outcome::NotApplicable];

/// What a second run misses, the scope that would have listed it, and the difference if it is removed.
type Case = (&'static str, &'static str, &'static [&'static str], fn(&mut Org));

/// One row of every table, each under the scope that lists it.
#[rustfmt::skip]
const CASES: &[Case] = &[
    (scope::ORGANIZATION, "", &["- organization org2"], |org| { org.organizations.pop(); }),
    (scope::MEMBERS, "", &["- member m3"], |org| { org.members.pop(); }),
    (scope::TEAMS, "", &["- team t3"], |org| { org.teams.pop(); }),
    (scope::TEAM_MEMBERS, "t1", &["- team_member t1/m1"], |org| { org.team_members.remove(0); }),
    (scope::ACCOUNT_TYPES, "", &["- account_type viewer"], |org| { org.account_types.pop(); }),
    (scope::WORKSPACES, "", &["- workspace ws2"], |org| { org.workspaces.pop(); }),
    (scope::FILES, "folder", &["- file f2"], |org| org.files.retain(|file| file.id != "f2")),
    (scope::CONNECTIONS, "", &["- connection c1"], |org| { org.connections.pop(); }),
    (scope::DOCUMENTS, "dataset", &["- dataset ds1"], |org| org.documents.retain(|d| d.id != "ds1")),
    (scope::OBJECT_GRANTS, "wb1", &["- object_grant g2/wb1/m1"], |org| { org.grants.remove(1); }),
    (scope::PAGES, "wb1", &["- page wb1/p3"], |org| { org.inside("wb1").pages.pop(); }),
    (scope::PAGE_ELEMENTS, "wb1/p2", &["- element wb1/e4"], |org| { org.inside("wb1").elements.pop(); }),
    (scope::ELEMENTS, "dm1", &["- element dm1/e2"], |org| { org.inside("dm1").elements.pop(); }),
    (scope::COLUMNS, "wb1", &["- element_column wb1/e1/c1"], |org| { org.inside("wb1").columns.remove(0); }),
    (scope::QUERIES, "wb1", &["- element_query wb1/e1"], |org| { org.inside("wb1").queries.remove(0); }),
    (scope::LINEAGE, "wb1", &["- lineage_node wb1/table/tbl"], |org| { org.inside("wb1").nodes.remove(0); }),
    (scope::LINEAGE, "wb2", &["- lineage_edge wb2/table/tbl/e1"], |org| { org.inside("wb2").edges.pop(); }),
    (scope::ACCOUNT_TYPE_PERMISSIONS, "viewer", &["- account_type_permission viewer/view-worksheet"], |org| { org.governance.permissions.pop(); }),
    (scope::USER_ATTRIBUTES, "", &["- user_attribute region"], |org| { org.governance.attributes.pop(); }),
    (scope::USER_ATTRIBUTE_VALUES, "region", &["- user_attribute_value region/t1"], |org| { org.governance.values.remove(1); }),
    (scope::TENANTS, "", &["- tenant tenant"], |org| { org.governance.tenants.pop(); }),
    (scope::VERSION_TAGS, "", &["- version_tag prod"], |org| { org.governance.tags.pop(); }),
    (scope::TAGGED_VERSIONS, "workbook", &["- tagged_version wb1/prod/3"], |org| { org.governance.tagged.pop(); }),
    (scope::DATASET_SOURCES, "ds1", &["- dataset_source ds1/old"], |org| { org.governance.sources.pop(); }),
    (scope::WAREHOUSE_COLUMNS, "tbl", &["- warehouse_column tbl/AMOUNT"], |org| { org.governance.columns.remove(0); }),
    (scope::CONNECTION_GRANTS, "c1", &["- connection_grant g-c1/c1/t1"], |org| { org.governance.grants.remove(0); }),
];

/// The small organisation, with a row in every table that nothing else hangs on.
fn full() -> Org {
    let mut org = Org::small();
    org.organizations.push(org.organizations[0].clone());
    org.organizations[1].id = "org2".into();
    org.teams.push(crate::org::team("t3"));
    org.workspaces.push(crate::org::workspace("ws2"));
    org.files.push(crate::org::file("f2", "folder", None));
    let third = org.inside("wb1").clone().page("p3", &[]);
    org.inside.insert("wb1".into(), third);
    org.inside("wb1").elements.push(crate::org::element("e4", Some("p2")));
    org.inside("dm1").elements.push(crate::org::element("e2", None));
    org
}

#[test]
fn a_missing_row_stays_unless_its_scope_was_listed_to_the_end() {
    for (scope, parent, _, miss) in CASES {
        let world = World::new();
        let first = world.run(full().deliveries());
        let mut last = first.run_id;
        for outcome in KEEPING {
            let mut org = full().ends(scope, parent, outcome);
            miss(&mut org);
            let run = world.run(org.deliveries());
            assert_eq!(world.diff(last, run.run_id), [""; 0], "{scope} {parent} {outcome:?}");
            assert_eq!(run.state == RunState::Published, outcome.is_good(), "{scope} {outcome:?}");
            last = run.run_id;
        }
        assert_eq!(world.diff(first.run_id, last), [""; 0]);
    }
}

#[test]
fn a_missing_row_goes_when_its_scope_was_listed_to_the_end() {
    for (scope, parent, expected, miss) in CASES {
        let world = World::new();
        for outcome in REMOVING {
            let before = world.run(full().deliveries());
            let mut org = full().ends(scope, parent, outcome);
            miss(&mut org);
            let run = world.run(org.deliveries());
            assert_eq!(run.state, RunState::Published, "{scope} {parent} {outcome:?}");
            assert_eq!(world.diff(before.run_id, run.run_id), *expected, "{scope} {parent} {outcome:?}");
        }
    }
}

#[test]
fn a_warehouse_table_stays_as_long_as_anything_names_it_and_then_goes_with_all_that_is_known_of_it() {
    let world = World::new();
    let mut org = Org::small();
    let mut last = world.run(org.deliveries()).run_id;
    // From here on nobody asks about tables: they are not delivered.
    let tables = std::mem::take(&mut org.governance.tables);
    (org.governance.columns, org.governance.grants) = (Vec::new(), vec![org.governance.grants[0].clone()]);
    assert_eq!(tables.len(), 2);
    let mut run = |org: &Org| {
        let run = world.run(org.deliveries()).run_id;
        world.diff(std::mem::replace(&mut last, run), run)
    };
    org.inside("wb1").nodes.clear();
    assert_eq!(run(&org), ["- lineage_node wb1/table/tbl"], "the other workbook still reads it");
    org = org.without_document("wb2");
    let gone = run(&org);
    for row in ["- warehouse_table tbl", "- warehouse_column tbl/AMOUNT", "- connection_grant g-tbl/tbl/t1"] {
        assert!(gone.iter().any(|line| line == row), "{row} in {gone:?}");
    }
    assert!(!gone.iter().any(|line| line.contains("old")), "{gone:?}");
    org.governance.sources.clear();
    assert_eq!(
        run(&org),
        ["- dataset_source ds1/old", "- warehouse_column old/AMOUNT", "- warehouse_table old"]
    );
}

#[test]
fn a_scope_that_nobody_reports_removes_nothing() {
    let world = World::new();
    let first = world.run(full().deliveries());
    let second = world.run([]);
    assert_eq!(world.diff(first.run_id, second.run_id), [""; 0]);
}

#[test]
fn a_complete_scope_removes_nothing_of_another_parent() {
    let world = World::new();
    let first = world.run(full().deliveries());
    let second = world.run([
        listed(scope::FILES, "report", Outcome::Complete),
        listed(scope::DOCUMENTS, "report", Outcome::Complete),
        listed(scope::TEAM_MEMBERS, "t3", Outcome::Complete),
        listed(scope::OBJECT_GRANTS, "ws2", Outcome::Complete),
        listed(scope::MEMBER_GRANTS, "m3", Outcome::Complete),
        listed(scope::TEAM_GRANTS, "t3", Outcome::Complete),
        // The parent's id, but not of this scope.
        listed(scope::MEMBERS, "m1", Outcome::Complete),
        listed(scope::WORKSPACES, "ws", Outcome::Complete),
    ]);
    assert_eq!(world.diff(first.run_id, second.run_id), [""; 0]);
}

#[test]
fn the_removal_that_a_failed_listing_held_back_happens_on_the_next_good_run() {
    let world = World::new();
    world.run(full().deliveries());
    let mut org = full();
    org.members.pop();
    let partial = world.run(org.clone().ends(scope::MEMBERS, "", Outcome::Failed).deliveries());
    let good = world.run(org.deliveries());
    assert_eq!(partial.state, RunState::PublishedPartial);
    assert_eq!(world.diff(partial.run_id, good.run_id), ["- member m3"]);
}

#[test]
fn a_page_that_goes_takes_its_elements_whatever_their_own_listings_said() {
    for outcome in [Outcome::Failed, Outcome::Complete] {
        let world = World::new();
        let first = world.run(full().deliveries());
        let mut org = full();
        let inside = org.inside("wb1");
        inside.pages.remove(0);
        inside.elements.drain(..2);
        inside.columns.drain(..2);
        inside.queries.drain(..2);
        inside.edges.clear();
        for scope in [scope::COLUMNS, scope::QUERIES, scope::LINEAGE] {
            org = org.ends(scope, "wb1", outcome);
        }
        let second = world.run(org.deliveries());
        let expected = [
            "- element wb1/e1",
            "- element wb1/e2",
            "- element_column wb1/e1/c1",
            "- element_column wb1/e2/c1",
            "- element_query wb1/e1",
            "- element_query wb1/e2",
            "- lineage_edge wb1/table/tbl/e1",
            "- page wb1/p1",
        ];
        assert_eq!(world.diff(first.run_id, second.run_id), expected, "{outcome:?}");
    }
}

#[test]
fn elements_of_a_page_whose_listing_failed_stay_while_those_of_another_go() {
    let world = World::new();
    let first = world.run(full().deliveries());
    let mut org = full().ends(scope::PAGE_ELEMENTS, "wb1/p1", Outcome::Failed);
    org.inside("wb1").elements.clear();
    let second = world.run(org.ends(scope::COLUMNS, "wb1", Outcome::Failed).deliveries());
    // Columns and SQL were delivered, so they stay.
    assert_eq!(world.diff(first.run_id, second.run_id), ["- element wb1/e3", "- element wb1/e4"]);
}

#[test]
fn what_hangs_on_a_removed_element_goes_although_its_own_listing_failed() {
    let world = World::new();
    let first = world.run(full().deliveries());
    let mut org = full();
    for scope in [scope::COLUMNS, scope::QUERIES, scope::LINEAGE, scope::COLUMN_LINEAGE] {
        org = org.ends(scope, "wb1", Outcome::Failed);
    }
    let inside = org.inside("wb1");
    inside.elements.remove(0);
    inside.columns.clear();
    inside.queries.clear();
    inside.edges.clear();
    inside.nodes.clear();
    inside.column_edges.clear();
    let second = world.run(org.deliveries());
    let expected = [
        "- column_edge wb1/e1/c1/table/tbl/C",
        "- element wb1/e1",
        "- element_column wb1/e1/c1",
        "- element_query wb1/e1",
        "- lineage_edge wb1/table/tbl/e1",
    ];
    assert_eq!(world.diff(first.run_id, second.run_id), expected);
}

#[test]
fn a_document_that_goes_takes_everything_inside_it_and_nothing_of_another() {
    let world = World::new();
    let mut before = full();
    let inside = before.inside("wb2").clone().sql("wb2", "e2", "sql1", "c1", &["db.s.tbl"]);
    *before.inside("wb2") = inside;
    let first = world.run(before.deliveries());
    let mut org = full().without_document("wb2");
    org.grants.retain(|grant| grant.object_id != "wb2");
    let second = world.run_accepting(org.deliveries());
    let inside: Vec<String> = world.view(
        "SELECT 'page' FROM page WHERE document_id = 'wb2' UNION ALL \
         SELECT 'element' FROM element WHERE document_id = 'wb2' UNION ALL \
         SELECT 'column' FROM element_column WHERE document_id = 'wb2' UNION ALL \
         SELECT 'query' FROM element_query WHERE document_id = 'wb2' UNION ALL \
         SELECT 'node' FROM lineage_node WHERE document_id = 'wb2' UNION ALL \
         SELECT 'edge' FROM lineage_edge WHERE document_id = 'wb2' UNION ALL \
         SELECT 'column edge' FROM column_edge WHERE document_id = 'wb2' UNION ALL \
         SELECT 'table of SQL' FROM custom_sql_table WHERE document_id = 'wb2'",
    );
    assert_eq!(inside, [""; 0]);
    let removed = world.diff(first.run_id, second.run_id);
    let others: Vec<_> =
        removed.iter().filter(|line| !line.contains(" wb2/") && !line.ends_with(" wb2")).collect();
    assert_eq!(others, ["- object_grant g3/wb2/t2"], "its grants are listed by nobody any more");
    assert_eq!(removed.len(), 20 + crate::attached::SCOPES.len(), "{removed:?}");
}

#[test]
fn a_document_whose_listing_failed_keeps_everything_inside_it() {
    let world = World::new();
    let first = world.run(full().deliveries());
    let org = full().without_document("wb2").ends(scope::DOCUMENTS, "workbook", Outcome::Denied);
    let second = world.run(org.ends(scope::FILES, "workbook", Outcome::Failed).deliveries());
    assert_eq!(world.diff(first.run_id, second.run_id), [""; 0]);
}

#[test]
fn a_team_that_goes_takes_its_memberships_and_its_grants() {
    let world = World::new();
    let first = world.run(full().deliveries());
    let mut org = full().ends(scope::OBJECT_GRANTS, "wb2", Outcome::Failed);
    org.teams.retain(|team| team.id != "t2");
    org.team_members.retain(|row| row.team_id != "t2");
    org.grants.retain(|grant| grant.team_id != "t2");
    let second = world.run(org.deliveries());
    let expected = ["- object_grant g3/wb2/t2", "- team t2", "- team_member t2/m2"];
    assert_eq!(world.diff(first.run_id, second.run_id), expected);
}

#[test]
fn a_grant_stays_while_neither_its_object_nor_its_principal_was_asked_to_the_end() {
    let world = World::new();
    let first = world.run(full().deliveries());
    let mut org = full().ends(scope::OBJECT_GRANTS, "wb1", Outcome::Incomplete);
    org.grants.remove(1);
    let failed = |outcome| {
        let mut deliveries = org.deliveries();
        deliveries.push(listed(scope::MEMBER_GRANTS, "m1", outcome));
        deliveries
    };
    let second = world.run(failed(Outcome::Failed));
    assert_eq!(world.diff(first.run_id, second.run_id), [""; 0]);
    // Either of the two is enough to know that it is gone.
    let third = world.run(failed(Outcome::Complete));
    assert_eq!(world.diff(second.run_id, third.run_id), ["- object_grant g2/wb1/m1"]);
}

#[test]
fn a_file_row_that_goes_leaves_the_grants_of_a_document_that_is_still_there() {
    let world = World::new();
    let first = world.run(full().deliveries());
    let mut org = full().ends(scope::OBJECT_GRANTS, "wb1", Outcome::Failed);
    org.files.retain(|file| file.id != "wb1");
    org.grants.remove(1);
    let second = world.run(org.clone().deliveries());
    assert_eq!(world.diff(first.run_id, second.run_id), ["- file wb1"]);
    // Nor does a listing of documents that failed take them.
    let org = org.without_document("wb1").ends(scope::DOCUMENTS, "workbook", Outcome::Failed);
    let third = world.run(org.clone().deliveries());
    assert_eq!(world.diff(second.run_id, third.run_id), [""; 0]);
    // With the document they go.
    let mut org = full().without_document("wb1");
    org.grants.remove(1);
    let fourth = world.run_accepting(org.deliveries());
    let gone = world.diff(third.run_id, fourth.run_id);
    assert!(gone.contains(&"- object_grant g2/wb1/m1".to_owned()), "{gone:?}");
}

#[test]
fn a_grant_that_is_listed_stays_although_its_object_went() {
    let world = World::new();
    world.run(full().deliveries());
    let mut org = full().without_document("ds1");
    org.grants.push(grant("g9", "ds1", "m1", ""));
    let run = world.run(org.deliveries());
    assert_eq!(run.state, RunState::Published);
    assert_eq!(world.view("SELECT id FROM object_grant WHERE object_id = 'ds1'"), ["g9"]);
}

#[test]
fn an_archived_document_keeps_what_is_inside_it() {
    let world = World::new();
    let mut org = full();
    let first = world.run(org.deliveries());
    org.documents[0].is_archived = Some(true);
    org.inside.remove("wb1");
    let contents = [scope::PAGES, scope::COLUMNS, scope::QUERIES, scope::LINEAGE, scope::COLUMN_LINEAGE];
    for scope in contents.into_iter().chain(crate::attached::SCOPES) {
        org = org.ends(scope, "wb1", Outcome::Excluded);
    }
    let second = world.run(org.deliveries());
    assert_eq!(second.state, RunState::Published);
    assert_eq!(world.diff(first.run_id, second.run_id), ["~ workbook wb1"]);
}

#[test]
fn only_good_scopes_make_a_published_run() {
    for outcome in Outcome::ALL {
        let world = World::new();
        let mut deliveries = Org::small().deliveries();
        let mut skipped = report(scope::CONNECTIONS, "", outcome);
        skipped.code = Some("some.code".into());
        skipped.message = Some("why".into());
        deliveries.push(sigma_catalog::catalog::delivery::Delivery::Scope(skipped));
        let run = world.run(deliveries);
        let (state, named) = match outcome {
            Outcome::Complete | Outcome::NotApplicable | Outcome::Carried | Outcome::Excluded => {
                (RunState::Published, 0)
            }
            _ => (RunState::PublishedPartial, 1),
        };
        assert_eq!((run.state, run.deficient.len()), (state, named), "{outcome:?}");
        let row = world.catalog().run(run.run_id).unwrap();
        assert_eq!(row.exit_code, Some(if named == 0 { 0 } else { 3 }), "{outcome:?}");
        for scope in run.deficient {
            assert_eq!((scope.scope.as_str(), scope.outcome.as_str()), ("connections", outcome.name()));
            assert_eq!((scope.code.as_deref(), scope.message.as_deref()), (Some("some.code"), Some("why")));
        }
    }
}
