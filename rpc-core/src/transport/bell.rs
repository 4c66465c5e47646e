//! What ends the wait for a descriptor: a pair of sockets. A thread that waits also polls one, and
//! ringing shuts the other.

use std::io;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{PollFd, PollFlags};

use super::poll;

/// Ends waits for descriptors.
#[derive(Debug)]
pub(super) struct Bell {
    heard: UnixStream,
    rung: UnixStream,
    has_rung: AtomicBool,
}

impl Bell {
    pub(super) fn new() -> io::Result<Bell> {
        let (heard, rung) = UnixStream::pair()?;
        Ok(Bell { heard, rung, has_rung: AtomicBool::new(false) })
    }

    /// Ends each wait, also the later ones.
    pub(super) fn ring(&self) {
        self.has_rung.store(true, Ordering::SeqCst);
        // it fails only if it has rung before
        _ = self.rung.shutdown(Shutdown::Both);
    }

    pub(super) fn has_rung(&self) -> bool {
        self.has_rung.load(Ordering::SeqCst)
    }

    /// Waits for a connection or the bell.
    pub(super) fn wait_or(&self, listener: &impl AsFd) -> io::Result<()> {
        poll::wait(&mut [PollFd::new(listener, PollFlags::IN), self.descriptor()], None)
    }

    /// Returns what becomes ready when it rings.
    pub(super) fn descriptor(&self) -> PollFd<'_> {
        PollFd::new(&self.heard, PollFlags::IN)
    }
}
