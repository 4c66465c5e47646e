//! Platforms where a reader is woken by each byte.

use std::io;

/// Nothing, on this platform.
#[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
pub(in crate::transport) fn set<S>(_socket: &S, _bytes: usize) -> io::Result<bool> {
    Ok(false)
}
