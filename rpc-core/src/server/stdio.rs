//! Serving the client that has started this process.

use crate::error::{Error, Fate, Operation, Result};
use crate::observe::Ended;
use crate::transport::stdio::Stdio;

use super::{Dispatch, ServerConfig, serve_parts};

/// Serves the client at this process's standard input and output until it leaves, with the default
/// [`ServerConfig`]. Returns how the connection ended.
///
/// The client has started this process, by [`Client::from_command`](crate::Client::from_command) or
/// an address like `exec:ssh host mirror serve-stdio /data`. `docs/ssh.md` shows all of it.
///
/// First it takes descriptors 0 and 1 away from the process, for good: what a handler or a library
/// prints later goes to standard error, which the client shows when something fails, and a child
/// process inherits neither. What was printed before, up to 8 KiB, the client skips. So call it as
/// the first thing in `main` that may print. Then both sides
/// [greet each other](ServerConfig::stdio_banner).
///
/// The two may be one socket, pipes or files, but no terminal. As one socket, which is what a
/// client of this library passes, they are served like any other; otherwise two helper threads copy
/// each byte once more. [`Peer::ssh`](crate::Peer::ssh) is the ssh connection if there is one, and
/// the [`credentials`](crate::Peer::credentials) are those of this process, as whose user the
/// client could start it. The service needs to be neither `Send` nor `Clone`.
///
/// ```no_run
/// use rpc_core::{Result, rpc_service, serve_stdio};
///
/// #[rpc_service]
/// trait Greeter {
///     fn greet(&self, name: &str) -> Result<String>;
/// }
///
/// struct Polite;
///
/// impl Greeter for Polite {
///     fn greet(&self, name: &str) -> Result<String> {
///         println!("this does not disturb the client");
///         Ok(format!("hello, {name}"))
///     }
/// }
///
/// fn main() -> Result<()> {
///     serve_stdio(GreeterServer::new(Polite)).map(drop)
/// }
/// ```
///
/// # Errors
/// [`Error::Transport`] if standard input or output is a terminal, has been taken before or cannot
/// be used, or if the client does not greet. Otherwise as
/// [`serve_connection`](crate::serve_connection).
pub fn serve_stdio<D: Dispatch>(service: D) -> Result<Ended> {
    serve_stdio_with(service, ServerConfig::default())
}

/// Serves the client at this process's standard input and output until it leaves, with this config;
/// see [`serve_stdio`].
///
/// # Errors
/// As [`serve_stdio`].
pub fn serve_stdio_with<D: Dispatch>(service: D, config: ServerConfig) -> Result<Ended> {
    // before anything of the service's runs, which might print
    let stdio = Stdio::take().map_err(Error::transport(Operation::Accepting, Fate::UNREACHED))?;
    serve_parts(|config| stdio.greet(config.stdio_banner, config.request_timeout), service, config)
}
