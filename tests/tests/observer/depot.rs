//! A service with a method of each shape.

use std::io::{self, Read};

use rpc_core::{Error, Result, rpc_service};

#[rpc_service]
pub(crate) trait Depot {
    fn echo(&self, text: &str) -> Result<String>;
    fn fail(&self, text: &str) -> Result<u64>;
    /// Returns the number of bytes.
    fn up(&self, content: impl Read) -> Result<u64>;
    /// Returns this many bytes.
    fn down(&self, count: u64) -> Result<impl Read>;
    /// Returns this many bytes, then fails.
    fn down_broken(&self, count: u64) -> Result<impl Read>;
    /// Returns the same bytes.
    fn both(&self, content: impl Read) -> Result<impl Read>;
    /// Returns nothing, and has read nothing.
    fn both_but_nothing(&self, content: impl Read) -> Result<impl Read>;
    fn store(&self, name: &str, content: impl Read) -> Result<u64>;
    fn open(&self, count: u64) -> Result<(u64, impl Read)>;
    /// Fails, and has read nothing.
    fn refuse(&self, content: impl Read) -> Result<u64>;
    fn refuse_down(&self, count: u64) -> Result<impl Read>;
    fn refuse_both(&self, content: impl Read) -> Result<impl Read>;
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Shed;

impl Depot for Shed {
    fn echo(&self, text: &str) -> Result<String> {
        Ok(text.to_owned())
    }

    fn fail(&self, text: &str) -> Result<u64> {
        Err(Error::new(text))
    }

    fn up(&self, mut content: impl Read) -> Result<u64> {
        Ok(rpc_core::copy(&mut content, &mut io::sink())?)
    }

    fn down(&self, count: u64) -> Result<impl Read> {
        Ok(io::repeat(7).take(count))
    }

    fn down_broken(&self, count: u64) -> Result<impl Read> {
        Ok(io::repeat(7).take(count).chain(Failing))
    }

    fn both(&self, content: impl Read) -> Result<impl Read> {
        Ok(content)
    }

    fn both_but_nothing(&self, content: impl Read) -> Result<impl Read> {
        drop(content);
        Ok(io::empty())
    }

    fn store(&self, name: &str, content: impl Read) -> Result<u64> {
        Ok(self.up(content)? + name.len() as u64)
    }

    fn open(&self, count: u64) -> Result<(u64, impl Read)> {
        Ok((count, io::repeat(7).take(count)))
    }

    fn refuse(&self, _content: impl Read) -> Result<u64> {
        Err(Error::new("no"))
    }

    fn refuse_down(&self, count: u64) -> Result<impl Read> {
        if count > 0 { Err(Error::new("no")) } else { Ok(io::empty()) }
    }

    fn refuse_both(&self, content: impl Read) -> Result<impl Read> {
        drop(content);
        Err::<io::Empty, _>(Error::new("no"))
    }
}

/// A source that fails.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failing;

impl Read for Failing {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the source broke"))
    }
}
