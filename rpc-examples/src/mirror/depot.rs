//! Writes to a served tree for a client, with the same guarantees as a pull.

use std::ffi::OsStr;
use std::io::{self, Read};

use super::attributes::{Attributes, Mtime};
use super::directory::{Directory, Kind};
use super::error::MirrorError;
use super::link::LinkTarget;
use super::partial::{Arrival, Interrupted, Partial, held};
use super::path::RelPath;
use super::quota::Quota;
use super::replace::{in_a_directorys_way, in_the_way, put_link, sweep};
use super::service::{Content, Entry, Item, Receipt, Upload};
use super::shelf::Shelf;
use super::temporary::{Temporary, temporary};

impl Shelf {
    pub(super) fn held_of(&self, path: &RelPath, content: &Content) -> Result<u64, MirrorError> {
        let (_, directory, _) = self.opened_for(path)?;
        Ok(held(&directory, content))
    }

    pub(super) fn take(&self, path: &RelPath, upload: &Upload, bytes: impl Read) -> Result<Receipt, MirrorError> {
        let failed = |error: io::Error| unwritable(path, &error);
        let (quota, directory, name) = self.opened_for(path)?;
        let instead = match directory.look_up(name).map_err(failed)? {
            Some((kind, _)) => {
                in_the_way(kind).map_or(Ok(()), |kind| Err(MirrorError::InTheWay(path.clone(), kind.to_owned())))?;
                directory.size_of(name).map_err(failed)?
            }
            None => 0,
        };
        let part = held(&directory, &upload.content);
        let mut reservation = quota.reserve(upload.content.size, part, instead)?;
        reservation.arrived(part);
        let partial = Partial::open(&directory, upload.content, upload.offset).map_err(failed)?;
        let mut partial = partial.ok_or_else(|| MirrorError::Busy(path.clone()))?;
        if partial.len() != upload.offset {
            reservation.arrived(partial.remains());
            return Err(MirrorError::NotHeld(partial.len()));
        }
        let (received, outcome) = partial.take_from(bytes, &mut |_| ());
        reservation.arrived(partial.remains());
        outcome.map_err(|interrupted| match interrupted {
            Interrupted::Stream(error) => rpc_core::Error::from(error).into(),
            Interrupted::Disk(error) => unwritable(path, &error),
        })?;
        match partial.seal(upload.attributes, true).map_err(failed)? {
            Arrival::Complete(sealed) => {
                sealed.publish(name).map_err(failed)?;
                reservation.arrived(upload.content.size);
                quota.release(instead);
                Ok(Receipt { received })
            }
            Arrival::Other => {
                reservation.arrived(0);
                Err(MirrorError::Changed(path.clone()))
            }
        }
    }

    pub(super) fn put(&self, Entry { path, item }: &Entry) -> Result<(), MirrorError> {
        let (quota, directory, name) = self.opened_for(path)?;
        match item {
            Item::Directory { attributes } => put_directory(&directory, path, name, attributes),
            Item::File { size, hash, attributes } => {
                let file = self.open_file(path, &Content { size: *size, hash: *hash })?;
                attributes.apply(&file).map_err(|error| unwritable(path, &error))
            }
            Item::Symlink { target, mtime } => {
                let instead = directory.size_of(name).unwrap_or(0);
                put_a_link(&directory, path, name, target, *mtime)?;
                quota.release(instead);
                Ok(())
            }
            Item::Skipped(_) => Err(unwritable(path, &io::Error::other("not an entry that can be created"))),
        }
    }

    pub(super) fn take_away(&self, path: &RelPath) -> Result<(), MirrorError> {
        let failed = |error: io::Error| unwritable(path, &error);
        let (quota, directory, name) = self.opened_for(path)?;
        match directory.look_up(name).map_err(failed)? {
            None => Ok(()),
            Some((Kind::Directory, _)) => directory.remove_directory(name).map_err(failed),
            Some((Kind::File | Kind::Symlink, _)) => {
                let size = directory.size_of(name).map_err(failed)?;
                directory.remove_file(name).map_err(failed)?;
                quota.release(size);
                Ok(())
            }
            Some((Kind::Special(kind), _)) => Err(MirrorError::InTheWay(path.clone(), kind.to_owned())),
        }
    }

    /// Keeps parts that another upload is writing now, which are locked, and temporary links of
    /// this process, which are about to be renamed.
    pub(super) fn sweep_up(&self) -> Result<u64, MirrorError> {
        let quota = self.writing()?;
        let own = std::process::id();
        let mut removed = 0;
        let is_stale = |directory: &Directory, name: &OsStr, kind| match kind {
            Temporary::Unique(process) => process != own,
            Temporary::Partial(_) => directory.is_free(name),
        };
        let swept = sweep(self.top()?, &is_stale, &mut |size| {
            quota.release(size);
            removed += 1;
        });
        swept.map(|()| removed).map_err(|error| MirrorError::NoTree(error.to_string()))
    }

    /// Returns the quota, the directory that contains an entry, and the entry's name, if writing is
    /// allowed.
    fn opened_for<'p>(&self, path: &'p RelPath) -> Result<(&Quota, Directory, &'p OsStr), MirrorError> {
        let quota = self.writing()?;
        if path.components().any(|name| temporary(name).is_some()) {
            return Err(MirrorError::Reserved(path.clone()));
        }
        let (directory, name) = self.top()?.parent_of(path).map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => unwritable(path, &error),
            _ => MirrorError::NoDirectory(path.clone()),
        })?;
        Ok((quota, directory, name))
    }
}

fn put_directory(parent: &Directory, path: &RelPath, name: &OsStr, attributes: &Attributes) -> Result<(), MirrorError> {
    let put = || {
        match parent.look_up(name)?.map(|(kind, _)| in_a_directorys_way(kind)) {
            Some(Some(kind)) => return Ok(Some(kind)),
            Some(None) => {}
            None => parent.create_directory(name)?,
        }
        attributes.apply(parent.open_directory(name)?)?;
        Ok(None)
    };
    match put().map_err(|error| unwritable(path, &error))? {
        None => Ok(()),
        Some(kind) => Err(MirrorError::InTheWay(path.clone(), kind.to_owned())),
    }
}

fn put_a_link(
    directory: &Directory,
    path: &RelPath,
    name: &OsStr,
    target: &LinkTarget,
    mtime: Mtime,
) -> Result<(), MirrorError> {
    if !target.stays_inside(path) {
        return Err(unwritable(path, &io::Error::other("the link leads out of the directory")));
    }
    let failed = |error: io::Error| unwritable(path, &error);
    match directory.look_up(name).map_err(failed)?.and_then(|(kind, _)| in_the_way(kind)) {
        Some(kind) => Err(MirrorError::InTheWay(path.clone(), kind.to_owned())),
        None => put_link(directory, name, target, mtime).map_err(failed),
    }
}

/// A full or read-only disk ends a push; any other error fails only its entry.
fn unwritable(path: &RelPath, error: &io::Error) -> MirrorError {
    use io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    match error.kind() {
        StorageFull | QuotaExceeded | ReadOnlyFilesystem => MirrorError::NoRoom(error.to_string()),
        _ => MirrorError::Unwritable(path.clone(), error.to_string()),
    }
}
