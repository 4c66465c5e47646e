//! The service of the program `worker`, which tests start as a child process.

use std::io::{self, Read};
use std::process;

use rpc_core::{CallContext, Error, Result, rpc_service};

/// What a child can be asked for.
#[expect(clippy::missing_errors_doc, reason = "all fail as any call does")]
#[rpc_service]
pub trait Worker {
    /// Twice a number.
    fn double(&self, number: u32) -> Result<u32>;
    /// Prints a line, and reads one. Returns how many bytes it has read.
    fn print(&self, line: &str) -> Result<usize>;
    /// The number of the child process.
    fn process(&self) -> Result<u32>;
    /// The client, as the child sees it.
    fn peer(&self) -> Result<String>;
    /// As many bytes.
    fn fetch(&self, count: u64) -> Result<impl Read>;
    /// The sum of the bytes and their number.
    fn digest(&self, content: impl Read) -> Result<(u64, u64)>;
    /// The same bytes.
    fn echo(&self, content: impl Read) -> Result<impl Read>;
    /// Writes to standard error, and exits without a reply.
    fn exit(&self, status: i32, text: &str) -> Result<()>;
    /// Waits for the end of the client.
    fn hang(&self) -> Result<()>;
}

/// What [`Worker::fetch`] consists of.
pub const BYTE: u8 = 0x5a;

/// The service itself.
#[derive(Debug, Clone)]
pub struct Diligent;

impl Worker for Diligent {
    fn double(&self, number: u32) -> Result<u32> {
        Ok(number * 2)
    }

    fn print(&self, line: &str) -> Result<usize> {
        println!("{line}");
        Ok(io::stdin().read_line(&mut String::new())?)
    }

    fn process(&self) -> Result<u32> {
        Ok(process::id())
    }

    fn peer(&self) -> Result<String> {
        let context = CallContext::current().ok_or_else(|| Error::new("it is not served"))?;
        Ok(context.peer().to_string())
    }

    fn fetch(&self, count: u64) -> Result<impl Read> {
        Ok(io::repeat(BYTE).take(count))
    }

    fn digest(&self, mut content: impl Read) -> Result<(u64, u64)> {
        let (mut sum, mut number, mut piece) = (0, 0, vec![0; 64 * 1024]);
        loop {
            let count = content.read(&mut piece)?;
            if count == 0 {
                return Ok((sum, number));
            }
            sum += piece[..count].iter().map(|byte| u64::from(*byte)).sum::<u64>();
            number += count as u64;
        }
    }

    fn echo(&self, content: impl Read) -> Result<impl Read> {
        Ok(content)
    }

    fn exit(&self, status: i32, text: &str) -> Result<()> {
        eprintln!("{text}");
        process::exit(status)
    }

    fn hang(&self) -> Result<()> {
        let context = CallContext::current().ok_or_else(|| Error::new("it is not served"))?;
        while !context.caller_is_gone() {
            std::thread::yield_now();
        }
        Ok(())
    }
}
