//! Platforms where the kernel moves nothing for us.

use std::io;

/// A pipe through which the kernel moves bytes between descriptors. On this platform there is none.
#[derive(Debug)]
pub struct KernelPipe(std::convert::Infallible);

impl KernelPipe {
    /// `None`, on this platform.
    pub fn new() -> Option<KernelPipe> {
        None
    }

    /// Bytes that it holds.
    pub fn held(&self) -> usize {
        match self.0 {}
    }

    /// Not to be called: there is no pipe.
    ///
    /// # Errors
    /// None.
    pub fn fill<F>(&mut self, _from: F, _len: usize) -> io::Result<usize> {
        match self.0 {}
    }

    /// Not to be called: there is no pipe.
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
