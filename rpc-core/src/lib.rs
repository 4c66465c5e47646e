//! Blocking RPC over any byte stream: typed calls and raw octet streams behind an ordinary trait.
//!
//! # Layout
//!
//! Each layer names only those below it.
//!
//! | module | what it does |
//! |---|---|
//! | [`transport`] | byte streams: TCP, Unix sockets, children, memory, pairs of halves, your own |
//! | `frame` | frames: six bytes of header and a payload |
//! | `message` | JSON headers, status, data types, body reader and writer |
//! | `connection` | turns, as pure state machines; how a connection ends |
//! | `observe` | what an [`Observer`] and `tracing` are told |
//! | `stream` | reading, sending and copying octets, by the kernel where it can move them |
//! | [`Client`], [`Session`], [`Server`] | typed calls, dispatch, shutdown |
//! | `codec` | how a value becomes JSON and comes back, and what that requires of its type |
//! | `rpc_service` | the attribute that generates client and server of a trait |
//! | [`unstable`] | the layers `frame` and `message`, and raw transports, not covered by semver |
//! | `testing` | tools for tests of services; feature `testing` |
//!
//! The repository has guides in `docs/`: several services on one server, who may call, ssh,
//! metrics, stopping, cancelling, contracts that grow, servers that describe themselves, limits,
//! programs on tokio, testing.

pub mod transport;
pub mod unstable;

#[cfg(feature = "testing")]
pub mod testing;

mod client;
mod codec;
mod connection;
mod error;
mod frame;
mod lock;
mod message;
mod observe;
mod server;
mod stream;
mod unwind;

#[doc(hidden)]
pub mod __private;

pub use client::{CallBuilder, CallOptions, Client, ClientConfig, Pipeline, Session};
pub use codec::{Contract, Contracts, Method, ServiceError};
/// What generated code requires of a signature's types. Here so that the compiler's messages name
/// them without a path; like `__private`, any release may change them.
#[doc(hidden)]
pub use codec::{ErrorBy, Outcome, ParameterBy, ResultBy};
pub use error::{Error, ErrorKind, Fate, Misuse, Operation, RemoteError, Result};
pub use frame::{FrameKind, FramePart, FrameViolation};
pub use message::{DataType, MalformedBody, Metadata, Status, TRACEPARENT, Violation};
pub use observe::{CallReport, ConnectionInfo, Ended, Observer, Side, StreamEnd};
pub use server::{
    Call, CallContext, Dispatch, Extensions, IntoService, PerConnection, Refused, Served, Server, ServerConfig,
    ServerHandle, Service, ShutdownReport, Stopper, TypedCall, serve_connection, serve_connection_with,
};
#[cfg(unix)]
pub use server::{serve_stdio, serve_stdio_with};
pub use stream::{Counted, OctetReader, SentItems, ValueReader, copy, values};
pub use transport::CancelToken;
pub use transport::address::{Address, AddressError};
pub use transport::certificate::Certificate;
pub use transport::parts::Transport;
pub use transport::peer::{Credentials, Peer, PeerAddress};
pub use transport::ssh::SshConnection;
pub use transport::to_address::ToAddress;

/// The parts of a reply, for handlers written without the macro.
pub mod reply {
    pub use crate::codec::{JsonAndOctetsReply, JsonAndValuesReply, JsonReply, OctetsReply, ReplyKind, ValuesReply};
    pub use crate::server::Reply;
}

#[cfg(feature = "macros")]
#[doc = include_str!("rpc_service.md")]
pub use rpc_macros::rpc_service;

/// Compiles and runs the README's example.
#[cfg(all(doctest, feature = "macros"))]
#[doc = include_str!("../../README.md")]
struct Readme;
