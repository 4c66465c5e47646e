//! Copying a stream in large pieces.

use std::io::{self, Read, Write};

use crate::transport::KernelPipe;

use super::pieces::{PieceSink, Pieces};
use super::{KnownSink, OctetReader, Source, recognise_sink, recognise_source};

/// Copies all that `reader` gives to `sink` and returns the number of bytes.
///
/// It moves up to 512 KiB at once, where [`std::io::copy`] moves 8. From an [`OctetReader`](crate::OctetReader), a file, a
/// pipe or a socket, to a file, a pipe or a socket, the kernel moves the bytes, on Linux; so this is as fast as
/// [`OctetReader::copy_to`](crate::OctetReader::copy_to) where the stream is known as `impl Read` only.
///
/// # Errors
/// Those of `reader` and `sink`; what was copied before stays.
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
    /// Copies the rest of the stream to `sink` and returns the number of bytes. Large pieces are moved at once; on Linux, to a
    /// file, a pipe or a socket, the kernel moves them.
    ///
    /// # Errors
    /// Those of reading, which wrap an [`Error`](crate::Error), and those of `sink`, which do not:
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

/// A writer with a descriptor. The kernel may still refuse to move bytes to it: to a file in append mode, for example.
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

/// Copies what a pipe holds.
fn copy_held(pipe: &mut KernelPipe, mut write: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    while pipe.held() > 0 {
        let count = pipe.read_held(&mut buffer)?;
        write(&buffer[..count])?;
    }
    Ok(())
}
