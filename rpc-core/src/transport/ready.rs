//! Waiting for a descriptor, up to an instant or until a call is cancelled.

use std::io;
use std::os::fd::AsFd;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags};

use super::{CancelToken, poll};

/// Blocks until a descriptor is ready for one of these, or `token` is cancelled, but no longer than
/// `until`. Fails with [`TimedOut`](io::ErrorKind::TimedOut) after that.
pub(super) fn wait(
    descriptor: &impl AsFd,
    ready: PollFlags,
    until: Option<Instant>,
    token: Option<&CancelToken>,
) -> io::Result<()> {
    let own = PollFd::new(descriptor, ready);
    let Some(token) = token else { return poll::wait(&mut [own], until) };
    // without descriptors for it, a cancel is noticed later
    let Ok(bell) = token.bell() else { return poll::wait(&mut [own], until) };
    if token.is_cancelled() { Ok(()) } else { poll::wait(&mut [own, bell.descriptor()], until) }
}

/// Blocks until a descriptor can be read, as [`wait`] does. A file always can.
pub(crate) fn wait_readable(
    descriptor: &impl AsFd,
    until: Option<Instant>,
    token: Option<&CancelToken>,
) -> io::Result<()> {
    wait(descriptor, PollFlags::IN, until, token)
}
