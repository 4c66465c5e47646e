//! The files and sockets of a run, and how much it measures.

use std::cell::Cell;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::plan::{Outcome, Source, Work};
use crate::roles;

/// How much one run measures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) rounds: usize,
    /// The approximate length of a round of one side, in seconds.
    pub(crate) round: f64,
    /// The number of trials of each candidate.
    pub(crate) trials: usize,
    /// The number of small calls in a trial and in a counting round. That of items is rounded up to
    /// a whole stream.
    pub(crate) trial_calls: u64,
    /// The number of calls with octets in a trial: what is fast for a moment may not be fast for a
    /// round.
    pub(crate) trial_streams: u64,
    /// The number of calls with octets in a counting round.
    pub(crate) counted: u64,
    /// The size of memory content and of a child's output, in bytes.
    pub(crate) memory: usize,
    /// The size of the file, in bytes.
    pub(crate) file: usize,
}

impl Effort {
    pub(crate) const FULL: Effort = Effort {
        rounds: 13,
        round: 0.4,
        trials: 2,
        trial_calls: 2000,
        trial_streams: 6,
        counted: 4,
        memory: 128 << 20,
        file: 512 << 20,
    };
    /// All cases take less than 3 minutes.
    pub(crate) const QUICK: Effort = Effort {
        rounds: 5,
        round: 0.15,
        trials: 1,
        trial_calls: 1000,
        trial_streams: 2,
        counted: 2,
        memory: 64 << 20,
        file: 64 << 20,
    };
    /// Only checks that each case works.
    pub(crate) const TINY: Effort = Effort {
        rounds: 1,
        round: 0.0,
        trials: 1,
        trial_calls: 100,
        trial_streams: 1,
        counted: 1,
        memory: 1 << 20,
        file: 1 << 20,
    };

    /// Returns the number of calls in a trial.
    pub(crate) fn trial(&self, work: Work) -> u64 {
        match work {
            Work::Calls { .. } | Work::ItemsDown(_) | Work::ItemsUp(_) => self.trial_calls,
            // files are four times as large
            Work::Down(Source::File) => self.trial_streams.div_ceil(4),
            Work::Down(_) | Work::Up => self.trial_streams,
        }
    }

    /// Returns the number of bytes that one unit of this work moves.
    pub(crate) fn bytes(&self, work: Work) -> usize {
        match work {
            Work::Down(Source::File) => self.file,
            Work::Down(_) | Work::Up => self.memory,
            Work::Calls { .. } | Work::ItemsDown(_) | Work::ItemsUp(_) => 0,
        }
    }
}

/// The files of a run, removed when it ends.
#[derive(Debug)]
pub(crate) struct Place {
    folder: TempDir,
    /// They have no name, so they are removed however this process ends.
    source: File,
    sink: File,
    sockets: Cell<usize>,
}

impl Place {
    /// Creates the files. The source is then in the page cache; the sink is on a file system in
    /// memory, if there is one.
    pub(crate) fn new(effort: &Effort) -> Outcome<Place> {
        let place = Place {
            folder: TempDir::with_prefix("rpc-bench-")?,
            source: tempfile::tempfile()?,
            sink: tempfile::tempfile_in("/dev/shm").or_else(|_| tempfile::tempfile())?,
            sockets: Cell::new(0),
        };
        roles::fill_file(&place.source, effort.file)?;
        roles::fill_file(&place.sink, effort.file.max(effort.memory))?;
        Ok(place)
    }

    pub(crate) fn source(&self) -> PathBuf {
        path(&self.source)
    }

    pub(crate) fn sink(&self) -> PathBuf {
        path(&self.sink)
    }

    /// Returns a unique path for a socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.sockets.set(self.sockets.get() + 1);
        self.folder.path().join(format!("{}.socket", self.sockets.get()))
    }

    /// Returns a path for the counts of `strace`.
    pub(crate) fn counts(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Returns the path by which other processes can open a nameless file of this one.
fn path(file: &File) -> PathBuf {
    PathBuf::from(format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd()))
}
