//! Two listings side by side.

use std::cmp::Ordering;
use std::vec;

use super::super::listing::Listing;
use super::super::report::CopyError;
use super::super::service::{Entry, Item, Mirror};

/// A listing whose next entry is known.
pub(super) struct Head<'m, M> {
    listing: Option<Listing<'m, M>>,
    entries: vec::IntoIter<Entry>,
}

/// Which of two listings an entry is in.
pub(super) enum Side {
    Source,
    Target,
    Both,
}

impl<'m, M: Mirror> Head<'m, M> {
    /// Starts a listing; without a mirror it is empty.
    pub(super) fn of(mirror: Option<&'m M>, page_len: u32) -> Head<'m, M> {
        let listing = mirror.map(|mirror| Listing::of(mirror, page_len));
        Head { listing, entries: Vec::new().into_iter() }
    }

    /// Requests the next page if the current one is used up. Returns the number of files on it and
    /// their total size.
    pub(super) fn fill(&mut self) -> Result<Option<(u64, u64)>, CopyError> {
        if !self.entries.as_slice().is_empty() {
            return Ok(None);
        }
        let Some(listing) = &mut self.listing else { return Ok(None) };
        let Some(entries) = listing.next_page()? else { return Ok(None) };
        let sizes = entries.iter().filter_map(|entry| match entry.item {
            Item::File { size, .. } => Some(size),
            _ => None,
        });
        let sum = sizes.fold((0, 0_u64), |(files, bytes), size| (files + 1, bytes.saturating_add(size)));
        self.entries = entries.into_iter();
        Ok(Some(sum))
    }

    pub(super) fn next(&mut self) -> Option<Entry> {
        self.entries.next()
    }
}

/// Returns which side has the entry that comes first.
pub(super) fn first<S, T>(source: &Head<'_, S>, target: &Head<'_, T>) -> Option<Side> {
    match (source.entries.as_slice().first(), target.entries.as_slice().first()) {
        (None, None) => None,
        (Some(_), None) => Some(Side::Source),
        (None, Some(_)) => Some(Side::Target),
        (Some(ours), Some(theirs)) => Some(match ours.path.cmp(&theirs.path) {
            Ordering::Less => Side::Source,
            Ordering::Greater => Side::Target,
            Ordering::Equal => Side::Both,
        }),
    }
}
