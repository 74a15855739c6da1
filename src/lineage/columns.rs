//! References to edges. A reference is resolved when exactly one column fits it, and is kept verbatim otherwise.

use std::collections::{BTreeMap, HashMap};

use super::document::{CUSTOM_SQL_TYPE, Column, Document, Element, Source};
use super::formula::{self, Reference};
use super::sql::{self, SqlError};
use crate::catalog::document::{ColumnEdge, CustomSqlTable};

/// Under this name formulas know custom SQL, whatever its id: seen in the formulas of many documents.
const CUSTOM_SQL: &str = "Custom SQL";

/// What columns are computed from, as their formulas say. Columns whose id names their source have no edge.
///
/// `outputs` are the output columns of custom SQL by its id, as the query spells them, where they are known.
pub fn of_formulas(document: &Document<'_>, outputs: &BTreeMap<&str, Vec<String>>) -> Vec<ColumnEdge> {
    let names = document.elements.iter().map(|(id, element)| (*id, Names::of(&element.columns))).collect();
    let resolver = Resolver { document, names, natives: natives(document), outputs };
    let mut edges = Vec::new();
    for (id, element) in &document.elements {
        let place = Place { id, element };
        for column in element.columns.iter().filter(|column| column.warehouse.is_none()) {
            resolver.column(&place, column, &mut edges);
        }
    }
    edges
}

/// What the custom SQL of a document gives.
#[derive(Debug, Default)]
pub struct CustomSql<'doc> {
    /// What the output columns are computed from.
    pub edges: Vec<ColumnEdge>,
    /// The tables that it names.
    pub tables: Vec<CustomSqlTable>,
    /// The names of the output columns by the id of the custom SQL, as far as the query names them.
    pub outputs: BTreeMap<&'doc str, Vec<String>>,
    /// The custom SQL of which nothing is known, and why.
    pub errors: Vec<(&'doc str, SqlError)>,
}

/// Reads the custom SQL of a document. `warehouses` are the types of connections by id, as far as they are known.
pub fn of_custom_sql<'doc>(
    document: &Document<'doc>,
    warehouses: &HashMap<String, String>,
) -> CustomSql<'doc> {
    let mut found = CustomSql::default();
    for ((kind, id), node) in &document.nodes {
        let (CUSTOM_SQL_TYPE, Some(definition)) = (*kind, node.definition) else { continue };
        let warehouse = node.connection_id.and_then(|id| warehouses.get(id)).map(String::as_str);
        let shape = match sql::shape(definition, warehouse) {
            Ok(shape) => shape,
            Err(error) => {
                found.errors.push((id, error));
                continue;
            }
        };
        let edge = |column: &str, table: &str, source: &str| ColumnEdge {
            target_element_id: (*id).to_owned(),
            target_column_id: column.to_owned(),
            source_type: "table".to_owned(),
            source_document_id: String::new(),
            source_id: table.to_owned(),
            source_column: source.to_owned(),
            source_name: None,
            source_column_id: None,
            evidence: "sql".to_owned(),
            inferred: true,
        };
        for output in &shape.outputs {
            let Some(name) = &output.name else { continue };
            found.edges.extend(output.origins.iter().map(|origin| edge(name, &origin.table, &origin.column)));
        }
        found.edges.extend(shape.all_of.iter().map(|table| edge("*", table, "*")));
        found.tables.extend(shape.tables.into_iter().map(|path| CustomSqlTable {
            custom_sql_id: (*id).to_owned(),
            path,
            connection_id: node.connection_id.map(str::to_owned),
        }));
        found.outputs.insert(id, shape.outputs.into_iter().filter_map(|output| output.name).collect());
    }
    found
}

/// Native columns of warehouse tables by the names that formulas use, as far as column ids of this document tell.
type Natives<'doc> = foldhash::HashMap<(&'doc str, String), &'doc str>;

