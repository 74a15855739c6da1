//! Objects of the published catalog by their key: what one is called and where it lies.

use std::collections::HashMap;
use std::fmt;

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Serialize, Serializer};

use super::error::StoreError;
use super::reader::Catalog;

/// What identifies an object of whatever kind. Shown, it is the external id that the `bi_` views use, and commands
/// accept it wherever they accept an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Key {
    /// `workspace`, `folder`, `workbook`, `page`, `element`, `table`, `customSQL`, `member`, ..., or `unresolved`.
    pub kind: String,
    /// The document it lies in; empty for what lies in none.
    pub document: String,
    /// Its own id, of a column the id of its element or table.
    pub id: String,
    /// Of a column its id; its name where its table or source tells no ids. Empty for all else.
    pub column: String,
}

impl Key {
    /// Of what lies in no document.
    pub fn outside(kind: &str, id: &str) -> Self {
        Self { kind: kind.to_owned(), id: id.to_owned(), ..Self::default() }
    }

    /// Of what lies in a document.
    pub fn inside(kind: &str, document: &str, id: &str) -> Self {
        Self { document: document.to_owned(), ..Self::outside(kind, id) }
    }

    /// A column of it.
    #[must_use]
    pub fn with_column(self, column: &str) -> Self {
        Self { column: column.to_owned(), ..self }
    }

    /// What it is a column of; itself if it is none.
    #[must_use]
    pub fn without_column(&self) -> Self {
        Self { column: String::new(), ..self.clone() }
    }

    /// Whether it is a document.
    pub fn is_document(&self) -> bool {
        self.document.is_empty() && DOCUMENT_KINDS.contains(&self.kind.as_str())
    }

    /// The kind as people count it: a column is a column, whatever it is one of.
    pub fn kind(&self) -> &str {
        if self.column.is_empty() { &self.kind } else { "column" }
    }
}

/// The kinds of documents.
pub const DOCUMENT_KINDS: [&str; 4] = ["workbook", "report", "data-model", "dataset"];

impl fmt::Display for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.column.as_str(), self.kind.as_str(), self.document.as_str()) {
            ("", kind, "") => write!(out, "{kind}:{}", self.id),
            ("", kind, document) => write!(out, "{kind}:{document}/{}", self.id),
            (column, "element", document) => write!(out, "column:{document}/{}/{column}", self.id),
            (column, "table" | "dataset", _) => write!(out, "warehouse-column:{}/{column}", self.id),
            (column, kind, "") => write!(out, "{kind}-column:{}/{column}", self.id),
            (column, kind, document) => write!(out, "{kind}-column:{document}/{}/{column}", self.id),
        }
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An object as it is shown in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Described {
    /// What identifies it.
    #[serde(rename = "ref")]
    pub key: Key,
    /// `workbook`, `element`, `column`, ...
    pub kind: String,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Sigma's type of an element, the kind of warehouse of a connection.
    #[serde(rename = "type")]
    pub type_word: Option<String>,
    /// What it lies in, the outermost first: the path of folders, the document, the page.
    pub place: Vec<String>,
    /// The badge of its document or folder.
    pub badge: Option<String>,
}

impl Described {
    /// Its name, or else its id.
    pub fn title(&self) -> &str {
        let own = if self.key.column.is_empty() { &self.key.id } else { &self.key.column };
        self.name.as_deref().filter(|name| !name.trim().is_empty()).unwrap_or(own)
    }
}

/// A document as far as what lies in it needs it.
#[derive(Debug, Clone)]
struct Container {
    kind: String,
    name: Option<String>,
    path: Option<String>,
    badge: Option<String>,
}

/// Describes objects, remembering the documents they lie in.
#[derive(Debug)]
pub struct Describer<'db> {
    db: &'db Connection,
    containers: HashMap<String, Option<Container>>,
}

impl<'db> Describer<'db> {
    /// For the published rows that this connection shows.
    pub fn new(catalog: &'db Catalog) -> Self {
        Self { db: catalog.connection(), containers: HashMap::new() }
    }

    fn container(&mut self, id: &str) -> Result<Option<Container>, StoreError> {
        if let Some(known) = self.containers.get(id) {
            return Ok(known.clone());
        }
        let found = self
            .db
            .prepare_cached(
                "SELECT coalesce(d.kind, f.type), coalesce(d.name, f.name), coalesce(f.path, d.path), f.badge \
                 FROM (SELECT ? AS id) o LEFT JOIN document d ON d.id = o.id LEFT JOIN file f ON f.id = o.id \
                 WHERE coalesce(d.id, f.id) IS NOT NULL",
            )?
            .query_row([id], |row| {
                Ok(Container { kind: row.get(0)?, name: row.get(1)?, path: row.get(2)?, badge: row.get(3)? })
            })
            .optional()?;
        self.containers.insert(id.to_owned(), found.clone());
        Ok(found)
    }

    /// The kind of a document; `None` where the catalog has none of that id.
    pub fn document_kind(&mut self, id: &str) -> Result<Option<String>, StoreError> {
        Ok(self.container(id)?.map(|container| container.kind))
    }

