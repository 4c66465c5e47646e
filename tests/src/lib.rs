//! What the tests share in addition to `rpc_core::testing`: the recorded sessions of the original
//! program, its service as a trait, connections over each kind of transport, one that packs bytes
//! into records, certificates, counts of allocated memory, a service for child processes, and
//! programs that tests need.

#[cfg(feature = "tls")]
pub mod certificates;
pub mod heap;
pub mod programs;
pub mod protocol;
#[cfg(unix)]
pub mod sshd;
pub mod worker;

mod golden;
#[cfg(doctest)]
mod guides;
mod original;
mod records;
mod transport_kind;

pub use golden::{Golden, golden_session, golden_sessions};
pub use original::{Entry, ListRequest, Original, OriginalClient, OriginalServer, Reference, pattern};
pub use records::Records;
pub use rpc_core::testing::{
    Fault, Faulty, PieceSize, Piecewise, Plan, ScriptedPeer, serve_bytes, watchdog, watchdog_with_limit, wire,
};
pub use transport_kind::{Connections, TransportKind};
