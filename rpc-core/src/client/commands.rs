//! Clients whose server is a child process.

use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Result;
use crate::transport::{Address, child};

use super::deadline::Deadline;
use super::opening::{Connector, connector_by, open_once};
use super::pool::Pool;
use super::{Client, ClientConfig, Session};

impl Client {
    /// Starts a command that serves on its standard input and output, as `serve_stdio` does, with
    /// the default [`ClientConfig`]. Each connection is a child process of its own. Starts the
    /// first one now, and blocks until it has [greeted](ClientConfig::stdio_banner).
    ///
    /// `command` is called for each child, on the thread that needs the connection. Its result is
    /// started as it is, except that standard input and output become a socket, and standard error
    /// a pipe whose last 32 KiB are in the error if the child fails. Errors name the program and
    /// its arguments, so no secret belongs there. Programs that ask for a password, such as `ssh`
    /// without `-o BatchMode=yes`, do that on the terminal.
    ///
    /// When a connection is closed, its child gets the end of its input and has 5 s to end; then it
    /// gets SIGTERM, and a second later SIGKILL. A thread for each child sees to that, so that
    /// nothing blocks for it. A connection ends with its child, even if a grandchild keeps it open.
    ///
    /// ```no_run
    /// use std::process::Command;
    ///
    /// use rpc_core::Client;
    ///
    /// let client = Client::from_command(|| {
    ///     let mut command = Command::new("ssh");
    ///     command.args(["-T", "-o", "BatchMode=yes", "host", "mirror serve-stdio '/my data'"]);
    ///     command
    /// })?;
    /// # Ok::<(), rpc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Transport`](crate::Error::Transport) if the child cannot be started, or does not
    /// greet: with what it printed, its exit status, and the end of its standard error.
    pub fn from_command(command: impl Fn() -> Command + Send + Sync + 'static) -> Result<Client> {
        Client::from_command_with(command, ClientConfig::default())
    }

    /// Does the same as [`from_command`](Client::from_command), with settings of your own.
    ///
    /// # Errors
    /// As [`from_command`](Client::from_command).
    pub fn from_command_with(
        command: impl Fn() -> Command + Send + Sync + 'static,
        config: ClientConfig,
    ) -> Result<Client> {
        let client = Client::of_pool(Arc::new(Pool::new(starter(command), config)));
        client.pool.warm_up()?;
        Ok(client)
    }
}

impl Session {
    /// Starts a command as [`Client::from_command`] does, with the default [`ClientConfig`]. The
    /// session ends with the child.
    ///
    /// # Errors
    /// As [`Client::from_command`].
    pub fn from_command(command: impl Fn() -> Command + Send + Sync + 'static) -> Result<Session> {
        Session::from_command_with(command, ClientConfig::default())
    }

    /// Does the same as [`from_command`](Session::from_command), with settings of your own.
    ///
    /// # Errors
    /// As [`Client::from_command`].
    pub fn from_command_with(
        command: impl Fn() -> Command + Send + Sync + 'static,
        config: ClientConfig,
    ) -> Result<Session> {
        let (parts, _) = open_once(&starter(command), &config, Deadline::none())?;
        Session::of_parts(parts, config)
    }
}

/// Returns a connector that starts a command for each connection. The first one says what they are
/// called.
fn starter(command: impl Fn() -> Command + Send + Sync + 'static) -> Connector {
    let first = command();
    let address = Address::Other(child::name(&first));
    let first = Mutex::new(Some(first));
    connector_by(address, move |config, limit, token| {
        let prepared = first.lock().unwrap_or_else(PoisonError::into_inner).take();
        child::connect(prepared.unwrap_or_else(&command), config.stdio_banner, limit, token)
    })
}
