//! A pipe between two descriptors. The kernel moves references to pages through it, and copies only
//! where it has to.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::LazyLock;

use rustix::io::Errno;
use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_getpipe_size, fcntl_setpipe_size, pipe_with, splice};

/// Bytes that a pipe holds if the system allows it: the largest piece that is moved at once. It is
/// the largest that Linux allows by default, and takes a third less of the sender's time than a
/// quarter of it.
const CAPACITY: usize = 1024 * 1024;

/// Bytes that a pipe must hold to be worth its system calls. A user with many pipes gets smaller
/// ones.
const LEAST: usize = 64 * 1024;

/// A pipe through which the kernel moves bytes between descriptors.
///
/// [`fill`](KernelPipe::fill) and [`drain`](KernelPipe::drain) count what a transport puts into it
/// and takes from it.
#[derive(Debug)]
pub struct KernelPipe {
    out: OwnedFd,
    into: OwnedFd,
    held: usize,
    capacity: usize,
    /// Whether the descriptors at its ends have been made larger, if they are pipes.
    source_widened: bool,
    sink_widened: bool,
}

impl KernelPipe {
    /// Creates an empty pipe. Returns `None` if the system offers none that is worth it, or if
    /// writing to a socket that the peer has closed would kill the process: `splice` then sends the
    /// signal SIGPIPE, which std ignores unless a program asks for it.
    pub fn new() -> Option<KernelPipe> {
        if !*IGNORES_SIGPIPE {
            return None;
        }
        let (out, into) = pipe_with(PipeFlags::CLOEXEC).ok()?;
        widen(&into);
        let capacity = fcntl_getpipe_size(&into).ok()?;
        let (source_widened, sink_widened) = (false, false);
        (capacity >= LEAST).then_some(KernelPipe { out, into, held: 0, capacity, source_widened, sink_widened })
    }

    /// Returns the number of bytes in the pipe.
    pub fn held(&self) -> usize {
        self.held
    }

    /// Moves at most `len` bytes from a descriptor into the pipe, which must be empty, and returns
    /// how many: 0 at the end of the file. Blocks as a read of the descriptor would.
    ///
    /// # Errors
    /// Those of a read, including [`Interrupted`](io::ErrorKind::Interrupted) by a signal;
    /// [`Unsupported`](io::ErrorKind::Unsupported) if the kernel cannot move from such a
    /// descriptor.
    ///
    /// # Panics
    /// If the pipe is not empty: it might wait for room forever.
    pub fn fill(&mut self, from: impl AsFd, len: usize) -> io::Result<usize> {
        assert_eq!(self.held, 0, "a pipe is emptied before it is filled");
        if !std::mem::replace(&mut self.source_widened, true) {
            widen(&from);
        }
        let moved = splice(&from, None, &self.into, None, len.min(self.capacity), SpliceFlags::empty());
        self.held = moved.map_err(failed)?;
        Ok(self.held)
    }

    /// Moves bytes from the pipe to a descriptor, at least one if it holds any, and returns how
    /// many. Blocks as a write to the descriptor would.
    ///
    /// # Errors
    /// Those of a write, including [`Interrupted`](io::ErrorKind::Interrupted) by a signal;
    /// [`Unsupported`](io::ErrorKind::Unsupported) if the kernel cannot move to such a descriptor.
    /// What the pipe holds stays in it.
    pub fn drain(&mut self, to: impl AsFd) -> io::Result<usize> {
        if self.held == 0 {
            return Ok(0);
        }
        if !std::mem::replace(&mut self.sink_widened, true) {
            widen(&to);
        }
        let moved = splice(&self.out, None, &to, None, self.held, SpliceFlags::empty()).map_err(failed)?;
        self.held -= moved;
        Ok(moved)
    }

    /// Copies bytes out of the pipe, at least one if it holds any and `out` is not empty.
    pub(crate) fn read_held(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let len = out.len().min(self.held);
        if len == 0 {
            return Ok(0);
        }
        let count = rustix::io::read(&self.out, &mut out[..len])?;
        self.held -= count;
        Ok(count)
    }
}

/// Enlarges a pipe, if it is one and the system allows it. Data that one process writes and another
/// reads in pieces of 64 KiB takes twice the time.
fn widen(pipe: impl AsFd) {
    let sizes = [CAPACITY, CAPACITY / 4];
    if fcntl_getpipe_size(&pipe).is_ok_and(|size| size < CAPACITY) {
        _ = sizes.iter().any(|&size| fcntl_setpipe_size(&pipe, size).is_ok());
    }
}

/// Interprets a failure to move bytes. A signal is reported, as by a read, so that a caller with a
/// time limit reads the clock before the kernel waits again.
fn failed(error: Errno) -> io::Error {
    match error {
        // a descriptor that bytes cannot be moved from or to: in append mode, of a file system
        // without it, or forbidden by a filter
        Errno::INVAL | Errno::NOSYS | Errno::PERM | Errno::OPNOTSUPP => io::ErrorKind::Unsupported.into(),
        error => error.into(),
    }
}

/// Whether this process ignores the signal that a write to a closed pipe or socket sends, as
/// programs in Rust do by default. Asked once, of `/proc`; if that cannot be read, the answer is
/// no.
static IGNORES_SIGPIPE: LazyLock<bool> =
    LazyLock::new(|| std::fs::read_to_string("/proc/self/status").is_ok_and(|status| ignores(&status, libc::SIGPIPE)));

/// Returns whether a process with this status ignores a signal.
fn ignores(status: &str, signal: libc::c_int) -> bool {
    let bit = 1_u64 << (signal - 1);
    let mask = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        u64::from_str_radix(line.trim(), 16).ok()
    };
    mask("SigIgn:").is_some_and(|mask| mask & bit != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::{Read, Seek, Write};

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        file
    }

    #[test]
    fn bytes_move_from_file_to_file() {
        let (from, mut to) = (file(&[7; 300_000]), file(b""));
        let mut pipe = KernelPipe::new().unwrap();
        let mut moved = 0;
        while pipe.fill(&from, 1 << 20).unwrap() > 0 {
            while pipe.held() > 0 {
                moved += pipe.drain(&to).unwrap();
            }
        }
        assert_eq!(moved, 300_000);
        let mut bytes = Vec::new();
        to.rewind().unwrap();
        to.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, [7; 300_000]);
    }

    #[test]
    fn what_cannot_be_moved_on_can_be_read() {
        let path = tempfile::NamedTempFile::new().unwrap();
        let appending = File::options().append(true).open(path.path()).unwrap();
        let mut pipe = KernelPipe::new().unwrap();
        pipe.fill(file(b"abc"), 100).unwrap();
        assert_eq!(pipe.drain(&appending).unwrap_err().kind(), io::ErrorKind::Unsupported);
        let mut bytes = [0; 8];
        assert_eq!((pipe.read_held(&mut bytes[..2]).unwrap(), pipe.read_held(&mut bytes[2..]).unwrap()), (2, 1));
        assert_eq!((&bytes[..3], pipe.held()), (&b"abc"[..], 0));
    }

    #[test]
    fn what_a_process_ignores_is_read_from_its_status() {
        let signal = libc::SIGPIPE;
        assert!(ignores("Name:\tx\nSigIgn:\t0000000000001000\nSigCgt:\t0\n", signal));
        assert!(!ignores("SigIgn:\t0000000000000fff\n", signal));
        assert!(!ignores("", signal));
    }
}
