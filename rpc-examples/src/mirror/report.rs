//! What a copy reports at its end, and which problems end it early.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::display::size;
use super::error::MirrorError;
use super::notice::{Notice, Problem, Watch};
use super::partial::Interrupted;
use super::path::RelPath;
use super::service::Reason;

/// Why a listing, a pull or a push gave up. What was copied is complete, and another attempt
/// continues from there.
#[derive(Debug)]
pub enum CopyError {
    /// A call failed: the server is gone, is not a mirror server, or refuses all writes.
    Call(MirrorError),
    /// The server's listing is invalid; the text says why.
    Listing(&'static str),
    /// The local directory cannot be used.
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The local disk is full or read-only.
    Disk(io::Error),
    /// Another pull is running in this directory.
    Locked(PathBuf),
}

/// The direction of a copy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Direction {
    /// From the server.
    #[default]
    Pull,
    /// To the server.
    Push,
}

/// What a copy did, or what a dry run would have done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The direction.
    pub direction: Direction,
    /// Whether this was a dry run, which changes nothing.
    pub dry_run: bool,
    /// Files that were listed.
    pub files: u64,
    /// Files that were copied.
    pub copied: u64,
    /// Bytes that were transferred, including those of files that failed.
    pub bytes: u64,
    /// Bytes of the copied files that an interrupted attempt had copied before.
    pub resumed: u64,
    /// Bytes of files that were already there.
    pub unchanged: u64,
    /// Files and directories of which only the time or mode was changed.
    pub refreshed: u64,
    /// Directories that were created.
    pub directories: u64,
    /// Symbolic links that were created.
    pub links: u64,
    /// Entries that were deleted.
    pub deleted: u64,
    /// Entries that are not offered.
    pub skipped: u64,
    /// Entries that could not be copied.
    pub failed: u64,
    /// Temporary files of earlier attempts that were removed.
    pub left_overs: u64,
    /// The duration.
    pub elapsed: Duration,
}

/// What prevents an entry, and possibly all others, from being copied.
pub(super) enum Trouble {
    Entry(Problem),
    Fatal(CopyError),
}

impl Trouble {
    /// Sorts a failed call: if the server answered, the next call may succeed.
    pub(super) fn from_call(error: MirrorError) -> Trouble {
        match error {
            MirrorError::Changed(_) => Trouble::Entry(Problem::Changed),
            MirrorError::ReadOnly | MirrorError::NoRoom(_) => Trouble::Fatal(CopyError::Call(error)),
            error if error.is_answer() => Trouble::Entry(Problem::Remote(error)),
            error => Trouble::Fatal(CopyError::Call(error)),
        }
    }
}

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Trouble {
        Trouble::Entry(problem)
    }
}

impl From<Interrupted> for Trouble {
    fn from(interrupted: Interrupted) -> Trouble {
        match interrupted {
            Interrupted::Stream(error) => Trouble::Entry(Problem::Stream(error.into())),
            Interrupted::Disk(error) => error.into(),
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Trouble {
        use io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        match error.kind() {
            StorageFull | QuotaExceeded | ReadOnlyFilesystem => Trouble::Fatal(CopyError::Disk(error)),
            _ => Trouble::Entry(Problem::Local(error)),
        }
    }
}

impl Report {
    /// Returns whether everything that is offered has been copied.
    pub fn is_complete(&self) -> bool {
        self.failed == 0
    }

    /// Handles an entry that is not offered.
    pub(super) fn skip(&mut self, watch: &mut dyn Watch, path: &RelPath, reason: Reason) -> Result<(), Trouble> {
        if let Reason::Unreadable(why) = reason {
            return Err(Problem::Remote(MirrorError::Unreadable(path.clone(), why)).into());
        }
        self.skipped += 1;
        watch.notice(&Notice::Skipped { path: path.clone(), reason });
        Ok(())
    }

    /// Counts an entry's failure. Returns an error if it ends the whole copy.
    pub(super) fn count(
        &mut self,
        watch: &mut dyn Watch,
        path: &RelPath,
        outcome: Result<(), Trouble>,
    ) -> Result<(), CopyError> {
        match outcome {
            Ok(()) => Ok(()),
            Err(Trouble::Fatal(error)) => Err(error),
            Err(Trouble::Entry(problem)) => {
                self.failed += 1;
                watch.notice(&Notice::Failed { path: path.clone(), problem });
                Ok(())
            }
        }
    }
}

impl fmt::Display for Report {
    /// One line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match (self.dry_run, self.direction) {
            (true, Direction::Pull) => "would fetch",
            (true, Direction::Push) => "would send",
            (false, Direction::Pull) => "fetched",
            (false, Direction::Push) => "sent",
        };
        write!(f, "{verb} {} of {} files, {}", self.copied, self.files, size(self.bytes))?;
        if !self.dry_run {
            let micros = self.elapsed.as_micros().max(1);
            let rate = u128::from(self.bytes) * 1_000_000 / micros;
            let rate = size(u64::try_from(rate).unwrap_or(u64::MAX));
            write!(f, " in {:.2} s ({rate}/s)", self.elapsed.as_secs_f64())?;
        }
        if self.resumed > 0 {
            write!(f, ", {} resumed", size(self.resumed))?;
        }
        if self.unchanged > 0 {
            write!(f, ", {} unchanged", size(self.unchanged))?;
        }
        let others = [
            (self.refreshed, "with time or mode changed"),
            (self.directories, "directories created"),
            (self.links, "links created"),
            (self.deleted, "deleted"),
            (self.left_overs, "leftovers removed"),
            (self.skipped, "skipped"),
            (self.failed, "FAILED"),
        ];
        for (count, what) in others.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, ", {count} {what}")?;
        }
        Ok(())
    }
}

impl fmt::Display for CopyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CopyError::Call(error) => write!(f, "{error}"),
            CopyError::Listing(why) => write!(f, "the server's listing is invalid: {why}"),
            CopyError::Directory { path, error } => write!(f, "{}: {error}", path.display()),
            CopyError::Disk(error) => {
                write!(f, "cannot write locally: {error}; what was copied is complete, run again to continue")
            }
            CopyError::Locked(path) => write!(f, "another pull is running in {}", path.display()),
        }
    }
}

impl std::error::Error for CopyError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_ends_the_pull() {
        for kind in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded, io::ErrorKind::ReadOnlyFilesystem] {
            assert!(matches!(Trouble::from(io::Error::from(kind)), Trouble::Fatal(CopyError::Disk(_))), "{kind}");
        }
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        assert!(matches!(Trouble::from(denied), Trouble::Entry(Problem::Local(_))));
    }

    #[test]
    fn is_one_line() {
        let report = Report {
            files: 3,
            copied: 2,
            bytes: 3 << 20,
            unchanged: 1024,
            refreshed: 1,
            elapsed: Duration::from_millis(1500),
            ..Report::default()
        };
        assert_eq!(
            report.to_string(),
            "fetched 2 of 3 files, 3.00 MiB in 1.50 s (2.00 MiB/s), 1.00 KiB unchanged, 1 with time or mode changed"
        );
        assert_eq!(Report::default().to_string(), "fetched 0 of 0 files, 0 B in 0.00 s (0 B/s)");
    }
}
