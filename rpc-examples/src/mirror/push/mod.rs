//! The pushing side: makes a [`Mirror`] match a directory.
//!
//! Both trees are listed and compared entry by entry, in their common order, so memory does not
//! grow with them. What is missing or differs on the other side is stored there; the other side
//! ensures that a name never refers to a part of a file, and reports how much it has of an
//! interrupted one. A directory gets its time and mode when it is left, because writing in it
//! changes the time and may need another mode.
//!
//! The same comparison in the other direction, without changing anything, is a pull's dry run.

mod heads;
mod pending;
mod send;

use std::path::Path;
use std::time::Instant;

use super::attributes::Attributes;
use super::attributes::Mtime;
use super::extras::Extras;
use super::link::LinkTarget;
use super::notice::{Notice, Problem, Step, Watch};
use super::options::CopyOptions;
use super::path::RelPath;
use super::report::{CopyError, Direction, Report, Trouble};
use super::service::{Content, Entry, Item, Mirror, Reason};
use super::shelf::Shelf;

use heads::{Head, Side};
use pending::{Pending, Sent};

/// Copies the contents of the directory `source` to `remote`.
///
/// Problems with single entries, such as a file that exceeds the other side's quota, are reported
/// to `watch` and counted in the report, and the others are copied. A dry run reports what would be
/// done.
///
/// # Errors
/// [`CopyError`] if continuing is pointless. [`Call`](CopyError::Call) contains
/// [`MirrorError::ReadOnly`](super::MirrorError::ReadOnly) if the other side is read-only.
pub fn push<M: Mirror>(
    source: &Path,
    remote: &M,
    options: &CopyOptions,
    watch: &mut dyn Watch,
) -> Result<Report, CopyError> {
    let local = |error| CopyError::Directory { path: source.to_owned(), error };
    let shelf = Shelf::open(source).map_err(local)?;
    remote.room().map_err(CopyError::Call)?;
    let report = Push::new(&shelf, Some(remote), options, watch, Direction::Push).run()?;
    Ok(report)
}

/// Reports what a pull would do.
pub(super) fn plan_pull<M: Mirror>(
    remote: &M,
    destination: &Path,
    options: &CopyOptions,
    watch: &mut dyn Watch,
) -> Result<Report, CopyError> {
    let here = match destination.exists() {
        true => {
            let opened = Shelf::open(destination);
            Some(opened.map_err(|error| CopyError::Directory { path: destination.to_owned(), error })?)
        }
        false => None,
    };
    Push::new(remote, here.as_ref(), options, watch, Direction::Pull).run()
}

/// A copy from one mirror to another. A target that does not exist yet is empty.
struct Push<'p, S, T> {
    source: &'p S,
    target: Option<&'p T>,
    options: &'p CopyOptions,
    watch: &'p mut dyn Watch,
    report: Report,
    levels: Vec<Level>,
    /// A directory in the target that is of another kind in the source. Its contents are not extra.
    in_the_way: Option<RelPath>,
    extras: Extras,
    pending: Pending,
}

/// A directory that contains the current entry.
struct Level {
    path: RelPath,
    wanted: Attributes,
    /// Its attributes in the target, if it existed there.
    before: Option<Attributes>,
    touched: bool,
}

