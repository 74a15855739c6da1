//! Keeping the full-text index: one entry per object, renewed with the run that publishes what changed.
//!
//! An entry's words come from the object's current rows, those that no run has closed. So the index is written where
//! nothing can go wrong any more: inside the transaction that publishes. Only a catalog of which nothing is published yet
//! is indexed ahead, document by document as they come: nobody reads it, and most of what its first run has to index is
//! done when the last answer arrives.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::Store;
use super::error::StoreError;

/// What is indexed of an object.
#[derive(Debug, Default)]
struct Texts {
    name: Option<String>,
    description: Option<String>,
    columns: String,
    formulas: String,
    sql: Option<String>,
}

/// Objects outside documents: the tables whose rows tell of them, and their kind and texts by id.
struct Source {
    tables: &'static [&'static str],
    /// Columns: kind, name, description; no row where there is no such object. The only parameter is the id.
    texts: &'static str,
}

const SOURCES: &[Source] = &[
    Source {
        tables: &["member"],
        texts: "SELECT 'member', trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), email \
                FROM member_history WHERE id = ? AND valid_to IS NULL",
    },
    Source {
        tables: &["team"],
        texts: "SELECT 'team', name, description FROM team_history WHERE id = ? AND valid_to IS NULL",
    },
    Source {
        tables: &["connection"],
        texts: "SELECT 'connection', name, NULL FROM connection_history WHERE id = ? AND valid_to IS NULL",
    },
    // These share one id: a document is told of as a file as well, which alone may know its description.
    Source {
        tables: &["workspace", "document", "file"],
        texts: "SELECT iif(w.id IS NULL, coalesce(d.kind, f.type), 'workspace'), coalesce(w.name, d.name, f.name), \
                coalesce(d.description, f.description) FROM (SELECT ? AS id) o \
                LEFT JOIN workspace_history w ON w.id = o.id AND w.valid_to IS NULL \
                LEFT JOIN document_history d ON d.id = o.id AND d.valid_to IS NULL \
                LEFT JOIN file_history f ON f.id = o.id AND f.valid_to IS NULL \
                WHERE coalesce(w.id, d.id, f.id) IS NOT NULL",
    },
];

/// Which objects to index anew.
#[derive(Clone, Copy)]
enum Which<'a> {
    /// All.
    All,
    /// Those that changed after a run, given the documents whose contents did and those that were indexed since.
    Since(i64, &'a BTreeSet<i64>, &'a HashSet<i64>),
}

/// Renews the entries of what changed after the run that was published last, given the documents whose contents did, and
/// those that [were indexed](ahead) as they are now.
pub(super) fn update(
    db: &Connection,
    published: i64,
    documents: &BTreeSet<i64>,
    indexed: &HashSet<i64>,
) -> Result<(), StoreError> {
    write(db, Which::Since(published, documents, indexed))
}

/// Writes the entries of what lies in documents, in a catalog of which nothing is published.
pub(super) fn ahead(db: &Connection, documents: &BTreeSet<i64>) -> Result<(), StoreError> {
    forget(db, "document IN (SELECT value FROM json_each(?))", documents)?;
    documents.iter().try_for_each(|document| write_document(db, *document))
}

/// Empties the index of a catalog of which nothing is published.
pub(super) fn undo(db: &Connection) -> Result<(), StoreError> {
    let published: i64 = db.query_row("SELECT published_run FROM catalog_state", [], |row| row.get(0))?;
    if published == 0 { clear(db) } else { Ok(()) }
}

fn clear(db: &Connection) -> Result<(), StoreError> {
    let sql = "DELETE FROM search_object; INSERT INTO search_text (search_text) VALUES ('delete-all')";
    Ok(db.execute_batch(sql)?)
}

/// Makes the index anew from the current rows.
fn rebuild(db: &Connection) -> Result<(), StoreError> {
    clear(db)?;
    write(db, Which::All)?;
    db.execute("UPDATE search_state SET is_built = 1", [])?;
    Ok(())
}

impl Store {
    /// Makes the full-text index anew, whatever it holds. It is made of current rows, so that what is staged is undone.
    pub fn rebuild_search(&mut self) -> Result<(), StoreError> {
        self.forget_staged()?;
        let transaction =
            self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        rebuild(&transaction)?;
        transaction.commit()?;
        Ok(())
    }

