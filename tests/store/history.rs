//! A run writes what differs and nothing else, and what it writes is counted.

use rusqlite::types::Value as Sql;
use sigma_catalog::catalog::delivery::{Outcome, scope};
use sigma_catalog::catalog::document::CustomSqlTable;
use sigma_catalog::store::RunState;

use crate::org::{Org, column, document, element, listed, member, rows, workspace};
use crate::{World, assert_same, counted, only_in};

/// Changes one thing of an organisation.
type Change = fn(&mut Org);

#[test]
fn an_unchanged_second_run_writes_no_row() {
    let world = World::new();
    let mut org = Org::small();
    org.inside("wb1").sql_tables.push(CustomSqlTable {
        custom_sql_id: "q1".into(),
        path: "DB.S.T".into(),
        connection_id: None,
    });
    let first = world.run(org.deliveries());
    let before = world.history();
    // Previews are off unless asked for; `tests/extract/previews.rs` has them.
    let empty: Vec<_> = before.iter().filter(|(_, rows)| rows.is_empty()).map(|(table, _)| table).collect();
    assert_eq!(empty, ["preview"], "the organisation has something of everything else");
    let second = world.run(org.deliveries());
    assert_eq!((first.state, second.state), (RunState::Published, RunState::Published));
    assert_same(&before, &world.history());
    for kind in first.counts.keys() {
        let [total, new, ..] = counted(&first, kind);
        assert_eq!([total, new], [total, total], "{kind}");
        assert_eq!(counted(&second, kind), [total, 0, 0, 0, total], "{kind}");
    }
    assert_eq!(first.counts.len(), second.counts.len());
    assert_eq!(world.catalog().counts(second.run_id).unwrap(), second.counts);
}

#[test]
fn one_changed_value_closes_one_row_and_opens_one() {
    // What is counted, what the difference says, and the change.
    let changes: &[(&str, &str, Change)] = &[
        ("organization", "org", |org| org.organizations[0].slug = None),
        ("member", "m2", |org| org.members[1].email = Some("other@example.com".into())),
        ("member", "m3", |org| org.members[2].is_archived = Some(true)),
        ("team", "t1", |org| org.teams[0].description = Some(String::new())),
        ("team_member", "t1/m2", |org| org.team_members[1].is_team_admin = Some(true)),
        ("account_type", "viewer", |org| org.account_types[0].is_custom = None),
        ("workspace", "ws", |org| org.workspaces[0].name = Some("WS2".into())),
        ("file", "f1", |org| org.files[1].badge = Some("Endorsed".into())),
        ("connection", "c1", |org| org.connections[0].role = Some("R".into())),
        ("workbook", "wb2", |org| org.documents[1].latest_version = Some(2)),
        ("data-model", "dm1", |org| org.documents[2].name = None),
        ("dataset", "ds1", |org| org.documents[3].migration_status = Some("migrated".into())),
        ("object_grant", "g2/wb1/m1", |org| org.grants[1].permission = Some("edit".into())),
        ("page", "wb1/p2", |org| org.inside("wb1").pages[1].hidden = Some(true)),
        ("element", "wb2/e3", |org| org.inside("wb2").elements[2].name = Some("E".into())),
        ("element_column", "dm1/e1/c1", |org| org.inside("dm1").columns[0].formula = None),
        ("element_query", "wb1/e2", |org| org.inside("wb1").queries[1].sql = Some("select 2".into())),
        ("lineage_node", "wb1/table/tbl", |org| org.inside("wb1").nodes[0].name = Some("T".into())),
        ("lineage_edge", "wb1/table/tbl/e1", |org| org.inside("wb1").edges[0].kind = "lookup".into()),
        ("account_type_permission", "viewer/view-worksheet", |org| {
            org.governance.permissions[0].description = Some("View".into());
        }),
        ("user_attribute", "region", |org| org.governance.attributes[0].default_value = Some("EMEA".into())),
        ("user_attribute_value", "region/t1", |org| org.governance.values[1].priority = Some(2)),
        ("tenant", "tenant", |org| org.governance.tenants[0].region = Some("eu".into())),
        ("version_tag", "prod", |org| org.governance.tags[0].color = None),
        ("tagged_version", "wb1/prod/3", |org| {
            org.governance.tagged[0].tagged_at = Some("2026-01-01".into())
        }),
        ("dataset_source", "ds1/old", |org| org.governance.sources[0].source_type = "dataset".into()),
        ("warehouse_table", "tbl", |org| org.governance.tables[0].schema_name = None),
        ("warehouse_column", "tbl/AMOUNT", |org| {
            org.governance.columns[0].visibility = Some("hidden".into())
        }),
        ("connection_grant", "g-c1/c1/t1", |org| {
            org.governance.grants[0].permission = Some("annotate".into());
        }),
    ];
    let world = World::new();
    let mut org = Org::small();
    let mut last = world.run(org.deliveries());
    for (kind, id, change) in changes {
        let before = world.history();
        change(&mut org);
        let outcome = world.run(org.deliveries());
        let after = world.history();
        let (closed, opened) = (only_in(&before, &after), only_in(&after, &before));
        assert_eq!((closed.len(), opened.len()), (1, 2), "{kind} {id}");
        let ends: Vec<_> = opened.iter().map(|(_, row)| row[row.len() - 2..].to_vec()).collect();
        assert!(ends.contains(&vec![Sql::Integer(outcome.run_id), Sql::Null]), "{kind} {id}: {ends:?}");
        assert!(ends.iter().any(|end| end[1] == Sql::Integer(outcome.run_id)), "{kind} {id}: {ends:?}");
        for counted_kind in outcome.counts.keys() {
            let [total, ..] = counted(&last, counted_kind);
            let changed = i64::from(counted_kind == kind);
            let expected = [total, 0, changed, 0, total - changed];
            assert_eq!(counted(&outcome, counted_kind), expected, "{counted_kind} after {kind} {id}");
        }
        assert_eq!(world.diff(last.run_id, outcome.run_id), [format!("~ {kind} {id}")]);
        last = outcome;
    }
}

