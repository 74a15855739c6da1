//! From what a person types to the one object meant.
//!
//! Ids come before addresses, addresses before paths, paths before bare names, and exact spelling before any other: the
//! first of these that names something decides. Several objects of one name are never chosen between.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use super::error::StoreError;
use super::objects::{Described, Describer, Key};
use super::reader::Catalog;

/// What is looked for: its word for messages, and the kinds it may be, as [`Key::kind`] tells them.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Such as `object` or `table`.
    pub word: &'static str,
    /// Whether a kind is one of them.
    pub is: fn(&str) -> bool,
}

impl Wanted {
    /// Anything.
    pub const ANY: Self = Self { word: "object", is: |_| true };
    /// What has lineage.
    pub const DATA: Self = Self {
        word: "document, element, column or table",
        is: |kind| !matches!(kind, "workspace" | "folder" | "page" | "member" | "team" | "connection"),
    };
    /// An element, as a model.
    pub const MODEL: Self = Self { word: "model", is: |kind| kind == "element" };
    /// A document.
    pub const DOCUMENT: Self =
        Self { word: "document", is: |kind| super::objects::DOCUMENT_KINDS.contains(&kind) };
}

/// Why not one object was found.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// The catalog could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is none.
    #[error("the catalog has no {word} `{text}`{}", listed("; did you mean", near))]
    Nothing {
        /// What was looked for.
        word: &'static str,
        /// What was typed.
        text: String,
        /// What is called similarly.
        near: Vec<Described>,
    },
    /// There are several, and guessing would be wrong.
    #[error("`{text}` names {} objects{}", found.len(), listed(":", found))]
    Several {
        /// What was typed.
        text: String,
        /// All it may mean.
        found: Vec<Described>,
    },
}

impl FindError {
    /// Its stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Nothing { .. } => "object.not_found",
            Self::Several { .. } => "object.ambiguous",
        }
    }

    /// What to do.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Store(error) => error.remedy(),
            Self::Nothing { .. } => {
                "give its id, its address, its path such as `Sales/Q3/Forecast`, or for what lies in a document \
                 `<document>/<element>` or `<document>/<element>/<column>`; `sigma-catalog search` finds names"
            }
            Self::Several { .. } => "give one of these as it stands in front of its name",
        }
    }
}

impl From<rusqlite::Error> for FindError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// How many candidates a message names.
const NAMED: usize = 10;

fn listed(words: &str, objects: &[Described]) -> String {
    if objects.is_empty() {
        return String::new();
    }
    let mut text = words.to_owned();
    for object in objects.iter().take(NAMED) {
        let place = object.place.join(" › ");
        text += &format!("\n  {}  {}", object.key, object.title());
        if !place.is_empty() {
            text += &format!(" in {place}");
        }
    }
    if objects.len() > NAMED {
        text += &format!("\n  and {} more", objects.len() - NAMED);
    }
    text
}

impl Catalog {
    /// The object that is meant: by id, `urlId`, address, external id (`kind:id`), path, name, e-mail address, or
    /// `<document>/<element>[/<column>]`, the path of a table with dots or slashes, `<table>.<column>`.
    ///
    /// # Errors
    /// [`FindError::Nothing`] and [`FindError::Several`] when it is not exactly one.
    pub fn find(&self, text: &str, wanted: Wanted) -> Result<Key, FindError> {
        self.require_current_schema()?;
        let finder = Finder { db: self.connection() };
        let text = text.trim();
        let mut found = finder.candidates(text, wanted)?;
        match (found.len(), found.pop_first()) {
            (1, Some(key)) => Ok(key),
            (_, None) => {
                let near = self.near(text, wanted)?;
                Err(FindError::Nothing { word: wanted.word, text: text.to_owned(), near })
            }
            (_, Some(first)) => {
                found.insert(first);
                let mut describer = Describer::new(self);
                let found = found.iter().map(|key| describer.describe(key)).collect::<Result<_, _>>()?;
                Err(FindError::Several { text: text.to_owned(), found })
            }
        }
    }
}

/// How names are compared: exactly, or in whatever ASCII case.
const COLLATIONS: [&str; 2] = ["BINARY", "NOCASE"];

struct Finder<'db> {
    db: &'db Connection,
}

type Keys = BTreeSet<Key>;

