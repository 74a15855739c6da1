//! What is affected when something changes: the documents that are built from it, with who answers for them.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::OptionalExtension;
use serde::Serialize;

use super::error::StoreError;
use super::ledger;
use super::lineage::{Direction, Graph, Node};
use super::objects::{Described, Key};
use super::reader::Catalog;
use crate::catalog::delivery::{Outcome, scope};

/// What is affected.
#[derive(Debug, Clone, Serialize)]
pub struct Impact {
    /// What would change.
    pub object: Described,
    /// The documents that are built from it, the nearest first.
    pub documents: Vec<AffectedDocument>,
    /// How many documents it cannot be said of, because their lineage was not read: they may be affected as well.
    pub unknown_documents: i64,
}

/// A document that is affected.
#[derive(Debug, Clone, Serialize)]
pub struct AffectedDocument {
    /// What identifies it.
    #[serde(rename = "ref")]
    pub key: Key,
    /// `workbook`, `report`, `data-model` or `dataset`.
    pub kind: String,
    /// Its name.
    pub name: Option<String>,
    /// The folders it lies in.
    pub path: Option<String>,
    /// Its address.
    pub url: Option<String>,
    /// Who owns it; none where the catalog does not say.
    pub owner: Option<Owner>,
    /// When it was last changed.
    pub updated_at: Option<String>,
    /// Steps to it, or to its nearest element.
    pub depth: usize,
    /// Its elements that are affected.
    pub elements: Vec<AffectedElement>,
}

/// A member who answers for something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Owner {
    /// The member's id.
    pub id: String,
    /// The member's name; none where the catalog does not know the member.
    pub name: Option<String>,
    /// The member's e-mail address.
    pub email: Option<String>,
}

impl Owner {
    /// The address, or what else there is.
    pub fn title(&self) -> &str {
        self.email.as_deref().or(self.name.as_deref()).unwrap_or(&self.id)
    }
}

/// An element that is affected.
#[derive(Debug, Clone, Serialize)]
pub struct AffectedElement {
    /// What identifies it.
    #[serde(rename = "ref")]
    pub key: Key,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Steps from what changes.
    pub depth: usize,
    /// The columns that are affected, where columns were followed.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub columns: BTreeSet<String>,
}

impl Catalog {
    /// Which documents, elements and owners are affected if an object changes, through however many steps. Of a column, by
    /// columns.
    pub fn impact(&self, key: &Key) -> Result<Impact, StoreError> {
        let graph = self.lineage(key, Direction::Downstream, usize::MAX)?;
        let object = super::objects::Describer::new(self).describe(key)?;
        let mut documents: BTreeMap<String, (usize, Vec<AffectedElement>)> = BTreeMap::new();
        for node in affected(&graph, key) {
            let element = node.object.key.without_column();
            // A dataset has no elements: it is affected itself.
            let id = if element.document.is_empty() { &element.id } else { &element.document };
            let (depth, elements) = documents.entry(id.clone()).or_insert((node.depth, Vec::new()));
            *depth = node.depth.min(*depth);
            if element.document.is_empty() {
                continue;
            }
            let by_column = !node.object.key.column.is_empty();
            let title = node.object.title().to_owned();
            let known = elements.iter_mut().find(|known| known.key == element);
            if let Some(known) = known {
                known.depth = known.depth.min(node.depth);
                known.columns.extend(by_column.then_some(title));
                continue;
            }
            let name = if by_column { node.object.place.last().cloned() } else { node.object.name.clone() };
            let columns = by_column.then_some(title).into_iter().collect();
            elements.push(AffectedElement { key: element, name, depth: node.depth, columns });
        }
        let mut documents = documents
            .into_iter()
            .map(|(id, (depth, elements))| self.affected_document(&id, depth, elements))
            .collect::<Result<Vec<_>, _>>()?;
        documents.sort_by(|a, b| (a.depth, &a.name, &a.key).cmp(&(b.depth, &b.name, &b.key)));
        Ok(Impact { object, documents, unknown_documents: self.unknown_documents()? })
    }

