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
