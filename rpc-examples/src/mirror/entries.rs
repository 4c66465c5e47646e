//! Describes a tree's entries one after the other, in the order of their paths. Each is looked at,
//! and a file hashed, when it is asked for, so a listing takes the memory of one entry.

use std::ffi::OsStr;
use std::io;

use super::attributes::{Attributes, Mtime};
use super::cache::HashCache;
use super::directory::{Directory, Kind};
use super::path::RelPath;
use super::service::{Entry, Item, Reason};
use super::temporary::temporary;
use super::walk::Walk;

/// The entries of a tree from some path on. Those that vanish meanwhile are left out.
pub(super) struct Entries<'h> {
    walk: Walk,
    hashes: &'h HashCache,
}

impl<'h> Entries<'h> {
    /// Begins after `after`, which need not exist, or at the beginning.
    pub(super) fn new(top: Directory, after: Option<&RelPath>, hashes: &'h HashCache) -> io::Result<Entries<'h>> {
        Ok(Entries { walk: Walk::new(top, after)?, hashes })
    }

    /// Returns whether any entry seems to be left.
    pub(super) fn has_more(&mut self) -> bool {
        self.walk.has_more()
    }
}

impl Iterator for Entries<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        loop {
            let (directory, name, path) = self.walk.next()?;
            let described = describe(directory, &name, &path, self.hashes).and_then(|item| {
                if let Some(Item::Directory { .. }) = item {
                    self.walk.enter(&name, &path)?;
                }
                Ok(item)
            });
            let item = match described {
                Ok(None) => continue,
                Ok(Some(item)) => item,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => Item::Skipped(Reason::Unreadable(error.to_string())),
            };
            return Some(Entry { path, item });
        }
    }
}

/// Describes an entry; `None` if it no longer exists.
fn describe(directory: &Directory, name: &OsStr, path: &RelPath, hashes: &HashCache) -> io::Result<Option<Item>> {
    let Some((kind, mtime)) = directory.look_up(name)? else { return Ok(None) };
    match kind {
        _ if temporary(name).is_some() => Ok(Some(Item::Skipped(Reason::Incomplete))),
        Kind::File => describe_file(directory, name, hashes).map(Some),
        Kind::Directory => {
            let attributes = Attributes::of(&directory.open_directory(name)?.metadata()?);
            Ok(Some(Item::Directory { attributes }))
        }
        Kind::Symlink => describe_link(directory, name, path, mtime).map(Some),
        Kind::Special(kind) => Ok(Some(Item::Skipped(Reason::Special(kind.to_owned())))),
    }
}

fn describe_file(directory: &Directory, name: &OsStr, hashes: &HashCache) -> io::Result<Item> {
    let (file, metadata) = directory.open_file(name)?;
    let (hash, size) = hashes.hash(&file, &metadata)?;
    Ok(Item::File { size, hash, attributes: Attributes::of(&metadata) })
}

fn describe_link(directory: &Directory, name: &OsStr, path: &RelPath, mtime: Mtime) -> io::Result<Item> {
    let target = directory.read_link(name)?;
    Ok(match target.stays_inside(path) {
        true => Item::Symlink { target, mtime },
        false => Item::Skipped(Reason::LeadsOutside(target)),
    })
}
