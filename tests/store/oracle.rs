//! Random runs against a naive model of the same rules, written down a second time without looking at the tables that
//! the store derives its own from.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use sigma_catalog::catalog::delivery::{Bundle, Delivery, Outcome, Rows, ScopeReport, scope};
use sigma_catalog::catalog::document::{
    Element, ElementColumn, ElementQuery, LineageEdge, LineageNode, Page,
};
use sigma_catalog::catalog::organisation::{
    Document, File, Member, ObjectGrant, Team, TeamMember, Workspace,
};
use sigma_catalog::store::{RunEnd, RunState};

use crate::World;
use crate::org::{self, listed, report};

/// Table, document (empty outside of documents) and key of an object.
type Key = (&'static str, &'static str, Vec<&'static str>);

/// What the store may know of an object beside its key: a version, and the page of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    version: u8,
    page: &'static str,
}

type Catalog = BTreeMap<Key, State>;

const MEMBERS: [&str; 2] = ["m1", "m2"];
const TEAMS: [&str; 2] = ["t1", "t2"];
const WORKSPACES: [&str; 1] = ["ws"];
/// Files: a folder, and one for each document.
const FILES: [(&str, &str); 3] = [("f1", "folder"), ("wb1", "workbook"), ("dm1", "data-model")];
const DOCUMENTS: [(&str, &str); 3] = [("wb1", "workbook"), ("wb2", "workbook"), ("dm1", "data-model")];
const GRANTS: [(&str, &str, &str, &str); 5] = [
    ("g1", "ws", "", "t1"),
    ("g2", "wb1", "m1", ""),
    ("g3", "wb2", "", "t2"),
    ("g4", "f1", "m2", ""),
    ("g5", "dm1", "m1", ""),
];
const PAGES: [&str; 2] = ["p1", "p2"];
const ELEMENTS: [&str; 3] = ["e1", "e2", "e3"];

/// Every object there may be, parents before children.
fn universe() -> Vec<Key> {
    let mut all: Vec<Key> = Vec::new();
    all.extend(MEMBERS.map(|id| ("member", "", vec![id])));
    all.extend(TEAMS.map(|id| ("team", "", vec![id])));
    for team in TEAMS {
        all.extend(MEMBERS.map(|member| ("team_member", "", vec![team, member])));
    }
    all.extend(WORKSPACES.map(|id| ("workspace", "", vec![id])));
    all.extend(FILES.map(|(id, _)| ("file", "", vec![id])));
    all.extend(DOCUMENTS.map(|(id, _)| ("document", "", vec![id])));
    all.extend(GRANTS.map(|(id, object, member, team)| ("object_grant", "", vec![id, object, member, team])));
    for (document, kind) in DOCUMENTS {
        if kind != "data-model" {
            all.extend(PAGES.map(|page| ("page", document, vec![page])));
        }
        for element in ELEMENTS {
            all.push(("element", document, vec![element]));
            all.extend(["c1", "c2"].map(|column| ("element_column", document, vec![element, column])));
            all.push(("element_query", document, vec![element]));
            all.push(("lineage_edge", document, vec!["table", "", "tbl", element]));
        }
        all.push(("lineage_node", document, vec!["table", "tbl"]));
    }
    all
}

fn kind_of(list: &[(&'static str, &'static str)], id: &str) -> &'static str {
    list.iter().find(|(candidate, _)| *candidate == id).expect("a known id").1
}

/// What people count an object as.
fn counted_as((table, _, key): &Key) -> &'static str {
    if *table == "document" { kind_of(&DOCUMENTS, key[0]) } else { table }
}

/// The scopes, each one with its parent, that tell whether an object is there.
fn listed_by(key: &Key, state: State) -> Vec<(&'static str, &'static str)> {
    let (table, document, key) = key;
    match *table {
        "member" => vec![(scope::MEMBERS, "")],
        "team" => vec![(scope::TEAMS, "")],
        "team_member" => vec![(scope::TEAM_MEMBERS, key[0])],
        "workspace" => vec![(scope::WORKSPACES, "")],
        "file" => vec![(scope::FILES, kind_of(&FILES, key[0]))],
        "document" => vec![(scope::DOCUMENTS, kind_of(&DOCUMENTS, key[0]))],
        "object_grant" => {
            vec![(scope::OBJECT_GRANTS, key[1]), (scope::MEMBER_GRANTS, key[2]), (scope::TEAM_GRANTS, key[3])]
        }
        "page" => vec![(scope::PAGES, "")],
        "element" if kind_of(&DOCUMENTS, document) == "data-model" => vec![(scope::ELEMENTS, "")],
        "element" => vec![(scope::PAGE_ELEMENTS, state.page)],
        "element_column" => vec![(scope::COLUMNS, "")],
        "element_query" => vec![(scope::QUERIES, "")],
        _ => vec![(scope::LINEAGE, "")],
    }
}

