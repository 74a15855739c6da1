//! Lineage and sources.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{contents, documents};
use crate::simulator::{
    ids::{Dice, Uuid},
    org::{
        Document, Flavour, Kind, Organization,
        attached::Origin,
        content::{Content, Element, Source},
    },
    serve::call::{Call, Problem, Reply},
};

/// The document-level graph: what is built on, then every element with its sources.
pub fn lineage(call: &Call<'_>) -> Reply {
    let (document, content) = contents::opened(call)?;
    if content.elements.iter().all(|e| e.sources.is_empty()) {
        return Err(Problem::new(404, "No lineage for this document"));
    }
    let mut rows: Vec<Value> =
        distinct_sources(&content).into_values().filter_map(|source| source_row(call.org, source)).collect();
    rows.extend(content.elements.iter().map(|element| {
        let raw = |sources: Vec<String>| element.is_data().then_some(sources);
        let direct = element.sources.iter().map(|source| source.raw(call.org)).collect();
        json!({
            "type": "element", "elementId": element.id, "sourceIds": raw(direct),
            "dataSourceIds": raw(root_sources(call.org, &content, element)),
        })
    }));
    debug_assert!(call.org.documents[document].flavour != Flavour::TextOnly);
    call.list(&rows, |row| row)
}

/// Everything the elements are built on, once each, keyed by a text that tells it apart.
fn distinct_sources(content: &Content) -> BTreeMap<String, &Source> {
    let mut found = BTreeMap::new();
    for source in content.elements.iter().flat_map(|e| &e.sources) {
        let key = match source {
            // A model is one entry, however many of its elements are used.
            Source::Model(model, _) => format!("model {model}"),
            other => format!("{other:?}"),
        };
        found.entry(key).or_insert(source);
    }
    found
}

/// The entry that explains a source; none for elements, which explain themselves, and for what is gone.
fn source_row(org: &Organization, source: &Source) -> Option<Value> {
    match source {
        Source::Table(table) => {
            let table = &org.tables[*table];
            let connection = org.connections[table.connection].id;
            Some(
                json!({ "type": "table", "name": table.name(), "connectionId": connection, "inodeId": table.id }),
            )
        }
        Source::Dataset(dataset) => {
            let inode = live(org, *dataset)?;
            Some(json!({ "type": "dataset", "name": inode.name, "connectionId": null, "inodeId": inode.id }))
        }
        Source::Model(model, _) => {
            let inode = live(org, *model)?;
            Some(
                json!({ "type": "data-model", "name": inode.name, "connectionId": null, "dataModelId": inode.id }),
            )
        }
        Source::CustomSql { name, connection, definition } => {
            let connection = org.connections[*connection].id;
            Some(
                json!({ "type": "customSQL", "name": name, "connectionId": connection, "definition": definition }),
            )
        }
        Source::Csv { id, name } => {
            Some(json!({ "type": "csv-upload", "name": name, "connectionId": null, "csvId": id }))
        }
        Source::Element { .. } | Source::Missing(_) => None,
    }
}

fn live(org: &Organization, document: usize) -> Option<&crate::simulator::org::Inode> {
    Some(org.inode_of(document)).filter(|inode| !inode.deleted)
}

/// What an element comes from in the end: its sources with elements of the document followed to theirs.
fn root_sources(org: &Organization, content: &Content, element: &Element) -> Vec<String> {
    let mut roots = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<&Element> = vec![element];
    while let Some(next) = open.pop().filter(|e| seen.insert(e.id.clone())) {
        for source in &next.sources {
            let upstream = match source {
                Source::Element { id, .. } => content.elements.iter().find(|e| e.id == *id),
                _ => None,
            };
            match upstream {
                Some(upstream) => open.push(upstream),
                None => {
                    roots.insert(source.raw(org));
                }
            }
        }
    }
    roots.into_iter().collect()
}

/// The graph above one element. Sheets have node ids of their own; an element with two sources hangs on a join node;
/// in some documents data models appear in the edges alone.
pub fn element_lineage(call: &Call<'_>) -> Reply {
    let (document, content) = contents::opened(call)?;
    let element = contents::element_of(call, &content, 1)?;
    if !element.is_data() {
        return Err(Problem::invalid("Lineage is only supported for data elements"));
    }
    if element.sources.is_empty() {
        return Err(Problem::new(500, "Internal error"));
    }
    let mut graph = Graph {
        org: call.org,
        doc: &call.org.documents[document],
        models_in_edges_only: document % 2 == 1,
        nodes: Map::new(),
        edges: Vec::new(),
    };
    let mut seen = BTreeSet::new();
    let mut open: Vec<&Element> = vec![element];
    while let Some(next) = open.pop() {
        if !seen.insert(next.id.clone()) {
            continue;
        }
        let upstream = graph.add_sheet(&content, next);
        open.extend(upstream);
    }
    call.one(&json!({ "dependencies": graph.nodes, "edges": graph.edges }))
}