#[test]
fn what_came_and_went_is_counted_by_kind() {
    let world = World::new();
    let mut org = Org::small();
    world.run(org.deliveries());
    org.members.push(member("m4"));
    org.team_members.remove(0);
    org.documents.push(document("rp1", "report"));
    org.inside("rp1").pages.clear();
    let mut org = org.without_document("wb2");
    org.grants.retain(|grant| grant.object_id != "wb2");
    org.inside("wb1").columns.push(column("e1", "c2"));
    org.inside("wb1").elements.remove(1);
    org.inside("wb1").columns.remove(1);
    org.inside("wb1").queries.remove(1);
    let outcome = world.run(org.deliveries());
    assert_eq!(outcome.state, RunState::Published);
    let expected = [
        ("member", [4, 1, 0, 0, 3]),
        ("team", [2, 0, 0, 0, 2]),
        ("team_member", [2, 0, 0, 1, 2]),
        ("file", [5, 0, 0, 1, 5]),
        ("workbook", [1, 0, 0, 1, 1]),
        ("report", [1, 1, 0, 0, 0]),
        ("data-model", [1, 0, 0, 0, 1]),
        ("object_grant", [3, 0, 0, 1, 3]),
        ("page", [2, 0, 0, 2, 2]),
        ("element", [3, 0, 0, 4, 3]),
        ("element_column", [4, 1, 0, 4, 3]),
        ("element_query", [3, 0, 0, 4, 3]),
        ("lineage_node", [1, 0, 0, 1, 1]),
        ("lineage_edge", [1, 0, 0, 1, 1]),
    ];
    for (kind, counts) in expected {
        assert_eq!(counted(&outcome, kind), counts, "{kind}");
    }
}

#[test]
fn an_element_that_moves_to_another_page_is_one_change() {
    let world = World::new();
    let mut org = Org::small();
    let first = world.run(org.deliveries());
    org.inside("wb1").elements[0].page_id = Some("p2".into());
    let second = world.run(org.deliveries());
    assert_eq!(counted(&second, "element"), [7, 0, 1, 0, 6]);
    assert_eq!(world.diff(first.run_id, second.run_id), ["~ element wb1/e1"]);
    // Also when its old page goes with it.
    org.inside("wb1").pages.remove(0);
    org.inside("wb1").elements[1].page_id = Some("p2".into());
    let third = world.run(org.deliveries());
    assert_eq!(world.diff(second.run_id, third.run_id), ["- page wb1/p1", "~ element wb1/e2"]);
}

