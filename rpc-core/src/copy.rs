//! Copying a stream in large pieces.

use std::io::{self, Read, Write};

/// Bytes moved at once.
const PIECE: usize = 256 * 1024;

/// Copies all that `reader` has to `sink` and returns the number of bytes. It moves 256 KiB at once, where
/// [`std::io::copy`] moves 8: use it for streams whose type is not known to be an [`OctetReader`](crate::OctetReader), which
/// has [`copy_to`](crate::OctetReader::copy_to).
///
/// # Errors
/// Those of `reader` and `sink`; what was copied before stays.
pub fn copy<R: Read + ?Sized, W: Write + ?Sized>(reader: &mut R, sink: &mut W) -> io::Result<u64> {
    let mut piece = vec![0; PIECE];
    let mut copied = 0;
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return Ok(copied),
            Ok(count) => {
                sink.write_all(&piece[..count])?;
                copied += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
