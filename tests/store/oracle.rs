//! Random runs against a naive model of the same rules.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sigma_catalog::catalog::delivery::{Bundle, Delivery, Outcome, Rows, ScopeReport};
use sigma_catalog::catalog::document::{
    Element, ElementColumn, ElementQuery, LineageEdge, LineageNode, Page,
};
use sigma_catalog::catalog::organisation::{
    Document, File, Member, ObjectGrant, Team, TeamMember, Workspace,
};
use sigma_catalog::store::{RunEnd, RunState};

use crate::World;
use crate::org::{self, listed, report};
use crate::rules::{
    Catalog, DOCUMENTS, Ending, FILES, Heard, Key, PAGES, State, after, counts, differences, kind_of, lines,
    periods, scopes, universe,
};

fn runs() -> impl Strategy<Value = Vec<Heard>> {
    let objects = universe().len();
    let scopes_count = scopes().len();
    // How much of everything there is, so that runs are from nearly empty to nearly full and mostly alike.
    let run = (
        prop::collection::vec((0_u8..100, 0_u8..3, 0_u8..10, 0_u8..2), objects),
        prop::collection::vec((0_u8..100, 0_usize..Outcome::ALL.len()), scopes_count),
        (30_u8..100, 30_u8..101),
        (
            prop_oneof![
                6 => Just(Ending::Published),
                1 => Just(Ending::Abandoned),
                1 => Just(Ending::Crashed)
            ],
            any::<bool>(),
        ),
    );
    prop::collection::vec(run, 2..7).prop_map(|runs| {
        runs.into_iter().map(|(rolls, ends, chances, ending)| heard(&rolls, &ends, chances, ending)).collect()
    })
}

fn heard(
    rolls: &[(u8, u8, u8, u8)],
    ends: &[(u8, usize)],
    (present, complete): (u8, u8),
    (ending, flushed): (Ending, bool),
) -> Heard {
    let mut objects: Vec<(Key, State)> = Vec::new();
    for (key, (there, version, twice, page)) in universe().into_iter().zip(rolls.iter().copied()) {
        let document_is_there = key.1.is_empty()
            || objects.iter().any(|((table, _, id), _)| *table == "document" && id[0] == key.1);
        if there >= present || !document_is_there {
            continue;
        }
        let on_page = key.0 == "element" && kind_of(&DOCUMENTS, key.1) != "data-model";
        let page_of = |page: u8| if on_page { PAGES[usize::from(page)] } else { "" };
        if twice == 0 {
            objects.push((key.clone(), State { version: (version + 1) % 3, page: page_of(1 - page) }));
        }
        // Mostly the same version, so that most rows do not change.
        let version = if twice < 7 { 0 } else { version };
        objects.push((key, State { version, page: page_of(if twice < 7 { 0 } else { page }) }));
    }
    let mut outcomes = BTreeMap::new();
    for (scope, (roll, outcome)) in scopes().into_iter().zip(ends.iter().copied()) {
        let asked = scope.0.is_empty()
            || objects.iter().any(|((table, _, id), _)| *table == "document" && id[0] == scope.0);
        if asked && roll < 95 {
            outcomes.insert(scope, if roll < complete { Outcome::Complete } else { Outcome::ALL[outcome] });
        }
    }
    Heard { objects, outcomes, ending, flushed }
}

fn push(rows: &mut Rows, (table, _, key): &Key, state: State) {
    let text = format!("v{}", state.version);
    let version = Some(text.clone());
    let id = |index: usize| key[index].to_owned();
    match *table {
        "member" => rows.push(Member { email: version, ..org::member(key[0]) }),
        "team" => rows.push(Team { name: version, ..org::team(key[0]) }),
        "team_member" => rows.push(TeamMember { added_by: version, ..org::team_member(key[0], key[1]) }),
        "workspace" => rows.push(Workspace { name: version, ..org::workspace(key[0]) }),
        "file" => rows.push(File { name: version, ..org::file(key[0], kind_of(&FILES, key[0]), None) }),
        "document" => {
            rows.push(Document { name: version, ..org::document(key[0], kind_of(&DOCUMENTS, key[0])) });
        }
        "object_grant" => {
            rows.push(ObjectGrant { permission: version, ..org::grant(key[0], key[1], key[2], key[3]) });
        }
        "page" => rows.push(Page { page_id: id(0), name: version, hidden: None }),
        "element" => {
            let page = Some(state.page).filter(|page| !page.is_empty());
            rows.push(Element { name: version, ..org::element(key[0], page) });
        }
        "element_column" => rows.push(ElementColumn { name: version, ..org::column(key[0], key[1]) }),
        "element_query" => rows.push(ElementQuery { element_id: id(0), sql: version, error: None }),
        "lineage_node" => rows.push(LineageNode {
            r#type: id(0),
            id: id(1),
            name: version,
            connection_id: None,
            definition: None,
        }),
        _ => rows.push(LineageEdge {
            source_type: id(0),
            source_document_id: id(1),
            source_id: id(2),
            target_id: id(3),
            kind: text,
            evidence: "lineage".into(),
        }),
    }
}

