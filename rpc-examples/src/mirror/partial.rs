//! A file while it arrives: under a name that tells its content, until all of it is there and is what was wanted.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;

use super::attributes::Attributes;
use super::directory::{Directory, try_lock};
use super::hash::Hashing;
use super::service::Content;
use super::temporary::partial_name;

/// A part that is smaller is not kept, and not asked for: sending it again costs no more than a question.
pub(super) const WORTH_KEEPING: u64 = 64 << 10;

/// The beginning of a file, locked while it is written to. Dropped before it is complete, it stays for the next attempt,
/// if it is worth it and writing did not fail.
#[derive(Debug)]
pub(super) struct Partial<'d> {
    directory: &'d Directory,
    name: OsString,
    file: File,
    content: Content,
    hashing: Hashing,
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Interrupted,
    Worthless,
    Kept,
}

/// Why not all bytes of a stream were taken.
#[derive(Debug)]
pub(super) enum Interrupted {
    /// Reading the stream failed.
    Stream(io::Error),
    /// Writing the file failed.
    Disk(io::Error),
}

/// How an arrival ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// The file has its name.
    Complete,
    /// What came is not what was wanted; nothing of it is kept.
    Other,
}

impl<'d> Partial<'d> {
    /// Goes on with at most `most` bytes of what is there of this content, or begins. `None` where somebody else is
    /// writing it.
    ///
    /// What is planted under the name is no danger: a link is not followed, and a file that has another name, perhaps
    /// outside the tree, is not written to.
    pub(super) fn open(directory: &'d Directory, content: Content, most: u64) -> io::Result<Option<Partial<'d>>> {
        let name = partial_name(&content.hash);
        for _ in 0..16 {
            let file = match directory.open_or_create_file(&name) {
                Ok(file) => file,
                Err(_) if directory.remove_file(&name).is_ok() => continue,
                Err(error) => return Err(error),
            };
            let metadata = file.metadata()?;
            if !metadata.is_file() || metadata.nlink() > 1 {
                directory.remove_file(&name)?;
                continue;
            }
            if !try_lock(&file)? {
                return Ok(None);
            }
            // It may have been completed or removed before it was locked.
            if directory.holds(&name, &file)? {
                let found = file.metadata()?.len();
                let (hashing, end) = (Hashing::default(), End::Interrupted);
                let mut partial = Partial { directory, name, file, content, hashing, end };
                partial.go_on_from(found.min(most))?;
                return Ok(Some(partial));
            }
        }
        Ok(None)
    }

    fn go_on_from(&mut self, offset: u64) -> io::Result<()> {
        let offset = if offset > self.content.size { 0 } else { offset };
        self.file.set_len(offset)?;
        self.hashing.update_all(&self.file)
    }

    /// The bytes that are here.
    pub(super) fn len(&self) -> u64 {
        self.hashing.count()
    }

    /// The bytes that are still wanted.
    pub(super) fn missing(&self) -> u64 {
        self.content.size.saturating_sub(self.len())
    }

    /// Writes all that a stream has, but for what is more than a byte beyond the content's size: one byte shows that it is
    /// another, and all that it may have become is not wanted. Returns how much came, though the stream may have failed.
    pub(super) fn take_from(
        &mut self,
        stream: impl Read,
        taken: &mut dyn FnMut(u64),
    ) -> (u64, Result<(), Interrupted>) {
        let before = self.len();
        let mut stream = stream.take(self.missing().saturating_add(1));
        let mut tee = Tee { file: &self.file, hashing: &mut self.hashing, taken, failed: false };
        let outcome = match rpc_core::copy(&mut stream, &mut tee) {
            Ok(_) => Ok(()),
            Err(error) if tee.failed => Err(Interrupted::Disk(error)),
            Err(error) => Err(Interrupted::Stream(error)),
        };
        if let Err(Interrupted::Disk(_)) = outcome {
            self.end = End::Worthless;
        }
        (self.len() - before, outcome)
    }

    /// Gives the file its attributes and its name, if it is what was wanted. With `sync` it is on the disk before it has
    /// the name.
    pub(super) fn complete(mut self, name: &OsStr, attributes: Attributes, sync: bool) -> io::Result<Arrival> {
        if self.len() != self.content.size || self.hashing.finish() != self.content.hash {
            self.end = End::Worthless;
            return Ok(Arrival::Other);
        }
        attributes.apply(&self.file)?;
        if sync {
            self.file.sync_all()?;
        }
        self.directory.rename(&self.name, name)?;
        self.end = End::Kept;
        Ok(Arrival::Complete)
    }

    /// The bytes that stay here for the next attempt if this one ends now.
    pub(super) fn remains(&self) -> u64 {
        let worth_it = self.end == End::Interrupted && self.len() >= WORTH_KEEPING && self.len() <= self.content.size;
        if worth_it { self.len() } else { 0 }
    }
}

impl Drop for Partial<'_> {
    fn drop(&mut self) {
        if self.end != End::Kept && self.remains() == 0 {
            // If it cannot be removed now, it is swept later.
            _ = self.directory.remove_file(&self.name);
        }
    }
}

/// How much there is of this content, without touching it. What cannot be read, or was planted, is nothing.
pub(super) fn held(directory: &Directory, content: &Content) -> u64 {
    match directory.open_file(&partial_name(&content.hash)) {
        Ok((_, metadata)) if metadata.nlink() == 1 && metadata.len() <= content.size => metadata.len(),
        _ => 0,
    }
}

/// Writes and hashes.
struct Tee<'t> {
    file: &'t File,
    hashing: &'t mut Hashing,
    taken: &'t mut dyn FnMut(u64),
    /// Whether it was writing that failed, and not reading.
    failed: bool,
}

impl Write for Tee<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes).inspect_err(|error| {
            self.failed = error.kind() != io::ErrorKind::Interrupted;
        })?;
        self.hashing.update(&bytes[..count]);
        (self.taken)(count as u64);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
