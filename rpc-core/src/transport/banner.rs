//! What the two ends of a standard input and output say before the first frame, so that neither
//! takes something else for the other: `PROTOCOL.md`, section 7.

use std::fmt;
use std::io::{self, IoSlice};
use std::time::Instant;

use super::{CancelToken, ReadHalf, WriteHalf};

/// What a server says first. The first byte occurs in no text and in no other place of it, and a
/// terminal changes the last.
pub(super) const OF_SERVER: &[u8] = b"\0rpc-core stdio server 1\n";
/// What a client says as soon as it has read the server's.
pub(super) const OF_CLIENT: &[u8] = b"\0rpc-core stdio client 1\n";

/// Bytes before a server's banner that a client skips: what the profile of a shell prints, or a
/// message of the day.
pub(super) const NOISE: usize = 8 * 1024;

/// What came instead of a banner.
#[derive(Debug)]
pub(super) struct Missing {
    pub(super) error: io::Error,
    /// All that was read.
    pub(super) seen: Vec<u8>,
}

/// Sends a banner before `until`.
pub(super) fn send(writer: &mut dyn WriteHalf, mut banner: &[u8], until: Option<Instant>) -> io::Result<()> {
    while !banner.is_empty() {
        let count = writer.write(&[IoSlice::new(banner)], until)?;
        banner = &banner[count..];
    }
    Ok(())
}

/// Reads up to the end of a banner, and no byte that follows it. Skips at most `noise` bytes before
/// it. Ends at `until`, or when `token` is cancelled.
pub(super) fn find(
    reader: &mut dyn ReadHalf,
    banner: &[u8],
    noise: usize,
    until: Option<Instant>,
    token: Option<&CancelToken>,
) -> Result<(), Missing> {
    let mut seen = Vec::new();
    loop {
        let matched = matched(&seen, banner);
        if matched == banner.len() {
            return Ok(());
        }
        // so many are missing at least, so none of them follows the banner
        let read = read(reader, &mut seen, banner.len() - matched, until, token);
        let error = match read {
            Ok(0) => io::ErrorKind::UnexpectedEof.into(),
            Ok(_) if seen.len() - self::matched(&seen, banner) > noise => io::ErrorKind::InvalidData.into(),
            Ok(_) => continue,
            Err(error) => error,
        };
        return Err(Missing { error, seen });
    }
}

/// Returns how many bytes of the banner are at the end of what was read.
fn matched(seen: &[u8], banner: &[u8]) -> usize {
    let begin = seen.iter().rposition(|byte| *byte == banner[0]);
    begin.map(|begin| &seen[begin..]).filter(|end| banner.starts_with(end)).map_or(0, <[u8]>::len)
}

fn read(
    reader: &mut dyn ReadHalf,
    into: &mut Vec<u8>,
    most: usize,
    until: Option<Instant>,
    token: Option<&CancelToken>,
) -> io::Result<usize> {
    if let Some(token) = token.filter(|token| reader.can_await(token)) {
        reader.await_bytes(1, until, token)?;
        if token.is_cancelled() {
            return Err(io::ErrorKind::TimedOut.into());
        }
    }
    let mut buffer = [0; OF_SERVER.len()];
    let count = reader.read(&mut buffer[..most], until)?;
    into.extend_from_slice(&buffer[..count]);
    Ok(count)
}

/// Bytes from elsewhere, as a part of a message: in quotes, without control characters.
pub(super) struct Quoted<'b>(pub(super) &'b [u8]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(self.0).trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::{Transport, memory_pair_with_capacity};
    use std::io::Write;

    /// Returns the outcome, and what the reader finds next.
    fn found(sent: &[u8], noise: usize) -> (Result<(), Missing>, Vec<u8>) {
        let (near, mut far) = memory_pair_with_capacity(64 * 1024);
        far.write_all(sent).unwrap();
        drop(far);
        let mut reader = near.into_parts().unwrap().reader;
        let outcome = find(&mut *reader, OF_SERVER, noise, None, None);
        let mut rest = vec![0; sent.len() + 1];
        let count = reader.read(&mut rest, None).unwrap();
        rest.truncate(count);
        (outcome, rest)
    }

    #[test]
    fn no_byte_after_it_is_taken() {
        let half = &OF_SERVER[..9];
        for noise in [&b""[..], b"motd\n", b"\0", half, &[half, half].concat(), b"\0\0\n", OF_CLIENT] {
            for after in [&b""[..], b"\x01\x01", OF_SERVER, &[0; 100]] {
                let (outcome, rest) = found(&[noise, OF_SERVER, after].concat(), noise.len());
                outcome.unwrap();
                assert_eq!(rest, after);
            }
        }
    }

    #[test]
    fn noise_has_a_limit_and_is_kept() {
        let noise = [b'~'; 100];
        found(&[&noise, OF_SERVER].concat(), 100).0.unwrap();
        let missing = found(&[&noise, OF_SERVER].concat(), 99).0.unwrap_err();
        assert_eq!((missing.error.kind(), &missing.seen[..100]), (io::ErrorKind::InvalidData, &noise[..]));
        let missing = found(b"\x01\x01", 0).0.unwrap_err();
        assert_eq!((missing.error.kind(), &missing.seen[..]), (io::ErrorKind::InvalidData, &b"\x01\x01"[..]));
    }

    #[test]
    fn a_part_of_it_is_none() {
        for end in 0..OF_SERVER.len() {
            let missing = found(&OF_SERVER[..end], NOISE).0.unwrap_err();
            assert_eq!((missing.error.kind(), &missing.seen[..]), (io::ErrorKind::UnexpectedEof, &OF_SERVER[..end]));
        }
    }

    #[test]
    fn what_is_quoted_has_no_control_characters() {
        assert_eq!(Quoted(b"\x1b[31mred\r\n\xff").to_string(), "\"\\u{1b}[31mred\\r\\n\u{fffd}\"");
        assert_eq!(Quoted("évil \u{202e}".as_bytes()).to_string(), "\"évil \\u{202e}\"");
    }
}