    /// What an object is called and where it lies; without a name where the catalog does not know it.
    pub fn describe(&mut self, key: &Key) -> Result<Described, StoreError> {
        let mut shown = Described {
            key: key.clone(),
            kind: key.kind().to_owned(),
            name: None,
            type_word: None,
            place: Vec::new(),
            badge: None,
        };
        if !key.document.is_empty() {
            self.inside(key, &mut shown)?;
        } else if let Some(found) = self.container(&key.id)?.filter(|_| key.column.is_empty()) {
            shown.name = found.name;
            shown.place = path_of(found.path.as_deref());
            shown.badge = found.badge;
        } else {
            self.outside(key, &mut shown)?;
        }
        Ok(shown)
    }

    fn inside(&mut self, key: &Key, shown: &mut Described) -> Result<(), StoreError> {
        if let Some(found) = self.container(&key.document)? {
            shown.place = path_of(found.path.as_deref());
            shown.place.push(found.name.unwrap_or_else(|| key.document.clone()));
            shown.badge = found.badge;
        }
        let row = |sql: &str, id: &str| {
            self.db
                .prepare_cached(sql)?
                .query_row(params![key.document, id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()
        };
        let found: Option<(Option<String>, Option<String>, Option<String>)> = match key.kind.as_str() {
            "element" => row(
                // No join: the right side of an outer one would be read whole.
                "SELECT e.name, e.type, (SELECT p.name FROM page p WHERE p.document_id = e.document_id AND p.page_id = e.page_id) \
                 FROM element e \
                 WHERE e.document_id = ? AND e.element_id = ?",
                &key.id,
            )?,
            "page" => {
                row("SELECT name, NULL, NULL FROM page WHERE document_id = ? AND page_id = ?", &key.id)?
            }
            "customSQL" => row(
                "SELECT name, NULL, NULL FROM lineage_node WHERE document_id = ? AND type = 'customSQL' AND id = ?",
                &key.id,
            )?,
            _ => None,
        };
        let (name, type_word, page) = found.unwrap_or_default();
        shown.place.extend(page);
        if key.column.is_empty() {
            (shown.name, shown.type_word) = (name, type_word);
            return Ok(());
        }
        shown.place.push(name.unwrap_or_else(|| key.id.clone()));
        let column: Option<(Option<String>, Option<String>)> = self
            .db
            .prepare_cached(
                "SELECT name, data_type FROM element_column WHERE document_id = ? AND element_id = ? AND column_id = ?",
            )?
            .query_row([&key.document, &key.id, &key.column], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        (shown.name, shown.type_word) = column.unwrap_or_default();
        Ok(())
    }

    fn outside(&mut self, key: &Key, shown: &mut Described) -> Result<(), StoreError> {
        let sql = match key.kind.as_str() {
            "workspace" => "SELECT name, NULL FROM workspace WHERE id = ?",
            "connection" => "SELECT name, type FROM connection WHERE id = ?",
            "team" => "SELECT name, visibility FROM team WHERE id = ?",
            "member" => {
                "SELECT coalesce(nullif(trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), ''), email), \
                 member_type FROM member WHERE id = ?"
            }
            "unresolved" => return Ok(()),
            _ => return self.source(key, shown),
        };
        let found: Option<(Option<String>, Option<String>)> = self
            .db
            .prepare_cached(sql)?
            .query_row([&key.id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        (shown.name, shown.type_word) = found.unwrap_or_default();
        Ok(())
    }

    /// A table or another source that documents name. Where it is in the warehouse is known of tables only.
    fn source(&self, key: &Key, shown: &mut Described) -> Result<(), StoreError> {
        let places =
            "SELECT connection_id, database_name, schema_name, name FROM warehouse_table WHERE id = ?";
        let named = "SELECT max(connection_id), NULL, NULL, max(name) FROM lineage_node WHERE id = ?";
        let mut found: [Option<String>; 4] = Default::default();
        for sql in [named, places] {
            let mut statement = self.db.prepare_cached(sql)?;
            let mut rows = statement.query([&key.id])?;
            if let Some(row) = rows.next()? {
                for (at, known) in found.iter_mut().enumerate() {
                    *known = known.take().or(row.get(at)?);
                }
            }
        }
        let [connection, database, schema, name] = found;
        if let Some(connection) = connection {
            let mut statement = self.db.prepare_cached("SELECT name FROM connection WHERE id = ?")?;
            let name: Option<Option<String>> =
                statement.query_row([&connection], |row| row.get(0)).optional()?;
            shown.place.extend(name.flatten());
        }
        shown.place.extend(database.into_iter().chain(schema));
        if key.column.is_empty() {
            shown.name = name;
        } else {
            shown.place.push(name.unwrap_or_else(|| key.id.clone()));
            shown.name = Some(key.column.clone());
            let sql = "SELECT data_type FROM warehouse_column WHERE table_id = ? AND name = ?";
            let mut statement = self.db.prepare_cached(sql)?;
            let found: Option<Option<String>> =
                statement.query_row([&key.id, &key.column], |row| row.get(0)).optional()?;
            shown.type_word = found.flatten();
        }
        Ok(())
    }
}

/// The containers in a path as Sigma writes it.
fn path_of(path: Option<&str>) -> Vec<String> {
    path.filter(|path| !path.is_empty()).map(str::to_owned).into_iter().collect()
}
