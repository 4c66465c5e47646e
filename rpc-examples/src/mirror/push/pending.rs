//! Small files that are sent together.

use std::io::Read;

use super::super::attributes::Attributes;
use super::super::bundle::{MOST_DIRECTORIES, MOST_FILES};
use super::super::error::MirrorError;
use super::super::notice::Problem;
use super::super::path::RelPath;
use super::super::report::{CopyError, Trouble};
use super::super::service::{Content, Listed, Mirror};
use super::{Level, Push};

/// The limits of a call: the bytes of the files, which are kept in memory so that each has the
/// length that was announced, and the bytes of their paths, as in a pull.
const BYTES: usize = 2 << 20;
const TEXT: usize = 512 << 10;

/// Whether a file has been sent.
pub(super) enum Sent {
    Now,
    Pending,
}

/// Files that are sent in the next call.
#[derive(Default)]
pub(super) struct Pending {
    files: Vec<(Listed, Attributes)>,
    bytes: Vec<u8>,
    text: usize,
    directories: usize,
    /// Directories that were left, and get their attributes after that call; with whether those are
    /// other ones than before.
    pub(super) left: Vec<(Level, bool)>,
}

impl Pending {
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    fn is_full(&self) -> bool {
        let is_large = self.bytes.len() >= BYTES || self.text >= TEXT;
        is_large || self.files.len() >= MOST_FILES
    }
}

impl<S: Mirror, T: Mirror> Push<'_, S, T> {
    /// Reads a small file, and sends it with others once they are enough.
    pub(super) fn send_later(
        &mut self,
        path: &RelPath,
        content: Content,
        attributes: Attributes,
    ) -> Result<Sent, Trouble> {
        let last = self.pending.files.last().map(|(last, _)| last.path.split().0);
        if last != Some(path.split().0) {
            if self.pending.directories >= MOST_DIRECTORIES {
                self.flush().map_err(Trouble::Fatal)?;
            }
            self.pending.directories += 1;
        }
        let file = self.source.fetch(path, 0, &content).map_err(Trouble::from_call)?;
        let before = self.pending.bytes.len();
        let read = file.take(content.size).read_to_end(&mut self.pending.bytes);
        if !matches!(read, Ok(count) if count as u64 == content.size) {
            self.pending.bytes.truncate(before);
            return Err(read.map_or_else(Problem::Local, |_| Problem::Changed).into());
        }
        self.pending.text += path.len();
        self.pending.files.push((Listed { path: path.clone(), content }, attributes));
        if self.pending.is_full() {
            self.flush().map_err(Trouble::Fatal)?;
        }
        Ok(Sent::Pending)
    }

    /// Sends the files that are pending, and completes the directories that were left meanwhile.
    pub(super) fn flush(&mut self) -> Result<(), CopyError> {
        let Pending { files, bytes, left, .. } = std::mem::take(&mut self.pending);
        if let Some(target) = self.target.filter(|_| !files.is_empty()) {
            match target.store_many(files.clone(), &bytes[..]) {
                Ok(answers) if answers.len() == files.len() => {
                    for ((listed, attributes), answer) in files.into_iter().zip(answers) {
                        let outcome = self.stored(target, &listed, attributes, answer);
                        self.finish(&listed, outcome)?;
                    }
                }
                // The server does not know the call, or refuses it as a whole.
                Err(error) if !error.is_answer() => return Err(CopyError::Call(error)),
                _ => {
                    for (Listed { path, content }, attributes) in files {
                        let outcome = self.send(target, &path, content, attributes);
                        self.finish(&Listed { path, content }, outcome)?;
                    }
                }
            }
        }
        left.iter().try_for_each(|(level, refreshed)| self.refresh(level, *refreshed))
    }

    /// Handles the answer about one of several files.
    fn stored(
        &mut self,
        target: &T,
        Listed { path, content }: &Listed,
        attributes: Attributes,
        answer: Option<MirrorError>,
    ) -> Result<(), Trouble> {
        self.report.bytes += content.size;
        if let Some(MirrorError::QuotaExceeded { .. }) = answer {
            // Alone it makes room by a sweep.
            return self.send(target, path, *content, attributes);
        }
        self.watch.bytes(content.size);
        self.report.copied += u64::from(answer.is_none());
        answer.map_or(Ok(()), |error| Err(Trouble::from_call(error)))
    }

    fn finish(&mut self, listed: &Listed, outcome: Result<(), Trouble>) -> Result<(), CopyError> {
        self.watch.file_done();
        self.report.count(self.watch, &listed.path, outcome)
    }
}