/// The objects that an object cannot be without: of each list one has to be there. Those that never were do not count.
fn parents_of(key: &Key, state: State) -> Vec<Vec<Key>> {
    let (table, document, key) = key;
    match *table {
        "team_member" => vec![vec![("team", "", vec![key[0]])]],
        "object_grant" => {
            let object = ["workspace", "file", "document"].map(|table| (table, "", vec![key[1]]));
            vec![object.to_vec(), vec![("member", "", vec![key[2]])], vec![("team", "", vec![key[3]])]]
        }
        "element" => vec![vec![("page", document, vec![state.page])]],
        "element_column" | "element_query" => vec![vec![("element", document, vec![key[0]])]],
        "lineage_edge" => vec![vec![("element", document, vec![key[3]])]],
        _ => vec![],
    }
}

/// What one run hears: objects with their state, some twice, and how scopes ended; of a document's scopes only where the
/// document itself was listed. Scopes without an outcome were not asked.
#[derive(Debug, Clone)]
struct Heard {
    objects: Vec<(Key, State)>,
    outcomes: BTreeMap<(&'static str, &'static str, &'static str), Outcome>,
    ending: Ending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Published,
    Abandoned,
    Crashed,
}

/// Every scope there may be: document, name, parent.
fn scopes() -> Vec<(&'static str, &'static str, &'static str)> {
    let mut all: BTreeSet<(&'static str, &'static str, &'static str)> = BTreeSet::new();
    for key in universe() {
        for page in PAGES {
            for (name, parent) in listed_by(&key, State { version: 0, page }) {
                // The empty principal of a grant is nobody.
                if !(parent.is_empty() && key.0 == "object_grant") {
                    all.insert((key.1, name, parent));
                }
            }
        }
    }
    all.into_iter().collect()
}

fn runs() -> impl Strategy<Value = Vec<Heard>> {
    let objects = universe().len();
    let scopes_count = scopes().len();
    // How much of everything there is, so that runs are from nearly empty to nearly full and mostly alike.
    let run = (
        prop::collection::vec((0_u8..100, 0_u8..3, 0_u8..10, 0_u8..2), objects),
        prop::collection::vec((0_u8..100, 0_usize..Outcome::ALL.len()), scopes_count),
        (30_u8..100, 30_u8..101),
        prop_oneof![
            6 => Just(Ending::Published),
            1 => Just(Ending::Abandoned),
            1 => Just(Ending::Crashed)
        ],
    );
    prop::collection::vec(run, 2..7).prop_map(|runs| {
        runs.into_iter().map(|(rolls, ends, chances, ending)| heard(&rolls, &ends, chances, ending)).collect()
    })
}

fn heard(
    rolls: &[(u8, u8, u8, u8)],
    ends: &[(u8, usize)],
    (present, complete): (u8, u8),
    ending: Ending,
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
    Heard { objects, outcomes, ending }
}

/// The rules: what the catalog is after a run.
fn after(before: &Catalog, heard: &Heard) -> Catalog {
    let said: Catalog = heard.objects.iter().cloned().collect();
    let mut now = before.clone();
    now.extend(said.clone());
    let absent = |key: &Key, state: State| {
        listed_by(key, state).into_iter().any(|(name, parent)| {
            let outcome = heard.outcomes.get(&(key.1, name, parent));
            matches!(outcome, Some(Outcome::Complete | Outcome::NotApplicable))
        })
    };
    // Parents come before children in the universe, so one pass is enough.
    for key in universe() {
        let Some(state) = now.get(&key).copied() else { continue };
        let went = |parent: &Key| before.contains_key(parent) && !now.contains_key(parent);
        let orphan = parents_of(&key, state).iter().any(|parents| {
            parents.iter().any(went) && !parents.iter().any(|parent| now.contains_key(parent))
        });
        let document_went = !key.1.is_empty() && !now.contains_key(&("document", "", vec![key.1]));
        if document_went || (!said.contains_key(&key) && (absent(&key, state) || orphan)) {
            now.remove(&key);
        }
    }
    now
}

fn push(rows: &mut Rows, (table, _, key): &Key, state: State) {
    let version = Some(format!("v{}", state.version));
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
            kind: version.unwrap_or_default(),
            evidence: "lineage".into(),
        }),
    }
}

