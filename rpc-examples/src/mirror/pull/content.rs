//! Files and links: those that are already here stay, those that are missing or differ are created
//! or replaced atomically.

use std::ffi::OsStr;

use super::super::attributes::{Attributes, Mtime};
use super::super::directory::{Directory, Kind};
use super::super::hash::hash_all;
use super::super::link::LinkTarget;
use super::super::notice::Problem;
use super::super::path::RelPath;
use super::super::replace::{in_the_way, put_link};
use super::super::report::Trouble;
use super::Pull;
use super::batch::{Batch, Wanted};

impl<'p> Pull<'p> {
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
        self.tally.note(|report, _| report.links += 1);
        Ok(())
    }

    /// Has a file fetched if its content is not here. Returns whether it is here.
    pub(super) fn file(&mut self, wanted: Wanted<'p>) -> Result<bool, Trouble> {
        match wanted.directory.look_up(wanted.path.split().1)? {
            Some((Kind::File, _)) if self.is_here(&wanted)? => return Ok(true),
            Some((kind, _)) => may_replace(kind)?,
            None => {}
        }
        if Batch::is_for_itself(&wanted) {
            self.send(Batch::alone(wanted));
        } else {
            self.batch.add(wanted);
            if self.batch.is_full() {
                self.send_batch();
            }
        }
        Ok(false)
    }

    /// Returns whether the file's content is already here. If so, sets its time and mode. An
    /// unreadable file counts as different.
    fn is_here(&mut self, wanted: &Wanted<'_>) -> Result<bool, Trouble> {
        let Ok((file, metadata)) = wanted.directory.open_file(wanted.path.split().1) else { return Ok(false) };
        if metadata.len() != wanted.content.size {
            return Ok(false);
        }
        if !hash_all(&file).is_ok_and(|(hash, _)| hash == wanted.content.hash) {
            return Ok(false);
        }
        let is_refreshed = Attributes::of(&metadata) != wanted.attributes;
        if is_refreshed {
            wanted.attributes.apply(&file)?;
        }
        self.tally.note(|report, watch| {
            report.refreshed += u64::from(is_refreshed);
            report.unchanged += wanted.content.size;
            watch.bytes(wanted.content.size);
        });
        Ok(true)
    }
}

fn may_replace(kind: Kind) -> Result<(), Problem> {
    in_the_way(kind).map_or(Ok(()), |kind| Err(Problem::InTheWay(kind.to_owned())))
}
