//! Files and links: those that are already here stay, those that are missing or differ are created
//! or replaced atomically.

use std::ffi::OsStr;

use super::super::attributes::{Attributes, Mtime};
use super::super::directory::{Directory, Kind};
use super::super::hash::hash_all;
use super::super::link::LinkTarget;
use super::super::notice::Problem;
use super::super::partial::{Arrival, Partial};
use super::super::path::RelPath;
use super::super::replace::{in_the_way, put_link};
use super::super::report::Trouble;
use super::super::service::{Content, Mirror};
use super::super::temporary::partial_name;
use super::Pull;

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
        match directory.look_up(name)? {
            Some((Kind::Symlink, when)) if when == mtime && directory.read_link(name)? == *target => return Ok(()),
            Some((kind, _)) => may_replace(kind)?,
            None => {}
        }
        put_link(directory, name, target, mtime)?;
        self.report.links += 1;
        Ok(())
    }

    pub(super) fn file(&mut self, directory: &Directory, wanted: &Wanted<'_>) -> Result<(), Trouble> {
        match directory.look_up(wanted.name)? {
            Some((Kind::File, _)) if self.is_here(directory, wanted)? => {
                self.watch.bytes(wanted.content.size);
                self.report.unchanged += wanted.content.size;
                return Ok(());
            }
            Some((kind, _)) => may_replace(kind)?,
            None => {}
        }
        self.fetch(directory, wanted)
    }

    /// Returns whether the file's content is already here. If so, sets its time and mode. An
    /// unreadable file counts as different.
    fn is_here(&mut self, directory: &Directory, wanted: &Wanted<'_>) -> Result<bool, Trouble> {
        let Ok((file, metadata)) = directory.open_file(wanted.name) else { return Ok(false) };
        if metadata.len() != wanted.content.size {
            return Ok(false);
        }
        if !hash_all(&file).is_ok_and(|(hash, _)| hash == wanted.content.hash) {
            return Ok(false);
        }
        if Attributes::of(&metadata) != wanted.attributes {
            wanted.attributes.apply(&file)?;
            self.report.refreshed += 1;
        }
        Ok(true)
    }

    /// Resumes the part that an interrupted pull has left of this content. If the part turns out to
    /// be damaged, starts over once.
    fn fetch(&mut self, directory: &Directory, wanted: &Wanted<'_>) -> Result<(), Trouble> {
        match self.fetch_after(directory, wanted, u64::MAX)? {
            (Arrival::Other, held) if held > 0 => match self.fetch_after(directory, wanted, 0)?.0 {
                Arrival::Complete => Ok(()),
                Arrival::Other => Err(Problem::Changed.into()),
            },
            (Arrival::Other, _) => Err(Problem::Changed.into()),
            (Arrival::Complete, _) => Ok(()),
        }
    }

    /// Fetches what is missing after at most `most` bytes of an existing part. Returns how many
    /// bytes of the part were used.
    fn fetch_after(
        &mut self,
        directory: &Directory,
        wanted: &Wanted<'_>,
        most: u64,
    ) -> Result<(Arrival, u64), Trouble> {
        let Some(mut partial) = Partial::open(directory, wanted.content, most)? else {
            return Err(Problem::Refused("another process is writing it").into());
        };
        let held = partial.len();
        self.watch.bytes(held);
        if partial.missing() > 0 {
            self.wanted.insert(partial_name(&wanted.content.hash));
            let stream = self.remote.fetch(wanted.path, held, &wanted.content).map_err(Trouble::from_call)?;
            let (bytes, outcome) = partial.take_from(stream, &mut |count| self.watch.bytes(count));
            self.report.bytes += bytes;
            outcome?;
        }
        let arrival = partial.complete(wanted.name, wanted.attributes, self.options.sync)?;
        if arrival == Arrival::Complete {
            self.report.copied += 1;
            self.report.resumed += held;
        }
        Ok((arrival, held))
    }
}

/// A file as it was listed.
pub(super) struct Wanted<'p> {
    pub(super) path: &'p RelPath,
    pub(super) name: &'p OsStr,
    pub(super) content: Content,
    pub(super) attributes: Attributes,
}

fn may_replace(kind: Kind) -> Result<(), Problem> {
    in_the_way(kind).map_or(Ok(()), |kind| Err(Problem::InTheWay(kind.to_owned())))
}