    fn affected_document(
        &self,
        id: &str,
        depth: usize,
        elements: Vec<AffectedElement>,
    ) -> Result<AffectedDocument, StoreError> {
        let found = self
            .connection()
            .prepare_cached("SELECT kind, name, path, url, owner_id, updated_at FROM document WHERE id = ?")?
            .query_row([id], |row| {
                let owner: Option<String> = row.get(4)?;
                let document = AffectedDocument {
                    key: Key::outside(&row.get::<_, String>(0)?, id),
                    kind: row.get(0)?,
                    name: row.get(1)?,
                    path: row.get(2)?,
                    url: row.get(3)?,
                    owner: None,
                    updated_at: row.get(5)?,
                    depth,
                    elements: Vec::new(),
                };
                Ok((document, owner))
            })
            .optional()?;
        let unheard_of = || AffectedDocument {
            key: Key::outside("document", id),
            kind: "document".to_owned(),
            name: None,
            path: None,
            url: None,
            owner: None,
            updated_at: None,
            depth,
            elements: Vec::new(),
        };
        let (mut document, owner) = found.unwrap_or_else(|| (unheard_of(), None));
        document.owner = owner.map(|owner| self.owner(&owner)).transpose()?;
        document.elements = elements;
        Ok(document)
    }

    /// A member by id, as an owner.
    pub(super) fn owner(&self, id: &str) -> Result<Owner, StoreError> {
        let found = self
            .connection()
            .prepare_cached(
                "SELECT nullif(trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), ''), email \
                 FROM member WHERE id = ?",
            )?
            .query_row([id], |row| Ok(Owner { id: id.to_owned(), name: row.get(0)?, email: row.get(1)? }))
            .optional()?;
        Ok(found.unwrap_or_else(|| Owner { id: id.to_owned(), name: None, email: None }))
    }

    /// Documents whose lineage the published run neither read nor knew from earlier. Both lists come in the order of ids, so
    /// that they are gone through once, side by side: looking each document up takes longer than all the rest of an answer.
    fn unknown_documents(&self) -> Result<i64, StoreError> {
        let known = ledger::outcomes(|outcome| outcome.is_complete() || outcome == Outcome::Carried);
        // Of a document that did not change and was not asked the lineage has a scope only where it is left out.
        let scopes =
            "SELECT parent_id FROM fetch_scope WHERE run_id = (SELECT published_run FROM catalog_state)";
        let mut known = self.connection().prepare(&format!(
            "{scopes} AND endpoint = 'lineage' AND outcome IN ({known}) UNION \
             SELECT * FROM ({scopes} AND endpoint = '{contents}' AND outcome IN ({known}) EXCEPT \
             {scopes} AND endpoint = 'lineage' AND outcome NOT IN ({known})) ORDER BY parent_id",
            contents = scope::CONTENTS
        ))?;
        let mut known = known.query([])?;
        let mut documents =
            self.connection().prepare("SELECT id FROM document WHERE kind <> 'dataset' ORDER BY id")?;
        let mut documents = documents.query([])?;
        let mut unknown = 0;
        let mut scope = known.next()?;
        while let Some(document) = documents.next()? {
            let id = document.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
            let mut is_known = false;
            while let Some(row) = scope {
                let of = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
                is_known = of == id;
                if of >= id {
                    break;
                }
                scope = known.next()?;
            }
            unknown += i64::from(!is_known);
        }
        Ok(unknown)
    }
}

/// The elements and datasets of a graph other than what was asked about.
fn affected<'graph>(graph: &'graph Graph, key: &'graph Key) -> impl Iterator<Item = &'graph Node> {
    let is_root = |node: &&Node| node.depth > 0 && node.object.key != *key;
    graph.nodes.iter().filter(is_root).filter(|node| matches!(&*node.object.key.kind, "element" | "dataset"))
}
