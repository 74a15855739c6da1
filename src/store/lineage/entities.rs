//! Lineage between elements, tables and other sources.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use rusqlite::Connection;

use super::super::error::StoreError;
use super::super::objects::Key;
use super::super::reader::Catalog;
use super::{Direction, Neighbours, Step};

/// What an object stands for: a document for its elements, a page for those on it, all else for itself. A data model may be
/// read as a whole and stands for itself too, a dataset has no elements.
pub(super) fn roots(db: &Connection, key: &Key) -> Result<Vec<Key>, StoreError> {
    let (document, condition) = match key.kind.as_str() {
        "page" => (&key.document, "page_id = ?2"),
        "workbook" | "report" | "data-model" => (&key.id, "?2 = ?2"),
        _ => return Ok(vec![key.clone()]),
    };
    let sql =
        format!("SELECT element_id FROM element WHERE document_id = ?1 AND {condition} ORDER BY element_id");
    let mut statement = db.prepare_cached(&sql)?;
    let elements = statement.query_map([document, &key.id], |row| row.get::<_, String>(0))?;
    let mut roots = elements
        .map(|id| Ok(Key::inside("element", document, &id?)))
        .collect::<Result<Vec<_>, StoreError>>()?;
    if key.kind == "data-model" {
        roots.push(key.clone());
    }
    Ok(roots)
}

/// An edge as the catalog keeps it, within one document.
#[derive(Debug)]
struct Edge {
    source: Key,
    target: String,
    kind: String,
    evidence: String,
}

/// The edges of one document, by their ends.
#[derive(Debug, Default)]
struct Edges {
    by_target: HashMap<String, Vec<usize>>,
    by_source: HashMap<Key, Vec<usize>>,
    all: Vec<Edge>,
}

type ModelReaders = HashMap<Option<String>, Vec<Step>>;

/// Reads lineage, remembering the documents it has been in.
#[derive(Debug)]
pub(in crate::store) struct Entities<'db> {
    db: &'db Connection,
    documents: HashMap<String, Rc<Edges>>,
    /// The elements of data models that are named as a source; `None`: no such data model.
    models: HashMap<String, Option<Rc<HashSet<String>>>>,
    /// Who reads a data model, by the part of it that is named.
    model_readers: HashMap<String, Rc<ModelReaders>>,
}

impl<'db> Entities<'db> {
    pub fn new(catalog: &'db Catalog) -> Self {
        Self {
            db: catalog.connection(),
            documents: HashMap::new(),
            models: HashMap::new(),
            model_readers: HashMap::new(),
        }
    }

    fn edges_of(&mut self, document: &str) -> Result<Rc<Edges>, StoreError> {
        if let Some(known) = self.documents.get(document) {
            return Ok(Rc::clone(known));
        }
        let mut statement = self.db.prepare_cached(
            "SELECT source_type, source_document_id, source_id, target_id, kind, evidence FROM lineage_edge \
             WHERE document_id = ?",
        )?;
        let mut rows = statement.query([document])?;
        let mut edges = Edges::default();
        while let Some(row) = rows.next()? {
            let (kind, source_document, id): (String, String, String) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            let source = self.source(document, &kind, &source_document, &id)?;
            let edge = Edge { source, target: row.get(3)?, kind: row.get(4)?, evidence: row.get(5)? };
            let place = edges.all.len();
            edges.by_target.entry(edge.target.clone()).or_default().push(place);
            edges.by_source.entry(edge.source.clone()).or_default().push(place);
            edges.all.push(edge);
        }
        let edges = Rc::new(edges);
        self.documents.insert(document.to_owned(), Rc::clone(&edges));
        Ok(edges)
    }

