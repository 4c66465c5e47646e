//! How much time is left.

use std::io;
use std::time::{Duration, Instant};

/// Returns the time that is left until this instant, if there is one, and fails if it has passed.
pub(crate) fn time_left(until: Option<Instant>) -> io::Result<Option<Duration>> {
    match until.map(|until| until.saturating_duration_since(Instant::now())) {
        Some(Duration::ZERO) => Err(io::ErrorKind::TimedOut.into()),
        left => Ok(left),
    }
}
