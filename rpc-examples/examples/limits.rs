//! A value that is too large is an ordinary error: it states what, how large and how much is
//! allowed, and the next call works. Streams have no limit.
//!
//! ```text
//! cargo run --example limits
//! ```

use std::io::{self, Read};

use rpc_core::{Client, ClientConfig, Error, Result, Server, ServerConfig, Status, rpc_service};

#[rpc_service]
trait Texts {
    fn repeat(&self, text: &str, times: usize) -> Result<String>;
    fn stream(&self, times: u64) -> Result<impl Read>;
}

struct Plain;

impl Texts for Plain {
    fn repeat(&self, text: &str, times: usize) -> Result<String> {
        Ok(text.repeat(times))
    }

    fn stream(&self, times: u64) -> Result<impl Read> {
        Ok(io::repeat(b'x').take(times))
    }
}

fn main() -> Result<()> {
    let config = ServerConfig::default().max_json_len(1 << 20);
    let running = Server::bind_with("tcp://127.0.0.1:0", config)?.spawn(TextsServer::new(Plain))?;
    let config = ClientConfig::default().max_json_len(512 << 10);
    let texts = TextsClient::new(Client::connect_with(running.address(), config)?);

    // Larger than the client may send: refused before anything is sent.
    let error = texts.repeat(&"x".repeat(600 << 10), 1).expect_err("it is too large");
    println!("{error}");
    assert!(error.never_ran() && matches!(error, Error::Limit { size: Some(_), .. }));

    // Larger than the client accepts: skipped.
    let error = texts.repeat("x", 600 << 10).expect_err("it is too large");
    println!("{error}");
    assert!(error.connection_usable());

    // Larger than the server may send: it returns an error.
    let error = texts.repeat("x", 2 << 20).expect_err("it is too large");
    println!("{error}");
    assert!(matches!(&error, Error::Remote(no) if no.status == Status::ServerError));

    // The solution: a stream.
    let count = rpc_core::copy(&mut texts.stream(100 << 20)?, &mut io::sink())?;
    println!("{} MiB in a stream, over the same connection", count >> 20);
    TextsClient::close(texts)
}
