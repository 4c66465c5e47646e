//! The serving side: a tree on disk as an implementation of [`Mirror`]. `depot` has its writing
//! methods.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rpc_core::values;

use super::attributes::Attributes;
use super::bundle::Packed;
use super::cache::HashCache;
use super::directory::Directory;
use super::entries::Entries;
use super::error::MirrorError;
use super::path::RelPath;
use super::quota::Quota;
use super::service::{Content, Entry, Item, Listed, Mirror, Page, Reason, Receipt, Upload};
use super::walk::Walk;

/// The estimated JSON text after which a page ends. The last entry may exceed it by its own length.
const PAGE_TEXT: usize = 4 * 1024 * 1024;

/// The time after which a page ends, so that a client gets replies while a large tree is hashed.
const PAGE_TIME: Duration = Duration::from_secs(2);

/// A directory tree on this machine.
///
/// Each call opens the directory again, so it may be replaced by another of the same name. A
/// listing, and each page of one, reads the directories on the path to its first entry.
#[derive(Debug)]
pub struct Shelf {
    top: PathBuf,
    pub(super) hashes: HashCache,
    /// `None` if read-only.
    writing: Option<Quota>,
}

impl Shelf {
    /// Opens the tree below a directory.
    ///
    /// # Errors
    /// If the directory cannot be opened.
    pub fn open(top: &Path) -> io::Result<Shelf> {
        Directory::open(top)?;
        Ok(Shelf { top: top.to_owned(), hashes: HashCache::default(), writing: None })
    }

    /// Makes the tree writable. `quota` limits the total size in bytes of all its regular files;
    /// they are counted now, and what other programs write later is not noticed.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn writable(self, quota: Option<u64>) -> io::Result<Shelf> {
        let used = match quota {
            Some(_) => bytes_below(Directory::open(&self.top)?)?,
            None => 0,
        };
        Ok(Shelf { writing: Some(Quota::new(quota, used)), ..self })
    }

    /// Returns the quota, or an error if the tree is read-only.
    pub(super) fn writing(&self) -> Result<&Quota, MirrorError> {
        self.writing.as_ref().ok_or(MirrorError::ReadOnly)
    }

    pub(super) fn top(&self) -> Result<Directory, MirrorError> {
        Directory::open(&self.top).map_err(|error| MirrorError::NoTree(error.to_string()))
    }

    /// Returns the entries after `after`, or all of them.
    fn entries_after(&self, after: Option<&RelPath>) -> Result<Entries<'_>, MirrorError> {
        let entries = Entries::new(self.top()?, after, &self.hashes);
        entries.map_err(|error| MirrorError::NoTree(error.to_string()))
    }

    /// Opens a file without following links.
    pub(super) fn open_file(&self, path: &RelPath, content: &Content) -> Result<File, MirrorError> {
        let parent = self.top()?.parent_of(path);
        let (directory, _) = parent.map_err(|error| refusal(path, &error))?;
        self.open_file_in(&directory, path, content)
    }

    /// Does what [`open_file`](Shelf::open_file) does, and keeps the file's directory open.
    fn open_near(&self, near: &mut Near, path: &RelPath, content: &Content) -> Result<File, MirrorError> {
        let (parent, _) = path.split();
        if near.parent != parent {
            let (directory, _) = self.top()?.parent_of(path).map_err(|error| refusal(path, &error))?;
            *near = Near { parent, directory };
        }
        self.open_file_in(&near.directory, path, content)
    }

    /// Opens a file in the directory that its path leads to.
    fn open_file_in(&self, directory: &Directory, path: &RelPath, content: &Content) -> Result<File, MirrorError> {
        let opened = directory.open_file(path.split().1);
        let (file, metadata) = opened.map_err(|error| refusal(path, &error))?;
        let is_other = self.hashes.known(&metadata).is_some_and(|hash| hash != content.hash);
        match metadata.len() != content.size || is_other {
            true => Err(MirrorError::Changed(path.clone())),
            false => Ok(file),
        }
    }
}

