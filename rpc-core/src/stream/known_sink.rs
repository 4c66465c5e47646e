//! Writers that have a descriptor.

use std::io::{self, BufWriter, Write};

use crate::transport::KernelPipe;

/// A writer with a descriptor, and possibly a buffer before it.
pub(crate) trait KnownSink {
    /// Writes all bytes, as [`Write::write_all`] does.
    fn write_whole(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Moves bytes from a pipe to the descriptor, at least one if the pipe holds any.
    fn drain(&mut self, pipe: &mut KernelPipe) -> io::Result<usize>;
}

macro_rules! descriptors {
    ($($sink:ty),*) => {$(
        impl KnownSink for $sink {
            fn write_whole(&mut self, bytes: &[u8]) -> io::Result<()> {
                self.write_all(bytes)
            }

            fn drain(&mut self, pipe: &mut KernelPipe) -> io::Result<usize> {
                // standard output has a buffer; for the other types this costs nothing
                self.flush()?;
                pipe.drain(&*self)
            }
        }
    )*};
}

descriptors!(std::fs::File, std::net::TcpStream, &std::fs::File, &std::net::TcpStream);
#[cfg(unix)]
descriptors!(std::os::unix::net::UnixStream, &std::os::unix::net::UnixStream);
descriptors!(io::PipeWriter, &io::PipeWriter, std::process::ChildStdin);
descriptors!(io::Stdout, io::StdoutLock<'_>);

impl<W: KnownSink + Write> KnownSink for BufWriter<W> {
    fn write_whole(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn drain(&mut self, pipe: &mut KernelPipe) -> io::Result<usize> {
        self.flush()?;
        self.get_mut().drain(pipe)
    }
}

impl<W: KnownSink> KnownSink for &mut W {
    fn write_whole(&mut self, bytes: &[u8]) -> io::Result<()> {
        (**self).write_whole(bytes)
    }

    fn drain(&mut self, pipe: &mut KernelPipe) -> io::Result<usize> {
        (**self).drain(pipe)
    }
}