    /// Makes the index of a catalog that an earlier version wrote.
    pub(super) fn build_missing_search(&mut self) -> Result<(), StoreError> {
        let is_built: bool =
            self.connection.query_row("SELECT is_built FROM search_state", [], |row| row.get(0))?;
        if is_built { Ok(()) } else { self.rebuild_search() }
    }
}

/// Removes the entries that a condition on named keys, given as JSON, picks. All at once, because each statement that
/// removes makes the index write out what it has in memory.
fn forget(db: &Connection, condition: &str, named: &impl Serialize) -> Result<(), StoreError> {
    let named = serde_json::to_string(named)
        .map_err(|error| StoreError::Internal(format!("keys that are no JSON: {error}")))?;
    let entries = format!("SELECT entry FROM search_object WHERE {condition}");
    db.execute(&format!("DELETE FROM search_text WHERE rowid IN ({entries})"), [&named])?;
    db.execute(&format!("DELETE FROM search_object WHERE {condition}"), [&named])?;
    Ok(())
}

fn write(db: &Connection, which: Which<'_>) -> Result<(), StoreError> {
    // Sources outside documents, which have entries for as long as a document names them.
    let mut named: BTreeSet<(String, String)> = BTreeSet::new();
    for source in SOURCES {
        let mut changed: BTreeSet<String> = BTreeSet::new();
        for table in source.tables {
            changed.extend(match which {
                Which::All => ids(db, &format!("SELECT id FROM {table}_history WHERE valid_to IS NULL"), [])?,
                Which::Since(published, ..) => {
                    let sql =
                        format!("SELECT id FROM {table}_history WHERE valid_from > ?1 OR valid_to > ?1");
                    ids(db, &sql, [published])?
                }
            });
        }
        forget(db, "document = 0 AND id IN (SELECT value FROM json_each(?))", &changed)?;
        for id in changed {
            let found = db.prepare_cached(source.texts)?.query_row([&id], texts).optional()?;
            if let Some((kind, texts)) = found {
                insert(db, &kind, 0, &id, &texts)?;
            } else {
                let sql = "SELECT DISTINCT type FROM lineage_node_history WHERE id = ? AND valid_to IS NULL";
                named.extend(ids(db, sql, [&id])?.into_iter().map(|kind: String| (kind, id.clone())));
            }
        }
    }
    let since = if let Which::Since(published, ..) = which { Some(published) } else { None };
    let mut documents: BTreeSet<i64> = match which {
        Which::All => ids(db, "SELECT document FROM document_key", [])?.into_iter().collect(),
        Which::Since(published, documents, _) => {
            let sql = "SELECT k.document FROM document_history h JOIN document_key k ON k.id = h.id WHERE h.valid_to > ?";
            ids(db, sql, [published])?.into_iter().chain(documents.iter().copied()).collect()
        }
    };
    for document in &documents {
        name_sources(db, *document, since, &mut named)?;
    }
    if let Which::Since(0, _, indexed) = which {
        // What a run that did not get this far has left there, or something that is gone since.
        documents.extend(ids::<i64>(
            db,
            "SELECT DISTINCT document FROM search_object WHERE document <> 0",
            [],
        )?);
        let current = "SELECT k.document FROM document_history h JOIN document_key k ON k.id = h.id WHERE h.valid_to IS NULL";
        for document in ids(db, current, [])?.iter().filter(|document| indexed.contains(*document)) {
            documents.remove(document);
        }
    }
    forget(db, "document IN (SELECT value FROM json_each(?))", &documents)?;
    for document in documents {
        write_document(db, document)?;
    }
    let mut is_object = db.prepare("SELECT 1 FROM document_history WHERE id = ? AND valid_to IS NULL")?;
    let mut nodes = Vec::new();
    for (kind, id) in named {
        if !is_object.exists([&id])? {
            nodes.push((kind, id));
        }
    }
    forget(db, "document = 0 AND (kind, id) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))", &nodes)?;
    for (kind, id) in nodes {
        write_node(db, &kind, &id)?;
    }
    Ok(())
}

