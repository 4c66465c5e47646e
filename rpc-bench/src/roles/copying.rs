//! Ways to move bytes from one descriptor to another: a plain loop, and those of the kernel.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;

use rustix::fs::sendfile;
use rustix::pipe::{SpliceFlags, fcntl_setpipe_size, pipe, splice};

use crate::plan::Way;

/// The size of the pipe for splicing, and of a single splice.
const PIPE: usize = 1 << 20;

/// The maximum length of one `sendfile`.
const SENDFILE: usize = 1 << 30;

/// One way, with the resources it needs.
pub(crate) enum Mover {
    Loop(Vec<u8>),
    Sendfile,
    Splice { reader: OwnedFd, writer: OwnedFd },
}

impl Mover {
    pub(crate) fn new(way: Way) -> io::Result<Mover> {
        Ok(match way {
            Way::Loop(size) | Way::Copy(size) => Mover::Loop(vec![0; size]),
            Way::Sendfile => Mover::Sendfile,
            Way::Splice => {
                let (reader, writer) = pipe()?;
                // if the system permits less, splices are smaller
                _ = fcntl_setpipe_size(&writer, PIPE);
                Mover::Splice { reader, writer }
            }
        })
    }

    /// Moves exactly this many bytes.
    pub(crate) fn copy(&mut self, source: &mut File, sink: &mut File, bytes: usize) -> io::Result<()> {
        let mut left = bytes;
        while left > 0 {
            left -= match self {
                Mover::Loop(buffer) => {
                    let most = left.min(buffer.len());
                    let count = full(source.read(&mut buffer[..most])?)?;
                    sink.write_all(&buffer[..count])?;
                    count
                }
                Mover::Sendfile => full(sendfile(&mut *sink, &mut *source, None, left.min(SENDFILE))?)?,
                Mover::Splice { reader, writer } => {
                    let flags = SpliceFlags::MOVE | SpliceFlags::MORE;
                    let count = full(splice(&mut *source, None, &mut *writer, None, left.min(PIPE), flags)?)?;
                    let mut held = count;
                    while held > 0 {
                        held -= full(splice(&mut *reader, None, &mut *sink, None, held, SpliceFlags::MOVE)?)?;
                    }
                    count
                }
            };
        }
        Ok(())
    }
}

fn full(count: usize) -> io::Result<usize> {
    if count == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(count) }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Seek;

    use super::Mover;
    use crate::plan::Way;
    use crate::roles::content::{fill_file, memory};

    #[test]
    fn every_way_moves_all_bytes_in_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let bytes = 3_000_001;
        let source = folder.path().join("source");
        fill_file(&File::create(&source).unwrap(), bytes).unwrap();
        for way in [Way::Loop(70_000), Way::Sendfile, Way::Splice] {
            let path = folder.path().join("sink");
            let mut sink = File::create(&path).unwrap();
            Mover::new(way).unwrap().copy(&mut File::open(&source).unwrap(), &mut sink, bytes).unwrap();
            assert_eq!(sink.stream_position().unwrap(), bytes as u64);
            assert!(std::fs::read(&path).unwrap() == memory(bytes), "{way}");
        }
    }
}
