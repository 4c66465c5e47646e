//! Streams of bytes that a seed determines, so that whoever receives one can check each byte.

use std::io::{self, Read};

use crate::random::Random;

/// The bytes of a seed.
pub(crate) struct Content {
    random: Random,
    left: u64,
    /// The last number, and how many of its bytes have been taken.
    number: [u8; 8],
    taken: usize,
}

impl Content {
    pub(crate) fn new(seed: u64, len: u64) -> Content {
        Content { random: Random::new(seed), left: len, number: [0; 8], taken: 8 }
    }
}

impl Read for Content {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = usize::try_from(self.left).unwrap_or(usize::MAX).min(buf.len());
        let mut rest = &mut buf[..count];
        while !rest.is_empty() {
            if self.taken == self.number.len() {
                (self.number, self.taken) = (self.random.next().to_le_bytes(), 0);
            }
            let some = rest.len().min(self.number.len() - self.taken);
            rest[..some].copy_from_slice(&self.number[self.taken..self.taken + some]);
            self.taken += some;
            rest = &mut rest[some..];
        }
        self.left -= count as u64;
        Ok(count)
    }
}

/// What the bytes of a stream show.
#[derive(Debug)]
pub(crate) enum Seen {
    /// All bytes that were expected, and the end.
    All,
    /// Other bytes, or another length.
    Wrong(String),
}

/// Reads a stream, and compares it with the bytes of a seed.
///
/// # Errors
/// Those of the stream.
pub(crate) fn compare(mut stream: impl Read, seed: u64, len: u64) -> io::Result<Seen> {
    let mut expected = Content::new(seed, len);
    let (mut found, mut wanted) = ([0; 16 * 1024], [0; 16 * 1024]);
    let mut at = 0;
    loop {
        let count = stream.read(&mut found)?;
        if count == 0 {
            let end = if at == len { Seen::All } else { Seen::Wrong(format!("{at} bytes instead of {len}")) };
            return Ok(end);
        }
        let same = expected.read(&mut wanted[..count])? == count && wanted[..count] == found[..count];
        if !same {
            return Ok(Seen::Wrong(format!("other bytes after byte {at} of {len}")));
        }
        at += count as u64;
    }
}

/// A stream with each bit turned.
pub(crate) struct Inverted<R>(pub(crate) R);

impl<R: Read> Read for Inverted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buf)?;
        buf[..count].iter_mut().for_each(|byte| *byte = !*byte);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_counts() {
        let mut bytes = Vec::new();
        Content::new(7, 100_000).read_to_end(&mut bytes).unwrap();
        let check = |bytes: &[u8]| compare(bytes, 7, 100_000).unwrap();
        assert!(matches!(check(&bytes), Seen::All));
        assert!(matches!(check(&bytes[1..]), Seen::Wrong(_)));
        assert!(matches!(check(&bytes[..99_999]), Seen::Wrong(_)));
        bytes[99_999] ^= 1;
        assert!(matches!(check(&bytes), Seen::Wrong(_)));
        bytes[99_999] ^= 1;
        bytes.push(0);
        assert!(matches!(check(&bytes), Seen::Wrong(_)));
    }

    #[test]
    fn what_is_inverted_twice_is_the_same() {
        let twice = Inverted(Inverted(Content::new(1, 1000)));
        assert!(matches!(compare(twice, 1, 1000).unwrap(), Seen::All));
        assert!(matches!(compare(Inverted(Content::new(1, 1000)), 1, 1000).unwrap(), Seen::Wrong(_)));
    }
}
