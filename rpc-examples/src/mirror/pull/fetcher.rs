//! Fetches files: small ones many in a call, and large ones each in a call of its own, which
//! resumes what an interrupted pull has left.

use std::io;
use std::sync::mpsc::SyncSender;

use super::super::bundle::Unpacked;
use super::super::disk::Disk;
use super::super::notice::Problem;
use super::super::partial::{Arrival, Interrupted, Partial, Sealed, WORTH_KEEPING};
use super::super::path::RelPath;
use super::super::report::Trouble;
use super::super::service::{Listed, Mirror};
use super::super::temporary::partial_name;
use super::batch::{Batch, Wanted};
use super::descent::Entered;
use super::tally::Tally;

pub(super) struct Fetcher<'p, M> {
    pub(super) remote: &'p M,
    pub(super) tally: &'p Tally<'p>,
    /// `None` if nothing is synced.
    pub(super) disk: Option<&'p Disk>,
    /// Takes what has arrived.
    pub(super) arrived: SyncSender<Vec<Arrived<'p>>>,
}

/// A file that is complete, but does not have its name yet.
pub(super) struct Arrived<'p> {
    pub(super) path: RelPath,
    pub(super) sealed: Sealed<Entered<'p>>,
    /// The bytes that were already here.
    pub(super) resumed: u64,
}

impl<'p, M: Mirror> Fetcher<'p, M> {
    /// Fetches files, and passes on those that arrive.
    pub(super) fn fetch(&self, batch: Batch<'p>) {
        let mut arrived = Vec::with_capacity(batch.files.len());
        let alone = match batch.files.len() {
            0 | 1 => batch.files,
            _ if self.tally.has_ended() => return,
            _ => self.fetch_together(batch.files, &mut arrived),
        };
        for wanted in alone {
            if self.tally.has_ended() {
                break;
            }
            let outcome = self.fetch_alone(&wanted);
            self.keep(wanted.path, outcome, &mut arrived);
        }
        // Fails only if the thread that takes it has panicked.
        _ = self.arrived.send(arrived);
    }

    /// Fetches files in one call. Returns those that did not arrive, whatever the reason: alone
    /// each has its own error. A server that does not know the call refuses it, and the connection
    /// stays usable.
    fn fetch_together(&self, files: Vec<Wanted<'p>>, arrived: &mut Vec<Arrived<'p>>) -> Vec<Wanted<'p>> {
        let asked = files.iter().map(|wanted| Listed { path: wanted.path.clone(), content: wanted.content });
        let Ok(stream) = self.remote.fetch_many(asked.collect()) else { return files };
        let mut unpacked = Unpacked::new(stream);
        let mut files = files.into_iter();
        while let Some(wanted) = files.next() {
            let mut content = match unpacked.next(wanted.content.size) {
                Ok(Ok(content)) => content,
                Ok(Err(answer)) => {
                    self.keep(wanted.path, Err(Trouble::from_call(answer)), arrived);
                    continue;
                }
                Err(_) => return std::iter::once(wanted).chain(files).collect(),
            };
            let outcome = self.receive(&wanted, &mut content);
            let is_whole = io::copy(&mut content, &mut io::sink()).is_ok() && content.limit() == 0;
            match outcome {
                Err(Trouble::Entry(Problem::Stream(_))) => return std::iter::once(wanted).chain(files).collect(),
                outcome => self.keep(wanted.path, outcome, arrived),
            }
            if !is_whole {
                return files.collect();
            }
        }
        unpacked.finish();
        Vec::new()
    }

    /// Receives a file from its beginning.
    fn receive(&self, wanted: &Wanted<'p>, content: impl io::Read) -> Result<(Sealed<Entered<'p>>, u64), Trouble> {
        let mut partial = self.part_of(wanted, 0)?;
        self.take(&mut partial, content)?;
        if partial.missing() > 0 {
            return Err(Interrupted::Stream(io::ErrorKind::UnexpectedEof.into()).into());
        }
        match self.seal(partial, wanted)? {
            Arrival::Complete(sealed) => Ok((sealed, 0)),
            Arrival::Other => Err(Problem::Changed.into()),
        }
    }

    /// Resumes the part that an interrupted pull has left of this content. If the part turns out to
    /// be damaged, starts over once.
    fn fetch_alone(&self, wanted: &Wanted<'p>) -> Result<(Sealed<Entered<'p>>, u64), Trouble> {
        let (mut arrival, mut held) = self.fetch_after(wanted, u64::MAX)?;
        if matches!(arrival, Arrival::Other) && held > 0 {
            (arrival, held) = self.fetch_after(wanted, 0)?;
        }
        match arrival {
            Arrival::Complete(sealed) => Ok((sealed, held)),
            Arrival::Other => Err(Problem::Changed.into()),
        }
    }

    /// Fetches what is missing after at most `most` bytes of an existing part. Returns how many
    /// bytes of the part were used.
    fn fetch_after(&self, wanted: &Wanted<'p>, most: u64) -> Result<(Arrival<Entered<'p>>, u64), Trouble> {
        let mut partial = self.part_of(wanted, most)?;
        let held = partial.len();
        self.tally.note(|_, watch| watch.bytes(held));
        if partial.missing() > 0 {
            let stream = self.remote.fetch(&wanted.path, held, &wanted.content).map_err(Trouble::from_call)?;
            self.take(&mut partial, stream)?;
        }
        Ok((self.seal(partial, wanted)?, held))
    }

    /// Opens the part of a file, or creates one. Two files in one directory may have the same
    /// content: the second one to come does not share the part.
    fn part_of(&self, wanted: &Wanted<'p>, most: u64) -> io::Result<Partial<Entered<'p>>> {
        if wanted.content.size >= WORTH_KEEPING {
            self.tally.want(partial_name(&wanted.content.hash));
            if let Some(partial) = Partial::open(wanted.directory.clone(), wanted.content, most)? {
                return Ok(partial);
            }
        }
        Partial::fresh(wanted.directory.clone(), wanted.content)
    }

    fn take(&self, partial: &mut Partial<Entered<'p>>, stream: impl io::Read) -> Result<(), Interrupted> {
        let (bytes, outcome) = partial.take_from(stream, &mut |count| self.tally.note(|_, watch| watch.bytes(count)));
        self.tally.note(|report, _| report.bytes += bytes);
        outcome
    }

    /// Files that are not synced together are synced here.
    fn seal(&self, partial: Partial<Entered<'p>>, wanted: &Wanted<'p>) -> io::Result<Arrival<Entered<'p>>> {
        let alone = self.disk.is_some_and(|disk| !disk.covers(wanted.directory.device()));
        partial.seal(wanted.attributes, alone)
    }

    fn keep(
        &self,
        path: RelPath,
        outcome: Result<(Sealed<Entered<'p>>, u64), Trouble>,
        arrived: &mut Vec<Arrived<'p>>,
    ) {
        match outcome {
            Ok((sealed, resumed)) => arrived.push(Arrived { path, sealed, resumed }),
            Err(trouble) => {
                self.tally.count(&path, Err(trouble));
                self.tally.note(|_, watch| watch.file_done());
            }
        }
    }
}

