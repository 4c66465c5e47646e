//! Reads a mirror's listing entry by entry, and refuses an invalid one.
//!
//! The entries come as a stream. Whoever reads it may take long between two entries, to copy a
//! file, and the server does not wait for ever, so a stream that broke off is begun again after its
//! last entry. A server from before there were streams is asked for pages.

use std::vec;

use rpc_core::{Error, Status};

use super::error::MirrorError;
use super::path::RelPath;
use super::report::CopyError;
use super::service::{Entry, Mirror};

/// How many entries of an old server are asked for at once.
const PAGE_LEN: u32 = 4096;

/// Lists a tree: each entry comes after all previous ones in the order of [`RelPath`]. After an
/// error there is nothing more; without one, the listing is complete.
pub fn list<M: Mirror>(mirror: &M) -> impl Iterator<Item = Result<Entry, CopyError>> {
    Listing::of(mirror)
}

/// The entries of a mirror.
pub(super) struct Listing<'m, M> {
    mirror: &'m M,
    last: Option<RelPath>,
    state: State<'m>,
}

enum State<'m> {
    /// Nothing has been asked for yet, or the stream broke off after some entries.
    Closed,
    Streaming {
        entries: Box<dyn Iterator<Item = Result<Entry, MirrorError>> + 'm>,
        /// Whether an entry has come since the stream was begun.
        progressed: bool,
    },
    Paging {
        entries: vec::IntoIter<Entry>,
        more: bool,
    },
    Ended,
}

impl<'m, M: Mirror> Listing<'m, M> {
    pub(super) fn of(mirror: &'m M) -> Listing<'m, M> {
        Listing { mirror, last: None, state: State::Closed }
    }

    /// Returns the next entry, wherever it comes from; `None` after the last one.
    fn read(&mut self) -> Result<Option<Entry>, CopyError> {
        loop {
            match &mut self.state {
                State::Closed => self.state = self.begin()?,
                State::Streaming { entries, progressed } => match entries.next().transpose() {
                    Ok(entry) => {
                        *progressed = true;
                        return Ok(entry);
                    }
                    // without progress it would break off for ever
                    Err(error) if *progressed && is_break(&error) => self.state = State::Closed,
                    Err(error) => return Err(CopyError::Call(error)),
                },
                State::Paging { entries, more } => match entries.next() {
                    Some(entry) => return Ok(Some(entry)),
                    None if *more => self.state = self.next_page()?,
                    None => return Ok(None),
                },
                State::Ended => return Ok(None),
            }
        }
    }

    /// Asks for everything after the last entry.
    fn begin(&self) -> Result<State<'m>, CopyError> {
        match self.mirror.entries(self.last.clone()) {
            Ok(entries) => Ok(State::Streaming { entries: Box::new(entries), progressed: false }),
            Err(error) if is_of_old_server(&error) => self.next_page(),
            Err(error) => Err(CopyError::Call(error)),
        }
    }

    fn next_page(&self) -> Result<State<'m>, CopyError> {
        let page = self.mirror.list(self.last.clone(), PAGE_LEN).map_err(CopyError::Call)?;
        if page.more && page.entries.is_empty() {
            return Err(CopyError::Listing("it has an empty page before its end"));
        }
        Ok(State::Paging { entries: page.entries.into_iter(), more: page.more })
    }

    fn check_order(&mut self, entry: &Entry) -> Result<(), CopyError> {
        if self.last.as_ref().is_some_and(|last| *last >= entry.path) {
            return Err(CopyError::Listing("it is out of order"));
        }
        self.last = Some(entry.path.clone());
        Ok(())
    }
}

impl<M: Mirror> Iterator for Listing<'_, M> {
    type Item = Result<Entry, CopyError>;

    fn next(&mut self) -> Option<Result<Entry, CopyError>> {
        let next = self.read().and_then(|entry| {
            entry.as_ref().map_or(Ok(()), |entry| self.check_order(entry))?;
            Ok(entry)
        });
        if !matches!(next, Ok(Some(_))) {
            self.state = State::Ended;
        }
        next.transpose()
    }
}

/// Returns whether an error only says that the connection was lost, or that nothing came in time.
/// Every other one would come again: the server's answer about the tree, an entry that cannot be
/// decoded, or a mistake of this side.
fn is_break(error: &MirrorError) -> bool {
    matches!(error, MirrorError::Call(Error::Transport { .. } | Error::Deadline { .. }))
}

/// Returns whether a server does not know streams of entries. A server that refuses the whole
/// connection, because it is busy for example, says nothing about that.
fn is_of_old_server(error: &MirrorError) -> bool {
    let MirrorError::Call(error @ Error::Remote(answer)) = error else { return false };
    answer.status == Status::RequestError && !error.never_ran()
}
