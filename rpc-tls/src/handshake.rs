//! The handshake, over any transport, within a time limit.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rpc_core::transport::{Parts, ReadHalf, WriteHalf};
use rustls::{Connection, Error};

use super::certificate;
use super::incoming::Incoming;
use super::reader::Reader;
use super::session::{Session, open, take_sendable};
use super::wording::Side;
use super::writer::Writer;

/// How long the side that refuses the other waits for it to read why. A connection that is closed
/// before all of it has been read loses what was sent last.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Shakes hands over a transport, and returns the secured one. Its peer has a certificate if that
/// was verified.
pub(crate) fn secure(
    tls: Connection,
    below: Parts,
    side: Side,
    verifies: bool,
    until: Option<Instant>,
) -> io::Result<Parts> {
    let Parts { reader, writer, control, mut peer } = below;
    let mut under_way = Handshake { tls, reader, writer, incoming: Incoming::default(), side };
    under_way.run(until).inspect_err(|_| under_way.refuse())?;
    let Handshake { tls, reader, writer, incoming, .. } = under_way;
    if verifies
        && let Some([certificate, ..]) = tls.peer_certificates()
        && let Some(summary) = certificate::summary(certificate)
    {
        peer = peer.with_certificate(summary);
    }
    let session = Arc::new(Session::new(tls, side, peer.address().to_string()));
    // to try a record and be left with it is possible only if the rest can leave later
    let can_try = control.as_ref().is_some_and(|control| control.can_wait());
    Ok(Parts {
        reader: Box::new(Reader::new(reader, Arc::clone(&session), incoming)),
        writer: Box::new(Writer::new(writer, session, can_try)),
        control,
        peer,
    })
}

struct Handshake {
    tls: Connection,
    reader: Box<dyn ReadHalf>,
    writer: Box<dyn WriteHalf>,
    incoming: Incoming,
    side: Side,
}

impl Handshake {
    fn run(&mut self, until: Option<Instant>) -> io::Result<()> {
        let side = self.side;
        self.exchange(until).map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut if error.raw_os_error().is_none() => side.too_slow(),
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => side.hung_up(),
            _ => match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
                Some(error) => side.explain(error),
                None => error,
            },
        })
    }

    fn exchange(&mut self, until: Option<Instant>) -> io::Result<()> {
        loop {
            self.send(until)?;
            if !self.tls.is_handshaking() {
                return Ok(());
            }
            match self.incoming.next_record() {
                Some(record) => _ = open(&mut self.tls, record)?,
                None => self.receive(until)?,
            }
        }
    }

    fn send(&mut self, until: Option<Instant>) -> io::Result<()> {
        let mut packed = Vec::new();
        take_sendable(&mut self.tls, &mut packed)?;
        let mut rest = &*packed;
        while !rest.is_empty() {
            match self.writer.write(&[IoSlice::new(rest)], until) {
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.writer.flush(until)
    }

    fn receive(&mut self, until: Option<Instant>) -> io::Result<()> {
        // a peer may always have something that leads nowhere
        if until.is_some_and(|until| Instant::now() >= until) {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let reader = &mut self.reader;
        match self.incoming.fill(0, |buf| reader.read(buf, until)) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
            _ => Ok(()),
        }
    }

    /// Tells the other side why the handshake has failed, as far as TLS has words for it, and lets
    /// it read that.
    fn refuse(&mut self) {
        let until = Some(Instant::now() + LAST_WORDS);
        if !self.tls.wants_write() || self.send(until).is_err() || self.writer.finish(until).is_err() {
            return;
        }
        while self.receive(until).is_ok() {
            self.incoming = Incoming::default();
        }
    }
}
