//! Syncs many files to disk at once.
//!
//! A journalling file system needs several writes for each `fsync`, and each waits for the one
//! before. `syncfs` writes everything that the file system has not written yet and waits once.

use std::io;

use super::directory::Directory;

/// The file system of a tree.
#[derive(Debug)]
pub(super) struct Disk {
    top: Directory,
    device: u64,
    syncs_together: bool,
}

impl Disk {
    pub(super) fn of(top: Directory) -> io::Result<Disk> {
        Ok(Disk { device: top.device()?, syncs_together: syncs_together(&top), top })
    }

    /// Returns whether [`sync`](Disk::sync) syncs the files in a directory. It does not if another
    /// file system is mounted there.
    pub(super) fn covers(&self, device: u64) -> bool {
        self.syncs_together && self.device == device
    }

    /// Waits until everything that was written is on the disk: files, names and attributes. Does
    /// nothing on a file system that does not sync many files together.
    ///
    /// # Errors
    /// If anything could not be written since the tree was opened, by whatever program.
    pub(super) fn sync(&self) -> io::Result<()> {
        if self.syncs_together { sync_all_of(&self.top) } else { Ok(()) }
    }
}

/// Returns whether a file system is known to put everything on the disk when it is asked to, and to
/// report what it could not write. Of others, such as FUSE, it is not: there each file is synced.
#[cfg(target_os = "linux")]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the type of the number differs between systems, but it has 32 bits"
)]
fn syncs_together(top: &Directory) -> bool {
    /// ext2, ext3 and ext4, XFS, Btrfs, F2FS, tmpfs: their numbers in linux/magic.h.
    const KNOWN: [u32; 5] = [0xef53, 0x5846_5342, 0x9123_683e, 0xf2f5_2010, 0x0102_1994];
    rustix::fs::fstatfs(top).is_ok_and(|found| KNOWN.contains(&(found.f_type as u32))) && reports_errors()
}

/// Before Linux 5.8, `syncfs` did not report errors of writing.
#[cfg(target_os = "linux")]
fn reports_errors() -> bool {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut numbers = release.split('.').map_while(|number| number.parse::<u32>().ok());
    (numbers.next(), numbers.next()) >= (Some(5), Some(8))
}

#[cfg(target_os = "linux")]
fn sync_all_of(top: &Directory) -> io::Result<()> {
    Ok(rustix::fs::syncfs(top)?)
}

#[cfg(not(target_os = "linux"))]
fn syncs_together(_: &Directory) -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
fn sync_all_of(_: &Directory) -> io::Result<()> {
    Ok(())
}
