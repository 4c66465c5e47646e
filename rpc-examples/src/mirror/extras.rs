//! Entries that the source does not have: deleted last, and only if all of the source could be
//! read.

use std::collections::BTreeMap;

use super::attributes::Attributes;
use super::notice::{Notice, Step, Watch};
use super::path::RelPath;
use super::report::{CopyError, Report, Trouble};
use super::service::{Entry, Item, Mirror, Reason};

/// The mode bits that a directory needs before entries in it can be removed.
const OWNERS: u32 = 0o700;

/// The entries to delete, each directory before its contents.
#[derive(Debug, Default)]
pub(super) struct Extras {
    paths: Vec<RelPath>,
    /// The directories that entries are removed from. Those that stay get their attributes back.
    directories: BTreeMap<RelPath, Held>,
    /// Set if part of the source could not be read: entries that seem extra may exist there.
    doubtful: bool,
}

#[derive(Debug)]
struct Held {
    attributes: Attributes,
    stays: bool,
}

impl Extras {
    /// Adds an entry, which must come after all previous ones. `directory` has its attributes if it
    /// is a directory, `parent` those of its parent directory if that stays.
    pub(super) fn add(&mut self, path: RelPath, directory: Option<Attributes>, parent: Option<Attributes>) {
        if let (Some(parent), Some(attributes)) = (path.split().0, parent) {
            self.directories.entry(parent).or_insert(Held { attributes, stays: true });
        }
        if let Some(attributes) = directory {
            self.directories.insert(path.clone(), Held { attributes, stays: false });
        }
        self.paths.push(path);
    }

    /// Takes note of an entry of the source that is not offered.
    pub(super) fn notice(&mut self, reason: &Reason) {
        self.doubtful |= matches!(reason, Reason::Unreadable(_));
    }

    /// Deletes the entries, contents before their directory.
    pub(super) fn delete<T: Mirror>(
        self,
        target: &T,
        dry_run: bool,
        report: &mut Report,
        watch: &mut dyn Watch,
    ) -> Result<(), CopyError> {
        if self.doubtful && !self.paths.is_empty() {
            watch.notice(&Notice::NothingDeleted);
            return Ok(());
        }
        if dry_run {
            for path in self.paths.into_iter().rev() {
                report.deleted += 1;
                watch.notice(&Notice::Would { path, step: Step::Delete });
            }
            return Ok(());
        }
        for (path, held) in &self.directories {
            if held.attributes.mode & OWNERS != OWNERS {
                let opened = Attributes { mode: held.attributes.mode | OWNERS, ..held.attributes };
                report.count(watch, path, place(target, path, opened))?;
            }
        }
        for path in self.paths.iter().rev() {
            let outcome = target.remove(path).map_err(Trouble::from_call);
            report.deleted += u64::from(outcome.is_ok());
            report.count(watch, path, outcome)?;
        }
        for (path, held) in self.directories.iter().rev().filter(|(_, held)| held.stays) {
            report.count(watch, path, place(target, path, held.attributes))?;
        }
        Ok(())
    }
}

fn place<T: Mirror>(target: &T, path: &RelPath, attributes: Attributes) -> Result<(), Trouble> {
    let entry = Entry { path: path.clone(), item: Item::Directory { attributes } };
    target.place(&entry).map_err(Trouble::from_call)
}
