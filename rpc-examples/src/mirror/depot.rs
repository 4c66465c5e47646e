//! Writes to a served tree for a client, with the same guarantees as a pull.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::rc::Rc;

use super::attributes::{Attributes, Mtime};
use super::bundle::{MOST_BYTES, MOST_DIRECTORIES, MOST_FILES};
use super::directory::{Directory, Kind};
use super::disk::Disk;
use super::error::MirrorError;
use super::link::LinkTarget;
use super::partial::{Arrival, Interrupted, Partial, Sealed, held};
use super::path::RelPath;
use super::quota::{Quota, Reservation};
use super::replace::{in_a_directorys_way, in_the_way, put_link, sweep};
use super::service::{Content, Entry, Item, Listed, Receipt, Upload};
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
        let instead = replaced(&directory, path, name)?;
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
        outcome.map_err(|interrupted| interrupted_at(path, interrupted))?;
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

    /// Nothing of these files is kept for another attempt.
    pub(super) fn take_many(
        &self,
        files: Vec<(Listed, Attributes)>,
        mut bytes: impl Read,
    ) -> Result<Vec<Option<MirrorError>>, MirrorError> {
        self.writing()?;
        if is_too_much(&files) {
            return Err(MirrorError::TooMuch);
        }
        let disk = self.top().and_then(|top| Disk::of(top).map_err(|error| MirrorError::NoTree(error.to_string())))?;
        let mut taken = Vec::with_capacity(files.len());
        let mut near = None;
        for (listed, attributes) in &files {
            let mut content = bytes.by_ref().take(listed.content.size);
            taken.push(self.take_one(listed, *attributes, &mut content, &disk, &mut near));
            // those of a file that was refused
            io::copy(&mut content, &mut io::sink()).map_err(rpc_core::Error::from)?;
            if content.limit() > 0 {
                return Err(MirrorError::Changed(listed.path.clone()));
            }
        }
        let failed = disk.sync().err();
        let name = |((listed, _), taken): (&(Listed, Attributes), Result<Taken<'_>, MirrorError>)| {
            let taken = taken?;
            match &failed {
                Some(error) => Err(unwritable(&listed.path, error)),
                None => taken.publish(self.writing()?, &listed.path),
            }
        };
        Ok(files.iter().zip(taken).map(|each| name(each).err()).collect())
    }

    /// Receives a file, which then has to be synced if the disk covers it, and published.
    fn take_one(
        &self,
        Listed { path, content }: &Listed,
        attributes: Attributes,
        bytes: impl Read,
        disk: &Disk,
        near: &mut Option<Near>,
    ) -> Result<Taken<'_>, MirrorError> {
        let failed = |error: io::Error| unwritable(path, &error);
        let (parent, name) = path.split();
        let directory = match near {
            Some((near, directory)) if *near == parent && temporary(name).is_none() => Rc::clone(directory),
            _ => Rc::new(self.opened_for(path)?.1),
        };
        *near = Some((parent, Rc::clone(&directory)));
        let quota = self.writing()?;
        let instead = replaced(&directory, path, name)?;
        let reservation = quota.reserve(content.size, 0, instead)?;
        let is_alone = !disk.covers(directory.device().map_err(failed)?);
        let mut partial = Partial::fresh(directory, *content).map_err(failed)?;
        partial.take_from(bytes, &mut |_| ()).1.map_err(|interrupted| interrupted_at(path, interrupted))?;
        match partial.seal(attributes, is_alone).map_err(failed)? {
            Arrival::Complete(sealed) => Ok(Taken { sealed, reservation, instead, size: content.size }),
            Arrival::Other => Err(MirrorError::Changed(path.clone())),
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

/// The directory of the file before, and its path.
type Near = (Option<RelPath>, Rc<Directory>);

/// Returns whether these are more files than may share a call.
fn is_too_much(files: &[(Listed, Attributes)]) -> bool {
    let bytes = files.iter().fold(0u64, |bytes, (listed, _)| bytes.saturating_add(listed.content.size));
    let directories = files.chunk_by(|(one, _), (next, _)| one.path.split().0 == next.path.split().0).count();
    files.len() > MOST_FILES || bytes > MOST_BYTES || directories > MOST_DIRECTORIES
}

/// A file that was received and does not have its name yet.
struct Taken<'q> {
    sealed: Sealed<Rc<Directory>>,
    reservation: Reservation<'q>,
    /// The bytes that it replaces.
    instead: u64,
    size: u64,
}

impl Taken<'_> {
    fn publish(mut self, quota: &Quota, path: &RelPath) -> Result<(), MirrorError> {
        self.sealed.publish(path.split().1).map_err(|error| unwritable(path, &error))?;
        self.reservation.arrived(self.size);
        quota.release(self.instead);
        Ok(())
    }
}

/// Returns the size of the file that an upload will replace, or 0, or what is in its way.
fn replaced(directory: &Directory, path: &RelPath, name: &OsStr) -> Result<u64, MirrorError> {
    let failed = |error: io::Error| unwritable(path, &error);
    match directory.look_up(name).map_err(failed)? {
        Some((kind, _)) => {
            in_the_way(kind).map_or(Ok(()), |kind| Err(MirrorError::InTheWay(path.clone(), kind.to_owned())))?;
            directory.size_of(name).map_err(failed)
        }
        None => Ok(0),
    }
}

fn interrupted_at(path: &RelPath, interrupted: Interrupted) -> MirrorError {
    match interrupted {
        Interrupted::Stream(error) => rpc_core::Error::from(error).into(),
        Interrupted::Disk(error) => unwritable(path, &error),
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
