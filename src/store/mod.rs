//! SQLite: migrations, the one writer, publish, run ledger, queries.
//!
//! *Locking.* One run writes at a time: a lock file beside the database ([`lock`]). Readers open their own read-only
//! connection and never wait: the journal is a write-ahead log.
//!
//! *History.* Every record table keeps its states in `<name>_history` with the runs between which each was valid. A run
//! writes only what differs from the last published state, under its own number; the views show rows up to the published
//! run. So publishing is one small transaction that moves a pointer, a reader sees the old catalog or the new one, and an
//! unchanged document costs nothing.
//!
//! *Durability.* Every transaction is synchronous. A crash at any instant leaves the last published catalog, and what the run
//! has read so far: the next run goes on from there, or undoes it ([`staging`]).
//!
//! *Compatibility.* `user_version` counts migrations; newer files are refused and left untouched ([`schema`]).
//!
//! *Filesystems.* The write-ahead log needs shared memory, hence a local filesystem. A network one is refused unless the
//! caller allows it, and so are a path that is a link and a folder that other users may write to (`place`).
//!
//! *Copies.* Before a migration a copy of the catalog is kept beside it; anybody may ask for one at any time (`copy`).

mod access;
pub mod copy;
mod data_access;
mod diff;
pub mod error;
mod evidence;
pub mod find;
mod finding;
#[cfg(test)]
mod full_disk;
mod identity;
mod images;
pub mod impact;
mod ledger;
pub mod lineage;
pub mod lock;
mod mirror;
pub mod models;
pub mod objects;
mod place;
mod previews;
mod publish;
mod reader;
mod reading;
pub mod schema;
pub mod search;
mod search_index;
pub mod show;
mod sizes;
pub mod staging;
pub mod views;
mod writer;

use std::collections::{BTreeMap, HashSet};
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row};

pub use access::About;
pub use data_access::{DataAccess, DataGrant, TableRead};
pub use error::StoreError;
pub use evidence::{DifferenceRow, EmbedRow, Embeds, Evidence, Gap, StoredVerification, VerificationCounts};
pub use finding::{FindingRow, SeenFinding, SeenFindings, Suppression};
pub use identity::{ImportedMapping, MappingRow, MappingState, MappingVersion};
pub use images::ImageFolder;
pub use ledger::{EventRow, RunEnd, RunRow, RunStart, RunState, ScopeCount, ScopeRow};
pub use mirror::{AudienceRow, MirrorRow};
pub use previews::KnownPreview;
pub use publish::{Publication, Refusal, RunOutcome};
pub use reader::{Catalog, Change, ChangeKind};
pub use reading::{Earlier, EarlierDocument, KnownDocument, PermissionsRead};
pub use sizes::Sizes;
pub use staging::{Resume, Staged, Staging};
pub use writer::{Counts, Writer};

use crate::catalog::TABLES;
use crate::catalog::organisation::Organization;

/// A catalog open for writing, with its lock held.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
    _lock: lock::RunLock,
}

