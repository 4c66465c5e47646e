//! Waiting for descriptors, up to an instant.

use std::io;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, Timespec, poll};
use rustix::io::Errno;

use super::clock::time_left;

/// Blocks until one of these is ready, but no longer than `until`.
pub(super) fn wait(watched: &mut [PollFd<'_>], until: Option<Instant>) -> io::Result<()> {
    loop {
        let left = until.map_or(LONGEST, |until| until.saturating_duration_since(Instant::now()));
        let timeout = Timespec::try_from(left.min(LONGEST)).ok();
        match poll(watched, timeout.as_ref()) {
            Ok(0) | Err(Errno::INTR) => _ = time_left(until)?,
            Ok(_) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// The longest wait that every system accepts: some count milliseconds, up to 24 days, and refuse
/// more.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