    /// What an edge reads. What follows a data model's id names one of its elements if it has one of that id; otherwise the
    /// model is read, it is not said which part of it.
    fn source(
        &mut self,
        document: &str,
        kind: &str,
        source_document: &str,
        id: &str,
    ) -> Result<Key, StoreError> {
        Ok(match kind {
            "element" | "customSQL" => Key::inside(kind, source_document, id),
            "unresolved" => Key::inside(kind, document, id),
            "data-model" => match self.model(source_document)? {
                Some(elements) if elements.contains(id) => Key::inside("element", source_document, id),
                Some(_) => Key::outside(kind, source_document),
                None => Key::inside("unresolved", document, &format!("{source_document}/{id}")),
            },
            _ => Key::outside(kind, id),
        })
    }

    /// The elements of a data model, none where it is only heard of; `None` where nothing is known of it.
    fn model(&mut self, id: &str) -> Result<Option<Rc<HashSet<String>>>, StoreError> {
        if let Some(known) = self.models.get(id) {
            return Ok(known.clone());
        }
        let is_known = self
            .db
            .prepare_cached(
                "SELECT 1 FROM document WHERE id = ?1 \
                 UNION ALL SELECT 1 FROM lineage_node WHERE id = ?1 AND type = 'data-model'",
            )?
            .exists([id])?;
        let elements = if is_known {
            let mut statement =
                self.db.prepare_cached("SELECT element_id FROM element WHERE document_id = ?")?;
            Some(Rc::new(
                statement.query_map([id], |row| row.get(0))?.collect::<Result<HashSet<String>, _>>()?,
            ))
        } else {
            None
        };
        self.models.insert(id.to_owned(), elements.clone());
        Ok(elements)
    }