/// Gives files their names after `sync` has put all of them on the disk. If it fails, none gets its
/// name: which of them the disk has not taken is unknown.
pub(super) fn publish(files: Vec<Arrived<'_>>, sync: impl FnOnce() -> io::Result<()>, tally: &Tally<'_>) {
    let failed = sync().err();
    for Arrived { path, sealed, resumed } in files {
        let outcome = match &failed {
            Some(error) => {
                sealed.discard();
                Err(io::Error::new(error.kind(), error.to_string()))
            }
            None => sealed.publish(path.split().1),
        };
        if outcome.is_ok() {
            tally.note(|report, _| {
                report.copied += 1;
                report.resumed += resumed;
            });
        }
        tally.count(&path, outcome.map_err(Trouble::from));
        tally.note(|_, watch| watch.file_done());
    }
}

#[cfg(test)]
mod tests {
    use super::super::descent::Descent;
    use super::*;
    use crate::mirror::attributes::{Attributes, Mtime};
    use crate::mirror::directory::Directory;
    use crate::mirror::hash::hash_all;
    use crate::mirror::service::Content;

    const BYTES: &[u8] = &[7; 100_000];

    fn names(top: &tempfile::TempDir) -> Vec<String> {
        let entries = std::fs::read_dir(top.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Has a small and a large file arrive, which `sync` then syncs. Returns how many failed.
    fn publish_two(top: &tempfile::TempDir, sync: impl FnOnce() -> io::Result<()>) -> u64 {
        let tally_watch = &mut ();
        let tally = Tally::new(tally_watch);
        let directory = Descent::new(Directory::open(top.path()).unwrap(), &tally).unwrap().directory(None).unwrap();
        let attributes = Attributes { mtime: Mtime { secs: 1, nanos: 2 }, mode: 0o600 };
        let arrived = ["large", "small"].map(|name| {
            let bytes = if name == "small" { &BYTES[..3] } else { BYTES };
            let (hash, size) = hash_all(bytes).unwrap();
            let content = Content { size, hash };
            let mut partial = match size >= WORTH_KEEPING {
                true => Partial::open(directory.clone(), content, 0).unwrap().unwrap(),
                false => Partial::fresh(directory.clone(), content).unwrap(),
            };
            partial.take_from(bytes, &mut |_| ()).1.unwrap();
            let Arrival::Complete(sealed) = partial.seal(attributes, false).unwrap() else { panic!("{name}") };
            Arrived { path: RelPath::new(name).unwrap(), sealed, resumed: 0 }
        });
        publish(arrived.into(), sync, &tally);
        tally.close().0.failed
    }

    #[test]
    fn no_file_gets_its_name_before_all_are_synced() {
        let top = tempfile::tempdir().unwrap();
        let failed = publish_two(&top, || {
            let names = names(&top);
            assert!(names.len() == 2 && names.iter().all(|name| name.starts_with(".mirror-")), "{names:?}");
            Ok(())
        });
        assert_eq!((failed, names(&top)), (0, vec!["large".to_owned(), "small".to_owned()]));
    }

    #[test]
    fn a_file_that_may_not_be_on_the_disk_gets_no_name() {
        let top = tempfile::tempdir().unwrap();
        let failed = publish_two(&top, || Err(io::Error::other("the disk fell out")));
        assert_eq!((failed, names(&top)), (2, vec![]));
    }
}
