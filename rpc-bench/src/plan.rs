//! What one pair of processes does, as data passed on their command lines.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::placement::Placement;

/// Everything that a server or a client needs to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) server: Subject,
    pub(crate) client: Subject,
    pub(crate) work: Work,
    pub(crate) network: Network,
    pub(crate) tuning: Tuning,
    pub(crate) placement: Placement,
    /// The bytes moved by one unit of work; 0 for small calls and items.
    pub(crate) bytes: usize,
    /// The file to send, if a file is sent.
    pub(crate) source: PathBuf,
    /// The file to write to, if the content goes to a file. It already has its full length.
    pub(crate) sink: PathBuf,
    /// The path of the Unix socket or, for TLS, of the server's certificate.
    pub(crate) socket: PathBuf,
    /// A small call of ours as it is on the wire; empty if not needed.
    pub(crate) recorded: Recorded,
}

/// Who is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Subject {
    Ours,
    /// Only reads and writes on the socket.
    Bare,
    /// Our calls, written by hand over the socket without the library.
    ByHand,
    /// Only JSON, written and read by the client alone.
    JsonAlone,
    /// Only JSON that is there, read by the client.
    JsonRead,
    /// Another library.
    Rival(Rival),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Rival {
    TarpcBincode,
    TarpcJson,
    Tonic,
    /// Over a WebSocket.
    Jsonrpsee,
    Remoc,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Network {
    Tcp,
    Unix,
    /// TLS 1.3 over TCP.
    Tls,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Work {
    /// The server sends, one call at a time.
    Down(Source),
    /// The client sends from memory.
    Up,
    /// Small calls by callers that share a client, each with `batch` calls at once.
    Calls { callers: usize, batch: usize },
    /// The server sends a stream of this many small items.
    ItemsDown(u32),
    /// The client sends a stream of this many small items.
    ItemsUp(u32),
}

/// The source of the bytes that a server sends. The client writes those of the last two to a file
/// and discards the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Source {
    Memory,
    /// Memory in a type that the library does not recognize.
    Unknown,
    File,
    /// A child process's standard output.
    Child,
}

impl Source {
    pub(crate) fn goes_to_file(self) -> bool {
        matches!(self, Source::File | Source::Child)
    }
}

impl Work {
    /// Returns the number of calls, or of items, in one unit of work.
    pub(crate) fn calls(self) -> u64 {
        match self {
            Work::Calls { batch, .. } => batch as u64,
            Work::ItemsDown(count) | Work::ItemsUp(count) => u64::from(count),
            Work::Down(_) | Work::Up => 1,
        }
    }

    /// Returns the number of items in a stream; fails for other work.
    pub(crate) fn items(self) -> Outcome<u32> {
        match self {
            Work::ItemsDown(count) | Work::ItemsUp(count) => Ok(count),
            _ => Err("the work is no stream of items".into()),
        }
    }
}

/// The settings of one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Tuning {
    /// Nothing: the defaults.
    None,
    /// Our server and our client have an observer.
    Observed,
    /// The number of connections that our callers share.
    Shared(usize),
    /// The ways to copy.
    Copies { sender: Way, receiver: Way },
    /// The async runtimes.
    Runtimes { server: Flavour, client: Flavour },
    /// The runtimes, the bytes in one message of a stream, and the flow-control window in bytes.
    Stream { chunk: usize, window: u32, server: Flavour, client: Flavour },
}

/// An async runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Flavour {
    OneThread,
    TwoThreads,
}

impl Tuning {
    /// Returns loops with the same buffer size on both sides.
    pub(crate) const fn loops(size: usize) -> Tuning {
        Tuning::Copies { sender: Way::Loop(size), receiver: Way::Loop(size) }
    }

    /// Returns the ways to copy; fails for other settings.
    pub(crate) fn copies(self) -> Outcome<(Way, Way)> {
        match self {
            Tuning::Copies { sender, receiver } => Ok((sender, receiver)),
            _ => Err("no way to copy was chosen".into()),
        }
    }
}

/// A way to move bytes between two descriptors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Way {
    /// Read and write, with a buffer of this many bytes.
    Loop(usize),
    /// Like a loop, but memory is copied to the buffer first, which stays in the processor's cache.
    Copy(usize),
    Sendfile,
    /// Through a pipe.
    Splice,
}

impl fmt::Display for Tuning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tuning::None => f.write_str("defaults"),
            Tuning::Observed => f.write_str("with an observer"),
            Tuning::Shared(connections) => write!(f, "shared connections: {connections}"),
            Tuning::Copies { sender, receiver } if sender == receiver => write!(f, "{sender}"),
            Tuning::Copies { sender, receiver } => write!(f, "{sender} to {receiver}"),
            Tuning::Runtimes { server, client } => write!(f, "{server} + {client}"),
            Tuning::Stream { chunk, window, server, client } => {
                write!(f, "{}, window {} MiB, {server} + {client}", Way::Loop(*chunk), window >> 20)
            }
        }
    }
}

/// The number of its threads.
impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Flavour::OneThread => "1",
            Flavour::TwoThreads => "2",
        })
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Way::Copy(size) => write!(f, "copy, {}", Way::Loop(*size)),
            Way::Loop(size) if size.is_multiple_of(1 << 20) => write!(f, "{} MiB", size >> 20),
            Way::Loop(size) => write!(f, "{} KiB", size >> 10),
            Way::Sendfile => f.write_str("sendfile"),
            Way::Splice => f.write_str("splice"),
        }
    }
}

/// The bytes of one small call of ours, as recorded by a relay.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Recorded {
    pub(crate) request: Vec<u8>,
    pub(crate) reply: Vec<u8>,
}

/// The argument of a small call, the same for all libraries.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) account: u64,
    pub(crate) amount: u64,
    pub(crate) note: String,
}

/// The result of a small call, the same for all libraries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Receipt {
    pub(crate) account: u64,
    pub(crate) balance: u64,
    pub(crate) note: String,
}

impl Order {
    pub(crate) fn sample() -> Order {
        Order { account: 4711, amount: 250_000, note: "rent for May".to_owned() }
    }

    /// Returns the receipt; every server's handler calls this.
    pub(crate) fn book(self) -> Receipt {
        Receipt { account: self.account, balance: self.amount + 1, note: self.note }
    }
}

impl Receipt {
    /// Fails unless this is the answer to the sample order.
    pub(crate) fn check(&self) -> Outcome<()> {
        if self.account == 4711 && self.balance == 250_001 { Ok(()) } else { Err("a reply is wrong".into()) }
    }
}

/// The result of a step; any error ends the case.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

pub(crate) type Outcome<T> = Result<T, Failure>;
