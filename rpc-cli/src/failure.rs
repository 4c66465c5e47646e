//! How a command fails: one line, and an exit code that says who has to act.

use std::fmt::{self, Display};
use std::process::ExitCode;

use rpc_core::{Error, RemoteError, Status};

use crate::notice::say;
use crate::{escape, interrupt};

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
    /// Nobody: Ctrl-C, or another SIGINT, has ended the command.
    Interrupted = 130,
    /// Nobody: whoever reads the output has closed it.
    ClosedOutput = 141,
    /// Nobody: SIGTERM has ended the command.
    Terminated = 143,
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

    /// A file or a pipe that cannot be read or written.
    pub(crate) fn here(text: impl Into<String>) -> Failure {
        Failure::new(Code::Here, text)
    }

    /// A failed call. The text names the server.
    pub(crate) fn of_call(server: &impl Display, error: &Error) -> Failure {
        // a source that is being read notices a signal as well
        let ends = matches!(error, Error::Cancelled { .. } | Error::Source { .. });
        if let Some(code) = interrupt::exit_code().filter(|_| ends) {
            return Failure::of_end(server, code);
        }
        let (server, code, text) = (server.to_string(), code_of(error), text_of(error));
        Failure::new(code, if text.contains(&server) { text } else { format!("{server}: {text}") })
    }

    /// Says that somebody else has to act.
    pub(crate) fn with_code(self, code: Code) -> Failure {
        Failure { code, ..self }
    }

    /// Says what may help.
    pub(crate) fn with_hint(self, hint: &str) -> Failure {
        Failure { text: format!("{}; {hint}", self.text), ..self }
    }

    /// A call that a signal or the time limit has ended.
    fn of_end(server: &impl Display, exit_code: u8) -> Failure {
        let (code, what) = match exit_code {
            5 => (Code::Time, "took longer than --timeout allows"),
            143 => (Code::Terminated, "terminated"),
            _ => (Code::Interrupted, "interrupted"),
        };
        Failure::new(code, format!("{server}: {what}"))
    }

    /// Prints the line, and returns the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        if !self.text.is_empty() {
            say(&format!("rpc: {self}"));
        }
        ExitCode::from(self.code as u8)
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&one_line(&self.text))
    }
}

/// Returns text of others in one line that cannot control a terminal.
fn one_line(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    escape::text(&lines.join(" | "))
}

/// Returns the text of an error, with the switch to act by in place of the library's setting.
fn text_of(error: &Error) -> String {
    match error {
        Error::Limit { what, size, limit, .. } => {
            let size = size.map_or("more".to_owned(), |size| format!("{size} bytes"));
            format!("the {what} has {size}, {limit} bytes are allowed: raise that by --max-json")
        }
        _ => error.to_string(),
    }
}

/// Returns who has to act after a failed call.
pub(crate) fn code_of(error: &Error) -> Code {
    match error {
        _ if error.is_timeout() => Code::Time,
        // the server refused the connection
        Error::Remote(RemoteError { status: Status::RequestError, fate, .. }) if fate.never_ran => Code::Connection,
        Error::Remote(RemoteError { status: Status::RequestError, .. }) => Code::Caller,
        Error::Remote(RemoteError { status: Status::ServerError, .. }) => Code::Server,
        Error::Remote(_) => Code::Method,
        Error::Protocol { .. } => Code::Server,
        Error::Transport { .. } => Code::Connection,
        Error::Cancelled { .. } => Code::Interrupted,
        Error::Source { .. } => Code::Here,
        _ => Code::Caller,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server's text is not the user's.
    #[test]
    fn what_others_say_is_one_line_that_controls_nothing() {
        assert_eq!(one_line("no\n\n  such\r\nthing\u{1b}[31m\u{9b}1m é\n"), "no | such | thing\\u{1b}[31m\\u{9b}1m é");
    }
}
