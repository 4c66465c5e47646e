//! How a command fails: one line, and an exit code that says who has to act.

use std::fmt::Display;
use std::process::ExitCode;

use rpc_core::{Error, RemoteError, Status};

/// Who has to act, as an exit code. `docs/cli.md` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Code {
    /// Whoever the method's own error is for: the method ran, and returned it.
    Method = 1,
    /// The caller: the command line, or a request that the server refused.
    Caller = 2,
    /// Who runs the server: it failed, or broke the protocol.
    Server = 3,
    /// Who runs the network or the server: it cannot be reached, is gone, or takes no connection.
    Connection = 4,
    /// A time limit has passed.
    Time = 5,
    /// Who runs this machine: a file or a pipe that cannot be read or written.
    Here = 6,
    /// Nobody: the command was interrupted.
    Interrupted = 130,
    /// Nobody: whoever reads the output has closed it.
    ClosedOutput = 141,
}

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    code: Code,
    /// One line for people; empty to end quietly.
    text: String,
}

impl Failure {
    pub(crate) fn new(code: Code, text: impl Into<String>) -> Failure {
        Failure { code, text: text.into() }
    }

    /// A mistake on the command line.
    pub(crate) fn caller(text: impl Into<String>) -> Failure {
        Failure::new(Code::Caller, text)
    }

    /// A failed call. The text names the server.
    pub(crate) fn of_call(server: &impl Display, error: &Error) -> Failure {
        let (server, text) = (server.to_string(), error.to_string());
        let text = if text.contains(&server) { text } else { format!("{server}: {text}") };
        Failure::new(code_of(error), text)
    }

    /// Prints the line, and returns the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        if !self.text.is_empty() {
            eprintln!("rpc: {}", self.text);
        }
        ExitCode::from(self.code as u8)
    }
}

/// Returns who has to act after a failed call.
fn code_of(error: &Error) -> Code {
    match error {
        // the server refused the connection, whatever the status says
        Error::Remote(RemoteError { fate, .. }) if fate.never_ran => Code::Connection,
        Error::Remote(RemoteError { status: Status::RequestError, .. }) => Code::Caller,
        Error::Remote(RemoteError { status: Status::ServerError, .. }) => Code::Server,
        Error::Remote(_) => Code::Method,
        Error::Protocol { .. } => Code::Server,
        Error::Transport { .. } => Code::Connection,
        Error::Deadline { .. } => Code::Time,
        Error::Cancelled { .. } => Code::Interrupted,
        Error::Source { .. } => Code::Here,
        _ => Code::Caller,
    }
}
