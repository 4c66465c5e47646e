//! Sends files to the other side.

use std::io::{self, Read};

use super::super::attributes::Attributes;
use super::super::error::MirrorError;
use super::super::notice::{Notice, Problem, Step, Watch};
use super::super::partial::WORTH_KEEPING;
use super::super::path::RelPath;
use super::super::report::Trouble;
use super::super::service::{Content, Item, Mirror, Upload};
use super::pending::Sent;
use super::{Push, may_replace};

impl<S: Mirror, T: Mirror> Push<'_, S, T> {
    pub(super) fn file(
        &mut self,
        path: &RelPath,
        content: Content,
        attributes: Attributes,
        there: Option<Item>,
    ) -> Result<Sent, Trouble> {
        match there {
            Some(Item::File { size, hash, attributes: before }) if content == (Content { size, hash }) => {
                self.watch.bytes(size);
                self.report.unchanged += size;
                if before != attributes {
                    self.place(path, Item::File { size, hash, attributes }, Step::Refresh)?;
                    self.report.refreshed += 1;
                }
                return Ok(Sent::Now);
            }
            there => may_replace(there)?,
        }
        self.touch()?;
        match self.target.filter(|_| !self.options.dry_run) {
            Some(_) if content.size < WORTH_KEEPING => self.send_later(path, content, attributes),
            Some(target) => self.send(target, path, content, attributes).map(|()| Sent::Now),
            None => {
                self.watch.notice(&Notice::Would { path: path.clone(), step: Step::Copy(content.size) });
                self.report.copied += 1;
                self.report.bytes += content.size;
                Ok(Sent::Now)
            }
        }
    }

    /// Resumes the part that the other side has of this content. If the part turns out to be
    /// damaged or gone, starts over once.
    pub(super) fn send(
        &mut self,
        target: &T,
        path: &RelPath,
        content: Content,
        attributes: Attributes,
    ) -> Result<(), Trouble> {
        let held = match content.size >= WORTH_KEEPING {
            true => target.held(path, &content).map_err(Trouble::from_call)?,
            false => 0,
        };
        let mut answer = self.send_from(target, path, Upload { content, attributes, offset: held })?;
        let again = match answer {
            Err(MirrorError::Changed(_) | MirrorError::NotHeld(_)) => held > 0,
            // Parts that nobody will resume may use up the quota.
            Err(MirrorError::QuotaExceeded { .. }) => self.sweep(target)? > 0,
            _ => false,
        };
        if again {
            answer = self.send_from(target, path, Upload { content, attributes, offset: 0 })?;
        }
        answer.map_err(Trouble::from_call)
    }

    fn sweep(&mut self, target: &T) -> Result<u64, Trouble> {
        let removed = target.sweep().map_err(Trouble::from_call)?;
        self.report.left_overs += removed;
        Ok(removed)
    }

    /// Sends the bytes from the offset on. The inner result is the other side's answer.
    fn send_from(&mut self, target: &T, path: &RelPath, upload: Upload) -> Result<Result<(), MirrorError>, Trouble> {
        let file = self.source.fetch(path, upload.offset, &upload.content).map_err(Trouble::from_call)?;
        let wanted = upload.content.size.saturating_sub(upload.offset);
        self.watch.bytes(upload.offset);
        let mut source = Source { file: file.take(wanted), watch: self.watch, sent: 0, failed: None };
        let answer = target.store(path, &upload, &mut source);
        let Source { sent, failed, .. } = source;
        self.report.bytes += sent;
        if let Some(error) = failed {
            return Err(Problem::Local(error).into());
        }
        Ok(answer.map(|_| {
            self.report.copied += 1;
            self.report.resumed += upload.offset;
        }))
    }
}

/// Counts the bytes read, and keeps the error if reading fails, because the call only reports that
/// it failed.
struct Source<'w, R> {
    file: R,
    watch: &'w mut dyn Watch,
    sent: u64,
    failed: Option<io::Error>,
}

impl<R: Read> Read for Source<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = match self.file.read(buf) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                let told = io::Error::new(error.kind(), error.to_string());
                self.failed = Some(error);
                return Err(told);
            }
            other => other?,
        };
        self.sent += count as u64;
        self.watch.bytes(count as u64);
        Ok(count)
    }
}
