//! Copying a stream in large pieces.

use std::io::{self, Read, Write};

use crate::transport::KernelPipe;

use super::pieces::{PieceSink, Pieces};
use super::{KnownSink, OctetReader, Source, recognise_sink, recognise_source};

/// Copies all bytes of `reader` to `sink`, and returns their number. Blocks until `reader` ends.
///
/// It moves up to 512 KiB at once, where [`std::io::copy`] moves 8 KiB. On Linux, the kernel moves
/// the bytes from an [`OctetReader`](crate::OctetReader), a file, a pipe or a socket to a file, a
/// pipe or a socket. So this is as fast as [`OctetReader::copy_to`](crate::OctetReader::copy_to) if
/// the type of a stream is known only as `impl Read`.
///
/// # Errors
/// An [`io::Error`] if `reader` or `sink` fails: the error that it returned. The bytes copied
/// before stay in `sink`.
///
/// # Panics
/// If `reader` returns more bytes than its buffer holds.
pub fn copy<R: Read + ?Sized, W: Write + ?Sized>(reader: &mut R, sink: &mut W) -> io::Result<u64> {
    let mut plain;
    let mut source = match recognise_source(reader) {
        Ok(known) => Source::known(known),
        Err(reader) => {
            plain = reader;
            Source::plain(&mut plain)
        }
    };
    match recognise_sink(sink) {
        Ok(sink) => copy_pieces(Pieces::new(&mut source, true), &mut Known { sink, takes_pipes: true }),
        Err(sink) => copy_pieces(Pieces::new(&mut source, false), &mut Plain(sink)),
    }
}

fn copy_pieces(mut pieces: Pieces<'_, '_>, sink: &mut impl PieceSink<Error = io::Error>) -> io::Result<u64> {
    let mut copied = 0;
    loop {
        let count = pieces.get()?;
        if count == 0 {
            return Ok(copied);
        }
        pieces.send(sink)?;
        copied += count as u64;
    }
}

impl<R: Read> OctetReader<'_, R> {
    /// Copies the rest of the stream to `sink`, and returns the number of bytes. Blocks until the
    /// stream ends. It moves up to 512 KiB at once; on Linux, the kernel moves the bytes to a file,
    /// a pipe or a socket.
    ///
    /// # Errors
    /// An [`io::Error`] that wraps an [`Error`](crate::Error) if reading the stream fails, or the
    /// error of `sink`, which does not wrap one, if writing fails:
    ///
    /// ```
    /// # fn restore(stream: rpc_core::OctetReader<'_>, mut file: std::fs::File) {
    /// match stream.copy_to(&mut file).map_err(|error| error.downcast::<rpc_core::Error>()) {
    ///     Ok(bytes) => println!("{bytes} bytes, all that there were"),
    ///     Err(Ok(error)) => eprintln!("the stream: {error}"),
    ///     Err(Err(error)) => eprintln!("the file: {error}"),
    /// }
    /// # }
    /// ```
    pub fn copy_to<W: Write + ?Sized>(mut self, sink: &mut W) -> io::Result<u64> {
        copy(&mut self, sink)
    }
}

/// Any writer.
struct Plain<'w, W: ?Sized>(&'w mut W);

impl<W: Write + ?Sized> PieceSink for Plain<'_, W> {
    type Error = io::Error;

    fn write_piece(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn write_pipe(&mut self, pipe: &mut KernelPipe, _len: usize) -> io::Result<()> {
        copy_held(pipe, |bytes| self.0.write_all(bytes))
    }

    fn takes_pipes(&self) -> bool {
        false
    }
}

/// A writer with a descriptor. The kernel may still refuse to move bytes to it, for example to a
/// file in append mode.
struct Known<'w> {
    sink: &'w mut dyn KnownSink,
    takes_pipes: bool,
}

impl PieceSink for Known<'_> {
    type Error = io::Error;

    fn write_piece(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sink.write_whole(bytes)
    }

    fn write_pipe(&mut self, pipe: &mut KernelPipe, _len: usize) -> io::Result<()> {
        while pipe.held() > 0 {
            match self.sink.drain(pipe) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                    self.takes_pipes = false;
                    copy_held(pipe, |bytes| self.sink.write_whole(bytes))?;
                }
                drained => drop(drained?),
            }
        }
        Ok(())
    }

    fn takes_pipes(&self) -> bool {
        self.takes_pipes
    }
}

/// Copies the bytes that a pipe holds through memory.
fn copy_held(pipe: &mut KernelPipe, mut write: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    while pipe.held() > 0 {
        let count = pipe.read_held(&mut buffer)?;
        write(&buffer[..count])?;
    }
    Ok(())
}