impl Store {
    /// Opens a catalog for writing and brings it to this program's schema; makes one where there is none.
    ///
    /// An earlier run that ended without a word is marked `abandoned`, once the pages of the file were found to be sound. What
    /// it has read stays staged.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] leaves the file untouched. A network filesystem is refused.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_at(path, false)
    }

    /// The same; `allow_network` says that a network filesystem is good enough.
    pub fn open_at(path: &Path, allow_network: bool) -> Result<Self, StoreError> {
        place::check(path, allow_network)?;
        Self::open_there(path).map_err(|error| error.on_opening(path))
    }

    fn open_there(path: &Path) -> Result<Self, StoreError> {
        refuse_foreign(path)?;
        let lock = lock::RunLock::acquire(path)?;
        create_private(path)?;
        let mut connection = Connection::open(path)?;
        configure(&connection)?;
        let version = schema::check(&connection, path)?;
        connection.pragma_update(None, "secure_delete", true)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        // A larger log between checkpoints spares rewriting the same pages of the history again and again.
        connection.pragma_update(None, "wal_autocheckpoint", 16_384)?;
        connection.pragma_update(None, "cache_size", -32_768)?;
        // A few rows of an index tell as well as many how rows are spread.
        connection.pragma_update(None, "analysis_limit", 200)?;
        if version > 0 {
            check_after_unclean(&connection, path)?;
        }
        if (1..schema::VERSION).contains(&version) {
            copy::keep_before_migration(&connection, path, version)?;
        }
        schema::migrate(&mut connection, path)?;
        let mut store = Self { connection, path: path.to_owned(), _lock: lock };
        store.abandon_unfinished()?;
        store.build_missing_search()?;
        Ok(store)
    }

    /// Refuses a path that no catalog could be opened at for writing because of where it is; whether the file itself is good
    /// is another question.
    pub fn may_be_at(path: &Path, allow_network: bool) -> Result<(), StoreError> {
        place::check(path, allow_network)?;
        let folder = place::folder_of(path);
        match std::fs::metadata(&folder) {
            Ok(_) => Ok(()),
            Err(source) => Err(StoreError::Path { path: path.to_owned(), source }),
        }
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Starts a run; what an earlier one has read and not published is undone.
    pub fn begin(self, start: &RunStart) -> Result<Writer, StoreError> {
        Writer::begin(self, start, Resume::default())
    }

    /// Starts a run that may go on with what an earlier one has read and not published.
    pub fn begin_as(self, start: &RunStart, resume: Resume<'_>) -> Result<Writer, StoreError> {
        Writer::begin(self, start, resume)
    }

    /// The run that readers see, if any.
    pub fn published(&self) -> Result<Option<RunRow>, StoreError> {
        ledger::published(&self.connection)
    }

    /// Whether the published run asked any scope of that name.
    pub fn published_scope_is_known(&self, scope: &str) -> Result<bool, StoreError> {
        ledger::published_scope_is_known(&self.connection, scope)
    }

    /// The organisation of the published catalog, if any.
    pub fn organization(&self) -> Result<Option<Organization>, StoreError> {
        let read = |row: &Row<'_>| {
            Ok(Organization { id: row.get("id")?, slug: row.get("slug")?, url: row.get("url")? })
        };
        Ok(self.connection.query_row("SELECT * FROM organization", [], read).optional()?)
    }

    /// The ids of the connections that the published catalog holds or reads from.
    pub fn connections(&self) -> Result<HashSet<String>, StoreError> {
        let naming = TABLES.iter().filter(|table| table.position("connection_id").is_some());
        let each = naming.map(|table| {
            format!("SELECT connection_id FROM \"{}\" WHERE connection_id IS NOT NULL", table.name)
        });
        let all: Vec<String> = std::iter::once("SELECT id FROM connection".to_owned()).chain(each).collect();
        let mut statement = self.connection.prepare(&all.join(" UNION "))?;
        let ids = statement.query_map([], |row| row.get(0))?;
        Ok(ids.collect::<Result<_, _>>()?)
    }

    /// What a rejected run would have removed, by kind.
    pub fn refused_removals(&self, run: i64) -> Result<BTreeMap<String, i64>, StoreError> {
        ledger::refused_removals(&self.connection, run)
    }

    /// The latest run, if any.
    pub fn last_run(&self) -> Result<Option<RunRow>, StoreError> {
        Ok(ledger::runs(&self.connection, 1)?.pop())
    }
}

/// Refuses somebody else's file before so much as a lock is put beside it.
fn refuse_foreign(path: &Path) -> Result<(), StoreError> {
    if std::fs::metadata(path).is_ok_and(|found| found.len() > 0) {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        configure(&connection)?;
        schema::check(&connection, path)?;
    }
    Ok(())
}

/// Reads through a catalog whose last run ended without a word: what broke that off may have broken the disk too.
fn check_after_unclean(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    if ledger::running(connection)?.is_empty() { Ok(()) } else { copy::readable(connection, path) }
}

/// Creates the file readable by its owner only, before SQLite opens it, so that its journals inherit that.
fn create_private(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(StoreError::Path { path: path.to_owned(), source }),
    }
}

/// Settings of every connection.
fn configure(connection: &Connection) -> Result<(), StoreError> {
    if rusqlite::version_number() < 3_051_003 {
        return Err(StoreError::SqliteTooOld(rusqlite::version()));
    }
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(256);
    // Without this SQLite takes a misspelt column in double quotes for a string.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    // A plan is made once for a statement: else each new value of a parameter may make it anew, which takes longer than
    // most answers.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "temp_store", "FILE")?;
    Ok(())
}

/// Opens an existing catalog for reading only.
fn open_read_only(path: &Path) -> Result<Connection, StoreError> {
    if !path.exists() {
        return Err(StoreError::Missing(path.to_owned()));
    }
    let open = || {
        // Who holds the connection holds it alone: SQLite need not lock it for each value that is read.
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        configure(&connection)?;
        if schema::check(&connection, path)? == 0 {
            return Err(StoreError::Missing(path.to_owned()));
        }
        connection.pragma_update(None, "query_only", true)?;
        // Sixteen mebibytes: a question that looks things up by id comes back to the same pages.
        connection.pragma_update(None, "cache_size", -16_384)?;
        Ok(connection)
    };
    open().map_err(|error: StoreError| error.on_opening(path))
}

/// The version of the SQLite that is built in.
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}

/// The present instant as the ledger writes it: UTC with milliseconds.
pub(crate) fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}
