//! Lineage between columns.
//!
//! Upstream the view `column_lineage` answers by the column's own key. Downstream there is no index of millions of columns:
//! what reads a column belongs to an element that reads its element or table, and those are few.

use std::collections::HashMap;
use std::rc::Rc;

use rusqlite::{Connection, Row};

use super::super::error::StoreError;
use super::super::objects::Key;
use super::super::reader::Catalog;
use super::{Direction, Entities, Neighbours, Step};

/// A column that reads another.
#[derive(Debug)]
struct Reading {
    target: Key,
    step: Step,
}

/// Reads column lineage, remembering the elements it has been in.
#[derive(Debug)]
pub(super) struct Columns<'db> {
    db: &'db Connection,
    entities: Entities<'db>,
    elements: HashMap<Key, Rc<Vec<Reading>>>,
}

impl<'db> Columns<'db> {
    pub fn new(catalog: &'db Catalog) -> Self {
        Self { db: catalog.connection(), entities: Entities::new(catalog), elements: HashMap::new() }
    }

    /// What an object stands for: a column for itself, an element for its columns, a source for those that are read of it.
    pub fn roots(&mut self, key: Key) -> Result<Vec<Key>, StoreError> {
        if !key.column.is_empty() {
            return Ok(vec![key]);
        }
        if key.kind == "element" {
            let mut statement = self.db.prepare_cached(
                "SELECT column_id FROM element_column WHERE document_id = ? AND element_id = ? ORDER BY column_id",
            )?;
            let columns = statement.query_map([&key.document, &key.id], |row| row.get::<_, String>(0))?;
            return columns.map(|column| Ok(key.clone().with_column(&column?))).collect();
        }
        let mut read: Vec<Key> = Vec::new();
        for reader in self.entities.of(&key, Direction::Downstream)? {
            let readings = self.readings(&reader.to)?;
            let sources = readings.iter().map(|reading| &reading.step.to);
            read.extend(sources.filter(|source| source.without_column() == key).cloned());
        }
        read.sort();
        read.dedup();
        Ok(read)
    }

    /// What the columns of an element, or the output of custom SQL, read.
    fn readings(&mut self, element: &Key) -> Result<Rc<Vec<Reading>>, StoreError> {
        if let Some(known) = self.elements.get(element) {
            return Ok(Rc::clone(known));
        }
        let mut statement = self.db.prepare_cached(
            "SELECT column_id, source_type, source_document_id, source_element_id, source_column_id, source_column, \
             source_id, evidence, inferred FROM column_lineage \
             WHERE document_id = ?1 AND element_id = ?2 AND (evidence = 'sql') = ?3",
        )?;
        let is_sql = element.kind == "customSQL";
        let rows = statement.query_map(rusqlite::params![element.document, element.id, is_sql], |row| {
            Ok(Reading {
                target: element.clone().with_column(&row.get::<_, String>(0)?),
                step: reading(element, row)?,
            })
        })?;
        let readings = Rc::new(rows.collect::<Result<Vec<_>, _>>()?);
        self.elements.insert(element.clone(), Rc::clone(&readings));
        Ok(readings)
    }

    fn downstream(&mut self, key: &Key) -> Result<Vec<Step>, StoreError> {
        let base = key.without_column();
        let mut readers: Vec<Key> =
            self.entities.of(&base, Direction::Downstream)?.into_iter().map(|step| step.to).collect();
        readers.push(base);
        // A model that is read as a whole is read by those who read it.
        let wholes: Vec<Key> = readers.iter().filter(|reader| reader.kind == "data-model").cloned().collect();
        for whole in wholes {
            readers.extend(self.entities.of(&whole, Direction::Downstream)?.into_iter().map(|step| step.to));
        }
        readers.retain(|reader| !reader.document.is_empty());
        readers.sort();
        readers.dedup();
        let mut steps = Vec::new();
        for reader in readers {
            let readings = self.readings(&reader)?;
            for reading in readings.iter().filter(|reading| is_read(key, &reading.step.to)) {
                let mut to = reading.target.clone();
                // A query that gives all columns of a table gives this one under its own name.
                if to.column == ALL && !key.column.is_empty() {
                    to.column.clone_from(&key.column);
                }
                steps.push(Step { to, ..reading.step.clone() });
            }
        }
        Ok(steps)
    }
}

impl Neighbours for Columns<'_> {
    fn of(&mut self, key: &Key, direction: Direction) -> Result<Vec<Step>, StoreError> {
        if direction == Direction::Downstream {
            return self.downstream(key);
        }
        if !matches!(key.kind.as_str(), "element" | "customSQL") {
            return Ok(Vec::new());
        }
        let readings = self.readings(&key.without_column())?;
        let of = |column: &str| -> Vec<Step> {
            let found = readings.iter().filter(|reading| reading.target.column == column);
            found.map(|reading| reading.step.clone()).collect()
        };
        let steps = of(&key.column);
        if !steps.is_empty() || key.kind != "customSQL" {
            return Ok(steps);
        }
        // A column that the query does not name is one of the only table of which it gives all; of several it is not known
        // whose it is.
        Ok(match of(ALL).as_slice() {
            [all] => vec![Step { to: all.to.clone().with_column(&key.column), ..all.clone() }],
            _ => Vec::new(),
        })
    }
}

/// All columns of a table, in SQL.
const ALL: &str = "*";

/// Whether reading `source` is reading that column. Warehouses fold the case of names, so case is no difference there; `*`
/// is every column.
fn is_read(column: &Key, source: &Key) -> bool {
    if column.kind != source.kind || column.document != source.document || column.id != source.id {
        return false;
    }
    let in_warehouse = column.document.is_empty() || column.kind == "customSQL";
    column.column == source.column
        || in_warehouse && (source.column == ALL || column.column.eq_ignore_ascii_case(&source.column))
}

fn reading(element: &Key, row: &Row<'_>) -> rusqlite::Result<Step> {
    let text = |column: usize| row.get::<_, Option<String>>(column).map(Option::unwrap_or_default);
    let (kind, document, holder) = (text(1)?, text(2)?, text(3)?);
    let (column_id, column, id) = (text(4)?, text(5)?, text(6)?);
    let to = match kind.as_str() {
        "element" | "customSQL" => Key::inside(&kind, &document, &holder)
            .with_column(if column_id.is_empty() { &column } else { &column_id }),
        "control" => Key::inside(&kind, &document, &holder),
        "unresolved" => Key::inside(&kind, &element.document, &column),
        _ => Key::outside(&kind, &id).with_column(&column),
    };
    Ok(Step { to, kind: "column".to_owned(), evidence: text(7)?, inferred: row.get(8)? })
}
