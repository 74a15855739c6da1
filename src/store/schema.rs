//! The schema: numbered migrations, the views over published rows, and how a file is recognised as ours.
//!
//! Migrations are append-only SQL files. `user_version` says how many of them a file has seen; a file from the future
//! is refused and left untouched. The views are derived data: they are made anew whenever they differ.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::error::StoreError;
use super::views;
use crate::catalog::{TABLES, record::Table};

/// `SgCt`, so that `file` and we ourselves recognise a catalog.
pub const APPLICATION_ID: i64 = 0x5367_4374;

/// Applied in order. Never edit one that was released: append.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003_organisation.sql"),
    include_str!("migrations/0004_documents.sql"),
    include_str!("migrations/0005_column_edge.sql"),
    include_str!("migrations/0006_search.sql"),
    include_str!("migrations/0007_mirror.sql"),
    include_str!("migrations/0008_preview.sql"),
    include_str!("migrations/0009_finding.sql"),
    include_str!("migrations/0010_lineage.sql"),
    include_str!("migrations/0011_search_word.sql"),
    include_str!("migrations/0012_grant_by_object.sql"),
    include_str!("migrations/0013_resume.sql"),
    include_str!("migrations/0014_reading.sql"),
    include_str!("migrations/0015_access_by_member.sql"),
    include_str!("migrations/0016_placed_object.sql"),
    include_str!("migrations/0017_member_by_email.sql"),
    include_str!("migrations/0018_placed_grant.sql"),
];

/// The version this program writes.
pub const VERSION: i64 = MIGRATIONS.len() as i64;

/// What the condition of a published row is, for a history table under the given name.
pub(super) fn published(alias: &str) -> String {
    valid(alias, "(SELECT published_run FROM catalog_state)")
}

/// The same of a row that was valid at a run, which a parameter or an expression names.
pub(super) fn valid(alias: &str, run: &str) -> String {
    format!("{alias}.valid_from <= {run} AND ({alias}.valid_to IS NULL OR {alias}.valid_to > {run})")
}

/// The view of a table's published rows.
fn table_view(table: &Table) -> String {
    let columns: Vec<_> = table.columns.iter().map(|column| format!("t.\"{}\"", column.name)).collect();
    let (document, join) = if table.in_document {
        ("d.id AS document_id, ", " JOIN document_key d ON d.document = t.document")
    } else {
        ("", "")
    };
    format!(
        "CREATE VIEW \"{}\" AS SELECT {document}{} FROM {} t{join} WHERE {}",
        table.name,
        columns.join(", "),
        table.history(),
        published("t")
    )
}

/// Every view with its statement.
fn all_views() -> Vec<(String, String)> {
    let tables = TABLES.iter().map(|table| (table.name.to_owned(), table_view(table)));
    let mirrored = views::MIRRORED
        .iter()
        .map(|(name, query)| ((*name).to_owned(), format!("CREATE VIEW {name} AS {query}")));
    let bi = views::VIEWS.iter().map(|view| (view.name.to_owned(), view.statement()));
    tables.chain(mirrored).chain(bi).collect()
}