struct Graph<'a> {
    org: &'a Organization,
    doc: &'a Document,
    models_in_edges_only: bool,
    nodes: Map<String, Value>,
    edges: Vec<Value>,
}

impl Graph<'_> {
    /// Adds an element and the edges into it; gives the elements it is built on.
    fn add_sheet<'c>(&mut self, content: &'c Content, element: &Element) -> Vec<&'c Element> {
        let node = element.node_id(self.doc);
        let name = element.name.as_deref().unwrap_or("");
        let row = json!({ "nodeId": node, "type": "sheet", "name": name, "elementId": element.id });
        self.nodes.insert(node.clone(), row);
        let target = if element.sources.len() > 1 {
            let join = Dice::new(&[self.doc.seed, self.nodes.len() as u64, 0x901]).nano();
            self.nodes.insert(join.clone(), json!({ "nodeId": join, "type": "join" }));
            self.edge(&join, &node);
            join
        } else {
            node
        };
        let mut upstream = Vec::new();
        for source in &element.sources {
            let found = match source {
                Source::Element { id, .. } => content.elements.iter().find(|e| e.id == *id),
                _ => None,
            };
            match found {
                Some(above) => {
                    self.edge(&above.node_id(self.doc), &target);
                    upstream.push(above);
                }
                None => self.add_source(source, &target),
            }
        }
        upstream
    }

    fn edge(&mut self, source: &str, target: &str) {
        self.edges.push(json!({ "source": source, "target": target, "type": "source" }));
    }

    /// Adds something that is no element of the document. What is gone has an edge but no node.
    fn add_source(&mut self, source: &Source, target: &str) {
        let id = source.raw(self.org);
        self.edge(&id, target);
        let described = match source {
            Source::Table(table) => Some(("table", self.org.tables[*table].name())),
            Source::Dataset(dataset) => {
                live(self.org, *dataset).map(|inode| ("dataset", inode.name.as_str()))
            }
            Source::Model(model, _) if !self.models_in_edges_only => {
                live(self.org, *model).map(|inode| ("data-model", inode.name.as_str()))
            }
            Source::CustomSql { name, .. } => Some(("customSQL", name.as_str())),
            Source::Csv { name, .. } => Some(("csv-upload", name.as_str())),
            _ => None,
        };
        if let Some((kind, name)) = described {
            self.nodes.insert(id.clone(), json!({ "nodeId": id, "type": kind, "name": name }));
        }
    }
}

/// What a document is built on. Tables and datasets are named differently by data models.
pub fn sources(call: &Call<'_>) -> Reply {
    let (document, content) = contents::opened(call)?;
    let kind = call.org.inode_of(document).kind;
    let origins: Vec<Origin> =
        call.org.origins(document, &content).ok_or_else(Problem::archived)?.into_iter().collect();
    let (table_key, dataset_key) =
        if kind == Kind::DataModel { ("tableId", "datasetId") } else { ("inodeId", "inodeId") };
    call.list(&origins, |origin| match origin {
        Origin::Table(table) => json!({ "type": "table", table_key: call.org.tables[*table].id }),
        Origin::Dataset(dataset) => {
            let mut row = json!({ "type": "dataset", dataset_key: call.org.inode_of(*dataset).id });
            if kind == Kind::Workbook {
                row["url"] = json!(call.org.url(*dataset));
            }
            row
        }
        Origin::Model(model, elements, tag) => {
            let id = call.org.inode_of(*model).id;
            let mut row = json!({ "type": "data-model", "dataModelId": id, "elementIds": elements });
            if let Some(tag) = tag {
                row["versionTagId"] = json!(call.org.tags[*tag].id);
            }
            row
        }
        Origin::CustomSql(name, connection, definition) => json!({
            "type": "custom-sql", "connectionId": call.org.connections[*connection].id, "definition": definition,
            "customSqlId": name,
        }),
    })
}

/// Datasets are built on one table.
pub fn dataset_sources(call: &Call<'_>) -> Reply {
    let document = documents::live(call)?;
    let tables: Vec<Uuid> =
        call.org.documents[document].dataset.iter().map(|facts| call.org.tables[facts.table].id).collect();
    call.list(&tables, |table| json!({ "type": "table", "inodeId": table }))
}
