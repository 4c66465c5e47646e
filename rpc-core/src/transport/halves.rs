//! Any `Read` and any `Write` as one transport.
//!
//! Halves that are not sockets have no time limits and cannot be read or written without blocking.
//! So two helper threads own them, and copy from and to buffers in memory, which offer both. The
//! price is one more copy of each byte.

use std::io::{self, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use crate::unwind;

use super::{Parts, Peer, PeerAddress, ReadHalf, Timed, Transport, WriteHalf, memory_pair_with_capacity};

/// Bytes that each direction holds, and the most that one read or write of a half moves.
const CAPACITY: usize = 256 * 1024;

impl<R: Read + Send + 'static, W: Write + Send + 'static> Transport for (R, W) {
    /// Starts the two helper threads. The thread that reads ends at its half's end of file or
    /// error; if the half never ends, neither does the thread. The thread that writes flushes after
    /// each write, and drops its half at the end.
    fn into_parts(self) -> io::Result<Parts> {
        let (near, mut far) = memory_pair_with_capacity(CAPACITY);
        far.outgoing.finish_waits_for_reader = true;
        let near = near.into_parts()?;
        start("rpc-halves-read", self.0, Timed::new(near.writer))?;
        start("rpc-halves-write", Timed::new(near.reader), self.1)?;
        let peer = Peer::new(PeerAddress::Other("a pair of halves".to_owned()));
        Ok(Parts { peer, ..far.into_parts()? })
    }
}

/// Starts a helper thread. If a half fails or panics, its direction ends, which is never a clean
/// end inside a message.
fn start(name: &str, from: impl Read + Send + 'static, to: impl Write + Send + 'static) -> io::Result<()> {
    let run = move || match unwind::catch(|| copy(from, to)) {
        Some(Ok(())) => {}
        Some(Err(error)) => tracing::debug!(%error, "a half of a transport failed"),
        None => tracing::error!("a half of a transport panicked"),
    };
    thread::Builder::new().name(name.to_owned()).spawn(run).map(drop)
}

fn copy(mut from: impl Read, mut to: impl Write) -> io::Result<()> {
    let mut buffer = vec![0; CAPACITY];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                to.write_all(&buffer[..count])?;
                to.flush()?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Hands the halves of a transport that cannot wait for both at once to helper threads.
pub(crate) fn with_helpers(reader: Box<dyn ReadHalf>, writer: Box<dyn WriteHalf>) -> io::Result<Parts> {
    (Timed::new(reader), FinishedOnDrop(Timed::new(writer))).into_parts()
}

/// A half without time limits, whose direction ends when it is dropped.
struct FinishedOnDrop(Timed<dyn WriteHalf>);

impl Write for FinishedOnDrop {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Drop for FinishedOnDrop {
    fn drop(&mut self) {
        if let Err(error) = self.0.half.finish(Some(Instant::now() + FINISH_TIME)) {
            tracing::trace!(%error, "ending a half failed");
        }
    }
}

/// The time that a half may take to end its direction.
const FINISH_TIME: Duration = Duration::from_secs(5);
