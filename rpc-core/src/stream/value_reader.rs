//! A stream of values as it is received.

use std::fmt;
use std::io::Empty;
use std::iter::FusedIterator;

use crate::error::{Error, Fate};
use crate::message::Violation;

use super::OctetReader;
use super::lines::{LineError, Lines};

/// The values of a reply or of a request, as they are received: an iterator of `Result<T, E>`.
///
/// `None` means that the stream is complete. If it breaks, the last item is an error: what the
/// sender's iterator returned, or else an [`Error`], converted to `E`. After that,
/// [`next`](Iterator::next) returns `None`. It blocks until a whole item has arrived, and fails if
/// no byte arrives for the stall limit of this side.
///
/// An item that is not a `T` is an [`Error::Protocol`] that names its number. **The stream goes on
/// after it**: the next call returns the next item. An item with more
/// bytes than `max_json_len` ends the stream with [`Error::Limit`]; the stream itself has no limit.
///
/// While nobody reads it, its sender waits, and gives up the connection after its own stall limit.
///
/// Otherwise it is like an [`OctetReader`]. Dropping it early cancels the stream. In a handler it
/// ends with the call. A caller that also sends a stream sends it while it reads this one. When
/// `next` has returned `None`, or the last error, a usable connection is back in its pool.
///
/// On the wire an item is one line of JSON, so a program that knows nothing of this library can
/// read and write the stream line by line.
pub struct ValueReader<'s, T, E, R = Empty> {
    /// `None` after the end.
    octets: Option<OctetReader<'s, R>>,
    lines: Lines,
    /// The number of items so far.
    count: u64,
    /// What errors call the stream.
    name: String,
    decode: fn(&[u8]) -> Result<T, Violation>,
    from_call: fn(Error) -> E,
}

impl<'s, T, E, R> ValueReader<'s, T, E, R> {
    /// Reads values from octets, each in at most `limit` bytes.
    pub(crate) fn new(
        octets: OctetReader<'s, R>,
        limit: usize,
        name: String,
        decode: fn(&[u8]) -> Result<T, Violation>,
        from_call: fn(Error) -> E,
    ) -> ValueReader<'s, T, E, R> {
        ValueReader { octets: Some(octets), lines: Lines::new(limit), count: 0, name, decode, from_call }
    }
}

impl<T, E, R> Iterator for ValueReader<'_, T, E, R> {
    type Item = Result<T, E>;

    fn next(&mut self) -> Option<Result<T, E>> {
        let next = match self.lines.next(self.octets.as_mut()?) {
            Ok(None) => {
                self.octets = None;
                return None;
            }
            Ok(Some(line)) => (self.decode)(line).map_err(Problem::Malformed),
            Err(error) => Err(Problem::Broken(error)),
        };
        self.count += 1;
        Some(next.map_err(|problem| (self.from_call)(self.error(problem))))
    }
}

enum Problem {
    /// The item is not a `T`.
    Malformed(Violation),
    /// There is no item, and there will be none.
    Broken(LineError),
}

impl<T, E, R> ValueReader<'_, T, E, R> {
    /// Returns the error in place of the present item. Unless the item is just malformed, the
    /// stream is over.
    fn error(&mut self, problem: Problem) -> Error {
        let item = format!("item {} of {}", self.count, self.name);
        let broken = match problem {
            Problem::Malformed(violation) => {
                return Error::Protocol { violation: violation.of(item), fate: Fate::IN_STEP };
            }
            Problem::Broken(broken) => broken,
        };
        let octets = self.octets.take();
        let fate = Fate::IN_STEP;
        let error = match broken {
            LineError::Failed(error) => return error.into(),
            LineError::Unfinished(found) => {
                Error::Protocol { violation: Violation::UnfinishedItem { item, found }, fate }
            }
            LineError::TooLong => {
                let (what, limit) = (format!("JSON of {item}").into(), self.lines.limit() as u64);
                Error::Limit { what, size: None, limit, fate }
            }
        };
        match octets {
            Some(octets) => octets.give_up(error),
            None => error,
        }
    }
}

impl<T, E, R> FusedIterator for ValueReader<'_, T, E, R> {}

impl<T, E, R> fmt::Debug for ValueReader<'_, T, E, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValueReader").field("octets", &self.octets).field("read", &self.count).finish_non_exhaustive()
    }
}
