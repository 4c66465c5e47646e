//! Two listings side by side.

use std::cmp::Ordering;

use super::super::listing::Listing;
use super::super::report::CopyError;
use super::super::service::{Entry, Mirror};

/// A listing whose next entry is known.
pub(super) struct Head<'m, M> {
    listing: Option<Listing<'m, M>>,
    entry: Option<Entry>,
}

/// Which of two listings an entry is in.
pub(super) enum Side {
    Source,
    Target,
    Both,
}

impl<'m, M: Mirror> Head<'m, M> {
    /// Starts a listing; without a mirror it is empty.
    pub(super) fn of(mirror: Option<&'m M>) -> Head<'m, M> {
        Head { listing: mirror.map(Listing::of), entry: None }
    }

    /// Reads the next entry, unless it is known already.
    pub(super) fn fill(&mut self) -> Result<(), CopyError> {
        if let (None, Some(listing)) = (&self.entry, &mut self.listing) {
            self.entry = listing.next().transpose()?;
        }
        Ok(())
    }

    /// Takes the next entry.
    pub(super) fn take(&mut self) -> Option<Entry> {
        self.entry.take()
    }
}

/// Returns which side has the entry that comes first.
pub(super) fn first<S, T>(source: &Head<'_, S>, target: &Head<'_, T>) -> Option<Side> {
    match (&source.entry, &target.entry) {
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