fn deliveries(heard: &Heard) -> Vec<Delivery> {
    let mut all = Vec::new();
    let mut bundles: BTreeMap<&str, (Rows, Vec<ScopeReport>)> = BTreeMap::new();
    for (key, state) in &heard.objects {
        if key.0 == "document" && key.2[0] != "" {
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

fn line(key: &Key, state: State) -> String {
    let mut parts: Vec<&str> = if key.1.is_empty() { vec![] } else { vec![key.1] };
    parts.extend(&key.2);
    format!("{}|v{}{}", parts.join("|"), state.version, state.page)
}

fn lines(catalog: &Catalog, table: &str) -> Vec<String> {
    let of_table = catalog.iter().filter(|(key, _)| key.0 == table);
    let mut lines: Vec<String> = of_table.map(|(key, state)| line(key, *state)).collect();
    lines.sort();
    lines
}

/// The periods in which each state of each object of a table was in the catalog, as the history has to hold them.
fn periods(published: &[(i64, Catalog)], table: &str) -> Vec<String> {
    let mut periods = Vec::new();
    for key in universe().iter().filter(|key| key.0 == table) {
        let mut open: Option<(i64, State)> = None;
        for (run, catalog) in published {
            let now = catalog.get(key).copied();
            if open.map(|(_, state)| state) == now {
                continue;
            }
            if let Some((since, state)) = open {
                periods.push(format!("{}|{since}|{run}", line(key, state)));
            }
            open = now.map(|state| (*run, state));
        }
        if let Some((since, state)) = open {
            periods.push(format!("{}|{since}|-", line(key, state)));
        }
    }
    periods.sort();
    periods
}

fn differences(from: &Catalog, to: &Catalog) -> Vec<String> {
    let id = |key: &Key| {
        let document = Some(key.1).filter(|document| !document.is_empty());
        document
            .into_iter()
            .chain(key.2.iter().copied().filter(|part| !part.is_empty()))
            .collect::<Vec<_>>()
            .join("/")
    };
    let mut lines = Vec::new();
    for key in universe() {
        let sign = match (from.get(&key), to.get(&key)) {
            (None, Some(_)) => '+',
            (Some(_), None) => '-',
            (Some(before), Some(now)) if before != now => '~',
            _ => continue,
        };
        lines.push(format!("{sign} {} {}", counted_as(&key), id(&key)));
    }
    lines.sort();
    lines
}

/// `total new changed removed unchanged` by kind, as far as any is not zero.
fn counts(before: &Catalog, now: &Catalog) -> BTreeMap<&'static str, [i64; 5]> {
    let mut counts: BTreeMap<&str, [i64; 5]> = BTreeMap::new();
    for key in universe() {
        let count = counts.entry(counted_as(&key)).or_default();
        match (before.get(&key), now.get(&key)) {
            (None, None) => {}
            (None, Some(_)) => (count[0], count[1]) = (count[0] + 1, count[1] + 1),
            (Some(_), None) => count[3] += 1,
            (Some(old), Some(new)) => {
                count[0] += 1;
                count[if old == new { 4 } else { 2 }] += 1;
            }
        }
    }
    counts.retain(|_, count| *count != [0; 5]);
    counts
}

fn check(runs: &[Heard]) {
    let world = World::new();
    let mut published: Vec<(i64, Catalog)> = Vec::new();
    for heard in runs {
        let before = published.last().map(|(_, catalog)| catalog.clone()).unwrap_or_default();
        let writer = world.fill(deliveries(heard));
        match heard.ending {
            Ending::Crashed => drop(writer),
            Ending::Abandoned => {
                writer.abandon_as(RunState::Failed, &RunEnd::default()).expect("an end");
            }
            Ending::Published => {
                let outcome = writer.publish(&RunEnd::default(), true).expect("a publish");
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
    drop(world.store());
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
