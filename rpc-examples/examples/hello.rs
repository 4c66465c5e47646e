//! The whole round trip in one file: a trait, its handler, a server, a client.
//!
//! ```text
//! cargo run --example hello
//! ```

use std::io::Read;
use std::time::Duration;

use rpc_core::{Result, Server, rpc_service};

/// The contract. No other file and no build step is needed: the attribute generates `GreeterClient`
/// and `GreeterServer` next to the trait.
#[rpc_service]
trait Greeter {
    /// Values travel as JSON in both directions. Arguments may be borrowed.
    fn greet(&self, name: &str) -> Result<String>;

    /// `impl Read` in the result: a stream of raw bytes of any length, never all in memory.
    fn countdown(&self, from: u32) -> Result<impl Read>;

    /// `impl Read` as the argument: a stream to the server.
    fn count_bytes(&self, content: impl Read) -> Result<u64>;
}

/// A handler is any type that implements the trait, with the trait's own signatures.
struct English;

impl Greeter for English {
    fn greet(&self, name: &str) -> Result<String> {
        Ok(format!("hello, {name}"))
    }

    fn countdown(&self, from: u32) -> Result<impl Read> {
        let lines: String = (0..=from).rev().map(|number| format!("{number}\n")).collect();
        Ok(std::io::Cursor::new(lines))
    }

    fn count_bytes(&self, mut content: impl Read) -> Result<u64> {
        // `?` turns an `io::Error` into an `rpc_core::Error`
        Ok(rpc_core::copy(&mut content, &mut std::io::sink())?)
    }
}

fn main() -> Result<()> {
    // with port 0 the system chooses the port; `spawn` serves on other threads, `serve` would block
    let running = Server::bind("tcp://127.0.0.1:0")?.spawn(GreeterServer::new(English))?;
    println!("listening on {}", running.address());

    // The client implements the trait, too: from here on the code is the same as for a local
    // handler.
    let greeter = GreeterClient::connect(running.address())?;

    let greeting = greeter.greet("world")?;
    println!("{greeting}");
    assert_eq!(greeting, "hello, world");

    let mut lines = String::new();
    greeter.countdown(3)?.read_to_string(&mut lines)?;
    print!("{lines}");
    assert_eq!(lines, "3\n2\n1\n0\n");

    // ten megabytes that are never in memory as a whole
    let sent = greeter.count_bytes(std::io::repeat(b'x').take(10_000_000))?;
    println!("{sent} bytes were counted");
    assert_eq!(sent, 10_000_000);

    // Dropping both would be enough; these calls also return how it went.
    GreeterClient::close(greeter)?;
    let report = running.shutdown(Duration::from_secs(5));
    assert_eq!(report.cut, 0, "no connection was cut off");
    Ok(())
}
