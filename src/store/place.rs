//! Whether a catalog may be where it is asked to be: a link, a folder of others or a network filesystem are refused, each
//! of them before anything is written.

use std::path::{Path, PathBuf};

use super::error::StoreError;

/// Refuses a place that is not safe for a catalog. `allow_network` lets a network filesystem pass.
pub(super) fn check(path: &Path, allow_network: bool) -> Result<(), StoreError> {
    if std::fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
        return Err(StoreError::Symlink(path.to_owned()));
    }
    let folder = folder_of(path);
    not_shared(&folder)?;
    match network_filesystem(&folder) {
        Some(kind) if !allow_network => Err(StoreError::NetworkFilesystem { path: path.to_owned(), kind }),
        _ => Ok(()),
    }
}

/// The folder a file lies in.
pub(super) fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Who may write to a folder may put a file or link of theirs where ours is looked for.
#[cfg(unix)]
fn not_shared(folder: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::MetadataExt;
    match std::fs::metadata(folder) {
        Ok(found) if may_be_written_by_others(found.mode(), found.uid(), found.gid()) => {
            Err(StoreError::SharedFolder { folder: folder.to_owned(), mode: found.mode() & 0o7777 })
        }
        // What is wrong with a folder that cannot be looked at, the opening of the file tells.
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn not_shared(_: &Path) -> Result<(), StoreError> {
    Ok(())
}

/// A group that has the number of the folder's owner is that user's own by convention and has no other members.
#[cfg(unix)]
fn may_be_written_by_others(mode: u32, owner: u32, group: u32) -> bool {
    const STICKY: u32 = 0o1000;
    mode & STICKY == 0 && (mode & 0o002 != 0 || mode & 0o020 != 0 && group != owner)
}

/// Filesystems on which other machines may write too, or whose locks and shared memory cannot be relied upon, by the number
/// that Linux gives them (statfs(2)).
#[cfg(target_os = "linux")]
const NETWORK: &[(u32, &str)] = &[
    (0x0000_6969, "NFS"),
    (0x0000_517b, "SMB"),
    (0xfe53_4d42, "SMB2"),
    (0xff53_4d42, "CIFS"),
    (0x6573_5546, "FUSE"),
    (0x0102_1997, "9P"),
    (0x00c3_6400, "Ceph"),
    (0x5346_414f, "AFS"),
    (0x6b41_4653, "AFS"),
    (0x7375_7245, "Coda"),
    (0x0bd0_0bd0, "Lustre"),
    (0x0116_1970, "GFS2"),
    (0x7461_636f, "OCFS2"),
    (0x786f_4256, "VirtualBox shared folder"),
];

/// The kind of network filesystem a folder is on, if it is one. Only Linux says so in a way that is the same everywhere.
#[cfg(target_os = "linux")]
fn network_filesystem(folder: &Path) -> Option<&'static str> {
    let found = rustix::fs::statfs(folder).ok()?;
    // The numbers have 32 bits; the field is wider on most machines and signed on some.
    named(found.f_type as u32)
}

#[cfg(target_os = "linux")]
fn named(magic: u32) -> Option<&'static str> {
    NETWORK.iter().find(|(known, _)| *known == magic).map(|(_, name)| *name)
}

#[cfg(not(target_os = "linux"))]
fn network_filesystem(_: &Path) -> Option<&'static str> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::may_be_written_by_others;

    #[test]
    fn others_are_who_may_write_without_being_the_owner() {
        for (mode, owner, group, others) in [
            (0o40_700, 1000, 1000, false),
            (0o40_755, 1000, 50, false),
            (0o40_777, 1000, 1000, true),
            (0o40_757, 1000, 1000, true),
            (0o41_777, 0, 0, false),
            (0o40_775, 1000, 50, true),
            (0o40_775, 1000, 1000, false),
            (0o41_775, 1000, 50, false),
        ] {
            assert_eq!(may_be_written_by_others(mode, owner, group), others, "{mode:o} {owner} {group}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn network_filesystems_are_known_by_their_numbers_and_local_ones_are_none() {
        for (magic, name) in [(0x6969, "NFS"), (0xff53_4d42, "CIFS"), (0x6573_5546, "FUSE")] {
            assert_eq!(super::named(magic), Some(name));
        }
        // ext4, xfs, btrfs, tmpfs, overlayfs, zfs.
        for magic in [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994, 0x794c_7630, 0x2fc1_2fc1] {
            assert_eq!(super::named(magic), None, "{magic:x}");
        }
    }
}