/// The directory of the file that was opened last. The next one is often in the same.
struct Near {
    parent: Option<RelPath>,
    directory: Directory,
}

impl Mirror for Shelf {
    fn entries(&self, after: Option<RelPath>) -> Result<impl Iterator<Item = Result<Entry, MirrorError>>, MirrorError> {
        Ok(values(self.entries_after(after.as_ref())?))
    }

    fn list(&self, after: Option<RelPath>, limit: u32) -> Result<Page, MirrorError> {
        let until = Instant::now() + PAGE_TIME;
        let mut entries = self.entries_after(after.as_ref())?;
        let mut page = Page { entries: Vec::new(), more: false };
        let mut text = 0;
        while let Some(entry) = entries.next() {
            text += text_of(&entry);
            page.entries.push(entry);
            let full = page.entries.len() as u64 >= u64::from(limit) || text >= PAGE_TEXT || Instant::now() >= until;
            if full && entries.has_more() {
                page.more = true;
                break;
            }
        }
        Ok(page)
    }

    fn fetch(&self, path: &RelPath, offset: u64, content: &Content) -> Result<impl Read, MirrorError> {
        let mut file = self.open_file(path, content)?;
        file.seek(SeekFrom::Start(offset)).map_err(|error| refusal(path, &error))?;
        Ok(file)
    }

    fn fetch_many(&self, files: Vec<Listed>) -> Result<impl Read, MirrorError> {
        let mut near = Near { parent: None, directory: self.top()? };
        Ok(Packed::new(files, move |Listed { path, content }| self.open_near(&mut near, path, content)))
    }

    fn room(&self) -> Result<Option<u64>, MirrorError> {
        Ok(self.writing()?.left())
    }

    fn held(&self, path: &RelPath, content: &Content) -> Result<u64, MirrorError> {
        self.held_of(path, content)
    }

    fn store(&self, path: &RelPath, upload: &Upload, content: impl Read) -> Result<Receipt, MirrorError> {
        self.take(path, upload, content)
    }

    fn store_many(
        &self,
        files: Vec<(Listed, Attributes)>,
        bytes: impl Read,
    ) -> Result<Vec<Option<MirrorError>>, MirrorError> {
        self.take_many(files, bytes)
    }

    fn place(&self, entry: &Entry) -> Result<(), MirrorError> {
        self.put(entry)
    }

    fn remove(&self, path: &RelPath) -> Result<(), MirrorError> {
        self.take_away(path)
    }

    fn sweep(&self) -> Result<u64, MirrorError> {
        self.sweep_up()
    }
}

/// Returns the total size of all regular files in a tree.
fn bytes_below(top: Directory) -> io::Result<u64> {
    let mut bytes = 0;
    let mut walk = Walk::new(top, None)?;
    while let Some((directory, name, path)) = walk.next() {
        match directory.size_of(&name) {
            Ok(0) | Err(_) => _ = walk.enter(&name, &path),
            Ok(size) => bytes += size,
        }
    }
    Ok(bytes)
}

/// Returns the maximum length of an entry's JSON: 6 characters for a byte (`\u001b`), plus the
/// other fields.
fn text_of(Entry { path, item }: &Entry) -> usize {
    let target = match item {
        Item::Symlink { target, .. } | Item::Skipped(Reason::LeadsOutside(target)) => target.len(),
        _ => 0,
    };
    6 * (path.len() + target) + 256
}

fn refusal(path: &RelPath, error: &io::Error) -> MirrorError {
    use io::ErrorKind::{InvalidInput, IsADirectory, NotADirectory, NotFound};
    match error.kind() {
        NotFound => MirrorError::Vanished(path.clone()),
        // Refusing to follow a link fails with ELOOP, for which std has no stable kind.
        InvalidInput | IsADirectory | NotADirectory => MirrorError::NotAFile(path.clone()),
        _ if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            MirrorError::NotAFile(path.clone())
        }
        _ => MirrorError::Unreadable(path.clone(), error.to_string()),
    }
}
