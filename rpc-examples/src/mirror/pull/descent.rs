//! The position of a pull in its destination: the directories from the top down to the current one,
//! all open.
//!
//! Entries can be created only in these directories. Each of them was listed, and was checked when
//! it was entered: a link in a path cannot lead elsewhere, and swapping a directory later has no
//! effect.

use std::ffi::OsStr;
use std::io;
use std::ops::Deref;
use std::sync::Arc;

use rustix::fs::Mode;

use super::super::attributes::Attributes;
use super::super::directory::Directory;
use super::super::notice::Problem;
use super::super::path::RelPath;
use super::super::replace::in_a_directorys_way;
use super::super::report::Trouble;
use super::tally::Tally;

pub(super) struct Descent<'p> {
    tally: &'p Tally<'p>,
    top: Entered<'p>,
    levels: Vec<Entered<'p>>,
}

/// A directory that was entered, and stays open while anyone has a clone. Then it gets its time and
/// mode, because writing in it changes the time and may need another mode.
#[derive(Clone)]
pub(super) struct Entered<'p>(Arc<Level<'p>>);

struct Level<'p> {
    tally: &'p Tally<'p>,
    directory: Directory,
    device: u64,
    /// `None` for the top.
    wanted: Option<(RelPath, Attributes)>,
}

impl<'p> Descent<'p> {
    pub(super) fn new(top: Directory, tally: &'p Tally<'p>) -> io::Result<Descent<'p>> {
        let top = Entered(Arc::new(Level { tally, device: top.device()?, directory: top, wanted: None }));
        Ok(Descent { tally, top, levels: Vec::new() })
    }

    /// Leaves all directories that do not contain `next`.
    pub(super) fn leave(&mut self, next: &RelPath) {
        while self.levels.pop_if(|level| !level.path().is_some_and(|path| next.is_below(path))).is_some() {}
    }

    /// Returns the directory `path`, or the top, if it is the one entered last.
    pub(super) fn directory(&self, path: Option<&RelPath>) -> Option<Entered<'p>> {
        let last = self.last();
        (last.path() == path).then(|| last.clone())
    }

    /// Returns the attributes that an entered directory will get.
    pub(super) fn wanted(&self, path: &RelPath) -> Option<Attributes> {
        let mut wanted = self.levels.iter().filter_map(|level| level.0.wanted.as_ref());
        wanted.find(|(entered, _)| entered == path).map(|(_, attributes)| *attributes)
    }

    /// Enters a subdirectory of the one entered last, and creates it if it does not exist. Returns
    /// the attributes that it had if it existed.
    pub(super) fn enter(
        &mut self,
        path: &RelPath,
        name: &OsStr,
        attributes: Attributes,
    ) -> Result<Option<Attributes>, Trouble> {
        let parent = self.last();
        let here = parent.look_up(name)?;
        if let Some(kind) = here.and_then(|(kind, _)| in_a_directorys_way(kind)) {
            return Err(Problem::InTheWay(kind.to_owned()).into());
        }
        let is_new = here.is_none();
        if is_new {
            parent.create_directory(name)?;
        }
        let directory = parent.open_directory(name)?;
        let before = Attributes::of(&directory.metadata()?);
        open_for_writing(&directory, before)?;
        let (device, wanted) = (directory.device()?, Some((path.clone(), attributes)));
        self.levels.push(Entered(Arc::new(Level { tally: self.tally, directory, device, wanted })));
        Ok((!is_new).then_some(before))
    }

    fn last(&self) -> &Entered<'p> {
        self.levels.last().unwrap_or(&self.top)
    }
}

impl Entered<'_> {
    /// Returns the file system that the directory is on.
    pub(super) fn device(&self) -> u64 {
        self.0.device
    }

    /// Returns whether both are the same directory.
    pub(super) fn is(&self, other: &Entered<'_>) -> bool {
        std::ptr::eq(&raw const **self, &raw const **other)
    }

    fn path(&self) -> Option<&RelPath> {
        self.0.wanted.as_ref().map(|(path, _)| path)
    }
}

impl Deref for Entered<'_> {
    type Target = Directory;

    fn deref(&self) -> &Directory {
        &self.0.directory
    }
}

impl Drop for Level<'_> {
    fn drop(&mut self) {
        if let Some((path, attributes)) = &self.wanted
            && let Err(error) = complete(&self.directory, attributes)
        {
            self.tally.failed(path, error);
        }
    }
}

/// Lets the owner write in the directory until it is left.
fn open_for_writing(directory: &Directory, before: Attributes) -> io::Result<()> {
    if before.mode & 0o700 != 0o700 {
        rustix::fs::fchmod(directory, Mode::from_bits_truncate(before.mode as rustix::fs::RawMode) | Mode::RWXU)?;
    }
    Ok(())
}

fn complete(directory: &Directory, wanted: &Attributes) -> io::Result<()> {
    if Attributes::of(&directory.metadata()?) != *wanted {
        wanted.apply(directory)?;
    }
    Ok(())
}
