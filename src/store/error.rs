//! What can go wrong with the catalog's file.

use std::path::PathBuf;

/// A failure of the store. Each has a stable [`code`](StoreError::code) and a [`remedy`](StoreError::remedy).
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another run holds the lock.
    #[error("another run is writing `{}` ({holder})", database.display())]
    Locked {
        /// The database.
        database: PathBuf,
        /// What the lock file says about its holder.
        holder: String,
    },
    /// The file is no catalog of ours.
    #[error("`{}` is not a sigma-catalog database", .0.display())]
    NotOurs(PathBuf),
    /// The file was written by a newer version.
    #[error("`{}` has schema version {found}, this program knows up to {known}", database.display())]
    NewerSchema {
        /// The database.
        database: PathBuf,
        /// The version it has.
        found: i64,
        /// The version this program knows.
        known: i64,
    },
    /// The file was written by an older version, and what is asked needs what this one adds.
    #[error("`{}` has schema version {found}, this needs {known}", database.display())]
    OlderSchema {
        /// The database.
        database: PathBuf,
        /// The version it has.
        found: i64,
        /// The version this program writes.
        known: i64,
    },
    /// There is no catalog at that path.
    #[error("there is no catalog at `{}`", .0.display())]
    Missing(PathBuf),
    /// The path or its folder cannot be used.
    #[error("cannot use `{}`: {source}", path.display())]
    Path {
        /// The path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The path of the catalog is a link, which may lead anywhere.
    #[error("`{}` is a symbolic link", .0.display())]
    Symlink(PathBuf),
    /// Other users may put files into the catalog's folder.
    #[error("other users may write to the folder `{}` (mode {mode:04o})", folder.display())]
    SharedFolder {
        /// The folder.
        folder: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The catalog would lie on a filesystem that other machines see too.
    #[error("`{}` is on a network filesystem ({kind}), where SQLite cannot lock a catalog safely", path.display())]
    NetworkFilesystem {
        /// The catalog.
        path: PathBuf,
        /// What kind of filesystem it is.
        kind: &'static str,
    },
    /// The file is damaged.
    #[error("`{}` is damaged: {problem}", path.display())]
    Damaged {
        /// The catalog or its copy.
        path: PathBuf,
        /// What SQLite found first.
        problem: String,
    },
    /// A migration was not begun because no copy of the catalog could be made.
    #[error("`{}` was not brought to the new schema, because it could not be copied first: {source}", path.display())]
    NoBackup {
        /// The catalog.
        path: PathBuf,
        /// Why.
        source: Box<StoreError>,
    },
    /// The linked SQLite is too old to be safe.
    #[error("SQLite {0} is linked, 3.51.3 or newer is needed")]
    SqliteTooOld(&'static str),
    /// A run that is asked for does not exist.
    #[error("there is no run {0} in this catalog")]
    NoSuchRun(i64),
    /// No run has published a catalog yet.
    #[error("the catalog is empty: no run has published yet")]
    NothingPublished,
    /// Another mapping became active since the one that was looked at.
    #[error("another identity mapping became active in the meantime")]
    MappingChanged,
    /// A delivery does not fit the catalog's tables: a defect of this program.
    #[error("internal: {0}")]
    Internal(String),
    /// The file cannot be opened as a catalog.
    #[error("cannot use `{}`: {source}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// SQLite reports a failure.
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
}

impl StoreError {
    /// Its stable code.
    pub fn code(&self) -> &'static str {
        use rusqlite::ErrorCode;
        match self {
            Self::Locked { .. } => "store.another_run",
            Self::NotOurs(_) => "store.not_a_catalog",
            Self::NewerSchema { .. } => "store.newer_schema",
            Self::OlderSchema { .. } => "store.older_schema",
            Self::Missing(_) => "store.missing",
            Self::Path { .. } => "store.path",
            Self::Symlink(_) => "store.symlink",
            Self::SharedFolder { .. } => "store.shared_folder",
            Self::NetworkFilesystem { .. } => "store.network_filesystem",
            Self::Damaged { .. } => "store.corrupt",
            Self::NoBackup { source, .. } => source.code(),
            Self::SqliteTooOld(_) => "store.sqlite_version",
            Self::NoSuchRun(_) => "store.no_such_run",
            Self::NothingPublished => "store.nothing_published",
            Self::MappingChanged => "store.mapping_changed",
            Self::Internal(_) => "store.internal",
            Self::Sqlite(error) | Self::Unusable { source: error, .. } => match error.sqlite_error_code() {
                Some(ErrorCode::DiskFull) => "store.full",
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "store.busy",
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => "store.corrupt",
                Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                    "store.not_writable"
                }
                Some(ErrorCode::SystemIoFailure) => "store.io",
                _ => "store.sqlite",
            },
        }
    }

    /// The same with the file that was being opened.
    pub(super) fn on_opening(self, path: &std::path::Path) -> Self {
        match self {
            Self::Sqlite(source) => Self::Unusable { path: path.to_owned(), source },
            other => other,
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self.code() {
            "store.another_run" => "wait for it to end, or give this run another database with --db",
            "store.not_a_catalog" => "name another file with --db; this one is left untouched",
            "store.newer_schema" => "use the newer program; the file is left untouched",
            "store.older_schema" => "run `sigma-catalog extract` once: it brings the file up to date",
            "store.nothing_published" => "run `sigma-catalog extract` first",
            "store.missing" => "run `sigma-catalog extract` first, or name the right file with --db",
            "store.path" | "store.not_writable" => {
                "choose a folder that exists and that this user may write to"
            }
            "store.symlink" => "name the file itself with --db",
            "store.shared_folder" => {
                "take the right away (chmod go-w), or name a folder of your own with --db: a catalog holds personal data"
            }
            "store.network_filesystem" => {
                "keep the catalog on a local disk, or set `allow_network_filesystem` under [catalog] if only one machine \
                 ever opens it"
            }
            "store.no_such_run" => "`sigma-catalog runs list` shows the runs there are",
            "store.mapping_changed" => "look at the changes again; nothing was imported",
            "store.full" => "free disk space and run again; the last published catalog is intact",
            "store.busy" => "close the program that holds the database and run again",
            "store.corrupt" => "restore a copy of the file, or move it away and run again",
            _ => "run again; if it repeats, report it with the code",
        }
    }
}
