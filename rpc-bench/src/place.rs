//! Where files and sockets of a run are, and how much is measured.

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
    /// How long a round of one side lasts about, in seconds.
    pub(crate) round: f64,
    /// How often each candidate is tried.
    pub(crate) trials: usize,
    /// Small calls in a trial, and where they are counted.
    pub(crate) trial_calls: u64,
    /// Calls with octets in a trial: what is fast for a moment may not be fast for a round.
    pub(crate) trial_streams: u64,
    /// Calls with octets where they are counted.
    pub(crate) counted: u64,
    /// Bytes in memory, and of a child's output.
    pub(crate) memory: usize,
    /// Bytes of the file.
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
    /// All cases within 3 minutes.
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
    /// Proves that each case works, and nothing else.
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

    /// Calls in a trial.
    pub(crate) fn trial(&self, work: Work) -> u64 {
        match work {
            Work::Calls { .. } => self.trial_calls,
            // files are four times as long
            Work::Down(Source::File) => self.trial_streams.div_ceil(4),
            Work::Down(_) | Work::Up => self.trial_streams,
        }
    }

    /// Bytes that move in one unit of this work.
    pub(crate) fn bytes(&self, work: Work) -> usize {
        match work {
            Work::Down(Source::File) => self.file,
            Work::Down(_) | Work::Up => self.memory,
            Work::Calls { .. } => 0,
        }
    }
}

/// The files of a run, which go when it ends.
#[derive(Debug)]
pub(crate) struct Place {
    folder: TempDir,
    /// Without a name, so that no end of this process leaves them behind.
    source: File,
    sink: File,
    sockets: Cell<usize>,
}

impl Place {
    /// Makes the files. The source is in the page cache from then on; the sink is on a file system in memory, where there
    /// is one.
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

    /// A path for a socket that nobody else has.
    pub(crate) fn socket(&self) -> PathBuf {
        self.sockets.set(self.sockets.get() + 1);
        self.folder.path().join(format!("{}.socket", self.sockets.get()))
    }

    /// A path for what `strace` counts.
    pub(crate) fn counts(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Where other processes can open a file of this one that has no name.
fn path(file: &File) -> PathBuf {
    PathBuf::from(format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd()))
}
