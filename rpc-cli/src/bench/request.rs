//! What each call of a benchmark sends, and what it does with what comes back.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use clap::ValueEnum;
use rpc_core::{Client, Error, copy};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::failure::{Code, Failure};

/// What a method returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Accept {
    /// A value.
    Json,
    /// A stream, of bytes or of values.
    Octets,
    /// A value, then a stream.
    #[value(name = "json+octets")]
    JsonAndOctets,
}

/// What is called.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) argument: Option<Argument>,
    /// A file that each call sends.
    pub(super) input: Option<PathBuf>,
    pub(super) accept: Accept,
}

/// The JSON that is sent.
#[derive(Debug)]
pub(super) struct Argument {
    json: Box<RawValue>,
    /// It is an object of parameters.
    is_named: bool,
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

impl Argument {
    /// Reads one JSON text, which is an object of parameters if it is an object and not `bare`, or
    /// several values with names.
    pub(super) fn read(words: &[String], bare: bool) -> Result<Option<Argument>, Failure> {
        let named: Option<Map<String, Value>> = words.iter().map(|word| named(word)).collect();
        match (words, named) {
            ([], _) => Ok(None),
            (_, Some(values)) => Ok(Some(Argument { json: raw(&Value::Object(values).to_string())?, is_named: true })),
            ([word], None) => {
                let json = raw(word)?;
                let is_named = json.get().starts_with('{') && !bare;
                Ok(Some(Argument { json, is_named }))
            }
            _ => Err(Failure::caller("expected one JSON text, or name=value for each parameter")),
        }
    }
}

/// Splits `name=value`. The value is text unless it is JSON. No JSON begins like that.
fn named(word: &str) -> Option<(String, Value)> {
    let (name, value) = word.split_once('=')?;
    let is_name = !name.is_empty() && name.chars().all(|char| char.is_alphanumeric() || "_-".contains(char));
    is_name.then(|| (name.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| value.into())))
}

fn raw(text: &str) -> Result<Box<RawValue>, Failure> {
    let json: &RawValue =
        serde_json::from_str(text).map_err(|error| Failure::caller(format!("the argument is not JSON: {error}")))?;
    Ok(json.to_owned())
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
                    Accept::Octets => nowhere.take($call.octets()?)?,
                    Accept::JsonAndOctets => {
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
            Some(Argument { json, is_named: true }) => send!(call.with_named(json)),
            Some(Argument { json, is_named: false }) => send!(call.with(json)),
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
        Err(error) => Err(Problem::Here(Failure::new(Code::Here, format!("{}: {error}", path.display())))),
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
            Err(error) => Problem::Here(Failure::new(Code::Here, format!("/dev/null: {error}"))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_json_or_named_values() {
        let read = |words: &[&str], bare| {
            let words: Vec<_> = words.iter().map(|&word| word.to_owned()).collect();
            Argument::read(&words, bare).unwrap().map(|argument| (argument.json.get().to_owned(), argument.is_named))
        };
        assert_eq!(read(&[], false), None);
        assert_eq!(read(&["21"], false), Some(("21".to_owned(), false)));
        assert_eq!(read(&[r#"{"a": 1}"#], false), Some((r#"{"a": 1}"#.to_owned(), true)));
        assert_eq!(read(&[r#"{"a": 1}"#], true), Some((r#"{"a": 1}"#.to_owned(), false)));
        assert_eq!(read(&["a=1", "b=x=y"], false), Some((r#"{"a":1,"b":"x=y"}"#.to_owned(), true)));
        for wrong in [&["1", "2"][..], &["text"], &["a=1", "2"]] {
            let words: Vec<_> = wrong.iter().map(|&word| word.to_owned()).collect();
            assert!(Argument::read(&words, false).is_err(), "{wrong:?}");
        }
    }
}
