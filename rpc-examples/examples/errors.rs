//! Everything that can go wrong with a call, and what to do about it. Each error answers two
//! questions: may the call be retried (`never_ran`), and is the connection still usable
//! (`connection_usable`)?
//!
//! ```text
//! cargo run --example errors
//! ```

use std::fmt;
use std::io::{self, Read};
use std::time::{Duration, Instant};

use rpc_core::transport::memory_pair;
use rpc_core::{Client, ClientConfig, Error, Misuse, Result, Server, Status, rpc_service};
use serde::{Deserialize, Serialize};

#[rpc_service]
trait Bank {
    /// Uses the application's error type.
    fn withdraw(&self, amount: u64) -> Result<u64, BankError>;
    /// Uses the library's error type.
    fn statement(&self, pages: usize) -> Result<impl Read>;
    fn audit(&self, note: &str) -> Result<()>;
    fn freeze(&self, reason: &str) -> Result<(), BankError>;
}

/// The application's error type. It needs these derives, `Display`, and a conversion from the
/// library's errors.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum BankError {
    Poor { missing: u64 },
    Frozen { reason: String },
    Refused { why: String },
    Unreachable { retry: bool, why: String },
}

impl fmt::Display for BankError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BankError::Poor { missing } => write!(f, "{missing} more needed"),
            BankError::Frozen { reason } => write!(f, "frozen: {reason}"),
            BankError::Refused { why } | BankError::Unreachable { why, .. } => f.write_str(why),
        }
    }
}

/// What a caller gets if the handler's value cannot arrive: the peer is an original one, which
/// sends only the text; the value takes more than 2 KiB; or the call itself fails.
impl From<Error> for BankError {
    fn from(error: Error) -> BankError {
        match error {
            Error::Remote(remote) => BankError::Refused { why: remote.message },
            other => BankError::Unreachable { retry: other.never_ran(), why: other.to_string() },
        }
    }
}

struct Vault;

impl Bank for Vault {
    fn withdraw(&self, amount: u64) -> Result<u64, BankError> {
        100_u64.checked_sub(amount).ok_or(BankError::Poor { missing: amount.saturating_sub(100) })
    }

    fn statement(&self, pages: usize) -> Result<impl Read> {
        if pages == 0 {
            return Err(Error::new("a statement has at least one page"));
        }
        Ok(io::repeat(b'.').take(pages as u64 * 4096))
    }

    fn audit(&self, note: &str) -> Result<()> {
        // `?` turns any `io::Error` into an error of the handler: it never looks like a broken
        // connection
        std::fs::read(note).map(drop)?;
        Ok(())
    }

    fn freeze(&self, reason: &str) -> Result<(), BankError> {
        Err(BankError::Frozen { reason: reason.to_owned() })
    }
}

fn main() -> Result<()> {
    let running = Server::bind("tcp://127.0.0.1:0")?.spawn(BankServer::new(Vault))?;
    let client = Client::connect(running.address())?;
    let bank = BankClient::new(client.clone());

    // The handler returns an error. The call ran, and the connection is usable.
    let error = bank.audit("/no/such/file").expect_err("there is no such file");
    show("handler", &error);
    assert!(!error.never_ran() && error.connection_usable());
    let remote = error.remote().expect("the other side returned an error");
    assert_eq!(remote.status, Status::Error);

    // The same with the application's error type: the value arrives as it was returned, so a caller
    // can match on it.
    let error = bank.withdraw(130).expect_err("that is too much");
    println!("{:<16} {error} ({error:?})", "typed");
    assert_eq!(error, BankError::Poor { missing: 30 });

    // A caller without that type, or one that calls by name, gets the text, and the value if it
    // asks for it.
    let error = client.call("withdraw").with(&130).json::<u64>().expect_err("that is still too much");
    show("typed, by name", &error);
    assert_eq!(error.to_string(), "30 more needed");
    assert_eq!(error.details(), Some(BankError::Poor { missing: 30 }));

    // A value that is too large for a reply's header is not sent; its text arrives instead,
    // truncated to fit.
    let error = bank.freeze(&"x".repeat(3000)).expect_err("the reason is long");
    println!("{:<16} {} letters", "typed, large", error.to_string().len());
    assert!(matches!(error, BankError::Refused { why } if why.starts_with("frozen: xxx")));

    // There is no such endpoint: the client and the server do not match.
    let error = client.call("withdrow").with(&1).json::<u64>().expect_err("nobody offers that");
    show("unknown endpoint", &error);
    assert_eq!(error.remote().map(|remote| remote.status), Some(Status::RequestError));

    // The request is larger than the client allows. Nothing was sent. (For large data use streams,
    // which have no limit.)
    let small = ClientConfig::default().max_json_len(1024);
    let strict = BankClient::new(Client::connect_with(running.address(), small)?);
    let error = strict.audit(&"x".repeat(2000)).expect_err("that is too long");
    show("limit", &error);
    assert!(matches!(error, Error::Limit { limit: 1024, .. }) && error.never_ran() && error.connection_usable());

    // The only connection is held by a stream of this very thread: waiting for it would never end.
    let one = ClientConfig::default().max_connections(1);
    let narrow = BankClient::new(Client::connect_with(running.address(), one)?);
    let statement = narrow.statement(1000)?;
    let error = narrow.audit("").expect_err("the stream is open");
    show("busy", &error);
    assert!(matches!(error, Error::Misuse(Misuse::Busy)) && error.never_ran());
    drop(statement);
    assert!(narrow.statement(1).is_ok(), "the connection is free again");

    // Nobody answers. The request was sent, so it is unknown whether it ran.
    let hurried = ClientConfig::default().reply_timeout(Some(Duration::from_millis(500)));
    let (near, _far) = memory_pair();
    let mute = BankClient::new(Client::from_transport_with(near, hurried)?);
    let error = mute.audit("").expect_err("nobody answers");
    show("deadline", &error);
    assert!(matches!(error, Error::Deadline { .. }) && !error.never_ran() && !error.connection_usable());

    // A stream's errors are `io::Error`s that wrap one of these, and `?` unwraps it. (The stream is
    // far longer than what sockets buffer, so it cannot have been sent completely.)
    let error =
        read_all(narrow.statement(1_000_000)?, || _ = running.shutdown(Duration::ZERO)).expect_err("it was cut");
    show("stream cut", &error);
    assert!(matches!(error, Error::Transport { .. } | Error::Protocol { .. }));

    // The server is gone: the call was never sent, so it is safe to retry later.
    let error = bank.audit("").expect_err("nobody is there");
    show("server gone", &error);
    assert!(error.never_ran());
    assert!(matches!(bank.withdraw(1), Err(BankError::Unreachable { retry: true, .. })));
    Ok(())
}

fn show(what: &str, error: &Error) {
    let (never_ran, usable) = (error.never_ran(), error.connection_usable());
    println!("{what:<16} {error} (never ran: {never_ran}, connection usable: {usable})");
}

/// Reads one byte, calls `happening`, and reads the rest.
fn read_all(mut stream: impl Read, happening: impl FnOnce()) -> Result<u64> {
    stream.read_exact(&mut [0])?;
    happening();
    let begin = Instant::now();
    let outcome = io::copy(&mut stream, &mut io::sink());
    assert!(begin.elapsed() < Duration::from_secs(10), "it does not hang");
    Ok(outcome?)
}
