//! What is known of a document, as far as the lineage of its columns goes: borrowed from the rows that are to be stored.

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use crate::catalog::delivery::Rows;
use crate::catalog::document as record;
use crate::catalog::record::{Record, Value};

/// The type of elements that hold a value to choose. Formulas name them like columns.
const CONTROL: &str = "control";

/// The type of the nodes that are custom SQL.
pub const CUSTOM_SQL_TYPE: &str = "customSQL";

/// An element.
#[derive(Debug, Default)]
pub struct Element<'rows> {
    /// Its name.
    pub name: Option<&'rows str>,
    /// Whether it is a control.
    pub is_control: bool,
    /// Its columns.
    pub columns: Vec<Column<'rows>>,
    /// Its direct sources.
    pub sources: Vec<Source<'rows>>,
}

/// A column.
#[derive(Debug)]
pub struct Column<'rows> {
    /// Its id.
    pub id: &'rows str,
    /// Its display name.
    pub name: Option<&'rows str>,
    /// Its formula.
    pub formula: Option<&'rows str>,
    /// The table or dataset, and the column there, that its id names.
    pub warehouse: Option<(&'rows str, &'rows str)>,
}

/// A direct source of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source<'rows> {
    /// As in `lineage_edge`.
    pub r#type: &'rows str,
    /// As in `lineage_edge`.
    pub document_id: &'rows str,
    /// As in `lineage_edge`.
    pub id: &'rows str,
}

/// Something outside the document's elements.
#[derive(Debug)]
pub struct Node<'rows> {
    /// Its name.
    pub name: Option<&'rows str>,
    /// The connection it is read through.
    pub connection_id: Option<&'rows str>,
    /// The text of custom SQL.
    pub definition: Option<&'rows str>,
}

/// A document.
#[derive(Debug, Default)]
pub struct Document<'rows> {
    /// Its elements by id, those included that only their columns tell of.
    pub elements: BTreeMap<&'rows str, Element<'rows>>,
    /// What lies outside of them, by type and id.
    pub nodes: BTreeMap<(&'rows str, &'rows str), Node<'rows>>,
}

impl<'rows> Document<'rows> {
    /// Whether it reads custom SQL.
    pub fn has_custom_sql(&self) -> bool {
        self.nodes.keys().any(|(kind, _)| *kind == CUSTOM_SQL_TYPE)
    }

    /// Reads the rows of a document.
    pub fn of(rows: &'rows Rows) -> Self {
        let mut document = Self::default();
        for row in table::<record::Element>(rows) {
            let element = document.elements.entry(row.text("element_id")).or_default();
            element.name = row.stated("name");
            element.is_control = row.stated("type") == Some(CONTROL);
        }
        // A row may come twice; a column is there once.
        let mut seen = HashSet::new();
        for row in table::<record::ElementColumn>(rows) {
            let (element, id) = (row.text("element_id"), row.text("column_id"));
            if seen.insert((element, id)) {
                document.elements.entry(element).or_default().columns.push(Column {
                    id,
                    name: row.stated("name"),
                    formula: row.stated("formula"),
                    warehouse: row.stated("source_id").zip(row.stated("source_column")),
                });
            }
        }
        for row in table::<record::LineageEdge>(rows) {
            let source = Source {
                r#type: row.text("source_type"),
                document_id: row.text("source_document_id"),
                id: row.text("source_id"),
            };
            let sources = &mut document.elements.entry(row.text("target_id")).or_default().sources;
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
        for row in table::<record::LineageNode>(rows) {
            let node = Node {
                name: row.stated("name"),
                connection_id: row.stated("connection_id"),
                definition: row.stated("definition"),
            };
            document.nodes.insert((row.text("type"), row.text("id")), node);
        }
        document
    }
}

/// A row whose values are read by name.
struct Row<'rows> {
    places: Rc<foldhash::HashMap<&'static str, usize>>,
    values: &'rows [Value],
}

impl<'rows> Row<'rows> {
    fn stated(&self, column: &str) -> Option<&'rows str> {
        match &self.values[*self.places.get(column)?] {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
    fn text(&self, column: &str) -> &'rows str {
        self.stated(column).unwrap_or_default()
    }
}

fn table<R: Record>(rows: &Rows) -> impl Iterator<Item = Row<'_>> {
    let columns = R::TABLE.columns.iter().enumerate();
    let places: Rc<foldhash::HashMap<_, _>> =
        Rc::new(columns.map(|(place, column)| (column.name, place)).collect());
    rows.of(R::TABLE).iter().map(move |values| Row { places: places.clone(), values })
}
