//! Bytes and links: what is here already stays, what is missing or differs is put in its place in one step.

use std::ffi::{OsStr, OsString};
use std::io::Read;

use super::super::attributes::{Attributes, Mtime};
use super::super::directory::{Directory, Kind, temporary_name};
use super::super::hash::{ContentHash, hash_all};
use super::super::link::LinkTarget;
use super::super::path::RelPath;
use super::super::service::Mirror;
use super::Pull;
use super::landing::{Copied, Landing};
use super::report::{Problem, Trouble};

impl<M: Mirror> Pull<'_, M> {
    pub(super) fn link(
        &mut self,
        directory: &Directory,
        path: &RelPath,
        name: &OsStr,
        target: &LinkTarget,
        mtime: Mtime,
    ) -> Result<(), Trouble> {
        if !target.stays_inside(path) {
            return Err(Problem::Refused("the link leads out of the directory").into());
        }
        let here = directory.look_up(name)?;
        match here {
            Some((Kind::Symlink, when)) if when == mtime && directory.read_link(name)? == *target => return Ok(()),
            Some((kind, _)) => may_replace(kind)?,
            None => {}
        }
        let temporary = self.temporary();
        directory.create_link(&temporary, target, mtime)?;
        if let Err(error) = directory.rename(&temporary, name) {
            _ = directory.remove_file(&temporary);
            return Err(error.into());
        }
        self.report.links += 1;
        Ok(())
    }

    pub(super) fn file(&mut self, directory: &Directory, wanted: &Wanted<'_>) -> Result<(), Trouble> {
        match directory.look_up(wanted.name)? {
            Some((Kind::File, _)) if self.is_here(directory, wanted)? => {
                self.watch.bytes(wanted.size);
                self.report.unchanged += wanted.size;
                return Ok(());
            }
            Some((kind, _)) => may_replace(kind)?,
            None => {}
        }
        self.fetch(directory, wanted)
    }

    /// Whether the file's content is here already; if it is, time and mode are now, too. One that cannot be read counts
    /// as another.
    fn is_here(&mut self, directory: &Directory, wanted: &Wanted<'_>) -> Result<bool, Trouble> {
        let Ok((file, metadata)) = directory.open_file(wanted.name) else { return Ok(false) };
        if metadata.len() != wanted.size {
            return Ok(false);
        }
        if !hash_all(&file).is_ok_and(|(hash, _)| hash == wanted.hash) {
            return Ok(false);
        }
        if Attributes::of(&metadata) != wanted.attributes {
            wanted.attributes.apply(&file)?;
            self.report.refreshed += 1;
        }
        Ok(true)
    }

    fn fetch(&mut self, directory: &Directory, wanted: &Wanted<'_>) -> Result<(), Trouble> {
        let stream = self.remote.fetch(wanted.path).map_err(Trouble::from_call)?;
        let mut landing = Landing::create(directory, self.temporary())?;
        // One byte more than was listed shows that the file has grown; all that it may have become is not wanted.
        let mut stream = stream.take(wanted.size.saturating_add(1));
        let Copied { bytes, hash, outcome } = landing.copy_from(&mut stream, self.watch);
        self.report.bytes += bytes;
        outcome?;
        if bytes != wanted.size || hash != wanted.hash {
            return Err(Problem::Changed.into());
        }
        landing.keep(wanted.name, wanted.attributes, self.options.sync)?;
        self.report.copied += 1;
        Ok(())
    }

    fn temporary(&mut self) -> OsString {
        self.temporaries += 1;
        temporary_name(self.temporaries)
    }
}

/// A file as it was listed.
pub(super) struct Wanted<'p> {
    pub(super) path: &'p RelPath,
    pub(super) name: &'p OsStr,
    pub(super) size: u64,
    pub(super) hash: ContentHash,
    pub(super) attributes: Attributes,
}

/// Files and links make way for files and links; what may hold more does not.
fn may_replace(kind: Kind) -> Result<(), Problem> {
    match kind {
        Kind::File | Kind::Symlink => Ok(()),
        Kind::Directory => Err(Problem::InTheWay("a directory")),
        Kind::Special(kind) => Err(Problem::InTheWay(kind)),
    }
}
