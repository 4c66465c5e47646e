//! What has come from the transport below, and has not been opened.

use std::io;

/// Bytes that are read at once while little is expected: what an idle connection keeps.
const LITTLE: usize = 4 * 1024;

/// Bytes that are read at once at most.
const MUCH: usize = 128 * 1024;

/// The type of a record, a version, and the length of what follows.
const HEADER_LEN: usize = 5;

/// The longest record, with its header: TLS 1.2 allows 2 KiB more than its content, TLS 1.3 less.
const MAX_RECORD_LEN: usize = HEADER_LEN + 16 * 1024 + 2 * 1024;

/// A buffer of records.
///
/// Invariant: `start <= end <= buffer.len()`; `buffer[start..end]` has come and not been opened.
#[derive(Default)]
pub(crate) struct Incoming {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Incoming {
    fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Returns the length of the next record with its header, once that has come. What cannot be a
    /// record is as long as what has come, so that it is an error without waiting for more.
    fn record_len(&self) -> Option<usize> {
        let come = self.bytes();
        let is_record = come.first().is_none_or(|kind| matches!(kind, 0x14..=0x18));
        let len = match come.get(3..HEADER_LEN) {
            _ if !is_record => MAX_RECORD_LEN + 1,
            Some(len) => HEADER_LEN + usize::from(u16::from_be_bytes([len[0], len[1]])),
            None => return None,
        };
        Some(if len > MAX_RECORD_LEN { come.len().clamp(HEADER_LEN, MAX_RECORD_LEN) } else { len })
    }

    /// Takes the next record out, if all of it has come.
    pub(crate) fn next_record(&mut self) -> Option<&[u8]> {
        let len = self.record_len()?;
        let begin = self.start;
        if self.bytes().len() < len {
            return None;
        }
        self.start += len;
        Some(&self.buffer[begin..begin + len])
    }

    /// Reads more, with a buffer for `expected` bytes or, if that is more, for the rest of the
    /// record that has begun. Returns how many bytes have come: 0 at the end of the stream.
    pub(crate) fn fill(
        &mut self,
        expected: usize,
        read: impl FnOnce(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        let room = expected.clamp(LITTLE, MUCH).max(self.record_len().unwrap_or(0)).max(self.end + HEADER_LEN);
        // to change the size again and again would cost more than the bytes
        if room > self.buffer.len() || self.end == 0 && room <= LITTLE && room < self.buffer.len() {
            self.buffer.resize(room, 0);
            self.buffer.shrink_to(room);
        }
        let come = read(&mut self.buffer[self.end..])?;
        self.end += come;
        Ok(come)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(bytes: &[u8]) -> Incoming {
        let mut incoming = Incoming::default();
        fill_with(&mut incoming, bytes);
        incoming
    }

    fn fill_with(incoming: &mut Incoming, bytes: &[u8]) {
        let read = |buf: &mut [u8]| {
            buf[..bytes.len()].copy_from_slice(bytes);
            Ok(bytes.len())
        };
        incoming.fill(0, read).unwrap();
    }

    #[test]
    fn a_record_is_taken_out_when_all_of_it_has_come() {
        let records = [&[0x17, 3, 3, 0, 2, 8, 9][..], &[0x16, 3, 3, 0, 0]].concat();
        for cut in 0..records.len() {
            let mut incoming = filled(&records[..cut]);
            let early = incoming.next_record().map(<[u8]>::to_vec);
            assert_eq!(early.is_some(), cut >= 7);
            fill_with(&mut incoming, &records[cut..]);
            let first = early.or_else(|| incoming.next_record().map(<[u8]>::to_vec));
            assert_eq!(first.as_deref(), Some(&records[..7]));
            assert_eq!(incoming.next_record(), Some(&records[7..]));
            assert!(incoming.next_record().is_none() && incoming.is_empty());
        }
    }

    #[test]
    fn what_is_no_record_is_not_waited_for() {
        assert!(filled(b"GET / HTTP/1.1").next_record().is_some());
        assert!(filled(&[1, 1, 255, 0, 255, 0]).next_record().is_some());
        assert!(filled(&[0x17, 3, 3, 0xff, 0xff]).next_record().is_some());
        assert!(filled(&[0x17, 3, 3]).next_record().is_none());
    }

    /// Its peer only has to announce it.
    #[test]
    fn a_long_record_gets_room_for_itself_and_no_more() {
        let mut incoming = filled(&[0x17, 3, 3, 0x40, 0x11]);
        fill_with(&mut incoming, &[0; 100]);
        assert!(incoming.buffer.capacity() <= MAX_RECORD_LEN, "{}", incoming.buffer.capacity());
    }

    #[test]
    fn what_much_has_taken_is_freed() {
        let mut incoming = Incoming::default();
        incoming.fill(MUCH, |buf| Ok(buf.len().min(5))).unwrap();
        assert!(incoming.buffer.capacity() >= MUCH);
        incoming.next_record();
        (incoming.start, incoming.end) = (0, 0);
        incoming.fill(0, |_| Ok(0)).unwrap();
        assert!(incoming.buffer.capacity() <= LITTLE);
    }
}
