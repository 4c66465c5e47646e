//! The state of TLS that both directions share.

use std::io::{self, IoSlice, Read, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustls::{Connection, Error};

use super::wording::Side;

/// The most bytes that a record carries.
pub(crate) const RECORD: usize = 16 * 1024;

/// rustls's connection. Its lock is held while rustls works on one record, and never while a
/// transport is read or written, so neither direction waits for the other's peer.
pub(crate) struct Session {
    tls: Mutex<Connection>,
    side: Side,
    /// The peer's address, which errors name.
    place: String,
}

/// What an opened record has left to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opened {
    /// How many bytes can be read.
    pub(crate) bytes: usize,
    /// Whether the peer has said that no more will come.
    pub(crate) is_last: bool,
}

impl Session {
    pub(crate) fn new(tls: Connection, side: Side, place: String) -> Session {
        Session { tls: Mutex::new(tls), side, place }
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.tls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens one record, which is whole. The one before must have been read to its end.
    ///
    /// A request to update keys is answered when something is written.
    pub(crate) fn open(&self, record: &[u8]) -> io::Result<Opened> {
        open(&mut self.lock(), record).map_err(|error| self.explain(&error))
    }

    /// Returns why rustls has given up the connection.
    fn explain(&self, error: &io::Error) -> io::Error {
        let error = match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
            Some(error) => self.side.explain(error),
            None => io::Error::new(error.kind(), error.to_string()),
        };
        io::Error::new(error.kind(), format!("{}: {error}", self.place))
    }

    /// Reads from the opened record.
    pub(crate) fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.lock().reader().read(buf)
    }

    /// Packs the slices, of at most [`RECORD`] bytes together, into a record at the end of `out`,
    /// after what rustls itself has to send. Returns how many bytes it has packed.
    pub(crate) fn pack(&self, slices: &[IoSlice<'_>], out: &mut Vec<u8>) -> io::Result<usize> {
        let mut tls = self.lock();
        let count = tls.writer().write_vectored(slices).map_err(|error| self.explain(&error))?;
        take_sendable(&mut tls, out)?;
        // in TLS 1.2 a key can be used up
        if count == 0 { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(count) }
    }

    /// Packs what rustls has to send, and then the end of this direction.
    pub(crate) fn pack_end(&self, out: &mut Vec<u8>) -> io::Result<()> {
        let mut tls = self.lock();
        tls.send_close_notify();
        take_sendable(&mut tls, out)
    }
}

/// Opens a record, or several of the handshake.
pub(crate) fn open(tls: &mut Connection, mut record: &[u8]) -> io::Result<Opened> {
    // rustls takes some kilobytes at a time, and nothing after the peer has said that it ends
    while !record.is_empty() && tls.read_tls(&mut record)? > 0 {}
    let state = tls.process_new_packets().map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    Ok(Opened { bytes: state.plaintext_bytes_to_read(), is_last: state.peer_has_closed() })
}

/// Appends all that rustls has to send.
pub(crate) fn take_sendable(tls: &mut Connection, out: &mut Vec<u8>) -> io::Result<()> {
    while tls.wants_write() {
        tls.write_tls(out)?;
    }
    Ok(())
}