fn natives<'doc>(document: &Document<'doc>) -> Natives<'doc> {
    let mut found = Natives::default();
    for column in document.elements.values().flat_map(|element| &element.columns) {
        let Some((table, native)) = column.warehouse else { continue };
        found.insert((table, native.to_owned()), native);
    }
    // A native name is never shadowed by the name that a formula uses for another column.
    for column in document.elements.values().flat_map(|element| &element.columns) {
        let Some((table, native)) = column.warehouse else { continue };
        let named = formula::references(column.formula.unwrap_or_default());
        if let (None, 1, Some(name)) =
            (named.error, named.all.len(), named.all.first().and_then(|only| only.parts.get(1)))
        {
            found.entry((table, name.clone())).or_insert(native);
        }
    }
    found
}

/// Columns by name, for finding the one that is meant.
struct Names<'doc> {
    exact: foldhash::HashMap<&'doc str, Vec<&'doc str>>,
    folded: foldhash::HashMap<String, Vec<&'doc str>>,
}

impl<'doc> Names<'doc> {
    fn of(columns: &[Column<'doc>]) -> Self {
        let mut names = Self { exact: HashMap::default(), folded: HashMap::default() };
        for column in columns {
            if let Some(name) = column.name {
                names.exact.entry(name).or_default().push(column.id);
                names.folded.entry(name.to_lowercase()).or_default().push(column.id);
            }
        }
        names
    }

    /// The columns of that name other than `except`: of that spelling, else whatever the case.
    fn find(&self, name: &str, except: &str) -> Vec<&'doc str> {
        let others = |ids: Option<&Vec<&'doc str>>| -> Vec<&'doc str> {
            ids.into_iter().flatten().copied().filter(|id| *id != except).collect()
        };
        let exact = others(self.exact.get(name));
        if exact.is_empty() { others(self.folded.get(&name.to_lowercase())) } else { exact }
    }
}

fn one<T>(mut found: Vec<T>) -> Option<T> {
    if found.len() == 1 { found.pop() } else { None }
}

/// The element whose columns are looked at.
struct Place<'doc> {
    id: &'doc str,
    element: &'doc Element<'doc>,
}

struct Resolver<'doc> {
    document: &'doc Document<'doc>,
    /// The columns of each element by name.
    names: foldhash::HashMap<&'doc str, Names<'doc>>,
    natives: Natives<'doc>,
    outputs: &'doc BTreeMap<&'doc str, Vec<String>>,
}

/// A source column that fits a reference.
struct Fit<'doc> {
    source: Source<'doc>,
    column: String,
    column_id: Option<String>,
    inferred: bool,
}

impl<'doc> Resolver<'doc> {
    fn column(&self, place: &Place<'doc>, column: &Column<'doc>, edges: &mut Vec<ColumnEdge>) {
        let Some(text) = column.formula else { return };
        let references = formula::references(text);
        for reference in &references.all {
            let mut fits = match reference.parts.as_slice() {
                [name] => self.own(place, name, column.id),
                [source, name] => self.sourced(place, source, name),
                // What lies behind a link of a data model is not among an element's direct sources.
                _ => Vec::new(),
            };
            if fits.is_empty() {
                fits.push(unresolved(reference));
            }
            edges.extend(fits.into_iter().map(|fit| ColumnEdge {
                target_element_id: place.id.to_owned(),
                target_column_id: column.id.to_owned(),
                source_type: fit.source.r#type.to_owned(),
                source_document_id: fit.source.document_id.to_owned(),
                source_id: fit.source.id.to_owned(),
                source_column: fit.column,
                source_name: match reference.parts.as_slice() {
                    [source, _, ..] => Some(source.clone()),
                    _ => None,
                },
                source_column_id: fit.column_id,
                evidence: "formula".to_owned(),
                inferred: fit.inferred || references.error.is_some(),
            }));
        }
    }

