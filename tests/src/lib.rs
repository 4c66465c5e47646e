//! What the tests share: a watchdog, frames written by hand, peers that follow a script, transports that misbehave, and
//! the recorded sessions of the original program.

mod faulty;
mod golden;
mod line;
mod original;
mod peer;
mod pieces;
mod watchdog;
pub mod wire;

pub use faulty::{Fault, Faulty, Plan};
pub use golden::{Golden, golden_sessions};
pub use line::{Connections, Line};
pub use original::{Entry, ListRequest, Original, OriginalClient, OriginalServer, Reference, pattern};
pub use peer::{Peer, serve_bytes};
pub use pieces::{PieceSize, Pieces};
pub use watchdog::{watchdog, watchdog_with_limit};
