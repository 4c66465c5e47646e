//! The pulling side: makes a directory match what a [`Mirror`] lists.
//!
//! The listing is processed entry by entry, as it comes, so memory does not grow with the tree.
//! Existing files are compared by content; what is missing or differs is fetched into a temporary
//! file in the same directory and renamed when it is complete. Nothing is deleted unless requested.
//!
//! It is safe to kill at any moment: a name refers to the old content or the new, never to a part.
//! The next pull fetches the missing files, resumes in the middle of the interrupted one, and
//! removes parts that are no longer needed.

mod content;
mod descent;
mod search;

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::Instant;

use super::attributes::Attributes;
use super::directory::Directory;
use super::extras::Extras;
use super::listing::Listing;
use super::notice::{Notice, Problem, Watch};
use super::options::CopyOptions;
use super::path::RelPath;
use super::push::plan_pull;
use super::replace::sweep;
use super::report::{CopyError, Report, Trouble};
use super::service::{Content, Entry, Item, Mirror};
use super::shelf::Shelf;
use super::temporary::{Temporary, temporary};

use content::Wanted;
use descent::Descent;
use search::Search;

/// Copies what `remote` lists into the directory `destination`, which is created if it does not
/// exist.
///
/// Problems with single entries are reported to `watch` and counted in the report, and the others
/// are copied.
///
/// A dry run changes nothing: it reports to `watch` what would be done, and returns the report that
/// the pull would return. It reads every local file.
///
/// # Errors
/// [`CopyError`] if continuing is pointless.
pub fn pull<M: Mirror>(
    remote: &M,
    destination: &Path,
    options: &CopyOptions,
    watch: &mut dyn Watch,
) -> Result<Report, CopyError> {
    if options.dry_run {
        return plan_pull(remote, destination, options, watch);
    }
    let begun = Instant::now();
    let local = |error| CopyError::Directory { path: destination.to_owned(), error };
    std::fs::create_dir_all(destination).map_err(local)?;
    let top = Directory::open(destination).map_err(local)?;
    if !top.try_lock().map_err(local)? {
        return Err(CopyError::Locked(destination.to_owned()));
    }
    let mut report = Report::default();
    let search = options.delete.then(|| Search::new(&top)).transpose().map_err(local)?;
    let descent = Descent::new(top);
    let mut pull = Pull {
        remote,
        options,
        watch: &mut *watch,
        report: &mut report,
        descent,
        wanted: HashSet::new(),
        search,
        extras: Extras::default(),
    };
    let outcome = pull.all_entries();
    pull.leave(None);
    let (wanted, extras) = (pull.wanted, pull.extras);
    // Parts of earlier attempts may be what fills a full disk, so sweep then too.
    if let Err(error) = outcome.as_ref()
        && !matches!(error, CopyError::Disk(_))
    {
        return outcome.map(|()| report);
    }
    let again = Directory::open(destination).map_err(local)?;
    let is_stale = |directory: &Directory, name: &OsStr, kind| match kind {
        Temporary::Link(_) => true,
        Temporary::Partial(_) => !wanted.contains(name) && directory.is_free(name),
    };
    sweep(again, &is_stale, &mut |_| report.left_overs += 1).map_err(local)?;
    if outcome.is_ok() {
        let target = Shelf::open(destination).and_then(|shelf| shelf.writable(None)).map_err(local)?;
        extras.delete(&target, false, &mut report, watch)?;
    }
    report.elapsed = begun.elapsed();
    outcome.map(|()| report)
}

struct Pull<'p, M> {
    remote: &'p M,
    options: &'p CopyOptions,
    watch: &'p mut dyn Watch,
    report: &'p mut Report,
    descent: Descent,
    /// Names of the parts of files that were fetched. Those that are left are resumed by the next
    /// pull.
    wanted: HashSet<OsString>,
    /// Looks for entries that the server does not have, if they are to be deleted.
    search: Option<Search>,
    extras: Extras,
}

impl<M: Mirror> Pull<'_, M> {
    fn all_entries(&mut self) -> Result<(), CopyError> {
        for entry in Listing::of(self.remote) {
            self.entry(entry?)?;
        }
        self.look_for_extras(None);
        Ok(())
    }

    /// Handles one entry. Returns an error only if it ends the whole pull.
    fn entry(&mut self, entry: Entry) -> Result<(), CopyError> {
        self.look_for_extras(Some(&entry));
        let Entry { path, item } = entry;
        self.leave(Some(&path));
        let outcome = self.place(&path, item);
        self.report.count(self.watch, &path, outcome)
    }

    fn look_for_extras(&mut self, listed: Option<&Entry>) {
        let (descent, extras) = (&self.descent, &mut self.extras);
        if let Some(search) = &mut self.search {
            search.up_to(listed, &mut |path, directory| {
                let parent = path.split().0.and_then(|parent| descent.wanted(&parent));
                extras.add(path, directory, parent);
            });
        }
    }

    /// Leaves all directories that do not contain `next`, and sets their attributes.
    fn leave(&mut self, next: Option<&RelPath>) {
        for (path, error) in self.descent.leave(next) {
            self.report.failed += 1;
            self.watch.notice(&Notice::Failed { path, problem: Problem::Local(error) });
        }
    }

    fn place(&mut self, path: &RelPath, item: Item) -> Result<(), Trouble> {
        if let Item::Skipped(reason) = item {
            self.extras.notice(&reason);
            return self.report.skip(self.watch, path, reason);
        }
        let (parent, name) = path.split();
        let directory = self.descent.directory(parent.as_ref()).ok_or(Problem::NoDirectory)?;
        if temporary(name).is_some() {
            return Err(Problem::Refused("this name is reserved for temporary files").into());
        }
        match item {
            Item::File { size, hash, attributes } => {
                self.report.files += 1;
                self.watch.expect(size);
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
