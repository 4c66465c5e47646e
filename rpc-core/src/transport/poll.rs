//! Waiting for descriptors, up to an instant.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::CancelToken;
use super::timeout::time_left;

/// Blocks until a descriptor is ready for one of these, or `token` is cancelled, but no longer than
/// `until`. Fails with [`TimedOut`](io::ErrorKind::TimedOut) after that.
pub(super) fn wait(
    descriptor: &impl AsFd,
    ready: PollFlags,
    until: Option<Instant>,
    token: Option<&CancelToken>,
) -> io::Result<()> {
    let own = PollFd::new(descriptor, ready);
    let Some(token) = token else { return wait_for(&mut [own], until) };
    let bell = token.bell()?;
    if token.is_cancelled() { Ok(()) } else { wait_for(&mut [own, bell.descriptor()], until) }
}

/// Blocks until a descriptor can be read, as [`wait`] does. A file always can.
pub(crate) fn wait_readable(
    descriptor: &impl AsFd,
    until: Option<Instant>,
    token: Option<&CancelToken>,
) -> io::Result<()> {
    wait(descriptor, PollFlags::IN, until, token)
}

/// Blocks until one of these is ready, but no longer than `until`.
pub(super) fn wait_for(watched: &mut [PollFd<'_>], until: Option<Instant>) -> io::Result<()> {
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
