//! A file while it arrives: it has a name made from the hash of its content until it is complete
//! and verified.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::mem;
use std::ops::Deref;
use std::os::unix::fs::MetadataExt;

use super::attributes::Attributes;
use super::directory::{Directory, try_lock};
use super::hash::Hashing;
use super::service::Content;
use super::temporary::{partial_name, unique_name};

/// A smaller part is neither kept nor asked for: sending it again costs no more than asking.
pub(super) const WORTH_KEEPING: u64 = 64 << 10;

/// A handle to the directory of a file that arrives.
pub(super) trait Place: Deref<Target = Directory> + Clone {}

impl<D: Deref<Target = Directory> + Clone> Place for D {}

/// The first part of a file, locked while it is written to. If it is dropped before it is complete,
/// it stays for the next attempt, provided that it is large enough and writing did not fail.
#[derive(Debug)]
pub(super) struct Partial<D: Place> {
    directory: D,
    name: OsString,
    /// Whether others can know the name, so that the file is locked.
    is_shared: bool,
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

/// Why not all bytes of a stream were written.
#[derive(Debug)]
pub(super) enum Interrupted {
    /// Reading the stream failed.
    Stream(io::Error),
    /// Writing the file failed.
    Disk(io::Error),
}

/// How an arrival ended.
#[derive(Debug)]
pub(super) enum Arrival<D: Place> {
    /// The file is complete and can be given its name.
    Complete(Sealed<D>),
    /// The content is not the expected one; nothing of it is kept.
    Other,
}

/// A complete file that does not have its name yet. If it is dropped before it has, it stays for
/// the next attempt, provided that it is large enough.
#[derive(Debug)]
pub(super) struct Sealed<D: Place> {
    directory: D,
    name: OsString,
    /// Keeps others from writing a part whose name they can know.
    _lock: Option<File>,
    is_kept: bool,
}

impl<D: Place> Partial<D> {
    /// Creates a part that is not kept if it does not become complete.
    pub(super) fn fresh(directory: D, content: Content) -> io::Result<Partial<D>> {
        let name = unique_name();
        let file = directory.create_file(&name)?;
        let (hashing, end) = (Hashing::default(), End::Worthless);
        Ok(Partial { directory, name, is_shared: false, file, content, hashing, end })
    }

    /// Opens the part of this content and keeps at most `most` bytes of it, or creates it. Returns
    /// `None` if someone else is writing it.
    ///
    /// Anything planted under the name is harmless: links are not followed, and a file with a
    /// second name, perhaps outside the tree, is not written to.
    pub(super) fn open(directory: D, content: Content, most: u64) -> io::Result<Option<Partial<D>>> {
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
                let mut partial = Partial { directory, name, is_shared: true, file, content, hashing, end };
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

    /// Returns the number of bytes stored so far.
    pub(super) fn len(&self) -> u64 {
        self.hashing.count()
    }

    /// Returns the number of bytes that are still missing.
    pub(super) fn missing(&self) -> u64 {
        self.content.size.saturating_sub(self.len())
    }

    /// Writes what a stream returns, up to one byte more than the content's size: that byte proves
    /// that the content has changed, and the rest is not needed. Returns how many bytes were
    /// written, even if the stream failed.
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

    /// Sets the file's attributes, if its content is the expected one. With `sync` it is synced to
    /// disk.
    pub(super) fn seal(mut self, attributes: Attributes, sync: bool) -> io::Result<Arrival<D>> {
        if self.len() != self.content.size || self.hashing.finish() != self.content.hash {
            self.end = End::Worthless;
            return Ok(Arrival::Other);
        }
        attributes.apply(&self.file)?;
        if sync {
            // What the disk has not taken may be lost even if it can still be read.
            self.file.sync_all().inspect_err(|_| self.end = End::Worthless)?;
        }
        let is_kept = self.remains() > 0;
        let lock = self.is_shared.then(|| self.file.try_clone()).transpose()?;
        self.end = End::Kept;
        let (directory, name) = (self.directory.clone(), mem::take(&mut self.name));
        Ok(Arrival::Complete(Sealed { directory, name, _lock: lock, is_kept }))
    }

    /// Returns how many bytes would be kept for the next attempt if this one ended now.
    pub(super) fn remains(&self) -> u64 {
        let worth_it = self.end == End::Interrupted && self.len() >= WORTH_KEEPING && self.len() <= self.content.size;
        if worth_it { self.len() } else { 0 }
    }
}

impl<D: Place> Sealed<D> {
    /// Gives the file its name, in place of what has it.
    pub(super) fn publish(mut self, name: &OsStr) -> io::Result<()> {
        self.directory.rename(&self.name, name)?;
        self.is_kept = true;
        Ok(())
    }

    /// Removes the file.
    pub(super) fn discard(mut self) {
        self.is_kept = false;
    }
}

impl<D: Place> Drop for Sealed<D> {
    fn drop(&mut self) {
        if !self.is_kept {
            // If this fails, a later sweep removes it.
            _ = self.directory.remove_file(&self.name);
        }
    }
}

impl<D: Place> Drop for Partial<D> {
    fn drop(&mut self) {
        if self.end != End::Kept && self.remains() == 0 {
            // If this fails, a later sweep removes it.
            _ = self.directory.remove_file(&self.name);
        }
    }
}

/// Returns how many bytes of this content are stored, without changing them. Unreadable or planted
/// files count as 0.
pub(super) fn held(directory: &Directory, content: &Content) -> u64 {
    match directory.open_file(&partial_name(&content.hash)) {
        Ok((_, metadata)) if metadata.nlink() == 1 && metadata.len() <= content.size => metadata.len(),
        _ => 0,
    }
}

/// Writes to the file and hashes.
struct Tee<'t> {
    file: &'t File,
    hashing: &'t mut Hashing,
    taken: &'t mut dyn FnMut(u64),
    /// Whether writing failed, rather than reading.
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
