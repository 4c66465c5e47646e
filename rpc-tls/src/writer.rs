//! The outgoing direction.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rpc_core::transport::WriteHalf;

use super::session::{RECORD, Session};

/// How many bytes are packed and written together, if there is [plenty of time](PLENTY).
const BATCH: usize = 4 * RECORD;

/// Records that are written together have to leave together. With less time than this, each is
/// written alone, so that a slow peer that takes one is not taken for one that takes nothing.
const PLENTY: Duration = Duration::from_secs(5);

/// What a record takes in addition to its bytes, at most, and some room for what rustls has to say.
const OVERHEAD: usize = 64;

/// The capacity that the buffer keeps.
const KEPT: usize = 4 * 1024;

pub(crate) struct Writer {
    below: Box<dyn WriteHalf>,
    session: Arc<Session>,
    /// Whether the transport below can write without blocking.
    can_try: bool,
    /// Records on their way: `packed[..sent]` has left.
    packed: Vec<u8>,
    sent: usize,
    /// For each record of a batch, where it ends in `packed` and how many bytes it carries.
    batch: Vec<(usize, usize)>,
    /// Why nothing more can be written.
    failed: Option<(io::ErrorKind, String)>,
}

impl Writer {
    pub(crate) fn new(below: Box<dyn WriteHalf>, session: Arc<Session>, can_try: bool) -> Writer {
        Writer { below, session, can_try, packed: Vec::new(), sent: 0, batch: Vec::new(), failed: None }
    }

    fn check(&self) -> io::Result<()> {
        self.failed.as_ref().map_or(Ok(()), |(kind, text)| Err(io::Error::new(*kind, text.clone())))
    }

    fn failed_by(&mut self, error: io::Error) -> io::Error {
        self.failed = Some((error.kind(), error.to_string()));
        error
    }

    /// Packs at most `most` bytes, when nothing is left of earlier records. Returns how many.
    fn pack(&mut self, bufs: &[IoSlice<'_>], most: usize) -> io::Result<usize> {
        let all: usize = bufs.iter().map(|buf| buf.len()).sum();
        // a frame is often its header longer than several batches
        let most = if all <= most + RECORD && most == BATCH { all } else { most };
        let records = all.min(most).div_ceil(RECORD);
        self.packed.reserve_exact(all.min(most) + records * OVERHEAD);
        let mut count = 0;
        while count < most {
            let slices = part(bufs, count, RECORD.min(most - count));
            if slices.is_empty() {
                break;
            }
            match self.session.pack(&slices, &mut self.packed) {
                Ok(packed) => {
                    count += packed;
                    self.batch.push((self.packed.len(), packed));
                }
                Err(error) => {
                    self.send_alert();
                    return Err(self.failed_by(error));
                }
            }
        }
        Ok(count)
    }

    /// Tells the peer why TLS has failed, if that can leave now.
    fn send_alert(&mut self) {
        if self.can_try && self.session.pack_end(&mut self.packed).is_ok() {
            _ = self.try_flush();
        }
    }

    /// Returns how many bytes the records carry that have left whole.
    fn bytes_sent(&self) -> usize {
        self.batch.iter().take_while(|(end, _)| *end <= self.sent).map(|(_, bytes)| bytes).sum()
    }

    /// Sends some of the records. Returns `false` if the transport below takes nothing now.
    fn send(&mut self, write: impl FnOnce(&mut dyn WriteHalf, &[u8]) -> io::Result<usize>) -> io::Result<bool> {
        match write(&mut *self.below, &self.packed[self.sent..]) {
            Ok(count) => {
                self.sent += count;
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(self.failed_by(error)),
        }
    }

    /// Sends all of the records.
    fn send_all(&mut self, until: Option<Instant>) -> io::Result<()> {
        self.check()?;
        while !self.is_sent() {
            self.send(|below, rest| below.write(&[IoSlice::new(rest)], until))?;
        }
        Ok(())
    }

    fn is_sent(&self) -> bool {
        self.sent == self.packed.len()
    }

    /// Forgets the records, which have left, and frees what many of them took.
    fn forget(&mut self) {
        self.packed.clear();
        if self.packed.capacity() > KEPT {
            self.packed = Vec::new();
        }
        self.batch.clear();
        self.sent = 0;
    }
}

impl WriteHalf for Writer {
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        self.flush(until)?;
        let plenty = until.is_none_or(|until| until.saturating_duration_since(Instant::now()) >= PLENTY);
        let count = self.pack(bufs, if plenty { BATCH } else { RECORD })?;
        match self.send_all(until) {
            // if the transport below fails now, the next operation does
            Ok(()) => {
                self.forget();
                _ = self.below.flush(until).map_err(|error| self.failed_by(error));
                Ok(count)
            }
            Err(_) if self.bytes_sent() > 0 => Ok(self.bytes_sent()),
            Err(error) => Err(error),
        }
    }

    fn try_write(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        if !self.can_try {
            return Err(io::ErrorKind::Unsupported.into());
        }
        if !self.try_flush()? {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = self.pack(bufs, RECORD)?;
        self.try_flush()?;
        Ok(count)
    }

    fn try_flush(&mut self) -> io::Result<bool> {
        self.check()?;
        while !self.is_sent() {
            if !self.send(|below, rest| below.try_write(&[IoSlice::new(rest)]))? {
                return Ok(false);
            }
        }
        self.forget();
        self.below.try_flush()
    }

    fn flush(&mut self, until: Option<Instant>) -> io::Result<()> {
        self.send_all(until)?;
        self.forget();
        self.below.flush(until)
    }

    fn finish(&mut self, until: Option<Instant>) -> io::Result<()> {
        if self.failed.is_none() {
            self.flush(until)?;
            self.session.pack_end(&mut self.packed)?;
            self.flush(until)?;
        }
        self.below.finish(until)
    }
}

/// Returns slices of at most `most` bytes, after the first `skipped`.
fn part<'a>(bufs: &'a [IoSlice<'_>], mut skipped: usize, mut most: usize) -> Vec<IoSlice<'a>> {
    let mut slices = Vec::with_capacity(bufs.len());
    for buf in bufs {
        let begin = skipped.min(buf.len());
        skipped -= begin;
        let rest = &buf[begin..];
        let taken = &rest[..rest.len().min(most)];
        most -= taken.len();
        if !taken.is_empty() {
            slices.push(IoSlice::new(taken));
        }
    }
    slices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_crosses_slices() {
        let bufs = [&b"abc"[..], b"", b"defg"].map(IoSlice::new);
        let taken =
            |skipped, most| part(&bufs, skipped, most).iter().flat_map(|slice| slice.to_vec()).collect::<Vec<_>>();
        assert_eq!(taken(0, 10), b"abcdefg");
        assert_eq!(taken(1, 3), b"bcd");
        assert_eq!(taken(4, 2), b"ef");
        assert_eq!(taken(7, 2), b"");
    }
}
