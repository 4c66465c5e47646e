//! A transport that packs bytes into records over another one, as TLS does, and sends them in
//! parts: it takes more than it sends, and reads nothing of a part.

use std::collections::VecDeque;
use std::io::{self, IoSlice, Read};
use std::time::Instant;

use rpc_core::Transport;
use rpc_core::transport::{Parts, ReadHalf, WriteHalf};

/// The first byte of each record.
const MARK: u8 = 23;

/// A mark, the record's number, and the length of what follows.
const HEADER_LEN: usize = 5;

/// The most bytes that a record carries.
const MOST: usize = 1000;

/// A transport that packs bytes into records. Each try to write without blocking sends at most half
/// of what is left of a record, so that even the smallest is left unsent at first.
///
/// The records are numbered and scrambled, so one that is lost, repeated or out of order is an
/// error.
#[derive(Debug)]
pub struct Records<T>(pub T);

impl<T: Transport> Transport for Records<T> {
    fn into_parts(self) -> io::Result<Parts> {
        let parts = self.0.into_parts()?;
        let reader = Reader { half: parts.reader, raw: Vec::new(), opened: VecDeque::new(), number: 0 };
        let can_try = parts.control.as_ref().is_some_and(|control| control.can_wait());
        let writer = Writer { half: parts.writer, can_try, record: Vec::new(), sent: 0, number: 0, failed: false };
        Ok(Parts { reader: Box::new(reader), writer: Box::new(writer), ..parts })
    }
}

/// Scrambles the content of a record, or unscrambles it.
fn scramble(number: u16, content: &mut [u8]) {
    let mut key = number.wrapping_mul(31);
    for byte in content {
        *byte ^= key.to_le_bytes()[0];
        key = key.wrapping_add(7);
    }
}

struct Reader {
    half: Box<dyn ReadHalf>,
    /// What has arrived of records that have not been opened.
    raw: Vec<u8>,
    /// The content of opened records that has not been read.
    opened: VecDeque<u8>,
    /// The number of the next record.
    number: u16,
}

impl Reader {
    fn read_by(
        &mut self,
        buf: &mut [u8],
        mut read: impl FnMut(&mut dyn ReadHalf, &mut [u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        loop {
            if !self.opened.is_empty() {
                return self.opened.read(buf);
            }
            if !self.open()? {
                let mut piece = [0; MOST + MOST / 2];
                match read(&mut *self.half, &mut piece)? {
                    0 if self.raw.is_empty() => return Ok(0),
                    0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                    count => self.raw.extend_from_slice(&piece[..count]),
                }
            }
        }
    }

    /// Opens the next record. Returns `false` if not all of it has arrived.
    fn open(&mut self) -> io::Result<bool> {
        let Some((&[mark, number @ .., low, high], rest)) = self.raw.split_first_chunk::<HEADER_LEN>() else {
            return Ok(false);
        };
        if mark != MARK || u16::from_le_bytes(number) != self.number {
            let problem = format!("a record of {mark} {number:?} instead of the one with number {}", self.number);
            return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
        }
        let len = usize::from(u16::from_le_bytes([low, high]));
        let Some(content) = rest.get(..len) else { return Ok(false) };
        let mut content = content.to_vec();
        scramble(self.number, &mut content);
        self.opened.extend(content);
        self.raw.drain(..HEADER_LEN + len);
        self.number = self.number.wrapping_add(1);
        Ok(true)
    }
}

impl ReadHalf for Reader {
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        self.read_by(buf, |half, piece| half.read(piece, until))
    }

    fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.read_by(buf, |half, piece| half.try_read(piece))
    }
}

struct Writer {
    half: Box<dyn WriteHalf>,
    /// Whether the transport below can write without blocking.
    can_try: bool,
    /// The last record.
    record: Vec<u8>,
    /// How much of it has been sent.
    sent: usize,
    /// The number of the next record.
    number: u16,
    /// The transport below has failed, maybe inside a record, so nothing more is sent.
    failed: bool,
}

impl Writer {
    /// Packs the next record. Returns how many bytes it carries.
    fn pack(&mut self, bufs: &[IoSlice<'_>]) -> usize {
        assert!(self.is_sent() && !self.failed, "records leave in order, and none after a failure");
        let mut content: Vec<u8> = bufs.iter().flat_map(|buf| buf.iter().copied()).take(MOST).collect();
        scramble(self.number, &mut content);
        let len = u16::try_from(content.len()).expect("a record is small");
        self.record.clear();
        self.record.push(MARK);
        self.record.extend(self.number.to_le_bytes());
        self.record.extend(len.to_le_bytes());
        self.record.extend(&content);
        self.sent = 0;
        self.number = self.number.wrapping_add(1);
        content.len()
    }

    fn is_sent(&self) -> bool {
        self.sent == self.record.len()
    }

    /// Sends some of the record. Returns `false` if the transport below takes nothing now.
    fn send(&mut self, write: impl FnOnce(&mut dyn WriteHalf, &[u8]) -> io::Result<usize>) -> io::Result<bool> {
        match write(&mut *self.half, &self.record[self.sent..]) {
            Ok(count) => {
                self.sent += count;
                Ok(true)
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(false),
            Err(error) => {
                self.failed = true;
                Err(error)
            }
        }
    }
}

impl WriteHalf for Writer {
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        self.flush(until)?;
        let count = self.pack(bufs);
        self.flush(until)?;
        Ok(count)
    }

    fn try_write(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        if !self.can_try {
            return Err(io::ErrorKind::Unsupported.into());
        }
        if !self.try_flush()? {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = self.pack(bufs);
        self.try_flush()?;
        Ok(count)
    }

    fn try_flush(&mut self) -> io::Result<bool> {
        if !self.is_sent() {
            self.send(|half, rest| half.try_write(&[IoSlice::new(&rest[..rest.len().div_ceil(2)])]))?;
        }
        Ok(self.is_sent() && self.half.try_flush()?)
    }

    fn flush(&mut self, until: Option<Instant>) -> io::Result<()> {
        while !self.is_sent() {
            self.send(|half, rest| half.write(&[IoSlice::new(rest)], until))?;
        }
        self.half.flush(until)
    }

    fn finish(&mut self, until: Option<Instant>) -> io::Result<()> {
        if !self.failed {
            self.flush(until)?;
        }
        self.half.finish(until)
    }
}
