//! What each call of a benchmark sends, and what it does with what comes back.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use rpc_core::{Client, Error, copy};
use serde::de::IgnoredAny;

use crate::call::arguments::Sent;
use crate::call::shape::Accept;
use crate::failure::Failure;

/// What is called.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) argument: Option<Sent>,
    /// A file that each call sends.
    pub(super) input: Option<PathBuf>,
    pub(super) accept: Accept,
}

/// Bytes of streams.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) up: u64,
    pub(super) down: u64,
}

/// Why a call failed.
#[derive(Debug)]
pub(super) enum Problem {
    Call(Error),
    /// A file on this machine, which no other call can use either.
    Here(Failure),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        Problem::Call(error)
    }
}

impl Request {
    /// Makes the call, and throws away what comes.
    pub(super) fn make(&self, client: &Client, nowhere: &mut Nowhere) -> Result<Moved, Problem> {
        let call = client.call(&self.method);
        let up = match &self.input {
            None => None,
            Some(path) => Some(open(path)?),
        };
        let up_len = up.as_ref().map_or(0, |(_, len)| *len);

        /// Receives the reply. A macro, because the types of requests have no name.
        macro_rules! receive {
            ($call:expr) => {
                match self.accept {
                    Accept::Json => $call.json().map(|IgnoredAny| 0)?,
                    Accept::Octets | Accept::Values => nowhere.take($call.octets()?)?,
                    Accept::JsonAndOctets | Accept::JsonAndValues => {
                        let (IgnoredAny, octets) = $call.json_and_octets()?;
                        nowhere.take(octets)?
                    }
                }
            };
        }
        macro_rules! send {
            ($call:expr) => {
                match up {
                    Some((file, _)) => receive!($call.with_octets(file)),
                    None => receive!($call),
                }
            };
        }
        let down = match &self.argument {
            None => send!(call),
            Some(Sent { json, named: true }) => send!(call.with_named(json)),
            Some(Sent { json, named: false }) => send!(call.with(json)),
        };
        Ok(Moved { up: up_len, down })
    }
}

/// Opens a file for one call. The kernel copies it.
fn open(path: &PathBuf) -> Result<(File, u64), Problem> {
    let opened = File::open(path).and_then(|file| file.metadata().map(|metadata| (file, metadata)));
    match opened {
        Ok((file, metadata)) if metadata.is_file() => Ok((file, metadata.len())),
        Ok(_) => Err(Problem::Here(Failure::caller(format!(
            "{}: expected a file, because each call reads it from its beginning",
            path.display()
        )))),
        Err(error) => Err(Problem::Here(Failure::here(format!("{}: {error}", path.display())))),
    }
}

/// Where streams go: to the kernel's own nothing, so that no byte need pass through this process.
#[derive(Debug)]
pub(super) struct Nowhere(#[cfg(unix)] File, #[cfg(not(unix))] io::Sink);

impl Nowhere {
    #[cfg(unix)]
    pub(super) fn open() -> io::Result<Nowhere> {
        File::options().write(true).open("/dev/null").map(Nowhere)
    }

    #[cfg(not(unix))]
    pub(super) fn open() -> io::Result<Nowhere> {
        Ok(Nowhere(io::sink()))
    }

    fn take(&mut self, mut stream: impl io::Read) -> Result<u64, Problem> {
        copy(&mut stream, &mut self.0).map_err(|error| match error.downcast::<Error>() {
            Ok(error) => Problem::Call(error),
            Err(error) => Problem::Here(Failure::here(format!("/dev/null: {error}"))),
        })
    }
}
