//! The pulling side: makes a directory hold what a [`Mirror`] lists.
//!
//! The listing is worked off page by page, in its order, so memory does not grow with the tree. Files that are here
//! already are compared by content; what is missing or differs is fetched into a temporary file beside its place and
//! renamed when it is complete. Nothing is deleted.
//!
//! It may be killed at any moment: a name stands for the old content or the new, never for a part. The next pull removes
//! the temporary files and goes on where files are missing.

mod descent;
mod landing;
mod report;

use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::Path;
use std::time::Instant;

use super::attributes::{Attributes, Mtime};
use super::directory::{Directory, Kind, is_temporary, temporary_name};
use super::error::MirrorError;
use super::hash::{ContentHash, hash_all};
use super::link::LinkTarget;
use super::path::RelPath;
use super::service::{Entry, Item, Mirror, Reason};
use super::walk::Walk;

pub(super) use report::size;
pub use report::{Notice, Problem, PullError, Report, Watch};

use descent::Descent;
use landing::{Copied, Landing};
use report::Trouble;

/// How to pull. The default is what `mirror pull` does.
#[derive(Debug, Clone)]
#[must_use]
pub struct PullOptions {
    page_len: u32,
    sync: bool,
}

impl Default for PullOptions {
    fn default() -> PullOptions {
        PullOptions { page_len: 4096, sync: true }
    }
}

impl PullOptions {
    /// How many entries to ask for at once; 4,096. All pages together are the same listing.
    pub fn page_len(self, entries: u32) -> Self {
        PullOptions { page_len: entries, ..self }
    }

    /// Whether each file must be on the disk before it gets its name; yes. Without it a power failure, but not a killed
    /// pull, may leave files whose content is wrong; the next pull finds them by their hash.
    pub fn sync(self, sync: bool) -> Self {
        PullOptions { sync, ..self }
    }
}

/// Copies what `remote` lists into the directory `destination`, which is created if need be.
///
/// What is wrong with single entries is told to `watch` and counted in the report, and the others are copied.
///
/// # Errors
/// [`PullError`] where going on is pointless.
pub fn pull<M: Mirror>(
    remote: &M,
    destination: &Path,
    options: &PullOptions,
    watch: &mut dyn Watch,
) -> Result<Report, PullError> {
    let begun = Instant::now();
    let local = |error| PullError::Destination { path: destination.to_owned(), error };
    std::fs::create_dir_all(destination).map_err(local)?;
    let top = Directory::open(destination).map_err(local)?;
    if !top.try_lock().map_err(local)? {
        return Err(PullError::Locked(destination.to_owned()));
    }
    let mut report = Report { left_overs: sweep(destination).map_err(local)?, ..Report::default() };
    let mut pull = Pull { remote, options, watch, report: &mut report, descent: Descent::new(top), temporaries: 0 };
    let outcome = pull.all_pages();
    pull.leave(None);
    outcome?;
    report.elapsed = begun.elapsed();
    Ok(report)
}

/// Removes the temporary files of pulls that were killed, and counts them.
fn sweep(destination: &Path) -> io::Result<u64> {
    let mut removed = 0;
    let mut walk = Walk::new(Directory::open(destination)?, None)?;
    while let Some((directory, name, path)) = walk.next() {
        if is_temporary(&name) && directory.remove_file(&name).is_ok() {
            removed += 1;
        } else {
            // Most are no directories; those that may not be read, no pull has written to.
            _ = walk.enter(&name, &path);
        }
    }
    Ok(removed)
}

struct Pull<'p, M> {
    remote: &'p M,
    options: &'p PullOptions,
    watch: &'p mut dyn Watch,
    report: &'p mut Report,
    descent: Descent,
    /// How many temporary files there have been.
    temporaries: u64,
}