impl Finder<'_> {
    fn candidates(&self, text: &str, wanted: Wanted) -> Result<Keys, StoreError> {
        if text.is_empty() {
            return Ok(Keys::new());
        }
        let stages: [&dyn Fn() -> Result<Keys, StoreError>; 9] = [
            &|| self.by_reference(text),
            &|| self.by_id(text),
            &|| self.by_address(text),
            &|| self.by_path(text, COLLATIONS[0]),
            &|| self.inside_documents(text),
            &|| self.by_path(text, COLLATIONS[1]),
            &|| self.by_name(text),
            &|| self.by_table_path(text),
            &|| self.table_column(text),
        ];
        for stage in stages {
            let mut found = stage()?;
            found.retain(|key| (wanted.is)(key.kind()));
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Keys::new())
    }

    /// `workbook:<id>`, `element:<document>/<element>`, `column:<document>/<element>/<column>`, ...
    fn by_reference(&self, text: &str) -> Result<Keys, StoreError> {
        let Some((kind, rest)) = text.split_once(':') else { return Ok(Keys::new()) };
        let parts: Vec<&str> = rest.split('/').collect();
        Ok(match (kind, parts.as_slice()) {
            ("warehouse-column", [table, column, ..]) => {
                // A column's name may hold a slash.
                let column =
                    rest.strip_prefix(*table).and_then(|rest| rest.strip_prefix('/')).unwrap_or(column);
                let tables = self.by_id(table)?;
                let tables =
                    tables.into_iter().filter(|key| matches!(key.kind.as_str(), "table" | "dataset"));
                tables.map(|key| key.with_column(column)).collect()
            }
            ("page" | "element" | "column" | "customSQL", [document, ..]) => {
                let rest = rest.strip_prefix(*document).and_then(|rest| rest.strip_prefix('/')).unwrap_or("");
                let inside = self.inside(document, rest, COLLATIONS[0])?;
                inside.into_iter().filter(|key| key.kind() == kind).collect()
            }
            _ => self.by_id(rest)?.into_iter().filter(|key| key.kind == kind).collect(),
        })
    }

    fn by_id(&self, text: &str) -> Result<Keys, StoreError> {
        // Of all ids only UUIDs do not care for case.
        let lower = if text.len() == 36 { text.to_ascii_lowercase() } else { text.to_owned() };
        self.keys(
            "SELECT kind, '', id FROM document WHERE id IN (?1, ?2)
             UNION SELECT 'workspace', '', id FROM workspace WHERE id IN (?1, ?2)
             UNION SELECT type, '', id FROM file WHERE id IN (?1, ?2) AND type <> 'workspace'
             UNION SELECT 'connection', '', id FROM connection WHERE id IN (?1, ?2)
             UNION SELECT 'team', '', id FROM team WHERE id IN (?1, ?2)
             UNION SELECT 'member', '', id FROM member WHERE id = ?1 OR email = ?1 COLLATE NOCASE
             UNION SELECT 'table', '', id FROM warehouse_table WHERE id IN (?1, ?2)
             UNION SELECT source_type, '', source_id FROM dataset_source WHERE source_id IN (?1, ?2)
             UNION SELECT type, '', id FROM lineage_node WHERE id IN (?1, ?2) AND type <> 'customSQL'",
            &[text, &lower],
        )
    }

    /// The address of a document, folder or workspace, perhaps with `:nodeId=`, or its `urlId` alone.
    fn by_address(&self, text: &str) -> Result<Keys, StoreError> {
        let (path, query) = text.split_once(['?', '#']).unwrap_or((text, ""));
        let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        if last != path && !text.contains("://") {
            return Ok(Keys::new());
        }
        // In an address the id may follow the name: `<Name>-<urlId>`.
        let slug = last.rsplit('-').next().unwrap_or(last);
        let objects = self.keys(
            "SELECT kind, '', id FROM document WHERE url_id IN (?1, ?2)
             UNION SELECT 'workspace', '', id FROM workspace WHERE url_id IN (?1, ?2)
             UNION SELECT type, '', id FROM file WHERE url_id IN (?1, ?2) AND type <> 'workspace'",
            &[slug, last],
        )?;
        let node = query.split(['&', '#']).find_map(|pair| pair.strip_prefix(":nodeId="));
        let Some(node) = node else { return Ok(objects) };
        let mut found = Keys::new();
        for object in objects {
            found.append(&mut self.pages_and_elements(&object.id, node, COLLATIONS[0], "id")?);
        }
        Ok(found)
    }

    /// The names of the containers and its own, with slashes between. Names may hold slashes, so every slash may be the one
    /// that the name begins behind.
    fn by_path(&self, text: &str, collation: &str) -> Result<Keys, StoreError> {
        let whole = text.trim_matches('/');
        let sql = ["document", "file"].map(|table| {
            let kind = if table == "document" { "kind" } else { "type" };
            // The first condition is that of the index of names.
            format!(
                "SELECT {kind}, '', id FROM {table} WHERE name = ?2 COLLATE NOCASE AND {kind} <> 'workspace' \
                 AND name = ?2 COLLATE {collation} AND coalesce(path, '') = ?1 COLLATE {collation}"
            )
        });
        let sql = sql.join(" UNION ");
        let mut found = self.keys(&sql, &["", whole])?;
        for (at, _) in whole.match_indices('/') {
            found.append(&mut self.keys(&sql, &[&whole[..at], &whole[at + 1..]])?);
        }
        let sql = format!("SELECT 'workspace', '', id FROM workspace WHERE name = ?1 COLLATE {collation}");
        found.append(&mut self.keys(&sql, &[whole])?);
        Ok(found)
    }

    /// A bare name of whatever lies outside documents.
    fn by_name(&self, text: &str) -> Result<Keys, StoreError> {
        for collation in COLLATIONS {
            let named = |kind: &str, table: &str| {
                format!(
                    "SELECT {kind}, '', id FROM {table} \
                     WHERE name = ?1 COLLATE NOCASE AND name = ?1 COLLATE {collation}"
                )
            };
            let sql = [
                named("kind", "document"),
                named("type", "file") + " AND type <> 'workspace'",
                named("'connection'", "connection"),
                named("'team'", "team"),
                named("type", "lineage_node") + " AND type <> 'customSQL'",
                named("'table'", "warehouse_table"),
                format!(
                    "SELECT 'member', '', id FROM member WHERE \
                     trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')) = ?1 COLLATE {collation}"
                ),
            ];
            let found = self.keys(&sql.join(" UNION "), &[text])?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Keys::new())
    }

    /// A warehouse table by its path, or the end of it, with dots as SQL has them or with slashes; else a path that only
    /// custom SQL names.
    fn by_table_path(&self, text: &str) -> Result<Keys, StoreError> {
        let dotted = text.trim_matches('/').replace('/', ".");
        let Some((_, name)) = dotted.rsplit_once('.') else { return Ok(Keys::new()) };
        let whole =
            "SELECT 'table', '', id FROM warehouse_table WHERE replace(path, '/', '.') = ?1 COLLATE NOCASE";
        let end = "SELECT 'table', '', id FROM warehouse_table WHERE name = ?2 COLLATE NOCASE \
             AND substr(replace(path, '/', '.'), -length(?1) - 1) = ('.' || ?1) COLLATE NOCASE";
        let named = "SELECT 'table', '', path FROM custom_sql_source WHERE path = ?1 COLLATE NOCASE AND table_id IS NULL";
        for (sql, parameters) in
            [(whole, vec![&*dotted]), (end, vec![&*dotted, name]), (named, vec![&*dotted])]
        {
            let found = self.keys(sql, &parameters)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Keys::new())
    }

    /// `<document>/<element>`, `<document>/<element>/<column>`, `<document>/<page>`. Names may hold slashes, so every slash
    /// may be the one that ends the document.
    fn inside_documents(&self, text: &str) -> Result<Keys, StoreError> {
        for collation in COLLATIONS {
            let mut found = Keys::new();
            for (at, _) in text.match_indices('/') {
                let (document, rest) = (&text[..at], &text[at + 1..]);
                if !document.is_empty() && !rest.is_empty() {
                    found.append(&mut self.inside(document, rest, collation)?);
                }
            }
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Keys::new())
    }

    fn inside(&self, document: &str, rest: &str, collation: &str) -> Result<Keys, StoreError> {
        let is_document = |keys: Keys| -> Keys { keys.into_iter().filter(Key::is_document).collect() };
        let mut documents = is_document(self.by_id(document)?);
        if documents.is_empty() {
            documents = is_document(self.by_address(document)?);
        }
        if documents.is_empty() {
            documents = is_document(self.by_path(document, collation)?);
        }
        if documents.is_empty() {
            let sql = format!(
                "SELECT kind, '', id FROM document WHERE name = ?1 COLLATE NOCASE AND name = ?1 COLLATE {collation}"
            );
            documents = self.keys(&sql, &[document])?;
        }
        let mut found = Keys::new();
        for document in documents {
            let mut here = self.pages_and_elements(&document.id, rest, collation, "id")?;
            if here.is_empty() {
                here = self.pages_and_elements(&document.id, rest, collation, "name")?;
            }
            for (at, _) in rest.match_indices('/') {
                here.append(&mut self.columns(&document.id, &rest[..at], &rest[at + 1..], collation)?);
            }
            found.append(&mut here);
        }
        Ok(found)
    }

    /// What of a document has that id, or that name.
    fn pages_and_elements(
        &self,
        document: &str,
        text: &str,
        collation: &str,
        by: &str,
    ) -> Result<Keys, StoreError> {
        let (page, element, node) =
            if by == "id" { ("page_id", "element_id", "id") } else { ("name", "name", "name") };
        let sql = format!(
            "SELECT 'page', document_id, page_id FROM page WHERE document_id = ?1 AND {page} = ?2 COLLATE {collation}
             UNION SELECT 'element', document_id, element_id FROM element
                 WHERE document_id = ?1 AND {element} = ?2 COLLATE {collation}
             UNION SELECT 'customSQL', document_id, id FROM lineage_node
                 WHERE document_id = ?1 AND type = 'customSQL' AND {node} = ?2 COLLATE {collation}"
        );
        self.keys(&sql, &[document, text])
    }

    /// Columns of elements, both by id or else by name.
    fn columns(
        &self,
        document: &str,
        element: &str,
        column: &str,
        collation: &str,
    ) -> Result<Keys, StoreError> {
        let mut found = Keys::new();
        for by in ["id", "name"] {
            for key in self.pages_and_elements(document, element, collation, by)? {
                if key.kind != "element" {
                    continue;
                }
                for by in ["column_id", "name"] {
                    let sql = format!(
                        "SELECT column_id FROM element_column \
                         WHERE document_id = ? AND element_id = ? AND {by} = ? COLLATE {collation}"
                    );
                    let mut statement = self.db.prepare_cached(&sql)?;
                    let columns = statement.query_map(params![document, key.id, column], |row| row.get(0))?;
                    let columns: Vec<String> = columns.collect::<Result<_, _>>()?;
                    found.extend(columns.iter().map(|column| key.clone().with_column(column)));
                    if !columns.is_empty() {
                        break;
                    }
                }
            }
            if !found.is_empty() {
                break;
            }
        }
        Ok(found)
    }

    /// `<table>.<column>`, the table by id or name. A column is known where an element shows it.
    fn table_column(&self, text: &str) -> Result<Keys, StoreError> {
        let mut found = Keys::new();
        for (at, _) in text.match_indices('.') {
            let (table, column) = (&text[..at], &text[at + 1..]);
            if table.is_empty() || column.is_empty() {
                continue;
            }
            let mut tables = self.by_id(table)?;
            if tables.is_empty() {
                tables = self.by_name(table)?;
            }
            if tables.is_empty() {
                tables = self.by_table_path(table)?;
            }
            let tables = tables.into_iter().filter(|key| matches!(key.kind.as_str(), "table" | "dataset"));
            found.extend(tables.map(|key| key.with_column(column)));
        }
        Ok(found)
    }

    /// Keys from a query for kind, document and id. An object that the catalog knows as such is not named twice.
    fn keys(&self, sql: &str, parameters: &[&str]) -> Result<Keys, StoreError> {
        let mut statement = self.db.prepare_cached(sql)?;
        let keys = statement
            .query_map(rusqlite::params_from_iter(parameters), |row| {
                Ok(Key { kind: row.get(0)?, document: row.get(1)?, id: row.get(2)?, column: String::new() })
            })?
            .collect::<Result<Keys, _>>()?;
        Ok(keys)
    }
}
