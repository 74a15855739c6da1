//! Images beside the catalog: files named by the SHA-256 of their content.
//!
//! A file is written whole or not at all, readable by its owner only, and never changed. Those that no kept state of the
//! catalog refers to are swept after a run was published.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

const EXTENSION: &str = ".png";
const UNFINISHED: &str = ".part";

/// The folder of the images.
#[derive(Debug, Clone)]
pub struct ImageFolder(PathBuf);

impl ImageFolder {
    /// The images in this folder, which need not exist yet.
    pub fn new(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// Whether the image of that hash is there.
    pub fn holds(&self, sha256: &str) -> bool {
        self.file(sha256).is_file()
    }

    /// Stores an image; its hash, in lower-case hexadecimal.
    pub fn put(&self, content: &[u8]) -> io::Result<String> {
        let sha256: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
        if self.holds(&sha256) {
            return Ok(sha256);
        }
        self.create()?;
        let unfinished = self.0.join(format!("{sha256}.{}{UNFINISHED}", fastrand::u64(..)));
        let written =
            write_private(&unfinished, content).and_then(|()| fs::rename(&unfinished, self.file(&sha256)));
        if written.is_err() {
            // What cannot be written cannot always be removed either; the next sweep tries again.
            let _ = fs::remove_file(&unfinished);
        }
        written.map(|()| sha256)
    }

    /// Removes the images whose hash is not among `kept`, and what was left unfinished; how many. Other files stay.
    pub fn sweep(&self, kept: &HashSet<String>) -> io::Result<u64> {
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            entries => entries?,
        };
        let mut removed = 0;
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let Some((hash, rest)) = name.to_str().and_then(|name| name.split_at_checked(64)) else {
                continue;
            };
            let ours = hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            let unwanted = match rest {
                EXTENSION => !kept.contains(hash),
                rest => rest.starts_with('.') && rest.ends_with(UNFINISHED),
            };
            if ours && unwanted {
                fs::remove_file(entry.path())?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    fn file(&self, sha256: &str) -> PathBuf {
        self.0.join(format!("{sha256}{EXTENSION}"))
    }

    fn create(&self) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.0)
    }
}

fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}