impl<M: Mirror> Pull<'_, M> {
    fn all_pages(&mut self) -> Result<(), PullError> {
        let mut last = None;
        loop {
            let page = self.remote.list(last.clone(), self.options.page_len).map_err(PullError::Call)?;
            self.announce(&page.entries);
            for entry in page.entries {
                if last.as_ref().is_some_and(|last| *last >= entry.path) {
                    return Err(PullError::Listing("it is out of order"));
                }
                last = Some(entry.path.clone());
                self.entry(entry)?;
            }
            match (page.more, &last) {
                (false, _) => return Ok(()),
                (true, None) => return Err(PullError::Listing("it has an empty page before its end")),
                (true, Some(_)) => {}
            }
        }
    }

    fn announce(&mut self, entries: &[Entry]) {
        let mut files = 0;
        let mut bytes = 0_u64;
        for entry in entries {
            if let Item::File { size, .. } = entry.item {
                files += 1;
                bytes = bytes.saturating_add(size);
            }
        }
        self.watch.expect(files, bytes);
    }

    /// Deals with one entry. Only what ends the whole pull is an error.
    fn entry(&mut self, Entry { path, item }: Entry) -> Result<(), PullError> {
        self.leave(Some(&path));
        match self.place(&path, item) {
            Ok(()) => Ok(()),
            Err(Trouble::Fatal(error)) => Err(error),
            Err(Trouble::Entry(problem)) => {
                self.report.failed += 1;
                self.watch.notice(&Notice::Failed { path, problem });
                Ok(())
            }
        }
    }

    /// Goes up to the directory that `next` is in, or out of all, and completes what is left behind.
    fn leave(&mut self, next: Option<&RelPath>) {
        for (path, error) in self.descent.leave(next) {
            self.report.failed += 1;
            self.watch.notice(&Notice::Failed { path, problem: Problem::Local(error) });
        }
    }

    fn place(&mut self, path: &RelPath, item: Item) -> Result<(), Trouble> {
        if let Item::Skipped(reason) = item {
            return self.skip(path, reason);
        }
        let (parent, name) = path.split();
        let directory = self.descent.directory(parent.as_ref()).ok_or(Problem::NoDirectory)?;
        if is_temporary(name) {
            return Err(Problem::Refused("this name is for temporary files").into());
        }
        match item {
            Item::File { size, hash, attributes } => {
                self.report.files += 1;
                let wanted = Wanted { path, name, size, hash, attributes };
                let placed = self.file(&directory, &wanted);
                self.watch.file_done();
                placed
            }
            Item::Directory { attributes } => self.directory(path, name, attributes),
            Item::Symlink { target, mtime } => self.link(&directory, path, name, &target, mtime),
            Item::Skipped(_) => Ok(()),
        }
    }

    fn skip(&mut self, path: &RelPath, reason: Reason) -> Result<(), Trouble> {
        if let Reason::Unreadable(why) = reason {
            return Err(Problem::Remote(MirrorError::Unreadable(path.clone(), why)).into());
        }
        self.report.skipped += 1;
        self.watch.notice(&Notice::Skipped { path: path.clone(), reason });
        Ok(())
    }

    fn directory(&mut self, path: &RelPath, name: &OsStr, attributes: Attributes) -> Result<(), Trouble> {
        let before = self.descent.enter(path, name, attributes)?;
        match before {
            None => self.report.directories += 1,
            Some(before) if before != attributes => self.report.refreshed += 1,
            Some(_) => {}
        }
        Ok(())
    }

    fn link(
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

    fn file(&mut self, directory: &Directory, wanted: &Wanted<'_>) -> Result<(), Trouble> {
        match directory.look_up(wanted.name)? {
            Some((Kind::File, _)) if self.is_here(directory, wanted)? => {
                self.watch.bytes(wanted.size);
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

    fn temporary(&mut self) -> std::ffi::OsString {
        self.temporaries += 1;
        temporary_name(self.temporaries)
    }
}

/// A file as it was listed.
struct Wanted<'p> {
    path: &'p RelPath,
    name: &'p OsStr,
    size: u64,
    hash: ContentHash,
    attributes: Attributes,
}

/// Files and links make way for files and links; what may hold more does not.
fn may_replace(kind: Kind) -> Result<(), Problem> {
    match kind {
        Kind::File | Kind::Symlink => Ok(()),
        Kind::Directory => Err(Problem::InTheWay("a directory")),
        Kind::Special(kind) => Err(Problem::InTheWay(kind)),
    }
}
