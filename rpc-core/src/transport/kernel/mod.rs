//! What the kernel can do beyond std: move bytes between descriptors without copying them into this
//! process, wait for many bytes together, and tell which process a peer is.
//!
//! Everything that one Unix has and another lacks is here. Only Linux and Android have a
//! [`KernelPipe`]; other platforms copy streams.

#[cfg(any(target_os = "linux", target_os = "android"))]
mod credentials;
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
#[path = "no_credentials.rs"]
mod credentials;
#[cfg(unix)]
pub(super) mod flags;
// Android has the mark, but `libc` cannot ask about the window there, without which the mark does
// harm
#[cfg(target_os = "linux")]
mod low_water;
#[cfg(all(unix, not(target_os = "linux")))]
#[path = "no_low_water.rs"]
mod low_water;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod pipe;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[path = "no_pipe.rs"]
mod pipe;

#[cfg(unix)]
pub(super) use credentials::of_peer as credentials_of_peer;
#[cfg(unix)]
pub(super) use low_water::set as set_low_water;
pub use pipe::KernelPipe;

use std::io;

/// The outcome of filling a pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filled {
    /// The pipe holds this many bytes; 0 at the end of the source.
    With(usize),
    /// What comes next has to be read; after that, filling may be tried again.
    NotNow,
    /// The kernel cannot move anything from this source.
    Never,
}

impl Filled {
    /// Interprets the outcome of moving bytes from a descriptor or a transport.
    pub(crate) fn by(moved: io::Result<usize>) -> io::Result<Filled> {
        match moved {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(Filled::Never),
            // a read continues after a signal
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(Filled::NotNow),
            moved => moved.map(Filled::With),
        }
    }
}
