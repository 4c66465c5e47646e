//! The content that is sent: memory, a file, a process's output, and an unknown reader.

use std::fs::File;
use std::io::{self, Read, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::plan::Outcome;

/// The size of the producer's writes, the same as that of `zfs send`.
const PIECE: usize = 128 * 1024;

/// Returns bytes that are not all the same. All of their pages are touched.
pub(crate) fn memory(bytes: usize) -> Vec<u8> {
    let piece: Vec<u8> = (0..=250u8).cycle().take(PIECE).collect();
    let mut memory = Vec::with_capacity(bytes);
    while memory.len() < bytes {
        memory.extend_from_slice(&piece[..PIECE.min(bytes - memory.len())]);
    }
    memory
}

/// Memory in a type that only implements `Read`, so the library cannot recognize it.
pub(crate) struct Unknown<'a>(pub(crate) &'a [u8]);

impl Read for Unknown<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

/// Writes this many bytes to a file.
pub(crate) fn fill_file(file: &File, bytes: usize) -> Outcome<()> {
    Ok(write_all(file, bytes)?)
}

/// The role of a producer: writes this many bytes to standard output.
pub(crate) fn produce(bytes: usize) -> Outcome<()> {
    let output = rustix::io::dup(io::stdout())?;
    match write_all(&File::from(output), bytes) {
        // the reader has read enough
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

fn write_all(mut file: &File, bytes: usize) -> io::Result<()> {
    let piece = memory(PIECE);
    let mut left = bytes;
    while left > 0 {
        let count = left.min(PIECE);
        file.write_all(&piece[..count])?;
        left -= count;
    }
    Ok(())
}

/// Starts the producer as a child process.
pub(crate) fn producer(bytes: usize) -> io::Result<(Child, ChildStdout)> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--role", "produce", &bytes.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let output = child.stdout.take().ok_or(io::ErrorKind::NotFound)?;
    Ok((child, output))
}

#[cfg(test)]
mod tests {
    use super::memory;

    #[test]
    fn content_has_just_its_length() {
        for bytes in [0, 1, 131_072, 131_073, 1_000_000] {
            assert_eq!(memory(bytes).len(), bytes);
        }
    }
}
