//! The service of the sessions. It records which of its handlers ran.

use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::{Arc, Mutex};

use rpc_core::{Call, Contract, Contracts, Dispatch, Error, Result, Served, values};
use rpc_tests::pattern;

/// How often handlers began, by request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Witness(Arc<Mutex<HashMap<String, usize>>>);

impl Witness {
    fn saw(&self, what: impl Into<String>) {
        *self.0.lock().unwrap().entry(what.into()).or_default() += 1;
    }

    pub(crate) fn all(&self) -> usize {
        self.0.lock().unwrap().values().sum()
    }

    pub(crate) fn times(&self, what: &str) -> usize {
        self.0.lock().unwrap().get(what).copied().unwrap_or(0)
    }
}

/// Yields its bytes in pieces, then ends or fails.
pub(crate) struct Source {
    bytes: io::Cursor<Vec<u8>>,
    piece: usize,
    fails: Option<&'static str>,
}

/// The size of the pieces that sources yield.
const PIECE: usize = 3000;

impl Source {
    /// The first bytes of the pattern, then the end.
    pub(crate) fn of(count: u64) -> Source {
        Source { bytes: io::Cursor::new(pattern(count)), piece: PIECE, fails: None }
    }

    /// The first bytes of the pattern, then a failure.
    pub(crate) fn failing(count: u64, why: &'static str) -> Source {
        Source { fails: Some(why), ..Source::of(count) }
    }
}

impl Read for Source {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let most = buf.len().min(self.piece);
        match (self.bytes.read(&mut buf[..most])?, self.fails) {
            (0, Some(why)) => Err(io::Error::other(why)),
            (count, _) => Ok(count),
        }
    }
}

/// Returns how many bytes arrived, if they are those of the pattern.
pub(crate) fn counted(mut content: impl Read) -> Result<u64> {
    let mut bytes = Vec::new();
    content.read_to_end(&mut bytes)?;
    let count = bytes.len() as u64;
    if bytes == pattern(count) { Ok(count) } else { Err(Error::new("these are not the pattern's bytes")) }
}

/// The first numbers as items.
pub(crate) fn numbers(count: u64) -> impl Iterator<Item = Result<u64>> {
    values(0..count)
}

/// The first numbers, then a failure.
pub(crate) fn failing(count: u64, why: &str) -> impl Iterator<Item = Result<u64>> {
    numbers(count).chain([Err(Error::new(why))])
}

/// Returns the sum of the items, if they are the first numbers.
pub(crate) fn summed(numbers: impl Iterator<Item = Result<u64>>) -> Result<u64> {
    let mut sum = 0;
    for (expected, number) in (0..).zip(numbers) {
        let number = number?;
        sum += number;
        if number != expected {
            return Err(Error::new("these are not the numbers in order"));
        }
    }
    Ok(sum)
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Service(pub(crate) Witness);

impl Dispatch for Service {
    fn contracts(&self) -> Contracts {
        const { &Contract::new("Service") }.into()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        let (witness, name) = (&self.0, call.endpoint());
        match name {
            "double" => call.takes_json().returns_json(|number: u64| {
                witness.saw(format!("double {number}"));
                Ok::<_, Error>(number * 2)
            }),
            "refuse" => call.takes_json().returns_json(|text: String| {
                witness.saw(name);
                Err::<(), _>(Error::new(text))
            }),
            "letters" => call.takes_json().returns_json(|letters: String| {
                witness.saw(name);
                Ok::<_, Error>(letters)
            }),
            "stream" => call.takes_json().returns_octets(|count: u64| {
                witness.saw(name);
                Ok::<_, Error>(Source::of(count))
            }),
            "broken" => call.takes_json().returns_octets(|count: u64| {
                witness.saw(name);
                Ok::<_, Error>(Source::failing(count, "the server's source broke"))
            }),
            "count" => call.takes_octets().returns_json(|content| {
                witness.saw(name);
                counted(content)
            }),
            "full" => call.takes_octets().returns_json(|mut content| {
                witness.saw(name);
                content.read_exact(&mut [0; 5000])?;
                Err::<(), _>(Error::new("disk full"))
            }),
            "first" => call.takes_octets().returns_json(|mut content| {
                witness.saw(name);
                let mut first = [0; 4];
                content.read_exact(&mut first)?;
                Ok::<_, Error>(first)
            }),
            "echo" => call.takes_octets().returns_octets(|content| {
                witness.saw(name);
                Ok::<_, Error>(content)
            }),
            "store" => call.takes_json_and_octets().returns_json(|(factor, content): (u64, _)| {
                witness.saw(name);
                Ok::<_, Error>(factor * counted(content)?)
            }),
            "open" => call.takes_json().returns_json_and_octets(|count: u64| {
                witness.saw(name);
                Ok::<_, Error>((count, Source::of(count)))
            }),
            "values" => call.takes_json().returns_values(|count: u64| {
                witness.saw(name);
                Ok::<_, Error>(numbers(count))
            }),
            "failing" => call.takes_json().returns_values(|count: u64| {
                witness.saw(name);
                Ok::<_, Error>(failing(count, "the server's iterator broke"))
            }),
            "sum" => call.takes_values().returns_json(|numbers| {
                witness.saw(name);
                summed(numbers)
            }),
            "twice" => call.takes_values().returns_values(|numbers| {
                witness.saw(name);
                Ok::<_, Error>(numbers.map(|number: Result<u64>| Ok::<_, Error>(number? * 2)))
            }),
            _ => call.unknown_endpoint(),
        }
    }
}
