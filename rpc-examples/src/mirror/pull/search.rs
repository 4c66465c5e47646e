//! Finds what is in the destination and not in the listing, by walking both in the same order.

use std::ffi::OsString;
use std::io;

use super::super::attributes::Attributes;
use super::super::directory::{Directory, Kind};
use super::super::path::RelPath;
use super::super::service::{Entry, Item};
use super::super::temporary::temporary;
use super::super::walk::Walk;

pub(super) struct Search {
    walk: Walk,
    ahead: Option<Found>,
}

struct Found {
    name: OsString,
    path: RelPath,
    directory: Option<Attributes>,
}

impl Search {
    pub(super) fn new(top: &Directory) -> io::Result<Search> {
        Ok(Search { walk: Walk::new(top.try_clone()?, None)?, ahead: None })
    }

    /// Calls `extra` for everything before an entry of the listing, or for the rest after the last
    /// entry, with the attributes of directories. Nothing is extra below a directory whose listed
    /// entry is of another kind: what is in the way stays.
    pub(super) fn up_to(&mut self, listed: Option<&Entry>, extra: &mut dyn FnMut(RelPath, Option<Attributes>)) {
        while let Some(found) = self.ahead.take().or_else(|| self.next()) {
            match listed {
                Some(listed) if found.path > listed.path => {
                    self.ahead = Some(found);
                    return;
                }
                Some(listed) if found.path == listed.path => {
                    if let Item::Directory { .. } = listed.item {
                        _ = self.walk.enter(&found.name, &found.path);
                    }
                    return;
                }
                _ => {
                    if found.directory.is_some() {
                        // An unreadable directory cannot be removed either, and that is reported.
                        _ = self.walk.enter(&found.name, &found.path);
                    }
                    extra(found.path, found.directory);
                }
            }
        }
    }

    fn next(&mut self) -> Option<Found> {
        loop {
            let (directory, name, path) = self.walk.next()?;
            if temporary(&name).is_some() {
                continue;
            }
            let Ok(Some((kind, _))) = directory.look_up(&name) else { continue };
            let attributes = || Some(Attributes::of(&directory.open_directory(&name).ok()?.metadata().ok()?));
            let directory = if kind == Kind::Directory { attributes() } else { None };
            return Some(Found { name, path, directory });
        }
    }
}
