//! What the threads of a pull share: the report, the watch, and the error that ends it.

use std::collections::HashSet;
use std::ffi::OsString;
use std::io;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::super::notice::{Notice, Problem, Watch};
use super::super::path::RelPath;
use super::super::report::{CopyError, Report, Trouble};

/// Counts what happens, and reports it to the watch. No method blocks longer than the watch does.
pub(super) struct Tally<'p>(Mutex<Counts<'p>>);

struct Counts<'p> {
    watch: &'p mut dyn Watch,
    report: Report,
    wanted: HashSet<OsString>,
    end: Option<CopyError>,
}

impl<'p> Tally<'p> {
    pub(super) fn new(watch: &'p mut dyn Watch) -> Tally<'p> {
        Tally(Mutex::new(Counts { watch, report: Report::default(), wanted: HashSet::new(), end: None }))
    }

    /// Changes the report and tells the watch.
    pub(super) fn note(&self, change: impl FnOnce(&mut Report, &mut dyn Watch)) {
        let mut counts = self.lock();
        let Counts { watch, report, .. } = &mut *counts;
        change(report, *watch);
    }

    /// Counts an entry's failure, or keeps the error that ends the pull, if it is the first.
    pub(super) fn count(&self, path: &RelPath, outcome: Result<(), Trouble>) {
        let mut counts = self.lock();
        let Counts { watch, report, end, .. } = &mut *counts;
        if let Err(error) = report.count(*watch, path, outcome) {
            end.get_or_insert(error);
        }
    }

    /// Counts a directory whose attributes could not be set.
    pub(super) fn failed(&self, path: &RelPath, error: io::Error) {
        self.note(|report, watch| {
            report.failed += 1;
            watch.notice(&Notice::Failed { path: path.clone(), problem: Problem::Local(error) });
        });
    }

    /// Keeps the name of a part that the next pull resumes.
    pub(super) fn want(&self, part: OsString) {
        self.lock().wanted.insert(part);
    }

    /// Returns whether the pull has to end early.
    pub(super) fn has_ended(&self) -> bool {
        self.lock().end.is_some()
    }

    /// Takes what was counted, the names of the parts that were wanted, and the error that ended
    /// the pull.
    pub(super) fn close(&self) -> (Report, HashSet<OsString>, Option<CopyError>) {
        let mut counts = self.lock();
        (mem::take(&mut counts.report), mem::take(&mut counts.wanted), counts.end.take())
    }

    fn lock(&self) -> MutexGuard<'_, Counts<'p>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
