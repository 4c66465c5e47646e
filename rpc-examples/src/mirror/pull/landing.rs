//! A file while it arrives: under a temporary name, until all of it is there and is what was wanted.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};

use super::super::attributes::Attributes;
use super::super::directory::Directory;
use super::super::hash::{ContentHash, Hashing};
use super::report::{Problem, Trouble, Watch};

/// A temporary file. It is removed when dropped, unless it was kept.
pub(super) struct Landing<'d> {
    directory: &'d Directory,
    name: OsString,
    file: File,
    kept: bool,
}

/// What came of a stream.
pub(super) struct Copied {
    /// How much came, though the stream may have failed.
    pub(super) bytes: u64,
    pub(super) hash: ContentHash,
    pub(super) outcome: Result<(), Trouble>,
}

impl<'d> Landing<'d> {
    pub(super) fn create(directory: &'d Directory, name: OsString) -> io::Result<Landing<'d>> {
        let file = directory.create_file(&name)?;
        Ok(Landing { directory, name, file, kept: false })
    }

    /// Writes all that a stream has, and hashes it on the way.
    pub(super) fn copy_from(&mut self, stream: &mut impl Read, watch: &mut dyn Watch) -> Copied {
        let mut tee = Tee { file: &self.file, hashing: Hashing::default(), watch, failed: false };
        let outcome = match rpc_core::copy(stream, &mut tee) {
            Ok(_) => Ok(()),
            Err(error) if tee.failed => Err(error.into()),
            Err(error) => Err(Problem::Stream(error.into()).into()),
        };
        Copied { bytes: tee.hashing.count(), hash: tee.hashing.finish(), outcome }
    }

    /// Gives the file its attributes and its name. With `sync` it is on the disk before it has the name.
    pub(super) fn keep(mut self, name: &OsStr, attributes: Attributes, sync: bool) -> io::Result<()> {
        attributes.apply(&self.file)?;
        if sync {
            self.file.sync_all()?;
        }
        self.directory.rename(&self.name, name)?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        if !self.kept {
            // If it cannot be removed now, the next pull will.
            _ = self.directory.remove_file(&self.name);
        }
    }
}

/// Writes and hashes.
struct Tee<'t> {
    file: &'t File,
    hashing: Hashing,
    watch: &'t mut dyn Watch,
    /// Whether it was writing that failed, and not reading.
    failed: bool,
}

impl Write for Tee<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes).inspect_err(|error| {
            self.failed = error.kind() != io::ErrorKind::Interrupted;
        })?;
        self.hashing.update(&bytes[..count]);
        self.watch.bytes(count as u64);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
