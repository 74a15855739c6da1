//! What a document's lineage says, as nodes and direct edges. Pure.
//!
//! A reference is resolved by id only. What the answer does not tell about stays `unresolved`, verbatim.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::catalog::document::{LineageEdge, LineageNode};
use crate::sigma::{ids, model};

/// Evidence of edges read from the lineage of the whole document.
const DOCUMENT_EVIDENCE: &str = "lineage";
/// Evidence of edges read from the graph of one element.
const ELEMENT_EVIDENCE: &str = "lineage/elements";

/// Nodes and edges of one document.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lineage {
    /// What the document reads from outside its own elements.
    pub nodes: Vec<LineageNode>,
    /// The direct sources of its elements.
    pub edges: Vec<LineageEdge>,
}

/// Type, document and id of a source.
type Source = (String, String, String);

/// Reads the lineage of a whole document.
pub(super) fn of_document(document_id: &str, entries: &[model::LineageEntry]) -> Lineage {
    let mut lineage = Lineage::default();
    // Every form under which `sourceIds` may name a node of this answer.
    let mut named: HashMap<String, Source> = HashMap::new();
    // Data models are named with one of their elements behind a slash, so these are looked up by the part before it.
    let mut models: HashMap<String, String> = HashMap::new();
    for entry in entries {
        if entry.r#type == "element" {
            if let Some(element) = &entry.element_id {
                named.insert(element.clone(), ("element".into(), document_id.into(), element.clone()));
            }
            continue;
        }
        let Some(id) = identity(entry) else { continue };
        if entry.r#type == "data-model" {
            models.extend(spellings(&id).into_iter().map(|spelling| (spelling, id.clone())));
        } else {
            let document = if entry.r#type == "customSQL" { document_id.to_owned() } else { String::new() };
            let source = (entry.r#type.clone(), document, id.clone());
            if entry.inode_id.is_some() {
                let inodes = spellings(&id).into_iter().map(|spelling| format!("inode-{spelling}"));
                named.extend(inodes.map(|reference| (reference, source.clone())));
            } else {
                named.insert(id.clone(), source);
            }
        }
        lineage.nodes.push(LineageNode {
            r#type: entry.r#type.clone(),
            id,
            name: entry.name.clone(),
            connection_id: entry.connection_id.clone(),
            definition: entry.definition.clone(),
        });
    }
    for entry in entries.iter().filter(|entry| entry.r#type == "element") {
        let Some(target) = &entry.element_id else { continue };
        for raw in entry.source_ids.iter().flatten() {
            let known_model = || {
                let (model, element) = raw.split_once('/').unwrap_or((raw, ""));
                Some(("data-model".to_owned(), models.get(model)?.clone(), element.to_owned()))
            };
            let source = named.get(raw).cloned().or_else(known_model).or_else(|| data_model(raw));
            lineage.edges.push(edge(
                source.unwrap_or_else(|| unresolved(raw)),
                target,
                "source",
                DOCUMENT_EVIDENCE,
            ));
        }
    }
    lineage
}