fn deliveries(heard: &Heard) -> Vec<Delivery> {
    let mut all = Vec::new();
    let mut bundles: BTreeMap<&str, (Rows, Vec<ScopeReport>)> = BTreeMap::new();
    for (key, state) in &heard.objects {
        if key.0 == "document" {
            bundles.entry(key.2[0]).or_default();
        }
        if key.1.is_empty() {
            let mut rows = Rows::default();
            push(&mut rows, key, *state);
            all.push(Delivery::Rows(rows));
        } else {
            push(&mut bundles.entry(key.1).or_default().0, key, *state);
        }
    }
    for ((document, name, parent), outcome) in &heard.outcomes {
        match bundles.get_mut(document) {
            Some((_, reports)) => reports.push(report(name, parent, *outcome)),
            None => all.push(listed(name, parent, *outcome)),
        }
    }
    all.extend(bundles.into_iter().map(|(document, (rows, scopes))| {
        Delivery::Bundle(Bundle { document_id: document.to_owned(), rows, scopes })
    }));
    all
}

/// How the version of an object is read, per table: key columns, version column, page.
const READ: [(&str, &str, &str); 13] = [
    ("member", "id", "email"),
    ("team", "id", "name"),
    ("team_member", "team_id, member_id", "added_by"),
    ("workspace", "id", "name"),
    ("file", "id", "name"),
    ("document", "id", "name"),
    ("object_grant", "id, object_id, member_id, team_id", "permission"),
    ("page", "document_id, page_id", "name"),
    ("element", "document_id, element_id", "name || coalesce(page_id, '')"),
    ("element_column", "document_id, element_id, column_id", "name"),
    ("element_query", "document_id, element_id", "sql"),
    ("lineage_node", "document_id, type, id", "name"),
    ("lineage_edge", "document_id, source_type, source_document_id, source_id, target_id", "kind"),
];

fn check(runs: &[Heard]) {
    let world = World::new();
    let mut published: Vec<(i64, Catalog)> = Vec::new();
    for heard in runs {
        let before = published.last().map(|(_, catalog)| catalog.clone()).unwrap_or_default();
        let mut writer = world.fill(deliveries(heard));
        if heard.flushed {
            writer.flush().expect("a disk with room");
        }
        match heard.ending {
            Ending::Crashed => drop(writer),
            Ending::Abandoned => {
                writer.abandon_as(RunState::Failed, &RunEnd::default()).expect("an end");
            }
            Ending::Published => {
                let outcome = writer.publish(&RunEnd::default(), &crate::any_removal()).expect("a publish");
                let now = after(&before, heard);
                let told: BTreeMap<&str, [i64; 5]> = outcome
                    .counts
                    .iter()
                    .map(|(kind, c)| (kind.as_str(), [c.total, c.new, c.changed, c.removed, c.unchanged]))
                    .filter(|(_, count)| *count != [0; 5])
                    .collect();
                assert_eq!(told, counts(&before, &now));
                let good = heard.outcomes.values().all(|outcome| outcome.is_good());
                assert_eq!(outcome.state == RunState::Published, good);
                published.push((outcome.run_id, now));
            }
        }
        let now = published.last().map(|(_, catalog)| catalog.clone()).unwrap_or_default();
        let reader = world.reader();
        for (table, key, version) in READ {
            let seen = crate::view(&reader, &format!("SELECT {key}, {version} FROM {table}"));
            assert_eq!(seen, lines(&now, table), "{table}");
        }
    }
    world.store().forget_staged().expect("what is left is undone");
    let reader = world.reader();
    for (table, key, version) in READ {
        let (key, join) = match key.strip_prefix("document_id") {
            Some(rest) => {
                (format!("k.id{}", rest.replace(", ", ", t.")), " JOIN document_key k USING (document)")
            }
            None => (key.to_owned(), ""),
        };
        let version = version.replace("name", "t.name");
        let sql = format!("SELECT {key}, {version}, valid_from, valid_to FROM {table}_history t{join}");
        assert_eq!(crate::view(&reader, &sql), periods(&published, table), "{table}");
    }
    for (from, old) in &published {
        for (to, new) in &published {
            assert_eq!(world.diff(*from, *to), differences(old, new), "from {from} to {to}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_runs_leaves_the_catalog_and_the_history_that_the_rules_say(runs in runs()) {
        check(&runs);
    }
}