/// Collects the sources outside a document of which it says something new since a run, or anything where there is no run.
fn name_sources(
    db: &Connection,
    document: i64,
    since: Option<i64>,
    named: &mut BTreeSet<(String, String)>,
) -> Result<(), StoreError> {
    let mut nodes = db.prepare_cached(
        "SELECT type, id FROM lineage_node_history WHERE document = ?1 AND type <> 'customSQL' \
         AND (?2 IS NULL OR valid_from > ?2 OR valid_to > ?2)",
    )?;
    let mut rows = nodes.query(params![document, since])?;
    while let Some(row) = rows.next()? {
        named.insert((row.get(0)?, row.get(1)?));
    }
    Ok(())
}

/// Writes the entries of what lies in a document.
fn write_document(db: &Connection, document: i64) -> Result<(), StoreError> {
    let mut pages =
        db.prepare_cached("SELECT page_id, name FROM page_history WHERE document = ? AND valid_to IS NULL")?;
    let mut rows = pages.query([document])?;
    while let Some(row) = rows.next()? {
        let texts = Texts { name: row.get(1)?, ..Texts::default() };
        insert(db, "page", document, &row.get::<_, String>(0)?, &texts)?;
    }
    let mut elements: BTreeMap<String, Texts> = BTreeMap::new();
    let mut statement = db.prepare_cached(
        "SELECT e.element_id, e.name, q.sql FROM element_history e LEFT JOIN element_query_history q \
         ON q.document = e.document AND q.element_id = e.element_id AND q.valid_to IS NULL \
         WHERE e.document = ? AND e.valid_to IS NULL",
    )?;
    let mut rows = statement.query([document])?;
    while let Some(row) = rows.next()? {
        elements.insert(row.get(0)?, Texts { name: row.get(1)?, sql: row.get(2)?, ..Texts::default() });
    }
    let mut columns = db.prepare_cached(
        "SELECT element_id, name, formula FROM element_column_history WHERE document = ? AND valid_to IS NULL",
    )?;
    let mut rows = columns.query([document])?;
    while let Some(row) = rows.next()? {
        let element = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        let Some(texts) = elements.get_mut(element) else { continue };
        for (column, text) in [(1, &mut texts.columns), (2, &mut texts.formulas)] {
            if let Some(found) = row.get_ref(column)?.as_str_or_null().map_err(rusqlite::Error::from)? {
                text.push_str(found);
                text.push('\n');
            }
        }
    }
    for (element, texts) in &elements {
        insert(db, "element", document, element, texts)?;
    }
    let mut nodes = db.prepare_cached(
        "SELECT id, name, definition FROM lineage_node_history \
         WHERE document = ? AND type = 'customSQL' AND valid_to IS NULL",
    )?;
    let mut rows = nodes.query([document])?;
    while let Some(row) = rows.next()? {
        let texts = Texts { name: row.get(1)?, sql: row.get(2)?, ..Texts::default() };
        insert(db, "customSQL", document, &row.get::<_, String>(0)?, &texts)?;
    }
    Ok(())
}

/// Writes the entry of a source that documents name and that is no object in its own right.
fn write_node(db: &Connection, kind: &str, id: &str) -> Result<(), StoreError> {
    let name: Option<Option<String>> = db
        .prepare_cached(
            "SELECT max(name) FROM lineage_node_history WHERE id = ? AND type = ? AND valid_to IS NULL GROUP BY id",
        )?
        .query_row([id, kind], |row| row.get(0))
        .optional()?;
    if let Some(name) = name {
        insert(db, kind, 0, id, &Texts { name, ..Texts::default() })?;
    }
    Ok(())
}

fn texts(row: &Row<'_>) -> rusqlite::Result<(String, Texts)> {
    Ok((row.get(0)?, Texts { name: row.get(1)?, description: row.get(2)?, ..Texts::default() }))
}

fn ids<T: rusqlite::types::FromSql>(
    db: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<T>, StoreError> {
    let mut statement = db.prepare(sql)?;
    let ids = statement.query_map(parameters, |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(ids)
}

fn insert(db: &Connection, kind: &str, document: i64, id: &str, texts: &Texts) -> Result<(), StoreError> {
    db.prepare_cached("INSERT INTO search_object (kind, document, id) VALUES (?, ?, ?)")?
        .execute(params![kind, document, id])?;
    db.prepare_cached(
        "INSERT INTO search_text (rowid, name, description, columns, formulas, sql) VALUES (?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        db.last_insert_rowid(),
        texts.name,
        texts.description,
        texts.columns,
        texts.formulas,
        texts.sql
    ])?;
    Ok(())
}
