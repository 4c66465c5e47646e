//! Platforms where each byte wakes a reader.

use std::io;

/// Sets nothing, and returns `false`.
#[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
pub(in crate::transport) fn set<S>(_socket: &S, _bytes: usize) -> io::Result<bool> {
    Ok(false)
}
