//! Everything that can go wrong with a call, and what to do about it. Two questions matter, and each error answers both:
//! may the call be repeated (`never_ran`), and does the connection go on (`connection_usable`)?
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
    /// An error type of its own.
    fn withdraw(&self, amount: u64) -> Result<u64, BankError>;
    /// The error type that serves out of the box.
    fn statement(&self, pages: usize) -> Result<impl Read>;
    fn audit(&self, note: &str) -> Result<()>;
    fn freeze(&self, reason: &str) -> Result<(), BankError>;
}

/// An error type of the application. It needs these derives, `Display`, and to say what it makes of the library's errors.
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
            BankError::Poor { missing } => write!(f, "{missing} more would be needed"),
            BankError::Frozen { reason } => write!(f, "frozen: {reason}"),
            BankError::Refused { why } | BankError::Unreachable { why, .. } => f.write_str(why),
        }
    }
}

/// What a caller gets where the handler's own value cannot arrive: from an original peer, which sends its text alone, where
/// the value takes more than 2 KiB, and for what goes wrong on the way.
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
            return Err(Error::new("a statement has a page at least"));
        }
        Ok(io::repeat(b'.').take(pages as u64 * 4096))
    }

    fn audit(&self, note: &str) -> Result<()> {
        // `?` makes "said no" of any `io::Error`: it never looks like a broken connection
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

    // The handler says no. The call ran, the connection goes on.
    let error = bank.audit("/no/such/file").expect_err("there is no such file");
    show("handler", &error);
    assert!(!error.never_ran() && error.connection_usable());
    let remote = error.remote().expect("the other side said no");
    assert_eq!(remote.status, Status::Error);

    // The same with a type of the application's own: the value arrives as itself, so a caller can match on it.
    let error = bank.withdraw(130).expect_err("that is too much");
    println!("{:<16} {error} ({error:?})", "typed");
    assert_eq!(error, BankError::Poor { missing: 30 });

    // Whoever has no such type, or calls by name, gets the text, and the value if it asks for it.
    let error = client.call("withdraw").with(&130).json::<u64>().expect_err("that is still too much");
    show("typed, by name", &error);
    assert_eq!(error.to_string(), "30 more would be needed");
    assert_eq!(error.details(), Some(BankError::Poor { missing: 30 }));

    // A value that is too large for a reply's header stays behind, and its text, cut to fit, arrives in its place.
    let error = bank.freeze(&"x".repeat(3000)).expect_err("the reason is long");
    println!("{:<16} {} letters", "typed, large", error.to_string().len());
    assert!(matches!(error, BankError::Refused { why } if why.starts_with("frozen: xxx")));

    // There is no such endpoint: the caller and the server were not made for one another.
    let error = client.call("withdrow").with(&1).json::<u64>().expect_err("nobody offers that");
    show("unknown endpoint", &error);
    assert_eq!(error.remote().map(|remote| remote.status), Some(Status::RequestError));

    // The request is larger than the client allows. Nothing was sent. (Large things are streams, which have no limit.)
    let small = ClientConfig::default().max_json_len(1024);
    let strict = BankClient::new(Client::connect_with(running.address(), small)?);
    let error = strict.audit(&"x".repeat(2000)).expect_err("that is too long");
    show("limit", &error);
    assert!(matches!(error, Error::Limit { limit: 1024, .. }) && error.never_ran() && error.connection_usable());

    // One connection, and a stream of this very thread holds it: waiting for it would never end.
    let one = ClientConfig::default().max_connections(1);
    let narrow = BankClient::new(Client::connect_with(running.address(), one)?);
    let statement = narrow.statement(1000)?;
    let error = narrow.audit("").expect_err("the stream is open");
    show("busy", &error);
    assert!(matches!(error, Error::Misuse(Misuse::Busy)) && error.never_ran());
    drop(statement);
    assert!(narrow.statement(1).is_ok(), "it is free again");

    // Nobody answers. The request was sent, so nobody knows whether it ran.
    let hurried = ClientConfig::default().reply_timeout(Some(Duration::from_millis(500)));
    let (near, _far) = memory_pair();
    let mute = BankClient::new(Client::from_transport_with(near, hurried)?);
    let error = mute.audit("").expect_err("nobody answers");
    show("deadline", &error);
    assert!(matches!(error, Error::Deadline { .. }) && !error.never_ran() && !error.connection_usable());

    // A stream's own errors are `io::Error`s that wrap one of these, and `?` takes it out again.
    // (It is far longer than what sockets hold: else it might all be under way already.)
    let error =
        read_all(narrow.statement(1_000_000)?, || _ = running.shutdown(Duration::ZERO)).expect_err("it was cut");
    show("stream cut", &error);
    assert!(matches!(error, Error::Transport { .. } | Error::Protocol { .. }));

    // The server is gone: the call was never sent, so trying it again later is safe.
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

/// Reads one byte, lets something happen, and reads on.
fn read_all(mut stream: impl Read, happening: impl FnOnce()) -> Result<u64> {
    stream.read_exact(&mut [0])?;
    happening();
    let begin = Instant::now();
    let outcome = io::copy(&mut stream, &mut io::sink());
    assert!(begin.elapsed() < Duration::from_secs(10), "it does not hang");
    Ok(outcome?)
}
