//! Restores the default action of SIGPIPE, which std changes when a program starts.
#![expect(unsafe_code, reason = "std has no API for signals")]

use libc::{SIG_DFL, SIG_ERR, SIGPIPE, signal};

/// Lets this process be killed from now on if it writes to a pipe that nobody reads.
pub(super) fn let_pipes_kill() {
    // SAFETY: it sets no handler, so no code of ours runs when the signal arrives.
    let before = unsafe { signal(SIGPIPE, SIG_DFL) };
    assert_ne!(before, SIG_ERR);
}
