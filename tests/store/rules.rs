//! The rules of the store, naively: written down a second time without looking at the tables that it derives its own from.

use std::collections::{BTreeMap, BTreeSet};

use sigma_catalog::catalog::delivery::{Outcome, scope};

/// Table, document (empty outside of documents) and key of an object.
pub(crate) type Key = (&'static str, &'static str, Vec<&'static str>);

/// What the store may know of an object beside its key: a version, and the page of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct State {
    pub(crate) version: u8,
    pub(crate) page: &'static str,
}

pub(crate) type Catalog = BTreeMap<Key, State>;

pub(crate) const MEMBERS: [&str; 2] = ["m1", "m2"];
pub(crate) const TEAMS: [&str; 2] = ["t1", "t2"];
pub(crate) const WORKSPACES: [&str; 1] = ["ws"];
/// Files: a folder, and one for each document.
pub(crate) const FILES: [(&str, &str); 3] = [("f1", "folder"), ("wb1", "workbook"), ("dm1", "data-model")];
pub(crate) const DOCUMENTS: [(&str, &str); 3] =
    [("wb1", "workbook"), ("wb2", "workbook"), ("dm1", "data-model")];
pub(crate) const GRANTS: [(&str, &str, &str, &str); 5] = [
    ("g1", "ws", "", "t1"),
    ("g2", "wb1", "m1", ""),
    ("g3", "wb2", "", "t2"),
    ("g4", "f1", "m2", ""),
    ("g5", "dm1", "m1", ""),
];
pub(crate) const PAGES: [&str; 2] = ["p1", "p2"];
pub(crate) const ELEMENTS: [&str; 3] = ["e1", "e2", "e3"];

/// Every object there may be, parents before children.
pub(crate) fn universe() -> Vec<Key> {
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

pub(crate) fn kind_of(list: &[(&'static str, &'static str)], id: &str) -> &'static str {
    list.iter().find(|(candidate, _)| *candidate == id).expect("a known id").1
}

/// What people count an object as.
pub(crate) fn counted_as((table, _, key): &Key) -> &'static str {
    if *table == "document" { kind_of(&DOCUMENTS, key[0]) } else { table }
}

/// The scopes, each one with its parent, that tell whether an object is there.
pub(crate) fn listed_by(key: &Key, state: State) -> Vec<(&'static str, &'static str)> {
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
pub(crate) fn parents_of(key: &Key, state: State) -> Vec<Vec<Key>> {
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
pub(crate) struct Heard {
    pub(crate) objects: Vec<(Key, State)>,
    pub(crate) outcomes: BTreeMap<(&'static str, &'static str, &'static str), Outcome>,
    pub(crate) ending: Ending,
    /// Whether everything was committed before it ended.
    pub(crate) flushed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Published,
    Abandoned,
    Crashed,
}

/// Every scope there may be: document, name, parent.
pub(crate) fn scopes() -> Vec<(&'static str, &'static str, &'static str)> {
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

/// The rules: what the catalog is after a run.
pub(crate) fn after(before: &Catalog, heard: &Heard) -> Catalog {
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

pub(crate) fn line(key: &Key, state: State) -> String {
    let mut parts: Vec<&str> = if key.1.is_empty() { vec![] } else { vec![key.1] };
    parts.extend(&key.2);
    format!("{}|v{}{}", parts.join("|"), state.version, state.page)
}

pub(crate) fn lines(catalog: &Catalog, table: &str) -> Vec<String> {
    let of_table = catalog.iter().filter(|(key, _)| key.0 == table);
    let mut lines: Vec<String> = of_table.map(|(key, state)| line(key, *state)).collect();
    lines.sort();
    lines
}

/// The periods in which each state of each object of a table was in the catalog, as the history has to hold them.
pub(crate) fn periods(published: &[(i64, Catalog)], table: &str) -> Vec<String> {
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

pub(crate) fn differences(from: &Catalog, to: &Catalog) -> Vec<String> {
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
pub(crate) fn counts(before: &Catalog, now: &Catalog) -> BTreeMap<&'static str, [i64; 5]> {
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
