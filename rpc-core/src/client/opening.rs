//! Opening connections, and retrying while a server restarts.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Fate, Operation, Result};
use crate::transport::{Address, CancelToken, Parts, Transport, limit_has_passed};

use super::config::ClientConfig;
use super::connecting::connect;
use super::deadline::Deadline;

/// Opens connections.
pub(super) struct Connector {
    /// Where to. Errors name it.
    address: Address,
    open: Box<Open>,
}

/// Opens a connection within a time limit, which is not 0, unless the token is cancelled.
type Open = dyn Fn(&ClientConfig, Option<Duration>, Option<&CancelToken>) -> io::Result<Parts> + Send + Sync;

/// Returns a connector to an address.
pub(super) fn connector(address: Address) -> Connector {
    let place = address.clone();
    Connector { address, open: Box::new(move |config, limit, token| connect(&place, config, limit, token)) }
}

/// Returns a connector that opens by `open`.
pub(super) fn connector_by<F>(address: Address, open: F) -> Connector
where
    F: Fn(&ClientConfig, Option<Duration>, Option<&CancelToken>) -> io::Result<Parts> + Send + Sync + 'static,
{
    Connector { address, open: Box::new(open) }
}

/// Splits a connected transport into its parts.
pub(super) fn parts_of(transport: impl Transport) -> Result<Parts> {
    transport.into_parts().map_err(Error::transport(Operation::Connecting, Fate::UNREACHED))
}

/// Opens a connection for a call. A server that is restarting refuses for a moment, so this retries
/// several times, with growing pauses.
pub(super) fn open_with_retries(connector: &Connector, config: &ClientConfig, deadline: Deadline<'_>) -> Result<Parts> {
    for attempt in 0..config.reconnect_attempts {
        match open_once(connector, config, deadline) {
            Err(error) if should_retry(&error) => {
                let pause = backoff(attempt);
                if deadline.passed_by(Instant::now() + pause) {
                    return Err(error);
                }
                tracing::debug!(%error, ?pause, "connecting failed, retrying");
                match deadline.token {
                    Some(token) => token.sleep(pause),
                    None => thread::sleep(pause),
                }
            }
            outcome => return outcome,
        }
    }
    open_once(connector, config, deadline)
}

/// Opens a connection within the connect limit and the time left of the call. If that is over, the
/// error names the shorter of the two limits.
pub(super) fn open_once(connector: &Connector, config: &ClientConfig, deadline: Deadline<'_>) -> Result<Parts> {
    let own = config.connect_timeout;
    let left = deadline.left();
    let within = [own, left].into_iter().flatten().min();
    let limit = if within == own { own } else { deadline.limit };
    let parts = match within {
        _ if deadline.is_cancelled() => Err(io::ErrorKind::TimedOut.into()),
        Some(Duration::ZERO) => Err(io::ErrorKind::TimedOut.into()),
        _ => (connector.open)(config, within, deadline.token),
    };
    let (operation, fate) = (Operation::Connecting, Fate::UNREACHED);
    if deadline.is_cancelled() {
        return Err(deadline.error(operation, fate));
    }
    parts.map_err(|error| match limit {
        // an error with a text says more than the limit
        Some(limit) if limit_has_passed(&error) && error.get_ref().is_none() => {
            Error::Deadline { operation, limit, fate }
        }
        _ => Error::Transport { operation, error: connector.address.name_in(error), fate },
    })
}

/// Returns whether a server may soon listen at an address where none does now.
fn should_retry(error: &Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, NotFound};
    matches!(error, Error::Transport { error, .. }
        if matches!(error.kind(), ConnectionRefused | ConnectionReset | ConnectionAborted | NotFound))
}

/// Returns the pause after this failed attempt, counted from 0: 10 ms, doubled with each attempt,
/// times a random factor from 0.5 to 1.5, because clients that lost their server at the same time
/// should not all return at the same time.
fn backoff(attempt: u32) -> Duration {
    let base = Duration::from_millis(10) * 2_u32.pow(attempt.min(7));
    // the keys of std's hasher are random, which is good enough here
    let random = RandomState::new().build_hasher().finish() % 1000;
    base / 2 + base * u32::try_from(random).unwrap_or(0) / 1000
}
