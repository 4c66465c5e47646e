//! What may take whose place, on whichever side.

use std::ffi::OsStr;
use std::io;

use super::attributes::Mtime;
use super::directory::{Directory, Kind};
use super::link::LinkTarget;
use super::temporary::{Temporary, link_name, temporary};
use super::walk::Walk;

/// What keeps a file or a link from having its name. Files and links make way for files and links; what may hold more does
/// not.
pub(super) fn in_the_way(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::File | Kind::Symlink => None,
        Kind::Directory => Some("a directory"),
        Kind::Special(kind) => Some(kind),
    }
}

/// What keeps a directory from having its name.
pub(super) fn in_a_directorys_way(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Directory => None,
        Kind::File => Some("a file"),
        Kind::Symlink => Some("a symbolic link"),
        Kind::Special(kind) => Some(kind),
    }
}

/// Puts a link in its place, in one step.
pub(super) fn put_link(directory: &Directory, name: &OsStr, target: &LinkTarget, mtime: Mtime) -> io::Result<()> {
    let temporary = link_name();
    let put = directory.create_link(&temporary, target, mtime).and_then(|()| directory.rename(&temporary, name));
    if put.is_err() {
        _ = directory.remove_file(&temporary);
    }
    put
}

/// Removes temporary entries that `is_stale` says are, wherever in a tree they are, and calls `removed` with the size of
/// each.
pub(super) fn sweep(
    top: Directory,
    is_stale: &dyn Fn(&Directory, &OsStr, Temporary) -> bool,
    removed: &mut dyn FnMut(u64),
) -> io::Result<()> {
    let mut walk = Walk::new(top, None)?;
    while let Some((directory, name, path)) = walk.next() {
        match temporary(&name) {
            Some(kind) if is_stale(directory, &name, kind) => {
                let size = directory.size_of(&name).unwrap_or(0);
                if directory.remove_file(&name).is_ok() {
                    removed(size);
                }
            }
            Some(_) => {}
            // Most are no directories; those that may not be read, no copy has written to.
            None => _ = walk.enter(&name, &path),
        }
    }
    Ok(())
}
