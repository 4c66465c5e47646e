//! The pulling side: makes a directory match what a [`Mirror`] lists.
//!
//! The listing is processed entry by entry, as it comes, so memory does not grow with the tree.
//! Existing files are compared by content; what is missing or differs is fetched into a temporary
//! file in the same directory and renamed when it is complete. Nothing is deleted unless requested.
//!
//! One thread lists, compares, and makes directories and links. The files to fetch go to workers in
//! batches, and those that arrived to one more thread, which syncs what has come meanwhile and
//! renames it. A directory gets its attributes when the last file in it has its name.
//!
//! It is safe to kill at any moment: a name refers to the old content or the new, never to a part.
//! The next pull fetches the missing files, resumes in the middle of the interrupted one, and
//! removes parts that are no longer needed.

mod batch;
mod content;
mod descent;
mod fetcher;
mod search;
mod tally;

use std::ffi::OsStr;
use std::mem;
use std::path::Path;
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use super::attributes::Attributes;
use super::directory::Directory;
use super::disk::Disk;
use super::extras::Extras;
use super::listing::Listing;
use super::notice::{Problem, Watch};
use super::options::CopyOptions;
use super::path::RelPath;
use super::push::plan_pull;
use super::replace::sweep;
use super::report::{CopyError, Report, Trouble};
use super::service::{Content, Entry, Item, Mirror};
use super::shelf::Shelf;
use super::temporary::{Temporary, temporary};

use batch::{Batch, Wanted};
use descent::Descent;
use fetcher::{Arrived, Fetcher, publish};
use search::Search;
use tally::Tally;

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
    let disk = options.sync.then(|| top.try_clone().and_then(Disk::of)).transpose().map_err(local)?;
    let search = options.delete.then(|| Search::new(&top)).transpose().map_err(local)?;
    let tally = Tally::new(&mut *watch);
    let descent = Descent::new(top, &tally).map_err(local)?;
    let (outcome, extras) = with_workers(remote, options.jobs, disk.as_ref(), &tally, |work| {
        let batch = Batch::default();
        let mut pull = Pull { tally: &tally, work, batch, descent, search, extras: Extras::default() };
        let outcome = pull.all_entries(remote);
        pull.send_batch();
        (outcome, pull.extras)
    });
    let (mut report, wanted, end) = tally.close();
    let outcome = end.map_or(outcome, Err);
    // Parts of earlier attempts may be what fills a full disk, so sweep then too.
    if let Err(error) = outcome.as_ref()
        && !matches!(error, CopyError::Disk(_))
    {
        return outcome.map(|()| report);
    }
    let again = Directory::open(destination).map_err(local)?;
    let is_stale = |directory: &Directory, name: &OsStr, kind| match kind {
        Temporary::Unique(_) => true,
        Temporary::Partial(_) => !wanted.contains(name) && directory.is_free(name),
    };
    sweep(again, &is_stale, &mut |_| report.left_overs += 1).map_err(local)?;
    if outcome.is_ok() {
        let target = Shelf::open(destination).and_then(|shelf| shelf.writable(None)).map_err(local)?;
        extras.delete(&target, false, &mut report, watch)?;
        // names, times and modes, too
        disk.as_ref().map_or(Ok(()), Disk::sync).map_err(local)?;
    }
    report.elapsed = begun.elapsed();
    outcome.map(|()| report)
}

/// Runs `list` while workers fetch the files that it sends, and until all are done.
fn with_workers<'p, M: Mirror, T>(
    remote: &'p M,
    jobs: usize,
    disk: Option<&'p Disk>,
    tally: &'p Tally<'p>,
    list: impl FnOnce(SyncSender<Batch<'p>>) -> T,
) -> T {
    let (work, batches) = mpsc::sync_channel::<Batch<'p>>(WAITING);
    let (arrived, arrivals) = mpsc::sync_channel::<Vec<Arrived<'p>>>(GROUP);
    let batches = Mutex::new(batches);
    thread::scope(|scope| {
        for _ in 0..jobs {
            let fetcher = Fetcher { remote, tally, disk, arrived: arrived.clone() };
            let batches = &batches;
            scope.spawn(move || {
                let next = || batches.lock().unwrap_or_else(PoisonError::into_inner).recv();
                while let Ok(batch) = next() {
                    fetcher.fetch(batch);
                }
            });
        }
        drop(arrived);
        scope.spawn(move || {
            while let Ok(mut files) = arrivals.recv() {
                files.extend(arrivals.try_iter().take(GROUP).flatten());
                publish(files, || disk.map_or(Ok(()), Disk::sync), tally);
            }
        });
        list(work)
    })
}

/// The number of batches that may wait for a worker.
const WAITING: usize = 2;

/// The number of batches that may wait while those before them are synced, and then are synced
/// together.
const GROUP: usize = 4;

struct Pull<'p> {
    tally: &'p Tally<'p>,
    work: SyncSender<Batch<'p>>,
    /// The files that are fetched next.
    batch: Batch<'p>,
    descent: Descent<'p>,
    /// Looks for entries that the server does not have, if they are to be deleted.
    search: Option<Search>,
    extras: Extras,
}

impl<'p> Pull<'p> {
    fn all_entries<M: Mirror>(&mut self, remote: &M) -> Result<(), CopyError> {
        for entry in Listing::of(remote) {
            self.entry(entry?);
            if self.tally.has_ended() {
                return Ok(());
            }
        }
        self.look_for_extras(None);
        Ok(())
    }

    fn entry(&mut self, entry: Entry) {
        self.look_for_extras(Some(&entry));
        let Entry { path, item } = entry;
        self.descent.leave(&path);
        let outcome = self.place(&path, item);
        self.tally.count(&path, outcome);
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

    fn place(&mut self, path: &RelPath, item: Item) -> Result<(), Trouble> {
        if let Item::Skipped(reason) = item {
            self.extras.notice(&reason);
            let mut outcome = Ok(());
            self.tally.note(|report, watch| outcome = report.skip(watch, path, reason));
            return outcome;
        }
        let (parent, name) = path.split();
        let directory = self.descent.directory(parent.as_ref()).ok_or(Problem::NoDirectory)?;
        if temporary(name).is_some() {
            return Err(Problem::Refused("this name is reserved for temporary files").into());
        }
        match item {
            Item::File { size, hash, attributes } => {
                self.tally.note(|report, watch| {
                    report.files += 1;
                    watch.expect(size);
                });
                let content = Content { size, hash };
                let placed = self.file(Wanted { directory, path: path.clone(), content, attributes });
                if !matches!(placed, Ok(false)) {
                    self.tally.note(|_, watch| watch.file_done());
                }
                placed.map(drop)
            }
            Item::Directory { attributes } => self.directory(path, name, attributes),
            Item::Symlink { target, mtime } => self.link(&directory, path, name, &target, mtime),
            Item::Skipped(_) => Ok(()),
        }
    }

    fn directory(&mut self, path: &RelPath, name: &OsStr, attributes: Attributes) -> Result<(), Trouble> {
        let before = self.descent.enter(path, name, attributes)?;
        self.tally.note(|report, _| match before {
            None => report.directories += 1,
            Some(before) if before != attributes => report.refreshed += 1,
            Some(_) => {}
        });
        Ok(())
    }

    fn send_batch(&mut self) {
        let batch = mem::take(&mut self.batch);
        self.send(batch);
    }

    /// Has files fetched. Blocks while all workers are busy and enough work waits for them.
    fn send(&mut self, batch: Batch<'p>) {
        // Fails only if all workers have panicked.
        _ = self.work.send(batch);
    }
}
