//! Descriptors that this process has inherited from whoever started it, of which only the numbers
//! are known.
#![allow(unsafe_code, reason = "a number becomes a descriptor only by saying that it is one, and that it is ours")]

use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// A descriptor to look at, before it is [owned](Inherited::own). Dropping it closes nothing.
pub(super) struct Inherited(ManuallyDrop<OwnedFd>);

impl Inherited {
    /// Names the descriptor with this number, which may not be open. Must be given each number once
    /// only, and none that anything else in this process may own.
    pub(super) fn new(number: RawFd) -> Inherited {
        // SAFETY: the number is not -1, since the caller counts from 3. It only goes to system
        // calls, which report one that is not open, until the caller has found a listening socket
        // there and owns it. That socket is this process's to close, once: it was open before this
        // program began, the environment says that it was passed to this very process, and the
        // caller takes each number once.
        Inherited(ManuallyDrop::new(unsafe { OwnedFd::from_raw_fd(number) }))
    }

    /// Takes the descriptor, which is open.
    pub(super) fn own(self) -> OwnedFd {
        ManuallyDrop::into_inner(self.0)
    }
}

impl AsFd for Inherited {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
