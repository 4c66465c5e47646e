//! How streams end: complete, failed at their source, stopped by an early error, or cancelled
//! because the rest is not needed. One connection serves all of them.
//!
//! ```text
//! cargo run --example streams
//! ```

use std::io::{self, Cursor, Read};
use std::sync::atomic::{AtomicU64, Ordering};

use rpc_core::{Error, Result, Server, rpc_service};

/// Values may precede a stream in either direction.
#[rpc_service]
trait Depot {
    fn store(&self, name: &str, content: impl Read) -> Result<u64>;
    fn open(&self, name: &str) -> Result<(String, impl Read)>;
}

/// Accepts at most a million bytes.
struct Small;

impl Depot for Small {
    fn store(&self, name: &str, content: impl Read) -> Result<u64> {
        let stored = rpc_core::copy(&mut content.take(1_000_001), &mut io::sink())?;
        if stored > 1_000_000 {
            return Err(Error::new(format!("{name} is too large")));
        }
        Ok(stored)
    }

    fn open(&self, name: &str) -> Result<(String, impl Read)> {
        let endless = io::repeat(b'x').take(if name == "endless" { u64::MAX } else { 10 });
        let failing = Failing("the disk of the depot is on fire").take(if name == "broken" { 1 } else { 0 });
        Ok((format!("this is {name}"), endless.chain(failing)))
    }
}

/// A source that fails when it is read.
struct Failing(&'static str);

impl Read for Failing {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other(self.0))
    }
}

/// Counts the bytes read from a source.
struct Counted<'a, R>(R, &'a AtomicU64);

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buf)?;
        self.1.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

fn main() -> Result<()> {
    let running = Server::bind("tcp://127.0.0.1:0")?.spawn(DepotServer::new(Small))?;
    let depot = DepotClient::connect(running.address())?;

    // Complete: the value first, then the bytes.
    let (title, mut content) = depot.open("a box")?;
    let mut bytes = Vec::new();
    content.read_to_end(&mut bytes)?;
    println!("{title}: {} bytes", bytes.len());

    // The handler's source fails in mid-stream: the bytes before arrive, then its error message.
    let (_, mut broken) = depot.open("broken")?;
    let error = broken.read_to_end(&mut bytes).expect_err("it is not the end");
    println!("a broken stream: {error}");
    assert_eq!(error.to_string(), "the disk of the depot is on fire");

    // The client's source fails: the handler's reader fails, and the caller gets its own error
    // back.
    let half = Cursor::new("half of it").chain(Failing("the disk of the client is on fire"));
    let error = depot.store("half", half).expect_err("it was not sent");
    println!("a broken upload: {error}");
    assert!(error.connection_usable());

    // An early error: the handler refuses, and the rest of a terabyte is never read.
    let read = AtomicU64::new(0);
    let terabyte = Counted(io::repeat(7).take(1 << 40), &read);
    let error = depot.store("everything", terabyte).expect_err("it does not fit");
    println!("an early error: {error}, after {} MiB", read.load(Ordering::Relaxed) >> 20);
    assert_eq!(error.to_string(), "everything is too large");

    // Not needed any more: dropping the stream cancels it.
    let (_, mut endless) = depot.open("endless")?;
    endless.read_exact(&mut bytes)?;
    drop(endless);
    let (title, _) = depot.open("the next one")?;
    println!("after a cancelled stream: {title}");

    DepotClient::close(depot)
}
