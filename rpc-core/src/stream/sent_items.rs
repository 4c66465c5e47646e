//! The items of a stream of values on their way out: each is a line of JSON.

use std::fmt;
use std::io::{self, BufRead, Read};

use serde_json::Error as JsonError;

use crate::codec::{EncodeFn, ToWireFn};
use crate::error::Error;
use crate::message::Status;
use crate::message::json::JsonBuffer;

/// A larger buffer of a line, in bytes, is not kept for the next line.
const KEPT: usize = 16 * 1024;

/// An iterator whose items are sent as a stream, as lines of JSON; see
/// [`CallBuilder::with_values`](crate::CallBuilder::with_values). You need this name only for the
/// type of a reply that is read meanwhile, `ValueReader<.., SentItems<..>>`.
///
/// What [`fill_buf`](BufRead::fill_buf) returns is what is left of one item's line, and nothing
/// else; it asks for the next item when that is used up.
pub struct SentItems<I, T, E> {
    items: Items<I>,
    encode: EncodeFn<T>,
    to_wire: ToWireFn<E>,
    line: Line,
    /// The user's code is running, or has panicked.
    in_users_code: bool,
}

enum Items<I> {
    Open(I),
    /// It has returned `None`, and is not asked again.
    Ended,
    /// It has returned an error, or an item that cannot be sent.
    Failed,
}

/// What every item of a stream has to keep to.
pub(crate) struct ItemLimits {
    /// How many bytes a line may have.
    pub(crate) len: usize,
    /// Who is at fault if an item cannot be sent.
    pub(crate) sender: Status,
    /// What errors call the stream.
    pub(crate) stream: String,
}

/// The line of the present item.
struct Line {
    bytes: Vec<u8>,
    /// How many of them have been consumed.
    consumed: usize,
    limits: ItemLimits,
    /// The number of the item in its stream, from 1.
    number: u64,
}

impl<I, T, E> SentItems<I, T, E> {
    pub(crate) fn new(items: I, encode: EncodeFn<T>, to_wire: ToWireFn<E>, limits: ItemLimits) -> SentItems<I, T, E> {
        let line = Line { bytes: Vec::new(), consumed: 0, limits, number: 0 };
        SentItems { items: Items::Open(items), encode, to_wire, line, in_users_code: false }
    }
}

impl<I: Iterator<Item = Result<T, E>>, T, E> SentItems<I, T, E> {
    /// Gets the next item into the line, which is empty after the last.
    fn advance(&mut self) -> io::Result<()> {
        let next = match &mut self.items {
            Items::Open(items) => items.next(),
            Items::Ended => None,
            Items::Failed => return Err(io::Error::other("the iterator has failed before")),
        };
        self.line.clear();
        let sent = match next {
            Some(Ok(item)) => self.line.put(|out| (self.encode)(&item, out)),
            Some(Err(error)) => {
                let (text, details) = (self.to_wire)(&error);
                Err(Error::said_no(Status::Error, text, details.map(|json| json.get().into())))
            }
            None => {
                self.items = Items::Ended;
                Ok(())
            }
        };
        sent.map_err(|error| {
            self.items = Items::Failed;
            error.into()
        })
    }
}

impl Line {
    fn clear(&mut self) {
        self.consumed = 0;
        if self.bytes.capacity() > KEPT {
            self.bytes = Vec::new();
        }
        self.bytes.clear();
    }

    fn left(&self) -> &[u8] {
        &self.bytes[self.consumed..]
    }

    /// Fills it with an item.
    fn put(&mut self, encode: impl FnOnce(&mut JsonBuffer<'_>) -> Result<(), JsonError>) -> Result<(), Error> {
        self.number += 1;
        let ItemLimits { len, sender, stream } = &self.limits;
        let mut buffer = JsonBuffer::new(&mut self.bytes, *len);
        let problem = match (encode(&mut buffer), buffer.oversize()) {
            (Ok(()), None) => {
                self.end();
                return Ok(());
            }
            (Ok(()), Some(size)) => format!("has {size} bytes of JSON, {len} are allowed (`max_json_len`)"),
            (Err(error), _) => format!("cannot be encoded: {error}"),
        };
        self.bytes.clear();
        Err(Error::said_no(*sender, format!("item {} of {stream} {problem}", self.number), None))
    }

    /// Ends the line. A `RawValue` may contain line breaks, which are white space.
    fn end(&mut self) {
        if self.bytes.contains(&b'\n') {
            self.bytes.iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b' ');
        }
        self.bytes.push(b'\n');
    }
}

impl<I: Iterator<Item = Result<T, E>>, T, E> BufRead for SentItems<I, T, E> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        // there may be half a line
        if self.in_users_code {
            return Err(io::Error::other("the iterator has panicked"));
        }
        if self.line.left().is_empty() {
            self.in_users_code = true;
            let advanced = self.advance();
            self.in_users_code = false;
            advanced?;
        }
        Ok(self.line.left())
    }

    fn consume(&mut self, count: usize) {
        self.line.consumed += count;
    }
}

impl<I: Iterator<Item = Result<T, E>>, T, E> Read for SentItems<I, T, E> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buf)?;
        self.consume(count);
        Ok(count)
    }
}

impl<I, T, E> fmt::Debug for SentItems<I, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentItems").field("sent", &self.line.number).finish_non_exhaustive()
    }
}

/// Turns values into the items of a stream, each `Ok`: the same as `.into_iter().map(Ok)`.
///
/// ```
/// use rpc_core::{Result, values};
///
/// fn squares(below: u32) -> Result<impl Iterator<Item = Result<u32>>> {
///     Ok(values((0..below).map(|number| number * number)))
/// }
/// # assert_eq!(squares(3)?.collect::<Result<Vec<_>>>()?, [0, 1, 4]);
/// # Ok::<(), rpc_core::Error>(())
/// ```
pub fn values<T, E>(all: impl IntoIterator<Item = T>) -> impl Iterator<Item = Result<T, E>> {
    all.into_iter().map(Ok)
}