/// The elements whose direct sources the answer leaves open: `sourceIds` is `null` or absent, where an empty list would say that
/// there are none.
pub(super) fn untold(entries: &[model::LineageEntry]) -> BTreeSet<&str> {
    let elements = entries.iter().filter(|entry| entry.r#type == "element" && entry.source_ids.is_none());
    elements.filter_map(|entry| entry.element_id.as_deref()).collect()
}

/// Adds what the graph of one element says about its direct sources.
pub(super) fn add_element(
    lineage: &mut Lineage,
    document_id: &str,
    element_id: &str,
    graph: &model::ElementLineage,
) {
    let own: BTreeSet<&str> = graph
        .dependencies
        .iter()
        .filter(|(_, node)| node.element_id.as_deref() == Some(element_id))
        .map(|(id, _)| id.as_str())
        .collect();
    let mut walked = own.clone();
    // Nodes whose sources are to be looked at, and whether a lookup lies between them and the element.
    let mut open: Vec<(&str, bool)> = own.iter().map(|node| (*node, false)).collect();
    // A source reached in several ways is kept as the closest kind, so that the answer's order does not matter.
    let mut found: BTreeMap<Source, (Kind, Option<&model::LineageNode>)> = BTreeMap::new();
    while let Some((target, looked_up)) = open.pop() {
        for step in graph.edges.iter().filter(|step| step.target.as_deref() == Some(target)) {
            let Some(node_id) = step.source.as_deref().filter(|node| !own.contains(node)) else { continue };
            let kind = Kind::of(step.r#type.as_deref());
            let kind = if looked_up && kind == Kind::Source { Kind::Lookup } else { kind };
            let node = graph.dependencies.get(node_id);
            match source_of(document_id, node_id, node) {
                Some(source) => {
                    let known = found.entry(source).or_insert((kind, node));
                    known.0 = known.0.min(kind);
                }
                // A join or union has no identity of its own: what lies behind it is the source.
                None if walked.insert(node_id) => open.push((node_id, kind == Kind::Lookup)),
                None => {}
            }
        }
    }
    for (source, (kind, node)) in found {
        if let (Some(node), false) = (node, source.0 == "element" || source.0 == "unresolved") {
            let id = if source.0 == "data-model" { &source.1 } else { &source.2 };
            // What the document tells of it is more than a graph does.
            if !lineage.nodes.iter().any(|known| known.r#type == source.0 && known.id == *id) {
                lineage.nodes.push(LineageNode {
                    r#type: source.0.clone(),
                    id: id.clone(),
                    name: node.name.clone(),
                    connection_id: None,
                    definition: None,
                });
            }
        }
        lineage.edges.push(edge(source, element_id, kind.name(), ELEMENT_EVIDENCE));
    }
}

/// Adds the data models that edges alone name: graphs of elements leave some of them undescribed.
pub(super) fn add_models_of_edges(lineage: &mut Lineage) {
    let models = lineage.edges.iter().filter(|edge| edge.source_type == "data-model");
    let models: BTreeSet<String> = models.map(|edge| edge.source_document_id.clone()).collect();
    for id in models {
        if !lineage.nodes.iter().any(|known| known.r#type == "data-model" && known.id == id) {
            let r#type = "data-model".to_owned();
            lineage.nodes.push(LineageNode { r#type, id, name: None, connection_id: None, definition: None });
        }
    }
}

/// How a source is used, the closest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Source,
    Lookup,
    Dependency,
}

impl Kind {
    fn of(word: Option<&str>) -> Self {
        match word {
            Some("lookup") => Self::Lookup,
            Some("dependency") => Self::Dependency,
            _ => Self::Source,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Lookup => "lookup",
            Self::Dependency => "dependency",
        }
    }
}

/// What a node of an element's graph is; `None` for those that only pass rows through.
fn source_of(document_id: &str, node_id: &str, node: Option<&model::LineageNode>) -> Option<Source> {
    let Some(node) = node else {
        return Some(data_model(node_id).unwrap_or_else(|| unresolved(node_id)));
    };
    let kind = node.r#type.as_deref().unwrap_or_default();
    match kind {
        "sheet" | "element" => {
            node.element_id.as_ref().map(|id| ("element".into(), document_id.into(), id.clone()))
        }
        "join" | "union" | "transpose" | "" => None,
        "data-model" => Some(data_model(node_id).unwrap_or_else(|| unresolved(node_id))),
        "customSQL" => {
            let id = node.name.as_deref().unwrap_or(node_id);
            Some((kind.into(), document_id.into(), id.into()))
        }
        _ => {
            let id =
                node_id.strip_prefix("inode-").and_then(ids::uuid_of).unwrap_or_else(|| node_id.to_owned());
            Some((kind.into(), String::new(), id))
        }
    }
}

fn edge(
    (source_type, source_document_id, source_id): Source,
    target: &str,
    kind: &str,
    evidence: &str,
) -> LineageEdge {
    LineageEdge {
        source_type,
        source_document_id,
        source_id,
        target_id: target.to_owned(),
        kind: kind.to_owned(),
        evidence: evidence.to_owned(),
    }
}

fn unresolved(raw: &str) -> Source {
    ("unresolved".into(), String::new(), raw.into())
}

/// `<url id of a data model>/<element of it>`.
fn data_model(raw: &str) -> Option<Source> {
    let (url_id, element) = raw.split_once('/')?;
    Some(("data-model".into(), ids::uuid_of(url_id)?, element.into()))
}

/// The id a node is kept under.
fn identity(entry: &model::LineageEntry) -> Option<String> {
    if let Some(inode) = &entry.inode_id {
        return Some(ids::normalise_inode(inode).unwrap_or_else(|| inode.clone()));
    }
    if entry.r#type == "customSQL" {
        return entry.name.clone();
    }
    let ids = [
        &entry.data_model_id,
        &entry.csv_id,
        &entry.semantic_view_id,
        &entry.sql_document_id,
        &entry.worksheet_id,
        &entry.name,
    ];
    ids.into_iter().flatten().next().cloned()
}

/// Both spellings of an id: as it is, and base62 where it is a UUID.
fn spellings(id: &str) -> Vec<String> {
    std::iter::once(id.to_owned()).chain(ids::url_id_of(id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "578a544c-88d3-4f26-8deb-c4071928e063";
    const MODEL: &str = "aa11bb22-1111-4222-8333-444444444444";

    fn entries(json: serde_json::Value) -> Vec<model::LineageEntry> {
        serde_json::from_value(json).unwrap()
    }

    fn sources(lineage: &Lineage) -> Vec<(&str, &str, &str, &str)> {
        let mut sources: Vec<_> = lineage
            .edges
            .iter()
            .map(|e| {
                (
                    e.source_type.as_str(),
                    e.source_document_id.as_str(),
                    e.source_id.as_str(),
                    e.target_id.as_str(),
                )
            })
            .collect();
        sources.sort_unstable();
        sources
    }

    #[test]
    fn references_of_a_document_resolve_by_id_and_by_nothing_else() {
        let lineage = of_document(
            "doc",
            &entries(serde_json::json!([
                {"type": "table", "name": "ORDERS", "connectionId": "c", "inodeId": TABLE},
                {"type": "data-model", "name": "Model", "connectionId": null, "dataModelId": MODEL},
                {"type": "customSQL", "name": "sQl1", "connectionId": "c", "definition": "select 1"},
                {"type": "csv-upload", "name": "Budget", "connectionId": null, "csvId": "csv1"},
                {"type": "something-new", "name": "n", "connectionId": null},
                {"type": "element", "elementId": "a", "sourceIds": ["inode-2Fby2MBLPM5jUMfBB15On1", "sQl1"],
                 "dataSourceIds": ["inode-2Fby2MBLPM5jUMfBB15On1", "sQl1", "x"]},
                {"type": "element", "elementId": "b", "sourceIds": ["a", "5aUNw5W8oUBNRqWYINBSx6/el", "csv1", "ORDERS", "gone",
                 "inode-49HFLTr6xytgrPly3PFsNC", "5aUNw5W8oUBNRqWYINBSx6", "odd-model/x", "inode-odd-table"], "dataSourceIds": null},
                {"type": "table", "name": "ODD", "connectionId": "c", "inodeId": "odd-table"},
                {"type": "data-model", "name": "Odd", "connectionId": null, "dataModelId": "odd-model"},
                {"type": "element", "elementId": "c", "sourceIds": null, "dataSourceIds": null},
            ])),
        );
        assert_eq!(
            sources(&lineage),
            [
                ("csv-upload", "", "csv1", "b"),
                ("customSQL", "doc", "sQl1", "a"),
                ("data-model", MODEL, "", "b"),
                ("data-model", MODEL, "el", "b"),
                ("data-model", "odd-model", "x", "b"),
                ("element", "doc", "a", "b"),
                ("table", "", TABLE, "a"),
                ("table", "", "odd-table", "b"),
                ("unresolved", "", "ORDERS", "b"),
                ("unresolved", "", "gone", "b"),
                ("unresolved", "", "inode-49HFLTr6xytgrPly3PFsNC", "b"),
            ]
        );
        assert_eq!(lineage.nodes.len(), 7);
        assert_eq!(lineage.nodes[0].connection_id.as_deref(), Some("c"));
        assert_eq!(lineage.nodes[2].definition.as_deref(), Some("select 1"));
    }

    #[test]
    fn the_graph_of_an_element_is_walked_back_through_joins_and_no_further() {
        let graph: model::ElementLineage = serde_json::from_value(serde_json::json!({
            "dependencies": {
                "n1": {"nodeId": "n1", "type": "sheet", "name": "Joined", "elementId": "a"},
                "n2": {"nodeId": "n2", "type": "join"},
                "n3": {"nodeId": "n3", "type": "sheet", "name": "Other", "elementId": "b"},
                "n4": {"nodeId": "n4", "type": "sheet", "name": "Sibling", "elementId": "s"},
                "inode-2Fby2MBLPM5jUMfBB15On1":
                    {"nodeId": "inode-2Fby2MBLPM5jUMfBB15On1", "type": "table", "name": "ADOPTIONS"}
            },
            "edges": [
                {"source": "n2", "target": "n1", "type": "source"},
                {"source": "n1", "target": "n2", "type": "source"},
                {"source": "inode-2Fby2MBLPM5jUMfBB15On1", "target": "n2", "type": "source"},
                {"source": "5aUNw5W8oUBNRqWYINBSx6/el", "target": "n2", "type": "source"},
                {"source": "n3", "target": "n1", "type": "lookup"},
                {"source": "inode-2Fby2MBLPM5jUMfBB15On1", "target": "n3", "type": "source"},
                {"source": "n1", "target": "n4", "type": "source"}
            ]
        }))
        .unwrap();
        let mut lineage = Lineage::default();
        add_element(&mut lineage, "doc", "a", &graph);
        assert_eq!(
            sources(&lineage),
            [("data-model", MODEL, "el", "a"), ("element", "doc", "b", "a"), ("table", "", TABLE, "a")]
        );
        let lookup = lineage.edges.iter().find(|edge| edge.source_type == "element").unwrap();
        assert_eq!(lookup.kind, "lookup");
        assert_eq!(lineage.nodes.len(), 1);
        for _ in 0..2 {
            add_models_of_edges(&mut lineage);
            assert_eq!((lineage.nodes.len(), lineage.nodes[1].id.as_str()), (2, MODEL));
        }
    }
}
