//! The service under test.

use std::io::{self, Cursor, Read};

use rpc_core::{Result, rpc_service};

use crate::fixture::{Keyed, Record, Refusal, Served, checksum, pattern};

/// Around zero, the buffers' sizes, a stream's largest frame, and the largest frame of all.
pub(super) const SIZES: [usize; 7] = [0, 1, 8_191, 262_143, 262_144, 262_145, 4_194_305];

#[rpc_service]
pub(super) trait Together {
    fn text(&self, text: &str) -> Result<String>;
    fn store(&self, name: &str, content: impl Read) -> Result<(String, u64, u64)>;
    fn place(&self, record: &Record, tags: &[String], note: Option<String>, content: impl Read) -> Result<Placed>;
    fn refuse(&self, missing: u64, content: impl Read) -> Result<u64, Refusal>;
    fn first(&self, name: &str, content: impl Read) -> Result<u8>;
    fn open(&self, length: usize) -> Result<(Record, impl Read)>;
    fn repeat(&self, text: &str, times: usize) -> Result<(usize, impl Read)>;
    fn long(&self, letters: usize) -> Result<(String, impl Read)>;
    fn refuse_to_open(&self, missing: u64) -> Result<(u64, impl Read), Refusal>;
    fn broken(&self, length: usize) -> Result<(usize, impl Read)>;
    fn unsendable(&self) -> Result<(Keyed, impl Read)>;
    fn shift(&self, by: u8, content: impl Read) -> Result<impl Read>;
    fn convert(&self, name: &str, by: u8, content: impl Read) -> Result<(String, impl Read)>;
}

/// What arrived: the record, its tags and note in one string, length and checksum of the content.
pub(super) type Placed = (Record, String, u64, u64);

#[derive(Debug, Clone)]
pub(super) struct Handler;

impl Together for Handler {
    fn text(&self, text: &str) -> Result<String> {
        Ok(text.to_owned())
    }

    fn store(&self, name: &str, content: impl Read) -> Result<(String, u64, u64)> {
        let (length, sum) = summed(content)?;
        Ok((name.to_owned(), length, sum))
    }

    fn place(&self, record: &Record, tags: &[String], note: Option<String>, content: impl Read) -> Result<Placed> {
        let (length, sum) = summed(content)?;
        Ok((record.clone(), format!("{tags:?} {note:?}"), length, sum))
    }

    fn refuse(&self, missing: u64, _content: impl Read) -> Result<u64, Refusal> {
        if missing > 0 { Err(Refusal::Poor { missing }) } else { Ok(7) }
    }

    fn first(&self, _name: &str, mut content: impl Read) -> Result<u8> {
        let mut first = [0];
        content.read_exact(&mut first)?;
        Ok(first[0])
    }

    fn open(&self, length: usize) -> Result<(Record, impl Read)> {
        Ok((record(length), Cursor::new(pattern(length))))
    }

    fn repeat(&self, text: &str, times: usize) -> Result<(usize, impl Read)> {
        // borrows from the argument while the reply is sent
        let one = text.as_bytes();
        Ok((one.len() * times, io::empty().chain(one).chain(one).take((one.len() * times) as u64)))
    }

    fn long(&self, letters: usize) -> Result<(String, impl Read)> {
        Ok(("x".repeat(letters), &b"stream"[..]))
    }

    fn refuse_to_open(&self, missing: u64) -> Result<(u64, impl Read), Refusal> {
        if missing > 0 { Err(Refusal::Poor { missing }) } else { Ok((7, io::empty())) }
    }

    fn broken(&self, length: usize) -> Result<(usize, impl Read)> {
        Ok((length, Cursor::new(pattern(length)).chain(Failing)))
    }

    fn unsendable(&self) -> Result<(Keyed, impl Read)> {
        Ok((Keyed::from([(vec![1], 1)]), io::repeat(7)))
    }

    fn shift(&self, by: u8, content: impl Read) -> Result<impl Read> {
        Ok(Shifted { content, by })
    }

    fn convert(&self, name: &str, by: u8, content: impl Read) -> Result<(String, impl Read)> {
        Ok((name.to_uppercase(), Shifted { content, by }))
    }
}

pub(super) fn summed(mut content: impl Read) -> Result<(u64, u64)> {
    let mut bytes = Vec::new();
    content.read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64, checksum(&bytes)))
}

pub(super) fn record(length: usize) -> Record {
    Record { name: "\u{1f980}".into(), tags: None, size: length as u64 }
}

pub(super) fn read(mut stream: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Adds to each byte as it is read.
pub(super) struct Shifted<R> {
    content: R,
    by: u8,
}

impl<R: Read> Read for Shifted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.content.read(buf)?;
        for byte in &mut buf[..count] {
            *byte = byte.wrapping_add(self.by);
        }
        Ok(count)
    }
}

/// Fails at its first read.
pub(super) struct Failing;

impl Read for Failing {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the disk is on fire"))
    }
}

pub(super) fn together() -> (Served, TogetherClient) {
    let served = Served::new(TogetherServer::new(Handler));
    let client = TogetherClient::new(served.client());
    (served, client)
}
