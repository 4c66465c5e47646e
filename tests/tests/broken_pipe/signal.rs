//! What std undoes when a program begins.
#![expect(unsafe_code, reason = "std offers no signals")]

use libc::{SIG_DFL, SIG_ERR, SIGPIPE, signal};

/// From here on this process is killed when it writes to a pipe that nobody reads.
pub(super) fn let_pipes_kill() {
    // SAFETY: it sets no handler, so nothing of ours runs when the signal comes.
    let before = unsafe { signal(SIGPIPE, SIG_DFL) };
    assert_ne!(before, SIG_ERR);
}
