//! Reads a mirror's listing page by page, and refuses an invalid one.

use super::path::RelPath;
use super::report::CopyError;
use super::service::{Entry, Mirror};

/// The pages of a listing.
pub(super) struct Listing<'m, M> {
    mirror: &'m M,
    page_len: u32,
    last: Option<RelPath>,
    more: bool,
}

impl<'m, M: Mirror> Listing<'m, M> {
    pub(super) fn of(mirror: &'m M, page_len: u32) -> Listing<'m, M> {
        Listing { mirror, page_len, last: None, more: true }
    }

    /// Returns the next page, whose entries come after all previous ones; `None` after the last
    /// page.
    pub(super) fn next_page(&mut self) -> Result<Option<Vec<Entry>>, CopyError> {
        if !self.more {
            return Ok(None);
        }
        let page = self.mirror.list(self.last.clone(), self.page_len).map_err(CopyError::Call)?;
        if page.more && page.entries.is_empty() {
            return Err(CopyError::Listing("it has an empty page before its end"));
        }
        let mut last = self.last.as_ref();
        for entry in &page.entries {
            if last.is_some_and(|last| *last >= entry.path) {
                return Err(CopyError::Listing("it is out of order"));
            }
            last = Some(&entry.path);
        }
        self.last = last.cloned();
        self.more = page.more;
        Ok(Some(page.entries))
    }
}
