//! Writers behind which a descriptor stands.

use std::io::{self, BufWriter, Write};

use crate::transport::KernelPipe;

/// A writer with a descriptor, and maybe a buffer before it.
pub(crate) trait KnownSink: Write {
    /// Told once, before the first bytes are moved.
    fn prepare(&mut self) {}

    /// Moves bytes from a pipe to the descriptor, at least one if it holds any.
    fn drain(&mut self, pipe: &mut KernelPipe) -> io::Result<usize>;
}

macro_rules! descriptors {
    ($prepare:path: $($sink:ty),*) => {$(
        impl KnownSink for $sink {
            fn prepare(&mut self) {
                $prepare(&*self);
            }

            fn drain(&mut self, pipe: &mut KernelPipe) -> io::Result<usize> {
                pipe.drain(&*self)
            }
        }
    )*};
}

fn nothing<S>(_sink: S) {}

descriptors!(nothing: std::fs::File, std::net::TcpStream, &std::fs::File, &std::net::TcpStream);
#[cfg(unix)]
descriptors!(nothing: std::os::unix::net::UnixStream, &std::os::unix::net::UnixStream);
descriptors!(KernelPipe::widen: io::PipeWriter, std::process::ChildStdin, &io::PipeWriter);

impl<W: KnownSink> KnownSink for BufWriter<W> {
    fn prepare(&mut self) {
        self.get_mut().prepare();
    }

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
    fn prepare(&mut self) {
        (**self).prepare();
    }

    fn drain(&mut self, pipe: &mut KernelPipe) -> io::Result<usize> {
        (**self).drain(pipe)
    }
}
