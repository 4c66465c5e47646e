//! Writers behind which a descriptor stands.

use std::io::{self, BufWriter, Write};

use crate::transport::KernelPipe;

/// A writer with a descriptor, and maybe a buffer before it.
pub(crate) trait KnownSink: Write {
    /// Moves bytes from a pipe to the descriptor, at least one if it holds any.
    fn drain(&mut self, pipe: &mut KernelPipe) -> io::Result<usize>;
}

macro_rules! descriptors {
    ($($sink:ty),*) => {$(
        impl KnownSink for $sink {
            fn drain(&mut self, pipe: &mut KernelPipe) -> io::Result<usize> {
                pipe.drain(&*self)
            }
        }
    )*};
}

descriptors!(
    std::fs::File,
    io::PipeWriter,
    std::net::TcpStream,
    std::process::ChildStdin,
    &std::fs::File,
    &io::PipeWriter,
    &std::net::TcpStream
);
#[cfg(unix)]
descriptors!(std::os::unix::net::UnixStream, &std::os::unix::net::UnixStream);

impl<W: KnownSink> KnownSink for BufWriter<W> {
    fn drain(&mut self, pipe: &mut KernelPipe) -> io::Result<usize> {
        if !self.buffer().is_empty() {
            self.flush()?;
        }
        self.get_mut().drain(pipe)
    }
}

macro_rules! standard_output {
    ($($sink:ty),*) => {$(
        impl KnownSink for $sink {
            fn drain(&mut self, pipe: &mut KernelPipe) -> io::Result<usize> {
                self.flush()?;
                pipe.drain(&*self)
            }
        }
    )*};
}

standard_output!(io::Stdout, io::StdoutLock<'_>);

impl<W: KnownSink + ?Sized> KnownSink for &mut W {
    fn drain(&mut self, pipe: &mut KernelPipe) -> io::Result<usize> {
        (**self).drain(pipe)
    }
}
