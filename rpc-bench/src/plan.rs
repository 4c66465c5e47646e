//! What one pair of processes does, as data that goes to them on their command line.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::placement::Placement;

/// All that a server or a client needs to know to play its part.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) server: Subject,
    pub(crate) client: Subject,
    pub(crate) work: Work,
    pub(crate) network: Network,
    pub(crate) tuning: Tuning,
    pub(crate) placement: Placement,
    /// Bytes that move in one unit of work; none in small calls.
    pub(crate) bytes: usize,
    /// What is sent, where it comes from a file.
    pub(crate) source: PathBuf,
    /// Where it goes, where that is a file. It has its full length already.
    pub(crate) sink: PathBuf,
    /// The path of the Unix socket.
    pub(crate) socket: PathBuf,
    /// A small call of ours as it is on the wire; empty where nobody needs it.
    pub(crate) recorded: Recorded,
}

/// Who is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Subject {
    Ours,
    /// Read and write on the socket, and nothing else.
    Bare,
    /// Our calls written by hand over the socket, without the library.
    ByHand,
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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Network {
    Tcp,
    Unix,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Work {
    /// The server sends, a call at a time.
    Down(Source),
    /// The client sends from memory.
    Up,
    /// Small calls, by so many callers that share a client, each so many at once.
    Calls { callers: usize, batch: usize },
}

/// Where the bytes come from that a server sends. Those of the latter two go to a file, others are thrown away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Source {
    Memory,
    /// Memory behind a type that nobody knows.
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
    /// Calls in one unit of work.
    pub(crate) fn calls(self) -> u64 {
        match self {
            Work::Calls { batch, .. } => batch as u64,
            Work::Down(_) | Work::Up => 1,
        }
    }
}

/// What may be chosen for a rival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Tuning {
    /// Nothing: ours is taken as it comes.
    None,
    /// Over how many connections the callers of ours share.
    Shared(usize),
    /// The ways to copy.
    Copies { sender: Way, receiver: Way },
    /// The async runtimes.
    Runtimes { server: Flavour, client: Flavour },
    /// The runtimes, and for a stream the bytes in one message and how many may be on their way.
    Stream { chunk: usize, window: u32, server: Flavour, client: Flavour },
}

/// An async runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Flavour {
    OneThread,
    TwoThreads,
}

impl Tuning {
    /// Loops with buffers of one size on both sides.
    pub(crate) const fn loops(size: usize) -> Tuning {
        Tuning::Copies { sender: Way::Loop(size), receiver: Way::Loop(size) }
    }

    /// The ways to copy of one who copies.
    pub(crate) fn copies(self) -> Outcome<(Way, Way)> {
        match self {
            Tuning::Copies { sender, receiver } => Ok((sender, receiver)),
            _ => Err("no way to copy was chosen".into()),
        }
    }
}

/// How bytes are moved between two descriptors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Way {
    /// Read and write, with a buffer of so many bytes.
    Loop(usize),
    Sendfile,
    /// Through a pipe.
    Splice,
}

impl fmt::Display for Tuning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tuning::None => f.write_str("as it comes"),
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

/// How many threads it has.
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
            Way::Loop(size) if size.is_multiple_of(1 << 20) => write!(f, "{} MiB", size >> 20),
            Way::Loop(size) => write!(f, "{} KiB", size >> 10),
            Way::Sendfile => f.write_str("sendfile"),
            Way::Splice => f.write_str("splice"),
        }
    }
}

/// The bytes of one small call of ours, as a relay saw them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Recorded {
    pub(crate) request: Vec<u8>,
    pub(crate) reply: Vec<u8>,
}

/// The argument of a small call, the same for all.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) account: u64,
    pub(crate) amount: u64,
    pub(crate) note: String,
}

/// The result of a small call, the same for all.
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

    /// What every server's handler does.
    pub(crate) fn book(self) -> Receipt {
        Receipt { account: self.account, balance: self.amount + 1, note: self.note }
    }
}

impl Receipt {
    /// Whether it answers the sample order.
    pub(crate) fn check(&self) -> Outcome<()> {
        if self.account == 4711 && self.balance == 250_001 { Ok(()) } else { Err("a reply is wrong".into()) }
    }
}

/// Anything that ends a case.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

pub(crate) type Outcome<T> = Result<T, Failure>;
