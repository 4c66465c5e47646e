//! Any `Read` and any `Write` as one transport.
//!
//! Halves that are no sockets keep no time and cannot be asked what is there. So two helper threads own them, and copy
//! from and to buffers in memory that can do both. The price is one more copy of each byte.

use std::io::{self, IoSlice, Read, Write};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::unwind;

use super::memory::{self, PipeReader, PipeWriter};
use super::{Parts, Peer, ReadHalf, Transport, WriteHalf};

/// Bytes that each direction holds, and the most that one read or write of a half moves.
const CAPACITY: usize = 256 * 1024;

impl<R, W> Transport for (R, W)
where
    R: Read + Send + 'static,
    W: Write + Send + 'static,
{
    /// Starts the two helper threads. The one that reads ends with its half's end of file or error: where a half never
    /// ends, nor does its thread. The one that writes flushes behind each write, and drops its half at the end.
    fn into_parts(self) -> io::Result<Parts> {
        let bell = Arc::default();
        let (from_peer, incoming) = memory::pipe(CAPACITY, &bell);
        let (outgoing, to_peer) = memory::pipe(CAPACITY, &bell);
        let control = Arc::new(memory::control(&incoming, &outgoing));
        start("rpc-halves-read", move || pump_in(self.0, from_peer))?;
        start("rpc-halves-write", move || pump_out(to_peer, self.1))?;
        Ok(Parts {
            reader: Box::new(incoming),
            writer: Box::new(Drained(outgoing)),
            control: Some(control),
            peer: Peer::Other("a pair of halves".to_owned()),
        })
    }
}

/// Starts a helper thread. A half that panics has ended.
fn start(name: &str, pump: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let run = move || {
        if unwind::catch(pump).is_none() {
            tracing::error!("a half of a transport panicked");
        }
    };
    thread::Builder::new().name(name.to_owned()).spawn(run).map(drop)
}

fn pump_in(mut half: impl Read, mut pipe: PipeWriter) {
    let mut buffer = vec![0; CAPACITY];
    loop {
        match half.read(&mut buffer) {
            // a read error looks like the end of the stream, which is clean nowhere inside a message
            Ok(0) => return,
            Ok(count) => {
                if write_all(&mut pipe, &buffer[..count]).is_err() {
                    return;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                tracing::debug!(%error, "reading from a half failed");
                return;
            }
        }
    }
}

fn write_all(pipe: &mut PipeWriter, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = WriteHalf::write(pipe, &[IoSlice::new(bytes)], None)?;
        bytes = &bytes[written..];
    }
    Ok(())
}

fn pump_out(mut pipe: PipeReader, mut half: impl Write) {
    let mut buffer = vec![0; CAPACITY];
    loop {
        let written = match ReadHalf::read(&mut pipe, &mut buffer, None) {
            Ok(0) => return,
            Ok(count) => half.write_all(&buffer[..count]).and_then(|()| half.flush()),
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            tracing::debug!(%error, "writing to a half failed");
            return;
        }
    }
}

/// Writes to the helper's buffer; `finish` waits until the helper has written it all and let go of its end.
struct Drained(PipeWriter);

impl WriteHalf for Drained {
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        WriteHalf::write(&mut self.0, bufs, until)
    }

    fn try_write(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write(bufs)
    }

    fn finish(&mut self, until: Option<Instant>) -> io::Result<()> {
        WriteHalf::finish(&mut self.0, until)?;
        self.0.wait_for_reader(until)
    }
}

/// Hands the halves of a transport that cannot wait for both at once to helper threads.
pub(crate) fn with_helpers(reader: Box<dyn ReadHalf>, writer: Box<dyn WriteHalf>) -> io::Result<Parts> {
    (EndlessReader(reader), EndlessWriter(writer)).into_parts()
}

/// A half without time limits.
struct EndlessReader(Box<dyn ReadHalf>);

impl Read for EndlessReader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf, None)
    }
}

/// A half without time limits; its direction ends when it is dropped.
struct EndlessWriter(Box<dyn WriteHalf>);

impl Write for EndlessWriter {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(&[IoSlice::new(buf)], None)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for EndlessWriter {
    fn drop(&mut self) {
        if let Err(error) = self.0.finish(Some(Instant::now() + FINISH_TIME)) {
            tracing::trace!(%error, "ending a half failed");
        }
    }
}

/// How long a half may take to end its direction.
const FINISH_TIME: Duration = Duration::from_secs(5);