impl<'p, S: Mirror, T: Mirror> Push<'p, S, T> {
    fn new(
        source: &'p S,
        target: Option<&'p T>,
        options: &'p CopyOptions,
        watch: &'p mut dyn Watch,
        direction: Direction,
    ) -> Push<'p, S, T> {
        let report = Report { direction, dry_run: options.dry_run, ..Report::default() };
        let (levels, extras) = (Vec::new(), Extras::default());
        Push { source, target, options, watch, report, levels, in_the_way: None, extras, pending: Pending::default() }
    }

    fn run(mut self) -> Result<Report, CopyError> {
        let begun = Instant::now();
        let mut ours = Head::of(Some(self.source));
        let mut theirs = Head::of(self.target);
        loop {
            ours.fill()?;
            theirs.fill()?;
            match heads::first(&ours, &theirs) {
                None => break,
                Some(Side::Both) => {
                    let there = theirs.take().map(|entry| entry.item);
                    self.entry(ours.take(), there)?;
                }
                Some(Side::Source) => self.entry(ours.take(), None)?,
                Some(Side::Target) => self.extra(theirs.take()),
            }
        }
        self.leave(None)?;
        self.flush()?;
        if let Some(target) = self.target {
            self.extras.delete(target, self.options.dry_run, &mut self.report, self.watch)?;
            if !self.options.dry_run && self.report.is_complete() {
                self.report.left_overs += target.sweep().map_err(CopyError::Call)?;
            }
        }
        self.report.elapsed = begun.elapsed();
        Ok(self.report)
    }

    /// Handles one entry. Returns an error only if it ends the whole push.
    fn entry(&mut self, entry: Option<Entry>, there: Option<Item>) -> Result<(), CopyError> {
        let Some(Entry { path, item }) = entry else { return Ok(()) };
        self.leave(Some(&path))?;
        if matches!(there, Some(Item::Directory { .. })) && !matches!(item, Item::Directory { .. }) {
            self.in_the_way = Some(path.clone());
        }
        let outcome = self.step(&path, item, there);
        self.report.count(self.watch, &path, outcome)
    }

    fn extra(&mut self, entry: Option<Entry>) {
        let Some(Entry { path, item }) = entry else { return };
        let protected = self.in_the_way.as_ref().is_some_and(|top| path.is_below(top));
        if !self.options.delete || protected || matches!(item, Item::Skipped(Reason::Incomplete)) {
            return;
        }
        let (parent, _) = path.split();
        let parent = self.levels.iter().find(|level| Some(&level.path) == parent.as_ref()).map(|level| level.wanted);
        let directory = match item {
            Item::Directory { attributes } => Some(attributes),
            _ => None,
        };
        self.extras.add(path, directory, parent);
    }

    fn step(&mut self, path: &RelPath, item: Item, there: Option<Item>) -> Result<(), Trouble> {
        if let Item::Skipped(reason) = item {
            self.extras.notice(&reason);
            return self.report.skip(self.watch, path, reason);
        }
        if self.levels.last().map(|level| &level.path) != path.split().0.as_ref() {
            return Err(Problem::NoDirectory.into());
        }
        match item {
            Item::File { size, hash, attributes } => {
                self.report.files += 1;
                self.watch.expect(size);
                let outcome = self.file(path, Content { size, hash }, attributes, there);
                if !matches!(outcome, Ok(Sent::Pending)) {
                    self.watch.file_done();
                }
                outcome.map(drop)
            }
            Item::Directory { attributes } => self.directory(path, attributes, there),
            Item::Symlink { target, mtime } => self.link(path, target, mtime, there),
            Item::Skipped(_) => Ok(()),
        }
    }

    fn directory(&mut self, path: &RelPath, wanted: Attributes, there: Option<Item>) -> Result<(), Trouble> {
        let before = match there {
            Some(Item::Directory { attributes }) => Some(attributes),
            Some(Item::File { .. }) => return Err(Problem::InTheWay("a file".to_owned()).into()),
            Some(Item::Symlink { .. } | Item::Skipped(Reason::LeadsOutside(_))) => {
                return Err(Problem::InTheWay("a symbolic link".to_owned()).into());
            }
            Some(Item::Skipped(Reason::Special(kind))) => return Err(Problem::InTheWay(kind).into()),
            Some(Item::Skipped(_)) | None => None,
        };
        if before.is_none() {
            self.touch()?;
            self.place(path, opened(wanted), Step::MakeDirectory)?;
            self.report.directories += 1;
        }
        self.levels.push(Level { path: path.clone(), wanted, before, touched: before.is_none() });
        Ok(())
    }

    fn link(&mut self, path: &RelPath, target: LinkTarget, mtime: Mtime, there: Option<Item>) -> Result<(), Trouble> {
        let item = Item::Symlink { target, mtime };
        match there {
            Some(there) if there == item => return Ok(()),
            there => may_replace(there)?,
        }
        self.touch()?;
        self.place(path, item, Step::MakeLink)?;
        self.report.links += 1;
        Ok(())
    }

    /// Leaves all directories that do not contain `next`, and sets their attributes.
    fn leave(&mut self, next: Option<&RelPath>) -> Result<(), CopyError> {
        while let Some(level) = self.levels.pop_if(|level| !next.is_some_and(|next| next.is_below(&level.path))) {
            let refreshed = level.before.is_some_and(|before| before != level.wanted);
            if !level.touched && !refreshed {
                continue;
            }
            if !self.pending.is_empty() {
                self.pending.left.push((level, refreshed));
                continue;
            }
            self.refresh(&level, refreshed)?;
        }
        Ok(())
    }

    /// Sets a directory's attributes once everything in it is there.
    fn refresh(&mut self, level: &Level, refreshed: bool) -> Result<(), CopyError> {
        let item = Item::Directory { attributes: level.wanted };
        let outcome = match refreshed || !self.options.dry_run {
            true => self.place(&level.path, item, Step::Refresh),
            false => Ok(()),
        };
        self.report.refreshed += u64::from(refreshed && outcome.is_ok());
        self.report.count(self.watch, &level.path, outcome)
    }

    /// Prepares the current directory for a change in it: makes it writable if needed.
    fn touch(&mut self) -> Result<(), Trouble> {
        let Some(level) = self.levels.last_mut().filter(|level| !level.touched) else { return Ok(()) };
        level.touched = true;
        match (level.before, self.target) {
            (Some(before), Some(target)) if before.mode & 0o700 != 0o700 && !self.options.dry_run => {
                let entry = Entry { path: level.path.clone(), item: opened(before) };
                target.place(&entry).map_err(Trouble::from_call)
            }
            _ => Ok(()),
        }
    }

    /// Creates an entry in the target, or reports that it would.
    fn place(&mut self, path: &RelPath, item: Item, step: Step) -> Result<(), Trouble> {
        match self.target.filter(|_| !self.options.dry_run) {
            Some(target) => target.place(&Entry { path: path.clone(), item }).map_err(Trouble::from_call),
            None => {
                self.watch.notice(&Notice::Would { path: path.clone(), step });
                Ok(())
            }
        }
    }
}

/// Returns the directory with permission for its owner to write in it.
fn opened(attributes: Attributes) -> Item {
    Item::Directory { attributes: Attributes { mode: attributes.mode | 0o700, ..attributes } }
}

/// Files and links may be replaced; what may contain more may not.
fn may_replace(there: Option<Item>) -> Result<(), Problem> {
    match there {
        Some(Item::Directory { .. }) => Err(Problem::InTheWay("a directory".to_owned())),
        Some(Item::Skipped(Reason::Special(kind))) => Err(Problem::InTheWay(kind)),
        _ => Ok(()),
    }
}
