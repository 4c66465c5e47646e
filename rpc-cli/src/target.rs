//! The server that a command calls.

use std::time::Duration;

use rpc_core::{Address, CallOptions, Client, Error};

use crate::failure::{Code, Failure};
use crate::interrupt;
use crate::tls::Tls;

/// The server, and what each call to it carries.
#[derive(Debug, clap::Args)]
pub(crate) struct Target {
    /// Where the server listens: tcp://host:port, tls://host:port, unix:///path, or
    /// 'exec:COMMAND', which starts it.
    #[arg(value_parser = address)]
    address: Address,
    /// The most time that a call may take, streams included, such as 500ms, 5s or 2m; without it,
    /// the limits of the library hold.
    #[arg(long, value_parser = duration, value_name = "TIME")]
    timeout: Option<Duration>,
    /// Metadata for the server; may be repeated.
    #[arg(long = "meta", value_parser = pair, value_name = "KEY=VALUE")]
    metadata: Vec<(String, String)>,
    #[command(flatten)]
    tls: Tls,
}

impl Target {
    /// Connects. Signals cancel the calls of the client.
    pub(crate) fn connect(&self) -> Result<Client, Failure> {
        // the user has written the address
        let config = self.tls.config(&self.address)?.allow_exec(true);
        let client = Client::connect_with(&self.address, config).map_err(|error| self.failed(error))?;
        let token = interrupt::token().map_err(|error| Failure::new(Code::Here, format!("signals: {error}")))?;
        let mut options = CallOptions::default().cancel(&token);
        if self.timeout.is_some() {
            options = options.timeout(self.timeout);
        }
        let add = |options: CallOptions, (name, value): &(String, String)| options.metadata(name, value);
        Ok(client.with_options(self.metadata.iter().fold(options, add)))
    }

    /// A failed call of this server.
    pub(crate) fn failed(&self, error: impl std::borrow::Borrow<Error>) -> Failure {
        Failure::of_call(&self.address, error.borrow())
    }
}

/// The error leaves out what was found, because clap prints that before it.
fn address(text: &str) -> Result<Address, &'static str> {
    text.parse().map_err(|_| "expected tcp://host:port, tls://host:port, unix:///path or exec:COMMAND")
}

fn pair(text: &str) -> Result<(String, String), &'static str> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
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
    fn durations() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(duration("1.5"), Ok(Duration::from_millis(1500)));
        for wrong in ["", "s", "5d", "-1s", "1e400s", "NaN"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
