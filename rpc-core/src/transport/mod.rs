//! Transports: ordered, reliable byte streams in both directions.
//!
//! | transport | time limits | looks ahead | from |
//! |---|---|---|---|
//! | TCP | yes | yes | `tcp://host:port`, [`TcpStream`](std::net::TcpStream) |
//! | TLS | yes | yes | `tls://host:port`, with a layer such as the crate `rpc-tls` |
//! | Unix socket | yes | yes | `unix:///path`, `UnixStream` |
//! | memory | yes | yes | [`memory_pair`] |
//! | a child process | yes | yes | `Client::from_command`, `exec:COMMAND ARGS`; Unix only |
//! | a pair of halves | yes | yes | any `(impl Read, impl Write)`: two helper threads own them |
//! | your own | as you write it | if you write it | [`Transport`] |
//!
//! A server takes its connections from a [`Listener`]: a socket that it binds, that you have bound
//! or that systemd has passed to the process (`activated_listeners`), or your own.
//!
//! A [`ClientSecurity`] and a [`ServerSecurity`] put a layer such as TLS on any of them.
//!
//! A transport holds at least 8 KiB each way while nobody reads. This layer knows nothing of
//! frames.

#[cfg(unix)]
mod activation;
pub(crate) mod address;
#[cfg(unix)]
mod banner;
#[cfg_attr(not(unix), path = "plain_bell.rs")]
mod bell;
mod cancel;
pub(crate) mod certificate;
#[cfg(unix)]
pub(crate) mod child;
mod clock;
mod halves;
#[cfg(unix)]
mod inherited;
pub(crate) mod kernel;
mod listener;
mod memory;
pub(crate) mod parts;
pub(crate) mod peer;
#[cfg(unix)]
mod poll;
mod proxy;
#[cfg_attr(not(unix), path = "plain_ready.rs")]
mod ready;
mod security;
#[cfg_attr(not(unix), path = "plain_socket.rs")]
mod socket;
pub(crate) mod socket_listener;
pub(crate) mod ssh;
#[cfg(unix)]
pub(crate) mod stdio;
mod tcp;
mod timeout;
pub(crate) mod to_address;
#[cfg(unix)]
mod unix;

#[cfg(unix)]
pub use activation::activated_listeners;
pub(crate) use address::{Address, AddressError};
pub use cancel::CancelToken;
pub(crate) use cancel::{Registered, Wake};
pub(crate) use certificate::Certificate;
pub(crate) use clock::time_left;
pub(crate) use halves::with_helpers;
pub(crate) use kernel::{Filled, KernelPipe};
pub(crate) use listener::{Accepted, ErasedListener};
pub use listener::{IntoListener, Listener};
pub use memory::{MemoryStream, memory_pair, memory_pair_with_capacity};
pub(crate) use parts::Transport;
pub use parts::{Control, Parts, ReadHalf, WriteHalf};
#[cfg(unix)]
pub(crate) use peer::Credentials;
pub(crate) use peer::{Peer, PeerAddress};
pub(crate) use proxy::{PROXY_HEADER_TIME, behind_proxy};
pub(crate) use ready::wait_readable;
pub(crate) use security::Layer;
pub use security::{ClientSecurity, ServerSecurity};
pub use socket_listener::{SocketListener, SocketStream};
pub(crate) use tcp::connect as connect_tcp;
pub(crate) use timeout::{TimeLimit, Timed, limit_has_passed};
pub(crate) use to_address::ToAddress;
#[cfg(unix)]
pub(crate) use unix::connect as connect_unix;
