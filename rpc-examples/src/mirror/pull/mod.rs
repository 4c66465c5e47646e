//! The pulling side: makes a directory hold what a [`Mirror`] lists.
//!
//! The listing is worked off page by page, in its order, so memory does not grow with the tree. Files that are here
//! already are compared by content; what is missing or differs is fetched into a temporary file beside its place and
//! renamed when it is complete. Nothing is deleted.
//!
//! It may be killed at any moment: a name stands for the old content or the new, never for a part. The next pull goes on
//! where files are missing, and in the middle of the one that was interrupted; what it has no use for, it removes.

mod content;
mod descent;

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::Instant;

use super::attributes::Attributes;
use super::directory::Directory;
use super::error::MirrorError;
use super::listing::Listing;
use super::options::CopyOptions;
use super::path::RelPath;
use super::replace::sweep;
use super::report::{CopyError, Notice, Problem, Report, Trouble, Watch};
use super::service::{Content, Entry, Item, Mirror, Reason};
use super::temporary::{Temporary, temporary};

use content::Wanted;
use descent::Descent;

/// Copies what `remote` lists into the directory `destination`, which is created if need be.
///
/// What is wrong with single entries is told to `watch` and counted in the report, and the others are copied.
///
/// # Errors
/// [`CopyError`] where going on is pointless.
pub fn pull<M: Mirror>(
    remote: &M,
    destination: &Path,
    options: &CopyOptions,
    watch: &mut dyn Watch,
) -> Result<Report, CopyError> {
    let begun = Instant::now();
    let local = |error| CopyError::Directory { path: destination.to_owned(), error };
    std::fs::create_dir_all(destination).map_err(local)?;
    let top = Directory::open(destination).map_err(local)?;
    if !top.try_lock().map_err(local)? {
        return Err(CopyError::Locked(destination.to_owned()));
    }
    let mut report = Report::default();
    let descent = Descent::new(top);
    let mut pull = Pull { remote, options, watch, report: &mut report, descent, wanted: HashSet::new() };
    let outcome = pull.all_pages();
    pull.leave(None);
    let wanted = pull.wanted;
    // A full disk is full of such parts, perhaps.
    if let Err(error) = outcome.as_ref()
        && !matches!(error, CopyError::Disk(_))
    {
        return outcome.map(|()| report);
    }
    let again = Directory::open(destination).map_err(local)?;
    let is_stale = |_: &Directory, name: &OsStr, kind| match kind {
        Temporary::Link(_) => true,
        Temporary::Partial(_) => !wanted.contains(name),
    };
    sweep(again, &is_stale, &mut |_| report.left_overs += 1).map_err(local)?;
    report.elapsed = begun.elapsed();
    outcome.map(|()| report)
}

struct Pull<'p, M> {
    remote: &'p M,
    options: &'p CopyOptions,
    watch: &'p mut dyn Watch,
    report: &'p mut Report,
    descent: Descent,
    /// Names of the parts of files that were fetched: if one is left, the next pull goes on with it.
    wanted: HashSet<OsString>,
}

impl<M: Mirror> Pull<'_, M> {
    fn all_pages(&mut self) -> Result<(), CopyError> {
        let mut listing = Listing::of(self.remote, self.options.page_len);
        while let Some(entries) = listing.next_page()? {
            self.announce(&entries);
            for entry in entries {
                self.entry(entry)?;
            }
        }
        Ok(())
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
    fn entry(&mut self, Entry { path, item }: Entry) -> Result<(), CopyError> {
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
        if temporary(name).is_some() {
            return Err(Problem::Refused("this name is for temporary files").into());
        }
        match item {
            Item::File { size, hash, attributes } => {
                self.report.files += 1;
                let wanted = Wanted { path, name, content: Content { size, hash }, attributes };
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
