//! The pulling side: makes a directory hold what a [`Mirror`] lists.
//!
//! The listing is worked off page by page, in its order, so memory does not grow with the tree. Files that are here
//! already are compared by content; what is missing or differs is fetched into a temporary file beside its place and
//! renamed when it is complete. Nothing is deleted.
//!
//! It may be killed at any moment: a name stands for the old content or the new, never for a part. The next pull removes
//! the temporary files and goes on where files are missing.

mod content;
mod descent;
mod landing;
mod report;

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::time::Instant;

use super::attributes::Attributes;
use super::directory::{Directory, is_temporary};
use super::error::MirrorError;
use super::path::RelPath;
use super::service::{Entry, Item, Mirror, Reason};
use super::walk::Walk;

pub(super) use report::size;
pub use report::{Notice, Problem, PullError, Report, Watch};

use content::Wanted;
use descent::Descent;
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
            if page.more && page.entries.is_empty() {
                return Err(PullError::Listing("it has an empty page before its end"));
            }
            self.announce(&page.entries);
            for entry in page.entries {
                if last.as_ref().is_some_and(|last| *last >= entry.path) {
                    return Err(PullError::Listing("it is out of order"));
                }
                last = Some(entry.path.clone());
                self.entry(entry)?;
            }
            if !page.more {
                return Ok(());
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
}
