//! Copies of a catalog, and whether a catalog is whole.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::error::StoreError;
use super::{configure, create_private, place, schema};

/// The copy that is kept of a catalog before it leaves that schema version.
pub fn backup_path(database: &Path, version: i64) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(format!(".backup-v{version}"));
    PathBuf::from(name)
}

/// Copies the database of a connection to a file that only its owner may read, checks the copy and puts it in its place,
/// where an earlier one is replaced. The copy is of one instant, also while a run is writing. Its size in bytes.
pub(super) fn copy(connection: &Connection, to: &Path) -> Result<u64, StoreError> {
    let mut unfinished = to.as_os_str().to_owned();
    unfinished.push(".part");
    let unfinished = PathBuf::from(unfinished);
    let fail = |path: &Path, source| StoreError::Path { path: path.to_owned(), source };
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(fail(&unfinished, error)),
        _ => {}
    }
    create_private(&unfinished)?;
    let write = || {
        let name = unfinished.to_str().ok_or_else(|| {
            let why = "its name is not UTF-8 text, which SQLite needs to write a copy there";
            fail(to, std::io::Error::new(std::io::ErrorKind::InvalidFilename, why))
        })?;
        connection.execute("VACUUM INTO ?", [name])?;
        let written = Connection::open_with_flags(&unfinished, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        configure(&written)?;
        whole(&written, to)?;
        drop(written);
        let file = File::open(&unfinished).map_err(|error| fail(&unfinished, error))?;
        file.sync_all().map_err(|error| fail(&unfinished, error))?;
        let size = file.metadata().map_err(|error| fail(&unfinished, error))?.len();
        fs::rename(&unfinished, to).map_err(|error| fail(to, error))?;
        // Without this the name may be gone after a power failure although the content is not.
        let folder = place::folder_of(to);
        File::open(&folder).and_then(|folder| folder.sync_all()).map_err(|error| fail(&folder, error))?;
        Ok(size)
    };
    write().inspect_err(|_| {
        // The failure that led here is the one to tell.
        let _ = fs::remove_file(&unfinished);
    })
}

/// Keeps a copy of a catalog whose schema is about to change, beside it.
pub(super) fn keep_before_migration(
    connection: &Connection,
    path: &Path,
    version: i64,
) -> Result<(), StoreError> {
    let to = backup_path(path, version);
    copy(connection, &to)
        .map_err(|source| StoreError::NoBackup { path: path.to_owned(), source: Box::new(source) })?;
    tracing::info!(
        from = version,
        to = schema::VERSION,
        backup = %to.display(),
        "the catalog is brought to this version's schema; a copy of it as it was is kept"
    );
    Ok(())
}

/// Reads all of a database and compares its indexes with its tables.
pub(super) fn whole(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    passes("PRAGMA integrity_check(1)", connection, path)
}

/// Reads all of a database; quicker, because indexes are not compared with their tables.
pub(super) fn readable(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    passes("PRAGMA quick_check(1)", connection, path)
}