#[test]
fn of_a_key_delivered_twice_the_last_row_wins() {
    let world = World::new();
    let mut org = Org::small();
    org.inside("wb1").elements.push(element("e1", Some("p2")));
    let mut deliveries = org.deliveries();
    let renamed = |name: &str| {
        let mut workspace = workspace("ws");
        workspace.name = Some(name.to_owned());
        rows([workspace])
    };
    deliveries.push(renamed("second"));
    deliveries.push(renamed("third"));
    let outcome = world.run(deliveries);
    assert_eq!(counted(&outcome, "workspace"), [1, 1, 0, 0, 0]);
    assert_eq!(counted(&outcome, "element"), [7, 7, 0, 0, 0]);
    assert_eq!(world.view("SELECT id, name FROM workspace"), ["ws|third"]);
    let moved = "SELECT page_id FROM element WHERE document_id = 'wb1' AND element_id = 'e1'";
    assert_eq!(world.view(moved), ["p2"]);
}

#[test]
fn a_key_that_every_run_delivers_in_two_versions_is_not_a_change_of_every_run() {
    let world = World::new();
    let mut org = Org::small();
    org.inside("wb1").elements.push(element("e1", Some("p2")));
    let drifting = || {
        let mut other = workspace("ws");
        other.name = Some("other".into());
        let mut deliveries = org.deliveries();
        deliveries.push(rows([other]));
        deliveries
    };
    world.run(drifting());
    let before = world.history();
    let second = world.run(drifting());
    assert_same(&before, &world.history());
    assert_eq!(counted(&second, "workspace"), [1, 0, 0, 0, 1]);
}

#[test]
fn a_row_delivered_by_two_scopes_is_stored_once() {
    let world = World::new();
    let org = Org::small();
    let by_principal = || {
        let mut deliveries = org.deliveries();
        deliveries.push(rows(org.grants.clone()));
        deliveries.push(listed(scope::MEMBER_GRANTS, "m1", Outcome::Complete));
        deliveries.push(listed(scope::TEAM_GRANTS, "t1", Outcome::Complete));
        deliveries
    };
    let first = world.run(by_principal());
    assert_eq!(counted(&first, "object_grant"), [4, 4, 0, 0, 0]);
    let before = world.history();
    let second = world.run(by_principal());
    assert_eq!(counted(&second, "object_grant"), [4, 0, 0, 0, 4]);
    assert_same(&before, &world.history());
}

#[test]
fn a_row_that_comes_back_is_new_again_and_its_history_is_kept() {
    let world = World::new();
    let org = Org::small();
    let first = world.run(org.deliveries());
    let mut without = org.clone();
    without.members.pop();
    without.inside("wb1").pages.pop();
    without.inside("wb1").elements.pop();
    let second = world.run(without.deliveries());
    let third = world.run(org.deliveries());
    assert_eq!(counted(&second, "member"), [2, 0, 0, 1, 2]);
    assert_eq!(counted(&third, "member"), [3, 1, 0, 0, 2]);
    assert_eq!(counted(&third, "element"), [7, 1, 0, 0, 6]);
    let periods = [format!("{}|{}", first.run_id, second.run_id), format!("{}|-", third.run_id)];
    assert_eq!(world.view("SELECT valid_from, valid_to FROM member_history WHERE id = 'm3'"), periods);
    let element = "SELECT valid_from, valid_to FROM element_history JOIN document_key USING (document) \
                   WHERE id = 'wb1' AND element_id = 'e3'";
    assert_eq!(world.view(element), periods);
}

#[test]
fn a_document_that_becomes_another_kind_is_counted_where_it_is() {
    let world = World::new();
    let mut org = Org::small();
    world.run(org.deliveries());
    org.documents[0].kind = "report".into();
    let outcome = world.run(org.deliveries());
    assert_eq!(counted(&outcome, "workbook"), [1, 0, 0, 1, 1]);
    assert_eq!(counted(&outcome, "report"), [1, 1, 0, 0, 0]);
    let outcome = world.run(org.deliveries());
    assert_eq!(counted(&outcome, "workbook"), [1, 0, 0, 0, 1]);
    assert_eq!(counted(&outcome, "report"), [1, 0, 0, 0, 1]);
}
