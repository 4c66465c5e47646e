//! Platforms where the kernel cannot move bytes between descriptors.

use std::io;

/// A pipe through which the kernel moves bytes between descriptors. This platform has none.
#[derive(Debug)]
pub struct KernelPipe(std::convert::Infallible);

impl KernelPipe {
    /// Returns `None`.
    pub fn new() -> Option<KernelPipe> {
        None
    }

    /// Returns the number of bytes in the pipe.
    pub fn held(&self) -> usize {
        match self.0 {}
    }

    /// Cannot be called, because there is no pipe.
    ///
    /// # Errors
    /// None.
    pub fn fill<F>(&mut self, _from: F, _len: usize) -> io::Result<usize> {
        match self.0 {}
    }

    /// Cannot be called, because there is no pipe.
    ///
    /// # Errors
    /// None.
    pub fn drain<T>(&mut self, _to: T) -> io::Result<usize> {
        match self.0 {}
    }

    pub(crate) fn read_held(&mut self, _out: &mut [u8]) -> io::Result<usize> {
        match self.0 {}
    }
}
