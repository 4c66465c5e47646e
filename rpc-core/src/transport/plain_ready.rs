//! Nothing in std waits for a source, so on platforms other than Unix its read has to block.

use std::io;
use std::time::Instant;

use super::CancelToken;

/// Does not wait: reading does.
#[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
pub(crate) fn wait_readable<S>(_source: &S, _until: Option<Instant>, _token: Option<&CancelToken>) -> io::Result<()> {
    Ok(())
}
