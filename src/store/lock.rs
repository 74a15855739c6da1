//! One writing run at a time: a lock on a file beside the database, never on the database itself, because closing any
//! handle on that would drop SQLite's own locks.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::error::StoreError;

/// Held for as long as it lives; the operating system releases it when the process dies.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

/// The lock file of a database.
pub fn path_of(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

impl RunLock {
    /// Takes the lock of a database, or says who holds it.
    pub fn acquire(database: &Path) -> Result<Self, StoreError> {
        let path = path_of(database);
        let fail = |source| StoreError::Path { path: path.clone(), source };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            // Never through a link, which in a folder of everybody's may be somebody else's.
            options.mode(0o600).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits() as i32);
        }
        let mut file = options.open(&path).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // The holder's note is a courtesy: unreadable is as good as empty.
                let _ = file.read_to_string(&mut holder);
                let holder = holder.trim();
                let holder = if holder.is_empty() { "its holder left no note" } else { holder };
                return Err(StoreError::Locked { database: database.to_owned(), holder: holder.to_owned() });
            }
            Err(TryLockError::Error(source)) => return Err(fail(source)),
        }
        file.set_len(0).map_err(fail)?;
        file.rewind().map_err(fail)?;
        writeln!(file, "process {} since {}", std::process::id(), super::now()).map_err(fail)?;
        Ok(Self { _file: file })
    }
}