fn passes(pragma: &str, connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let found: String = connection.query_row(pragma, [], |row| row.get(0))?;
    // Some findings span lines; the first says enough.
    match found.lines().next().unwrap_or_default() {
        "ok" => Ok(()),
        problem => Err(StoreError::Damaged { path: path.to_owned(), problem: problem.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::types::Value;

    use super::*;
    use crate::store::Store;

    /// Tables of earlier versions whose rows every run makes anew, in other tables by now.
    const DROPPED: [&str; 2] = ["mirrored_permission", "access_object_history"];

    /// The tables of a database with all their rows, apart from the index of words, which is made anew.
    fn content(path: &Path) -> Vec<(String, Vec<Vec<Value>>)> {
        let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'search%' \
                   AND name NOT LIKE 'sqlite_%' ORDER BY 1";
        let mut statement = db.prepare(sql).unwrap();
        let names: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().flatten().collect();
        names
            .into_iter()
            .map(|name| {
                let mut statement = db.prepare(&format!("SELECT * FROM \"{name}\"")).unwrap();
                let width = statement.column_count();
                let rows = statement.query_map([], |row| (0..width).map(|at| row.get(at)).collect()).unwrap();
                let rows = rows.collect::<Result<_, _>>().unwrap();
                (name, rows)
            })
            .collect()
    }

    /// A catalog as the program of that version would have left it, with a row in every table.
    fn of_version(path: &Path, version: usize) {
        let db = Connection::open(path).unwrap();
        db.pragma_update(None, "journal_mode", "WAL").unwrap();
        for migration in &schema::MIGRATIONS[..version] {
            db.execute_batch(migration).unwrap();
        }
        db.pragma_update(None, "user_version", version as i64).unwrap();
        db.pragma_update(None, "application_id", schema::APPLICATION_ID).unwrap();
        db.pragma_update(None, "foreign_keys", false).unwrap();
        db.execute_batch(
            "INSERT INTO run (run_id, state, started_at, heartbeat_at, version, api_url) \
             VALUES (1, 'published', '2026-01-01T00:00:00.000Z', '', '', ''); \
             UPDATE catalog_state SET published_run = 1",
        )
        .unwrap();
        if db.table_exists(None, "access_key").unwrap() {
            db.execute_batch("INSERT INTO access_key VALUES (1, 'workbook', 'some text')").unwrap();
        }
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE '%_history' ORDER BY 1";
        let mut statement = db.prepare(sql).unwrap();
        let names: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().flatten().collect();
        assert!(names.len() >= 15, "{names:?}");
        for name in names {
            let sql = format!("SELECT name, type FROM pragma_table_info('{name}') WHERE \"notnull\" OR pk");
            let mut statement = db.prepare(&sql).unwrap();
            let columns: Vec<(String, String)> =
                statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().flatten().collect();
            let names: Vec<_> = columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
            let values =
                columns.iter().map(|(_, class)| if class == "INTEGER" { "1" } else { "'some text'" });
            let values: Vec<_> = values.collect();
            let sql = format!("INSERT INTO {name} ({}) VALUES ({})", names.join(", "), values.join(", "));
            db.execute_batch(&sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
    }

    #[test]
    fn a_catalog_of_every_earlier_version_is_copied_and_brought_up_to_date_with_all_its_rows() {
        for version in 1..schema::MIGRATIONS.len() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("catalog.db");
            of_version(&path, version);
            let before = content(&path);
            drop(Store::open(&path).unwrap_or_else(|error| panic!("from version {version}: {error}")));
            let copy = backup_path(&path, version as i64);
            assert!(content(&copy) == before, "the copy of version {version} is not what was there");
            let after = content(&path);
            for (name, rows) in before.iter().filter(|(name, _)| !DROPPED.contains(&name.as_str())) {
                let (_, now) = after.iter().find(|(known, _)| known == name).expect("a table that stays");
                // A column more is absent in the rows there were.
                let stays = |row: &Vec<Value>| now.iter().any(|now| now.starts_with(row));
                assert!(rows.iter().all(stays), "from version {version}: rows of {name}");
            }
            // Objects stand in another order, in a table of another name.
            let count = |content: &[(String, Vec<Vec<Value>>)], table: &str| {
                content.iter().find(|(name, _)| name == table).map(|(_, rows)| rows.len())
            };
            if let Some(objects) = count(&before, "access_object_history") {
                assert_eq!(count(&after, "placed_object_history"), Some(objects), "from version {version}");
            }
            let db = Connection::open(&path).unwrap();
            assert_eq!(schema::check(&db, &path).unwrap(), schema::VERSION);
            whole(&db, &path).unwrap();
            let mut again = Connection::open(&copy).unwrap();
            assert_eq!(schema::check(&again, &copy).unwrap(), version as i64);
            schema::migrate(&mut again, &copy).expect("a copy is as good as what it was made of");
        }
    }
}
