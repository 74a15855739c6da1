//! Files that are there as a whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file that is being written beside the place it shall take, for its owner's eyes only: until [`Target::finish`] whoever
/// opens the place finds what was there before. What was begun and not finished is removed.
#[derive(Debug)]
pub struct Target {
    file: File,
    /// The unfinished file and the place it shall take; `None` where it is written in place.
    moving: Option<(PathBuf, PathBuf)>,
}

impl Target {
    /// Begins a file. What is there and is no file, such as a pipe, is written to as it is.
    pub fn create(path: &Path) -> io::Result<Self> {
        let place = match fs::metadata(path) {
            Ok(known) if known.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(known) if !known.is_file() => {
                return Ok(Self { file: OpenOptions::new().write(true).open(path)?, moving: None });
            }
            // What a link leads to is replaced, not the link.
            Ok(_) => fs::canonicalize(path)?,
            Err(_) => path.to_owned(),
        };
        let Some(name) = place.file_name() else { return Err(io::ErrorKind::InvalidFilename.into()) };
        let mut unfinished = OsString::from(".");
        unfinished.push(name);
        unfinished.push(format!(".{:016x}", fastrand::u64(..)));
        let unfinished = place.with_file_name(unfinished);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self { file: options.open(&unfinished)?, moving: Some((unfinished, place)) })
    }

    /// Puts the file in its place.
    pub fn finish(mut self) -> io::Result<()> {
        let Some((unfinished, place)) = &self.moving else { return self.file.flush() };
        self.file.sync_all()?;
        fs::rename(unfinished, place)?;
        self.moving = None;
        Ok(())
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if let Some((unfinished, _)) = &self.moving {
            // What cannot be removed stays beside the place, and takes it from nothing.
            let _ = fs::remove_file(unfinished);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_takes_its_place_when_it_is_finished_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.csv");
        fs::write(&path, "old").unwrap();
        let mut begun = Target::create(&path).unwrap();
        begun.write_all(b"new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        drop(begun);
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), entries(folder.path()).len()), ("old", 1));
        let mut begun = Target::create(&path).unwrap();
        begun.write_all(b"new").unwrap();
        begun.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(entries(folder.path()), ["report.csv"]);
    }

    #[test]
    fn a_folder_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let error = Target::create(folder.path()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::IsADirectory);
        assert!(Target::create(&folder.path().join("missing/report.csv")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_for_its_owner_only_a_link_stays_and_a_pipe_is_written_to() {
        use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("report.csv"), folder.path().join("link"));
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        symlink(&path, &link).unwrap();
        Target::create(&link).unwrap().finish().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        Target::create(Path::new("/dev/null")).unwrap().finish().unwrap();
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    }
}
