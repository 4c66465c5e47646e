//! The PROXY protocol: a balancer says who the client is, before the client's first byte. A layer
//! over any transport.

mod header;

use std::io;
use std::time::{Duration, Instant};

use super::{Parts, Peer, PeerAddress, ReadHalf, limit_has_passed};

use header::{HeaderError, OPENING_LEN, Opening, check_beginning};

/// How long a proxy may take to send its header, which is the first that it sends. Section 2 of
/// `proxy-protocol.txt` asks for at least 3 s, so that a packet may be lost.
pub(crate) const PROXY_HEADER_TIME: Duration = Duration::from_secs(5);

/// Reads the proxy's header, and no byte after it, and makes the client the peer. Blocks until
/// then, but no longer than `until`.
///
/// # Errors
/// If no valid header comes by then.
pub(crate) fn behind_proxy(parts: Parts, until: Instant) -> io::Result<Parts> {
    let mut reader = parts.reader;
    let peer = match read_client(&mut *reader, until)? {
        Some(address) => Peer::new(address).with_proxy(parts.peer),
        None => parts.peer,
    };
    Ok(Parts { reader, peer, ..parts })
}

/// Reads a header. Returns the client's address; `None` if the proxy has connected for itself.
fn read_client(reader: &mut dyn ReadHalf, until: Instant) -> io::Result<Option<PeerAddress>> {
    let mut opening = [0; OPENING_LEN];
    read_exact(reader, &mut opening, until, check_beginning)?;
    let opening = Opening::decode(&opening).map_err(invalid)?;
    let mut rest = vec![0; usize::from(opening.rest_len)];
    read_exact(reader, &mut rest, until, |_| Ok(()))?;
    opening.client(&rest).map_err(invalid)
}

/// Fills the buffer, and has what has come checked as soon as it has.
fn read_exact(
    reader: &mut dyn ReadHalf,
    buf: &mut [u8],
    until: Instant,
    check: impl Fn(&[u8]) -> Result<(), HeaderError>,
) -> io::Result<()> {
    let (mut have, expected) = (0, buf.len());
    while have < expected {
        match reader.read(&mut buf[have..], Some(until)) {
            Ok(0) => {
                let text = format!("the connection ended in its PROXY header, after {have} of {expected} bytes");
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, text));
            }
            Ok(count) => have += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if limit_has_passed(&error) => {
                let text = format!("the PROXY header did not come in time, only {have} of {expected} bytes");
                return Err(io::Error::new(io::ErrorKind::TimedOut, text));
            }
            Err(error) => return Err(error),
        }
        check(&buf[..have]).map_err(invalid)?;
    }
    Ok(())
}

fn invalid(error: HeaderError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
