//! What the kernel can do for us beyond std: move bytes between descriptors without bringing them into this process, and wait for
//! more of them than one.
//!
//! All that one Unix has and another lacks is here. Where the platform is not Linux, no [`KernelPipe`] can be made, and streams are
//! copied.

#[cfg(unix)]
pub(super) mod flags;
// Android has the mark, but `libc` does not know there how to ask about the window, without which it does harm
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
pub(super) use low_water::set as set_low_water;
pub use pipe::KernelPipe;

use std::io;

/// What became of filling a pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filled {
    /// It holds so many bytes; 0 at the end of the source.
    With(usize),
    /// What comes next has to be read, and then it may be tried again.
    NotNow,
    /// The kernel moves nothing from this source.
    Never,
}

impl Filled {
    /// What moving from a descriptor, or from a transport, means.
    pub(crate) fn by(moved: io::Result<usize>) -> io::Result<Filled> {
        match moved {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(Filled::Never),
            // a read goes on behind a signal
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(Filled::NotNow),
            moved => moved.map(Filled::With),
        }
    }
}
