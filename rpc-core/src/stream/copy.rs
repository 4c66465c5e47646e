//! Copying a stream in large pieces.

use std::io::{self, Read, Write};

use crate::transport::{Filled, KernelPipe};

use super::known_sink::Known as Sink;
use super::known_source::Known as Source;
use super::pieces::{GrowingBuffer, WORTH_A_PIPE, fill};
use super::{KnownSink, KnownSource, OctetReader, recognise_sink, recognise_source};

/// Copies all that `reader` has to `sink` and returns the number of bytes. It moves up to 512 KiB at once, where
/// [`std::io::copy`] moves 8. From an [`OctetReader`](crate::OctetReader), a file, a
/// pipe or a socket, to a file, a pipe or a socket, the kernel moves the bytes, on Linux; so this is as fast as
/// [`OctetReader::copy_to`](crate::OctetReader::copy_to) where the stream is known as `impl Read` only.
///
/// # Errors
/// Those of `reader` and `sink`; what was copied before stays.
pub fn copy<R: Read + ?Sized, W: Write + ?Sized>(reader: &mut R, sink: &mut W) -> io::Result<u64> {
    match (recognise_source(reader), recognise_sink(sink)) {
        (Ok(source), Ok(sink)) => Mover::default().run(source, sink),
        (Ok(source), Err(sink)) => through_memory(&mut Source(source), sink),
        (Err(reader), Ok(sink)) => through_memory(reader, &mut Sink(sink)),
        (Err(reader), Err(sink)) => through_memory(reader, sink),
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

fn through_memory(reader: &mut (impl Read + ?Sized), sink: &mut (impl Write + ?Sized)) -> io::Result<u64> {
    let mut buffer = GrowingBuffer::default();
    let mut copied = 0;
    loop {
        let count = buffer.read_from(reader)?;
        if count == 0 {
            return Ok(copied);
        }
        sink.write_all(&buffer.bytes()[..count])?;
        copied += count as u64;
    }
}

/// A copy between two descriptors.
#[derive(Default)]
struct Mover {
    buffer: GrowingBuffer,
    pipe: Option<KernelPipe>,
    /// The kernel cannot move these.
    refused: bool,
    copied: u64,
}

impl Mover {
    fn run(mut self, source: &mut dyn KnownSource, sink: &mut dyn KnownSink) -> io::Result<u64> {
        loop {
            let count = match self.fill(source)? {
                Filled::With(count) => {
                    self.empty(sink)?;
                    count
                }
                Filled::NotNow | Filled::Never => {
                    let count = self.buffer.read_from(&mut Source(source))?;
                    sink.write_whole(&self.buffer.bytes()[..count])?;
                    count
                }
            };
            if count == 0 {
                return Ok(self.copied);
            }
            self.copied += count as u64;
        }
    }

    fn fill(&mut self, source: &mut dyn KnownSource) -> io::Result<Filled> {
        if self.refused || self.copied < WORTH_A_PIPE || !source.shown().is_empty() {
            return Ok(Filled::NotNow);
        }
        let filled = fill(&mut self.pipe, source)?;
        self.refused = filled == Filled::Never;
        Ok(filled)
    }

    /// Moves what the pipe holds to the sink; copies it where the kernel refuses: to a file in append mode, for example.
    fn empty(&mut self, sink: &mut dyn KnownSink) -> io::Result<()> {
        let Some(pipe) = &mut self.pipe else { return Ok(()) };
        while pipe.held() > 0 {
            match sink.drain(pipe) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                    self.refused = true;
                    through_memory(&mut Held(pipe), &mut Sink(sink))?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// What a pipe holds, and then an end.
struct Held<'p>(&'p mut KernelPipe);

impl Read for Held<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read_held(buf)
    }
}
