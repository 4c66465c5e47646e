//! Which files are fetched together.

use super::super::attributes::Attributes;
use super::super::bundle::MOST_FILES;
use super::super::partial::{WORTH_KEEPING, held};
use super::super::path::RelPath;
use super::super::service::Content;
use super::descent::Entered;

/// A larger file is fetched alone.
const LARGEST: u64 = 1 << 20;

/// The limits of a batch: the bytes of its files, and those of their paths, of which each takes up
/// to 6 in JSON, of which a call may have 8 MiB.
const BYTES: u64 = 4 << 20;
const TEXT: usize = 512 << 10;

/// The limit of a batch's descriptors: its directories, and the files that stay open, with their
/// locks, until they have their names. With 8 jobs 20 batches are under way, which have 640; many
/// systems allow a process 1,024.
const DESCRIPTORS: usize = 32;

/// A file as it was listed.
pub(super) struct Wanted<'p> {
    pub(super) directory: Entered<'p>,
    pub(super) path: RelPath,
    pub(super) content: Content,
    pub(super) attributes: Attributes,
}

/// Files that are fetched in one call.
#[derive(Default)]
pub(super) struct Batch<'p> {
    pub(super) files: Vec<Wanted<'p>>,
    bytes: u64,
    text: usize,
    descriptors: usize,
}

impl<'p> Batch<'p> {
    pub(super) fn alone(wanted: Wanted<'p>) -> Batch<'p> {
        Batch { files: vec![wanted], ..Batch::default() }
    }

    /// Returns whether a file should be fetched alone: it is large, or part of it is here.
    pub(super) fn is_for_itself(wanted: &Wanted<'p>) -> bool {
        let size = wanted.content.size;
        size > LARGEST || (size >= WORTH_KEEPING && held(&wanted.directory, &wanted.content) > 0)
    }

    pub(super) fn add(&mut self, wanted: Wanted<'p>) {
        self.bytes += wanted.content.size;
        self.text += wanted.path.len();
        let is_near = self.files.last().is_some_and(|last| last.directory.is(&wanted.directory));
        let is_locked = wanted.content.size >= WORTH_KEEPING;
        self.descriptors += usize::from(!is_near) + usize::from(is_locked);
        self.files.push(wanted);
    }

    pub(super) fn is_full(&self) -> bool {
        let is_large = self.bytes >= BYTES || self.text >= TEXT;
        is_large || self.files.len() >= MOST_FILES || self.descriptors >= DESCRIPTORS
    }
}

#[cfg(test)]
mod tests {
    use super::super::descent::Descent;
    use super::super::tally::Tally;
    use super::*;
    use crate::mirror::attributes::Mtime;
    use crate::mirror::directory::Directory;
    use crate::mirror::hash::hash_all;

    /// Returns how many files of a size a batch takes, each in its own directory or all in one.
    fn taken(size: u64, are_apart: bool) -> usize {
        let top = tempfile::tempdir().unwrap();
        let (mut watch, hash) = ((), hash_all(&b""[..]).unwrap().0);
        let tally = Tally::new(&mut watch);
        let enter = || Descent::new(Directory::open(top.path()).unwrap(), &tally).unwrap().directory(None).unwrap();
        let shared = enter();
        let mut batch = Batch::default();
        while !batch.is_full() {
            let directory = if are_apart { enter() } else { shared.clone() };
            let attributes = Attributes { mtime: Mtime { secs: 0, nanos: 0 }, mode: 0 };
            batch.add(Wanted {
                directory,
                path: RelPath::new("x").unwrap(),
                content: Content { size, hash },
                attributes,
            });
        }
        batch.files.len()
    }

    #[test]
    fn few_descriptors_are_needed() {
        assert_eq!(taken(1, false), MOST_FILES);
        assert_eq!(taken(1, true), DESCRIPTORS);
        assert_eq!(taken(WORTH_KEEPING, false), DESCRIPTORS - 1);
        assert_eq!(taken(WORTH_KEEPING, true), DESCRIPTORS / 2);
        assert_eq!(taken(WORTH_KEEPING - 1, false), 65);
    }
}
