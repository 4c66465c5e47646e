//! The position of a pull in its destination: the directories from the top down to the current one,
//! all open.
//!
//! Entries can be created only in these directories. Each of them was listed, and was checked when
//! it was entered: a link in a path cannot lead elsewhere, and swapping a directory later has no
//! effect.

use std::ffi::OsStr;
use std::io;
use std::rc::Rc;

use rustix::fs::Mode;

use super::super::attributes::Attributes;
use super::super::directory::Directory;
use super::super::notice::Problem;
use super::super::path::RelPath;
use super::super::replace::in_a_directorys_way;
use super::super::report::Trouble;

pub(super) struct Descent {
    top: Rc<Directory>,
    levels: Vec<Level>,
}

/// A directory that was entered. It gets its time and mode when it is left, because writing in it
/// changes the time and may need another mode.
struct Level {
    path: RelPath,
    directory: Rc<Directory>,
    attributes: Attributes,
}

impl Descent {
    pub(super) fn new(top: Directory) -> Descent {
        Descent { top: Rc::new(top), levels: Vec::new() }
    }

    /// Leaves all directories that do not contain `next`. Returns those whose attributes could not
    /// be set.
    pub(super) fn leave(&mut self, next: Option<&RelPath>) -> Vec<(RelPath, io::Error)> {
        let mut failed = Vec::new();
        while let Some(level) = self.levels.pop_if(|level| !next.is_some_and(|next| next.is_below(&level.path))) {
            if let Err(error) = complete(&level) {
                failed.push((level.path, error));
            }
        }
        failed
    }

    /// Returns the directory `path`, or the top, if it is the one entered last.
    pub(super) fn directory(&self, path: Option<&RelPath>) -> Option<Rc<Directory>> {
        let last = self.levels.last();
        let directory = last.map_or(&self.top, |level| &level.directory);
        (last.map(|level| &level.path) == path).then(|| Rc::clone(directory))
    }

    /// Returns the attributes that an entered directory will get.
    pub(super) fn wanted(&self, path: &RelPath) -> Option<Attributes> {
        self.levels.iter().find(|level| level.path == *path).map(|level| level.attributes)
    }

    /// Enters a subdirectory of the one entered last, and creates it if it does not exist. Returns
    /// the attributes that it had if it existed.
    pub(super) fn enter(
        &mut self,
        path: &RelPath,
        name: &OsStr,
        attributes: Attributes,
    ) -> Result<Option<Attributes>, Trouble> {
        let parent = self.levels.last().map_or(&self.top, |level| &level.directory);
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
        self.levels.push(Level { path: path.clone(), directory: Rc::new(directory), attributes });
        Ok((!is_new).then_some(before))
    }
}

/// Lets the owner write in the directory until it is left.
fn open_for_writing(directory: &Directory, before: Attributes) -> io::Result<()> {
    if before.mode & 0o700 != 0o700 {
        rustix::fs::fchmod(directory, Mode::from_bits_truncate(before.mode as rustix::fs::RawMode) | Mode::RWXU)?;
    }
    Ok(())
}

fn complete(level: &Level) -> io::Result<()> {
    if Attributes::of(&level.directory.metadata()?) != level.attributes {
        level.attributes.apply(&*level.directory)?;
    }
    Ok(())
}
