//! The server that a command calls.

use std::fmt::{self, Display, Formatter};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rpc_core::{Address, CallOptions, Client, ClientConfig, Error, Session};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::failure::{Code, Failure, code_of};
use crate::interrupt;
use crate::tls::Tls;

/// The server, and what each call to it carries.
#[derive(Debug, clap::Args)]
pub(crate) struct Target {
    /// Where the server listens: tcp://host:port, tls://host:port, unix:///path, or
    /// 'exec:COMMAND', which starts it.
    #[arg(value_parser = address)]
    address: Address,
    /// The most time that connecting may take, and then each call, its streams included, such as
    /// 500ms, 5s or 2m; without it, 1 minute for connecting and 5 minutes for a reply to begin.
    #[arg(long, value_parser = duration, value_name = "TIME")]
    timeout: Option<Duration>,
    /// How long a stream may stand still; 0 for no limit. The server has a limit of its own.
    #[arg(long, value_parser = duration, value_name = "TIME", default_value = "2m")]
    stall_timeout: Duration,
    /// The most bytes of JSON in a request, a reply, or an item of a stream, such as 64MiB.
    #[arg(long, value_parser = bytes, value_name = "SIZE", default_value = "8MiB")]
    pub(crate) max_json: usize,
    /// Metadata for the server; may be repeated.
    #[arg(long = "meta", value_parser = pair, value_name = "KEY=VALUE")]
    metadata: Vec<(String, String)>,
    /// A call to make first on each new connection, such as a login; may be repeated. An object is
    /// sent as named values.
    #[arg(long, value_parser = preparation, value_name = "METHOD [JSON]")]
    first: Vec<Preparation>,
    /// Who has to act after a call of `first` that failed, which its error cannot say.
    #[arg(skip)]
    first_failed: Arc<Mutex<Option<Code>>>,
    #[command(flatten)]
    tls: Tls,
}

/// A call that prepares a connection.
#[derive(Debug, Clone)]
struct Preparation {
    method: String,
    argument: Box<RawValue>,
}

impl Target {
    /// Connects. Signals cancel the calls of the client.
    pub(crate) fn connect(&self) -> Result<Client, Failure> {
        let options = self.options()?;
        let client =
            Client::connect_with(&self.address, self.config(&options)?).map_err(|error| self.failed(&error))?;
        let add = |options: CallOptions, (name, value): &(String, String)| options.metadata(name, value);
        Ok(client.with_options(self.metadata.iter().fold(options, add)))
    }

    /// Returns what ends calls.
    fn options(&self) -> Result<CallOptions, Failure> {
        let token = interrupt::token().map_err(|error| Failure::here(format!("signals: {error}")))?;
        let stall_limit = Some(self.stall_timeout).filter(|limit| !limit.is_zero());
        let mut options = CallOptions::default().cancel(&token).stall_timeout(stall_limit);
        if self.timeout.is_some() {
            options = options.timeout(self.timeout);
        }
        Ok(options)
    }

    fn config(&self, options: &CallOptions) -> Result<ClientConfig, Failure> {
        // the user has written the address
        let mut config = self.tls.config(&self.address)?.allow_exec(true).max_json_len(self.max_json);
        if self.timeout.is_some() {
            config = config.connect_timeout(self.timeout);
        }
        if !self.first.is_empty() {
            let (first, options, failed) = (self.first.clone(), options.clone(), Arc::clone(&self.first_failed));
            config = config.on_connect(move |session| {
                first.iter().try_for_each(|call| {
                    let made = call.make(session, &options);
                    *lock(&failed) = made.as_ref().err().map(code_of);
                    made.map_err(|error| call.named(error))
                })
            });
        }
        Ok(config)
    }

    /// Ends all calls of this process when the time of a call that begins now is over. The limit of
    /// the library leaves out the stream of a reply.
    pub(crate) fn limit_streams(&self) {
        if let Some(limit) = self.timeout {
            interrupt::cancel_after(limit, Code::Time as u8);
        }
    }

    /// A failed call of this server.
    pub(crate) fn failed(&self, error: &Error) -> Failure {
        let failure = Failure::of_call(&self.address, error);
        match lock(&self.first_failed).take() {
            Some(code) => failure.with_code(code),
            None => failure,
        }
    }

    /// A mistake of the caller about this server.
    pub(crate) fn refused(&self, text: impl Display) -> Failure {
        Failure::caller(format!("{}: {text}", self.address))
    }

    /// A mistake of this server.
    pub(crate) fn broke(&self, text: impl Display) -> Failure {
        Failure::new(Code::Server, format!("{}: {text}", self.address))
    }
}

/// The address.
impl Display for Target {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

impl Preparation {
    fn make(&self, session: &mut Session, options: &CallOptions) -> rpc_core::Result<()> {
        let call = session.call(&self.method).options(options.clone());
        let named = self.argument.get().starts_with('{');
        let reply = if named { call.with_named(&*self.argument).json() } else { call.with(&*self.argument).json() };
        reply.map(|IgnoredAny| ())
    }

    /// Names the call in its error.
    fn named(&self, error: Error) -> Error {
        match error {
            // without a fate: it refuses this connection, but not as a server does that is full
            Error::Remote(refusal) => Error::new(format!("--first {}: {}", self.method, refusal.message)),
            error => error,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The error leaves out what was found, because clap prints that before it.
pub(crate) fn address(text: &str) -> Result<Address, &'static str> {
    text.parse().map_err(|_| "expected tcp://host:port, tls://host:port, unix:///path or exec:COMMAND")
}

fn pair(text: &str) -> Result<(String, String), &'static str> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

fn preparation(text: &str) -> Result<Preparation, String> {
    let (method, json) = text.split_once(' ').unwrap_or((text, "null"));
    let argument = serde_json::from_str(json).map_err(|error| format!("expected METHOD JSON: {error}"))?;
    Ok(Preparation { method: method.to_owned(), argument })
}

/// Reads a number of bytes with a unit.
pub(crate) fn bytes(text: &str) -> Result<usize, String> {
    let (digits, unit) = text.split_at(text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len()));
    let shift = match unit {
        "" => 0,
        "KiB" | "K" => 10,
        "MiB" | "M" => 20,
        "GiB" | "G" => 30,
        other => return Err(format!("unknown unit {other:?}, expected KiB, MiB or GiB")),
    };
    let number: usize = digits.parse().map_err(|error| format!("{error}"))?;
    number.checked_mul(1 << shift).ok_or_else(|| "it is too large".to_owned())
}

/// Reads a number with a unit.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let seconds = match &text[digits.len()..] {
        "ms" => 0.001,
        "s" | "" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        other => return Err(format!("unknown unit {other:?}, expected ms, s, m or h")),
    };
    let number: f64 = digits.parse().map_err(|error| format!("{error}"))?;
    Duration::try_from_secs_f64(number * seconds).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!((bytes("5"), bytes("64MiB"), bytes("1K")), (Ok(5), Ok(64 << 20), Ok(1024)));
        for wrong in ["", "MiB", "-1", "1.5M", "5 MiB", "99999999999999999999", "18446744073709551615G"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn durations() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(duration("1.5"), Ok(Duration::from_millis(1500)));
        for wrong in ["", "s", "5d", "-1s", "1e400s", "NaN"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
