//! A temporary directory for the demo's files, which is always removed.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use super::super::directory::Directory;
use super::{DemoError, during};

/// The prefix of the names of the demo's directories.
const PREFIX: &str = "mirror-demo-";

/// A younger directory may not be locked yet.
const YOUNG: Duration = Duration::from_secs(60);

/// A directory in the system's temporary directory, removed when dropped. If a demo is killed, the
/// next one removes its directory, which is then unlocked.
#[derive(Debug)]
pub(super) struct Place {
    directory: TempDir,
    _locked: Directory,
}

impl Place {
    pub(super) fn create() -> Result<Place, DemoError> {
        let parent = std::env::temp_dir();
        remove_left_overs(&parent);
        let directory = tempfile::Builder::new().prefix(PREFIX).tempdir_in(&parent);
        let directory = directory.map_err(during("making a directory in", &parent))?;
        let handle = Directory::open(directory.path()).map_err(during("opening", directory.path()))?;
        handle.try_lock().map_err(during("locking", directory.path()))?;
        Ok(Place { directory, _locked: handle })
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Fails if less than `needed` bytes are free, so that the demo fails before it has run for
    /// minutes. Other programs may still fill the disk later.
    pub(super) fn check_room(&self, needed: u64) -> Result<(), DemoError> {
        let Ok(space) = rustix::fs::statvfs(self.path()) else { return Ok(()) };
        let free = space.f_bavail.saturating_mul(space.f_frsize);
        match free >= needed {
            true => Ok(()),
            false => Err(DemoError::Space { place: self.path().to_owned(), needed, free }),
        }
    }

    /// Removes the directory now, and returns an error if that fails.
    pub(super) fn remove(self) -> Result<(), DemoError> {
        let path = self.path().to_owned();
        self.directory.close().map_err(during("removing", &path))
    }
}

/// Removes the directories of killed demos. Those that cannot be removed belong to other users.
fn remove_left_overs(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let is_old = entry
            .metadata()
            .and_then(|metadata| metadata.modified())
            .is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age > YOUNG));
        if is_ours && is_old && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let is_free = Directory::open(&entry.path()).is_ok_and(|it| it.try_lock().unwrap_or(false));
            if is_free {
                _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}
