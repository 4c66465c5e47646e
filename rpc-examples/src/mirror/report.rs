//! What a pull has to say: while it runs, in the end, and where it has to give up.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::error::MirrorError;
use super::partial::Interrupted;
use super::path::RelPath;
use super::service::Reason;

/// Hears what a pull does while it does it. All methods do nothing by default, and `()` is one that never listens.
pub trait Watch {
    /// This many more files, of so many bytes, have been listed.
    fn expect(&mut self, files: u64, bytes: u64) {
        _ = (files, bytes);
    }

    /// So many more bytes are in step: fetched, or found to be here.
    fn bytes(&mut self, count: u64) {
        _ = count;
    }

    /// One more file is done with.
    fn file_done(&mut self) {}

    /// Something should be known about an entry.
    fn notice(&mut self, notice: &Notice) {
        _ = notice;
    }
}

impl Watch for () {}

/// Something about an entry.
#[derive(Debug)]
pub enum Notice {
    /// It is not offered, which is no failure.
    Skipped {
        /// The entry.
        path: RelPath,
        /// Why.
        reason: Reason,
    },
    /// It could not be copied.
    Failed {
        /// The entry.
        path: RelPath,
        /// Why.
        problem: Problem,
    },
}

/// Why an entry could not be copied. What was here under its name still is.
#[derive(Debug)]
pub enum Problem {
    /// What came is not what was listed.
    Changed,
    /// The server said no.
    Remote(MirrorError),
    /// The stream broke.
    Stream(rpc_core::Error),
    /// This machine failed.
    Local(io::Error),
    /// Something else is here that a pull does not remove.
    InTheWay(String),
    /// The server asks for what a pull does not do.
    Refused(&'static str),
    /// The directory it belongs in was not listed, or could not be made.
    NoDirectory,
}

/// Why a pull gave up. What it had copied is complete, and pulling again goes on from there.
#[derive(Debug)]
pub enum CopyError {
    /// A call failed: the server is not there, or not one.
    Call(MirrorError),
    /// The listing is none; the text says why.
    Listing(&'static str),
    /// The directory on this side cannot be used.
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The disk is full, or cannot be written to at all.
    Disk(io::Error),
    /// Another pull is at work in this directory.
    Locked(PathBuf),
}

/// What a pull did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Files that were listed.
    pub files: u64,
    /// Files that were fetched.
    pub copied: u64,
    /// Bytes that came for them, those of files that failed included.
    pub bytes: u64,
    /// Bytes of the files that were copied which an interrupted attempt had copied before.
    pub resumed: u64,
    /// Bytes of files that were here already.
    pub unchanged: u64,
    /// Files and directories whose content was here, and which got another time or mode.
    pub refreshed: u64,
    /// Directories that were created.
    pub directories: u64,
    /// Symbolic links that were made.
    pub links: u64,
    /// Entries that are not offered.
    pub skipped: u64,
    /// Entries that could not be copied.
    pub failed: u64,
    /// Temporary files of earlier pulls that were removed.
    pub left_overs: u64,
    /// How long it took.
    pub elapsed: Duration,
}

/// What keeps an entry from being copied, and perhaps all others.
pub(super) enum Trouble {
    Entry(Problem),
    Fatal(CopyError),
}

impl Trouble {
    /// A call that failed: a server that answers may answer the next call better.
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
    /// Whether all that is offered is here now.
    pub fn is_complete(&self) -> bool {
        self.failed == 0
    }
}

impl fmt::Display for Report {
    /// One line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.elapsed.as_secs_f64();
        write!(f, "fetched {} of {} files, {} in {seconds:.2} s", self.copied, self.files, size(self.bytes))?;
        let micros = self.elapsed.as_micros().max(1);
        let rate = u128::from(self.bytes) * 1_000_000 / micros;
        write!(f, " ({}/s)", size(u64::try_from(rate).unwrap_or(u64::MAX)))?;
        if self.resumed > 0 {
            write!(f, ", {} had come before", size(self.resumed))?;
        }
        if self.unchanged > 0 {
            write!(f, ", {} were here", size(self.unchanged))?;
        }
        let others = [
            (self.refreshed, "given another time or mode"),
            (self.directories, "directories made"),
            (self.links, "links made"),
            (self.left_overs, "left-overs removed"),
            (self.skipped, "skipped"),
            (self.failed, "FAILED"),
        ];
        for (count, what) in others.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, ", {count} {what}")?;
        }
        Ok(())
    }
}

/// A number of bytes for people.
pub(super) fn size(bytes: u64) -> impl fmt::Display {
    indicatif::BinaryBytes(bytes)
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::Skipped { path, reason } => write!(f, "skipped {path}: {reason}"),
            Notice::Failed { path, problem } => write!(f, "failed {path}: {problem}"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Changed => f.write_str("it changed while it was copied, try again"),
            Problem::Remote(error) => write!(f, "{error}"),
            Problem::Stream(error) => f.write_str(&super::path::printable(&error.to_string())),
            Problem::Local(error) => write!(f, "{error}"),
            Problem::InTheWay(kind) => write!(f, "{kind} is in the way here"),
            Problem::Refused(why) => write!(f, "refused, {why}"),
            Problem::NoDirectory => f.write_str("the directory it belongs in is not there"),
        }
    }
}

impl fmt::Display for CopyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CopyError::Call(error) => write!(f, "{error}"),
            CopyError::Listing(why) => write!(f, "the server's listing is refused, {why}"),
            CopyError::Directory { path, error } => write!(f, "{}: {error}", path.display()),
            CopyError::Disk(error) => write!(f, "cannot write here: {error}; what is copied is complete, pull again"),
            CopyError::Locked(path) => write!(f, "another pull is at work in {}", path.display()),
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
            "fetched 2 of 3 files, 3.00 MiB in 1.50 s (2.00 MiB/s), 1.00 KiB were here, 1 given another time or mode"
        );
        assert_eq!(Report::default().to_string(), "fetched 0 of 0 files, 0 B in 0.00 s (0 B/s)");
    }
}
