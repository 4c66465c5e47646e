//! What may replace what, on either side.

use std::ffi::OsStr;
use std::io;

use super::attributes::Mtime;
use super::directory::{Directory, Kind};
use super::link::LinkTarget;
use super::temporary::{Temporary, temporary, unique_name};
use super::walk::Walk;

/// Returns what prevents a file or a link from taking its name. Files and links may be replaced;
/// what may contain more may not.
pub(super) fn in_the_way(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::File | Kind::Symlink => None,
        Kind::Directory => Some("a directory"),
        Kind::Special(kind) => Some(kind),
    }
}

/// Returns what prevents a directory from taking its name.
pub(super) fn in_a_directorys_way(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Directory => None,
        Kind::File => Some("a file"),
        Kind::Symlink => Some("a symbolic link"),
        Kind::Special(kind) => Some(kind),
    }
}

/// Creates a link, or atomically replaces what has its name.
pub(super) fn put_link(directory: &Directory, name: &OsStr, target: &LinkTarget, mtime: Mtime) -> io::Result<()> {
    let temporary = unique_name();
    let put = directory.create_link(&temporary, target, mtime).and_then(|()| directory.rename(&temporary, name));
    if put.is_err() {
        _ = directory.remove_file(&temporary);
    }
    put
}

/// Removes the temporary entries of a tree for which `is_stale` returns `true`, and calls `removed`
/// with the size of each.
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
            // Fails for everything but directories, and for unreadable ones, which no copy has
            // written to.
            None => _ = walk.enter(&name, &path),
        }
    }
    Ok(())
}
