//! Opening connections: to the best place that can be reached, and with retries while servers
//! restart.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Fate, Operation, Result};
use crate::transport::{Address, CancelToken, Parts, ToAddress, Transport, limit_has_passed};

use super::back_off::pause;
use super::config::ClientConfig;
use super::connecting::connect;
use super::deadline::Deadline;
use super::place::{Place, Stay};
use super::places::{Places, Unreached};

/// The pause before the first retry. It doubles with each up to 1.28 s.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// The most time for connecting to one place if there are others: enough for a packet that was lost
/// twice.
const MOST_FOR_ONE: Duration = Duration::from_secs(5);

/// The least time, even if all places together have less: enough for the way around the world.
const LEAST_FOR_ONE: Duration = Duration::from_millis(250);

/// How many places an error lists.
const MOST_LISTED: usize = 8;

/// Opens connections.
pub(super) struct Connector {
    /// Where to.
    pub(super) places: Places,
    open: Box<Open>,
}

/// Opens a connection within a time limit, which is not 0, unless the token is cancelled.
type Open = dyn Fn(&Place, &ClientConfig, Option<Duration>, Option<&CancelToken>) -> io::Result<Parts> + Send + Sync;

/// Returns a connector to an address.
pub(super) fn connector(address: Address) -> Connector {
    Connector { places: Places::new(address), open: Box::new(connect) }
}

/// Returns a connector that opens by `open`.
pub(super) fn connector_by<F>(address: Address, open: F) -> Connector
where
    F: Fn(&ClientConfig, Option<Duration>, Option<&CancelToken>) -> io::Result<Parts> + Send + Sync + 'static,
{
    Connector {
        places: Places::new(address),
        open: Box::new(move |_, config, limit, token| open(config, limit, token)),
    }
}

/// Connects to a server, or to any of several, without a retry, and returns the transport as it is
/// before the first frame: secured if the address says TLS, greeted if it starts a command. Blocks
/// within the connect limit of `config`, or until `token` is cancelled.
///
/// # Errors
/// As [`Client::connect_with`](crate::Client::connect_with).
pub fn open_transport(address: impl ToAddress, config: &ClientConfig, token: &CancelToken) -> Result<Parts> {
    let connector = connector(address.to_address()?);
    let deadline = Deadline::none().or_cancelled_by(Some(token));
    open_once(&connector, config, deadline).map(|(parts, _stay)| parts)
}

/// Splits a connected transport into its parts.
pub(super) fn parts_of(transport: impl Transport) -> Result<Parts> {
    transport.into_parts().map_err(Error::transport(Operation::Connecting, Fate::UNREACHED))
}

/// Opens a connection for a call. A server that is restarting refuses for a moment, so this retries
/// several times, with growing pauses.
pub(super) fn open_with_retries(
    connector: &Connector,
    config: &ClientConfig,
    deadline: Deadline<'_>,
) -> Result<(Parts, Stay)> {
    for attempt in 0..config.reconnect_attempts {
        match connector.open(config, deadline) {
            Err(failed) if failed.may_pass() => {
                let pause = pause(FIRST_PAUSE, attempt);
                let error = failed.into_error();
                if deadline.passed_by(Instant::now() + pause) {
                    return Err(error);
                }
                tracing::debug!(%error, ?pause, "connecting failed, retrying");
                match deadline.token {
                    Some(token) => token.sleep(pause),
                    None => thread::sleep(pause),
                }
            }
            outcome => return outcome.map_err(Failed::into_error),
        }
    }
    open_once(connector, config, deadline)
}

/// Opens a connection within the connect limit and the time left of the call. If that is over, the
/// error names the shorter of the two limits.
pub(super) fn open_once(connector: &Connector, config: &ClientConfig, deadline: Deadline<'_>) -> Result<(Parts, Stay)> {
    connector.open(config, deadline).map_err(Failed::into_error)
}

