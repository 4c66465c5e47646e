//! The whole round trip in one file: a trait, a handler behind it, a server, a client.
//!
//! ```text
//! cargo run --example hello
//! ```

use std::io::Read;
use std::time::Duration;

use rpc_core::{Result, Server, rpc_service};

/// The contract. There is no other file, and nothing to generate: the attribute writes `GreeterClient` and
/// `GreeterServer` beside the trait.
#[rpc_service]
trait Greeter {
    /// Values go both ways as JSON. Arguments may be borrowed.
    fn greet(&self, name: &str) -> Result<String>;

    /// `impl Read` in the result: raw bytes, as many as there are, never all in memory.
    fn countdown(&self, from: u32) -> Result<impl Read>;

    /// `impl Read` as the argument: the same towards the server.
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
    // port 0: the system chooses one. `spawn` serves on threads of its own, `serve` would stay here.
    let running = Server::bind("tcp://127.0.0.1:0")?.spawn(GreeterServer::new(English))?;
    println!("listening on {}", running.address());

    // The client implements the trait, too: from here on nothing shows that the handler is elsewhere.
    let greeter = GreeterClient::connect(running.address())?;

    let greeting = greeter.greet("world")?;
    println!("{greeting}");
    assert_eq!(greeting, "hello, world");

    let mut lines = String::new();
    greeter.countdown(3)?.read_to_string(&mut lines)?;
    print!("{lines}");
    assert_eq!(lines, "3\n2\n1\n0\n");

    // ten megabytes that exist nowhere as a whole
    let sent = greeter.count_bytes(std::io::repeat(b'x').take(10_000_000))?;
    println!("{sent} bytes were counted");
    assert_eq!(sent, 10_000_000);

    // Dropping both would do; this way each of them reports.
    GreeterClient::close(greeter)?;
    let report = running.shutdown(Duration::from_secs(5));
    assert_eq!(report.cut, 0, "nobody was left");
    Ok(())
}