    /// The elements that read a source outside their document, with the part of it that they name.
    fn readers(
        &self,
        kind: &str,
        source_document: &str,
        id: Option<&str>,
    ) -> Result<Vec<(String, Step)>, StoreError> {
        let condition = if id.is_some() { "AND source_id = ?3" } else { "AND ?3 IS NULL" };
        // The first term is the condition of the index.
        let mut statement = self.db.prepare_cached(&format!(
            "SELECT document_id, target_id, kind, evidence, source_id FROM lineage_edge \
             WHERE source_type <> 'element' AND source_type = ?1 AND source_document_id = ?2 {condition}"
        ))?;
        let rows = statement.query_map(rusqlite::params![kind, source_document, id], |row| {
            let (document, target): (String, String) = (row.get(0)?, row.get(1)?);
            let to = Key::inside("element", &document, &target);
            Ok((row.get(4)?, Step { to, kind: row.get(2)?, evidence: row.get(3)?, inferred: false }))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Who reads a data model: by element, and under `None` those who read it as a whole.
    fn model_readers(&mut self, id: &str) -> Result<Rc<ModelReaders>, StoreError> {
        if let Some(known) = self.model_readers.get(id) {
            return Ok(Rc::clone(known));
        }
        let mut readers = ModelReaders::default();
        let found = self.readers("data-model", id, None)?;
        if !found.is_empty() {
            let elements = self.model(id)?.unwrap_or_default();
            for (part, step) in found {
                readers.entry(elements.contains(&part).then_some(part)).or_default().push(step);
            }
        }
        let readers = Rc::new(readers);
        self.model_readers.insert(id.to_owned(), Rc::clone(&readers));
        Ok(readers)
    }

    fn upstream(&mut self, key: &Key) -> Result<Vec<Step>, StoreError> {
        match key.kind.as_str() {
            "element" => {
                let edges = self.edges_of(&key.document)?;
                let steps =
                    edges.by_target.get(&key.id).into_iter().flatten().map(|place| &edges.all[*place]);
                Ok(steps.map(|edge| step(edge.source.clone(), edge)).collect())
            }
            // Which part is read is not known, so any may be.
            "data-model" => {
                let Some(elements) = self.model(&key.id)? else { return Ok(Vec::new()) };
                let mut parts: Vec<Step> =
                    elements.iter().map(|id| part(Key::inside("element", &key.id, id))).collect();
                parts.sort_by(|a, b| a.to.cmp(&b.to));
                Ok(parts)
            }
            "customSQL" => self.tables_of_sql(key),
            "dataset" => self.told(
                "SELECT source_type, '', source_id, 'sources', 0 FROM dataset_source WHERE dataset_id = ? ORDER BY source_id",
                &[&key.id],
            ),
            _ => Ok(Vec::new()),
        }
    }

    /// Sources and readers that a statement tells: type, document, id, evidence, whether it was read from text.
    fn told(&self, sql: &str, parameters: &[&str]) -> Result<Vec<Step>, StoreError> {
        let mut statement = self.db.prepare_cached(sql)?;
        let steps = statement.query_map(rusqlite::params_from_iter(parameters), |row| {
            let (kind, document, id): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let to = Key::inside(&kind, &document, &id);
            Ok(Step { to, kind: "source".to_owned(), evidence: row.get(3)?, inferred: row.get(4)? })
        })?;
        Ok(steps.collect::<Result<_, _>>()?)
    }

    /// The tables that custom SQL names: known ones, and others by the path that it gives.
    fn tables_of_sql(&self, key: &Key) -> Result<Vec<Step>, StoreError> {
        self.told(
            "SELECT 'table', '', coalesce(table_id, path), 'sql', 1 FROM custom_sql_source \
             WHERE document_id = ? AND custom_sql_id = ? ORDER BY path",
            &[&key.document, &key.id],
        )
    }

    /// What reads a table or dataset without being an element: datasets, and custom SQL that names a table.
    fn other_readers(&self, key: &Key) -> Result<Vec<Step>, StoreError> {
        let mut steps = self.told(
            "SELECT 'dataset', '', dataset_id, 'sources', 0 FROM dataset_source \
             WHERE source_id = ? AND source_type = ? ORDER BY dataset_id",
            &[&key.id, &key.kind],
        )?;
        if key.kind == "table" {
            // The second path is that of a table that is known by nothing else.
            steps.append(&mut self.told(
                "SELECT 'customSQL', document_id, custom_sql_id, 'sql', 1 FROM custom_sql_source \
                 WHERE path = (SELECT replace(path, '/', '.') FROM warehouse_table WHERE id = ?1) COLLATE NOCASE \
                    AND table_id = ?1 \
                 UNION SELECT 'customSQL', document_id, custom_sql_id, 'sql', 1 FROM custom_sql_source \
                 WHERE path = ?1 COLLATE NOCASE AND path = ?1 AND table_id IS NULL ORDER BY 2, 3",
                &[&key.id],
            )?);
        }
        Ok(steps)
    }

    fn downstream(&mut self, key: &Key) -> Result<Vec<Step>, StoreError> {
        if key.document.is_empty() {
            if key.kind == "data-model" {
                return Ok(self.model_readers(&key.id)?.get(&None).cloned().unwrap_or_default());
            }
            let readers = self.readers(&key.kind, "", Some(&key.id))?;
            let mut steps: Vec<Step> = readers.into_iter().map(|(_, step)| step).collect();
            steps.append(&mut self.other_readers(key)?);
            return Ok(steps);
        }
        let edges = self.edges_of(&key.document)?;
        let own = edges.by_source.get(key).into_iter().flatten().map(|place| &edges.all[*place]);
        let mut steps: Vec<Step> =
            own.map(|edge| step(Key::inside("element", &key.document, &edge.target), edge)).collect();
        if key.kind == "element" {
            let readers = self.model_readers(&key.document)?;
            steps.extend(readers.get(&Some(key.id.clone())).into_iter().flatten().cloned());
            if readers.contains_key(&None) {
                steps.push(part(Key::outside("data-model", &key.document)));
            }
        }
        Ok(steps)
    }
}

impl Neighbours for Entities<'_> {
    fn of(&mut self, key: &Key, direction: Direction) -> Result<Vec<Step>, StoreError> {
        match direction {
            Direction::Upstream => self.upstream(key),
            Direction::Downstream => self.downstream(key),
        }
    }
}

fn step(to: Key, edge: &Edge) -> Step {
    Step { to, kind: edge.kind.clone(), evidence: edge.evidence.clone(), inferred: false }
}

fn part(to: Key) -> Step {
    Step { to, kind: "part".to_owned(), evidence: "document".to_owned(), inferred: false }
}