impl Connector {
    /// Tries each place once, the best first, until one can be reached.
    fn open(&self, config: &ClientConfig, deadline: Deadline<'_>) -> Result<(Parts, Stay), Failed> {
        // it may take any time, which is the call's, and not a part of the limit for connecting
        let (mut places, mut unreached) = self.places.look_up(&config.resolver);
        let own = config.connect_timeout;
        let left = deadline.left();
        let within = [own, left].into_iter().flatten().min();
        let limit = if within == own { own } else { deadline.limit };
        let no_time = Failed::NoTime { limit: limit.unwrap_or_default() };
        let cancelled = || Failed::Cancelled(deadline.error(Operation::Connecting, Fate::UNREACHED));
        if deadline.is_cancelled() {
            return Err(cancelled());
        }
        if within == Some(Duration::ZERO) {
            return Err(no_time);
        }
        let until = within.and_then(|within| Instant::now().checked_add(within));
        let mut left = within;
        while left != Some(Duration::ZERO)
            && let Some(stay) = self.places.take_best(&mut places, Instant::now())
        {
            let opened = (self.open)(&stay.place, config, share(left, places.len()), deadline.token);
            let error = match opened {
                // a connection that came too late is of no use
                _ if deadline.is_cancelled() => return Err(cancelled()),
                Ok(parts) => return Ok((parts, stay)),
                Err(error) => error,
            };
            stay.failed();
            if !places.is_empty() {
                tracing::debug!(place = %stay.place, %error, "connecting failed, trying another place");
            }
            unreached.push(Unreached { place: stay.place.to_string(), error });
            left = until.map(|until| until.saturating_duration_since(Instant::now()));
        }
        // an error with a text says more than the limit
        let is_late = |error: &io::Error| limit_has_passed(error) && error.get_ref().is_none();
        if limit.is_some() && !unreached.is_empty() && unreached.iter().all(|place| is_late(&place.error)) {
            return Err(no_time);
        }
        Err(Failed::Unreached(unreached))
    }
}

/// Returns the time for one place out of `left` if there are this many others.
fn share(left: Option<Duration>, others: usize) -> Option<Duration> {
    let Some(parts) = u32::try_from(others).ok().filter(|others| *others > 0) else { return left };
    let share = |left: Duration| (left / parts.saturating_add(1)).clamp(LEAST_FOR_ONE, MOST_FOR_ONE).min(left);
    Some(left.map_or(MOST_FOR_ONE, share))
}

/// Why no connection was opened.
enum Failed {
    Unreached(Vec<Unreached>),
    NoTime { limit: Duration },
    Cancelled(Error),
}

impl Failed {
    /// Returns whether it may soon succeed: a server may listen where none does now.
    fn may_pass(&self) -> bool {
        let Failed::Unreached(unreached) = self else { return false };
        unreached.iter().any(Unreached::may_pass) && !unreached.iter().any(|place| limit_has_passed(&place.error))
    }

    fn into_error(self) -> Error {
        let (operation, fate) = (Operation::Connecting, Fate::UNREACHED);
        match self {
            Failed::Unreached(unreached) => Error::Transport { operation, error: together(&unreached), fate },
            Failed::NoTime { limit } => Error::Deadline { operation, limit, fate },
            Failed::Cancelled(error) => error,
        }
    }
}

/// Returns the error that names each place and its error. It is of a kind that may pass if there is
/// one.
fn together(unreached: &[Unreached]) -> io::Error {
    let kind = unreached.iter().find(|place| place.may_pass()).or(unreached.first()).map(|place| place.error.kind());
    let text = |Unreached { place, error }: &Unreached| format!("{place}: {error}");
    let kind = kind.unwrap_or(io::ErrorKind::NotFound);
    if let [only] = unreached {
        return io::Error::new(kind, text(only));
    }
    let mut listed: Vec<_> = unreached.iter().take(MOST_LISTED).map(text).collect();
    if unreached.len() > MOST_LISTED {
        listed.push(format!("and {} more", unreached.len() - MOST_LISTED));
    }
    io::Error::new(kind, format!("none of {} places can be reached: {}", unreached.len(), listed.join("; ")))
}

impl Unreached {
    fn may_pass(&self) -> bool {
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, NotFound};
        matches!(self.error.kind(), ConnectionRefused | ConnectionReset | ConnectionAborted | NotFound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_does_not_answer_leaves_time_for_the_others() {
        let ms = |count| Some(Duration::from_millis(count));
        for (left, others, expected) in [
            (ms(60_000), 0, ms(60_000)),
            (None, 0, None),
            (ms(60_000), 1, ms(5_000)),
            (None, 3, ms(5_000)),
            (ms(3_000), 1, ms(1_500)),
            (ms(3_000), 99, ms(250)),
            (ms(100), 1, ms(100)),
        ] {
            assert_eq!(share(left, others), expected, "{left:?} with {others} others");
        }
    }
}
