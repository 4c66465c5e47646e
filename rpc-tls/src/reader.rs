//! The incoming direction.

use std::io::{self, IoSliceMut};
use std::sync::Arc;
use std::time::Instant;

use rpc_core::CancelToken;
use rpc_core::transport::ReadHalf;

use super::incoming::Incoming;
use super::session::{Opened, RECORD, Session};

/// The longest buffer of a reader that does not expect much.
const SMALL: usize = 8 * 1024;

/// How many times an attempt to read looks for a record that is not empty. After that it is as if
/// nothing had come, and whoever waits looks at its time limit.
const ATTEMPTS: usize = 64;

pub(crate) struct Reader {
    below: Box<dyn ReadHalf>,
    session: Arc<Session>,
    incoming: Incoming,
    /// What is left of the opened record.
    opened: Opened,
    /// The peer has sent something after the handshake.
    has_spoken: bool,
    /// The transport below has ended between two records.
    ended: bool,
    /// Why nothing more can be read. A failed stream stays failed.
    failed: Option<(io::ErrorKind, String)>,
}

impl Reader {
    /// Returns a reader of what comes after the handshake, of which some may have come.
    pub(crate) fn new(below: Box<dyn ReadHalf>, session: Arc<Session>, incoming: Incoming) -> Reader {
        let opened = Opened { bytes: 0, is_last: false };
        Reader { below, session, incoming, opened, has_spoken: false, ended: false, failed: None }
    }

    /// Opens records that have come until there is something to read. Returns `false` if there is
    /// nothing.
    fn open(&mut self) -> io::Result<bool> {
        if let Some((kind, text)) = &self.failed {
            return Err(io::Error::new(*kind, text.clone()));
        }
        while self.opened.bytes == 0 && !self.opened.is_last {
            let Some(record) = self.incoming.next_record() else { return Ok(self.ended) };
            self.opened = self.session.open(record).map_err(|error| self.failed_by(error))?;
            self.has_spoken |= self.opened.bytes > 0;
        }
        Ok(true)
    }

    fn failed_by(&mut self, error: io::Error) -> io::Error {
        let error = match error.kind() {
            // who has answered a call has read it, whatever its alert says
            io::ErrorKind::ConnectionRefused if self.has_spoken => {
                io::Error::new(io::ErrorKind::ConnectionAborted, error.to_string())
            }
            _ => error,
        };
        self.failed = Some((error.kind(), error.to_string()));
        error
    }

    /// Reads what has come. `None` if nothing has.
    fn take(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<Option<usize>> {
        if !self.open()? {
            return Ok(None);
        }
        let mut count = 0;
        for buf in bufs {
            let mut filled = 0;
            while filled < buf.len() {
                // what has failed is reported when what came before it has been read
                if !matches!(self.open(), Ok(true)) || self.opened.bytes == 0 {
                    return Ok(Some(count));
                }
                let read = self.session.read(&mut buf[filled..])?;
                self.opened.bytes -= read;
                filled += read;
                count += read;
            }
        }
        Ok(Some(count))
    }

    /// Reads more from below, with a buffer for `expected` bytes.
    fn fill(
        &mut self,
        expected: usize,
        read: impl FnOnce(&mut dyn ReadHalf, &mut [u8]) -> io::Result<usize>,
    ) -> io::Result<()> {
        let expected = if expected > SMALL { expected } else { 0 };
        let below = &mut *self.below;
        match self.incoming.fill(expected, |buf| read(below, buf)) {
            Ok(0) if self.incoming.is_empty() => self.ended = true,
            Ok(0) => return Err(self.failed_by(io::ErrorKind::UnexpectedEof.into())),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn read_into(&mut self, bufs: &mut [IoSliceMut<'_>], until: Option<Instant>) -> io::Result<usize> {
        loop {
            if let Some(count) = self.take(bufs)? {
                return Ok(count);
            }
            // a transport need not read the clock while there is something to read, and records can
            // be empty
            if until.is_some_and(|until| Instant::now() >= until) {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.fill(bufs[0].len(), |below, buf| below.read(buf, until))?;
        }
    }
}

impl ReadHalf for Reader {
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        self.read_into(&mut [IoSliceMut::new(buf)], until)
    }

    fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let expected = buf.len();
        let mut bufs = [IoSliceMut::new(buf)];
        for _ in 0..ATTEMPTS {
            if let Some(count) = self.take(&mut bufs)? {
                return Ok(count);
            }
            self.fill(expected, |below, buf| below.try_read(buf))?;
        }
        // nobody waits for what has come already
        self.take(&mut bufs)?.ok_or_else(|| io::ErrorKind::WouldBlock.into())
    }

    fn read_announced(&mut self, bufs: &mut [IoSliceMut<'_>], until: Option<Instant>) -> io::Result<usize> {
        self.read_into(bufs, until)
    }

    fn can_await(&self, token: &CancelToken) -> bool {
        self.below.can_await(token)
    }

    /// Waits for a whole record: the read after it could not be ended by the token.
    fn await_bytes(&mut self, announced: usize, until: Option<Instant>, token: &CancelToken) -> io::Result<()> {
        // what fails here fails again when it is read
        while matches!(self.open(), Ok(false)) {
            // records can be empty, and there may always be another
            if until.is_some_and(|until| Instant::now() >= until) {
                return Err(io::ErrorKind::TimedOut.into());
            }
            // some of what was announced may have come, as a part of a record
            self.below.await_bytes(announced.saturating_sub(2 * RECORD).max(1), until, token)?;
            if token.is_cancelled() {
                return Ok(());
            }
            match self.fill(announced, |below, buf| below.try_read(buf)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                filled => filled?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wording::Side;
    use rustls::{ClientConfig, ClientConnection, RootCertStore};
    use std::time::Duration;

    /// Is always ready, and has never a whole record.
    struct Wakes;

    impl ReadHalf for Wakes {
        fn read(&mut self, _buf: &mut [u8], _until: Option<Instant>) -> io::Result<usize> {
            Err(io::ErrorKind::Interrupted.into())
        }

        fn try_read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::WouldBlock.into())
        }

        fn await_bytes(&mut self, _: usize, _: Option<Instant>, _: &CancelToken) -> io::Result<()> {
            Ok(())
        }
    }

    /// A peer that always sends something without content once held a call for ever, if it had a
    /// token.
    #[test]
    fn a_peer_that_wakes_it_for_nothing_does_not_hold_it_up() {
        let config = ClientConfig::builder_with_provider(crate::provider::provider());
        let config = config.with_safe_default_protocol_versions().unwrap();
        let config = config.with_root_certificates(RootCertStore::empty()).with_no_client_auth();
        let tls = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
        let session = Arc::new(Session::new(tls.into(), Side::Client, "a peer".to_owned()));
        let mut reader = Reader::new(Box::new(Wakes), session, Incoming::default());
        let soon = || Some(Instant::now() + Duration::from_millis(5));
        let awaited = reader.await_bytes(1, soon(), &CancelToken::new());
        assert_eq!(awaited.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(reader.read(&mut [0; 8], soon()).unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