    /// `[Column]`: a column of the same element, else a control.
    fn own(&self, place: &Place<'doc>, name: &str, except: &str) -> Vec<Fit<'doc>> {
        let Some(names) = self.names.get(place.id) else { return Vec::new() };
        match names.find(name, except).as_slice() {
            [] => {}
            [id] => {
                return vec![Fit {
                    source: inside("element", place.id),
                    column: name.to_owned(),
                    column_id: Some((*id).to_owned()),
                    inferred: false,
                }];
            }
            _ => return Vec::new(),
        }
        let controls = self.document.elements.iter().filter(|(_, element)| element.is_control);
        let named: Vec<_> = controls.filter_map(|(id, element)| Some((*id, element.name?))).collect();
        let control = named_so(&named, name, |(_, known)| known);
        let fit = |(id, _): (&'doc str, &str)| Fit {
            source: inside("control", id),
            column: String::new(),
            column_id: None,
            inferred: false,
        };
        one(control).map(fit).into_iter().collect()
    }

    /// `[Source/Column]`: a column of a direct source of that name. Elements of data models have their names elsewhere, so every
    /// one of them is a candidate where nothing of this document fits.
    fn sourced(&self, place: &Place<'doc>, source: &str, name: &str) -> Vec<Fit<'doc>> {
        let known = place.element.sources.iter().filter(|source| source.r#type != "data-model");
        let known: Vec<_> = known.filter_map(|source| Some((*source, self.name_of(source)?))).collect();
        let named = named_so(&known, source, |(_, known)| known);
        let mut fits: Vec<_> = named.into_iter().filter_map(|(source, _)| self.fit(source, name)).collect();
        match fits.len() {
            0 => {
                let models = place.element.sources.iter().filter(|source| source.r#type == "data-model");
                models.map(|source| as_written(*source, name, false)).collect()
            }
            1 => fits,
            _ => {
                fits.clear();
                fits
            }
        }
    }

    /// The name under which formulas know a source.
    fn name_of(&self, source: &Source<'doc>) -> Option<&'doc str> {
        match source.r#type {
            "element" => Some(self.document.elements.get(source.id)?.name.unwrap_or(source.id)),
            CUSTOM_SQL_TYPE => Some(CUSTOM_SQL),
            kind => self.document.nodes.get(&(kind, source.id))?.name,
        }
    }

    /// How a source fits a reference to a column of that name, if it does. Only elements and custom SQL tell which columns they
    /// have.
    fn fit(&self, source: Source<'doc>, name: &str) -> Option<Fit<'doc>> {
        match source.r#type {
            "element" => {
                let id = one(self.names.get(source.id)?.find(name, ""))?;
                Some(Fit {
                    source: inside("element", source.id),
                    column: name.to_owned(),
                    column_id: Some(id.to_owned()),
                    inferred: false,
                })
            }
            CUSTOM_SQL_TYPE => {
                let known: Vec<_> = self.outputs.get(source.id).into_iter().flatten().collect();
                let output = one(named_so(&known, name, |output| output)).cloned();
                Some(Fit { column_id: output, ..as_written(inside(CUSTOM_SQL_TYPE, source.id), name, false) })
            }
            "table" => Some(match self.natives.get(&(source.id, name.to_owned())) {
                Some(native) => as_written(source, native, false),
                None => as_written(source, name, true),
            }),
            _ => Some(as_written(source, name, false)),
        }
    }
}

fn inside<'doc>(r#type: &'doc str, id: &'doc str) -> Source<'doc> {
    Source { r#type, document_id: "", id }
}

fn as_written<'doc>(source: Source<'doc>, name: &str, inferred: bool) -> Fit<'doc> {
    Fit { source, column: name.to_owned(), column_id: None, inferred }
}

fn unresolved<'doc>(reference: &Reference) -> Fit<'doc> {
    as_written(inside("unresolved", ""), &reference.raw, false)
}

/// Those of that spelling, else those of that name whatever the case.
fn named_so<T: Copy>(all: &[T], name: &str, name_of: impl Fn(&T) -> &str) -> Vec<T> {
    let exact: Vec<T> = all.iter().copied().filter(|each| name_of(each) == name).collect();
    if !exact.is_empty() {
        return exact;
    }
    let folded = name.to_lowercase();
    all.iter().copied().filter(|each| name_of(each).to_lowercase() == folded).collect()
}

#[cfg(test)]
mod tests;