/// Brings a database that is open for writing to this program's version, all at once or not at all.
///
/// # Errors
/// [`StoreError::NotOurs`] and [`StoreError::NewerSchema`] leave the file untouched.
pub fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let found = usize::try_from(check(connection, path)?).unwrap_or_default();
    let lacking = &MIGRATIONS[found..];
    let (views, wanted) = (views_of(connection)?, all_views());
    let is_current = views.len() == wanted.len() && wanted.iter().all(|view| views.contains(view));
    if lacking.is_empty() && is_current {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    for (name, _) in &views {
        transaction.execute_batch(&format!("DROP VIEW \"{name}\""))?;
    }
    for migration in lacking {
        transaction.execute_batch(migration)?;
    }
    for (_, statement) in &wanted {
        transaction.execute_batch(statement)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.commit()?;
    Ok(())
}

/// The schema version of a file, if it is ours and not from the future.
pub fn check(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let objects: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if objects > 0 && application != APPLICATION_ID {
        return Err(StoreError::NotOurs(path.to_owned()));
    }
    if version > VERSION {
        return Err(StoreError::NewerSchema { database: path.to_owned(), found: version, known: VERSION });
    }
    Ok(version)
}

/// The views of a database, each with its statement.
fn views_of(connection: &Connection) -> Result<Vec<(String, String)>, StoreError> {
    let mut views = connection.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'view'")?;
    let views = views.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(views.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::record::Class;

    /// What a migration has to create for a record table; printed when the two differ.
    fn expected(table: &Table) -> Vec<(String, String, bool)> {
        let document = table.in_document.then(|| ("document".to_owned(), "INTEGER".to_owned(), true));
        let columns = table.columns.iter().map(|column| {
            let class = match column.class {
                Class::Text => "TEXT",
                Class::Integer => "INTEGER",
            };
            (column.name.to_owned(), class.to_owned(), !column.nullable)
        });
        document
            .into_iter()
            .chain(columns)
            .chain([
                ("valid_from".to_owned(), "INTEGER".to_owned(), true),
                ("valid_to".to_owned(), "INTEGER".to_owned(), false),
            ])
            .collect()
    }

    fn migrated() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, Path::new("memory")).unwrap();
        connection
    }

    #[test]
    fn migrations_make_exactly_the_record_tables() {
        let connection = migrated();
        for table in TABLES {
            let found: Vec<(String, String, bool)> = connection
                .prepare(&format!(
                    "SELECT name, type, \"notnull\" FROM pragma_table_info('{}')",
                    table.history()
                ))
                .unwrap()
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap();
            assert_eq!(found, expected(table), "{}", table.history());
            let mut key: Vec<_> = table.columns.iter().filter(|column| column.key).map(|c| c.name).collect();
            if table.in_document {
                key.insert(0, "document");
            }
            key.push("valid_from");
            let primary: Vec<String> = connection
                .prepare(&format!(
                    "SELECT name FROM pragma_table_info('{}') WHERE pk > 0 ORDER BY pk",
                    table.history()
                ))
                .unwrap()
                .query_map([], |row| row.get(0))
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap();
            assert_eq!(primary, key, "{}", table.history());
        }
    }

    #[test]
    fn every_documented_view_column_exists_and_no_other() {
        let connection = migrated();
        for view in views::VIEWS {
            let found: Vec<String> = connection
                .prepare(&format!("SELECT name FROM pragma_table_info('{}')", view.name))
                .unwrap()
                .query_map([], |row| row.get(0))
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap();
            let documented: Vec<_> = view.columns.iter().map(|(name, _)| *name).collect();
            assert_eq!(found, documented, "{}", view.name);
            assert!(
                !view.doc.is_empty() && view.columns.iter().all(|(_, doc)| !doc.is_empty()),
                "{}",
                view.name
            );
        }
    }

    #[test]
    fn migrating_twice_changes_nothing() {
        let mut connection = migrated();
        let before: i64 = connection.pragma_query_value(None, "schema_version", |row| row.get(0)).unwrap();
        migrate(&mut connection, Path::new("memory")).unwrap();
        let after: i64 = connection.pragma_query_value(None, "schema_version", |row| row.get(0)).unwrap();
        assert_eq!(before, after);
    }

    #[test]
    fn foreign_and_future_files_are_refused_untouched() {
        let mut foreign = Connection::open_in_memory().unwrap();
        foreign.execute_batch("CREATE TABLE theirs (x)").unwrap();
        assert_eq!(migrate(&mut foreign, Path::new("f")).unwrap_err().code(), "store.not_a_catalog");
        let mut future = migrated();
        future.pragma_update(None, "user_version", VERSION + 1).unwrap();
        assert_eq!(migrate(&mut future, Path::new("f")).unwrap_err().code(), "store.newer_schema");
    }
}
