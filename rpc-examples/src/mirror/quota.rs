//! How many bytes a tree may contain, and how many it contains.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::error::MirrorError;

/// The used bytes of a writable tree, and their limit.
#[derive(Debug)]
pub(super) struct Quota {
    limit: Option<u64>,
    /// Bytes that are stored or reserved.
    used: Mutex<u64>,
}

/// Reserved bytes. Dropping it releases those that did not arrive.
#[derive(Debug)]
pub(super) struct Reservation<'q> {
    quota: &'q Quota,
    reserved: u64,
    arrived: u64,
}

impl Quota {
    pub(super) fn new(limit: Option<u64>, used: u64) -> Quota {
        Quota { limit, used: Mutex::new(used) }
    }

    /// Returns how many more bytes may be stored; `None` without a limit.
    pub(super) fn left(&self) -> Option<u64> {
        Some(self.limit?.saturating_sub(*self.used()))
    }

    /// Reserves room for `size` bytes, of which `part` are already stored and counted. They will
    /// replace `instead` other bytes.
    pub(super) fn reserve(&self, size: u64, part: u64, instead: u64) -> Result<Reservation<'_>, MirrorError> {
        let mut used = self.used();
        let then = used.saturating_sub(part).saturating_add(size);
        let needed = then.saturating_sub(instead);
        match self.limit {
            Some(limit) if needed > limit => Err(MirrorError::QuotaExceeded { limit, needed }),
            _ => {
                *used = then;
                Ok(Reservation { quota: self, reserved: size, arrived: 0 })
            }
        }
    }

    /// Subtracts bytes that were removed.
    pub(super) fn release(&self, bytes: u64) {
        let mut used = self.used();
        *used = used.saturating_sub(bytes);
    }

    fn used(&self) -> MutexGuard<'_, u64> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reservation<'_> {
    /// Sets how many of the reserved bytes are stored permanently.
    pub(super) fn arrived(&mut self, bytes: u64) {
        self.arrived = bytes;
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.quota.release(self.reserved.saturating_sub(self.arrived));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_stays() {
        let quota = Quota::new(Some(100), 40);
        let error = quota.reserve(61, 0, 0).unwrap_err();
        assert!(matches!(error, MirrorError::QuotaExceeded { limit: 100, needed: 101 }));
        drop(quota.reserve(60, 0, 0).unwrap());
        assert_eq!(quota.left(), Some(60), "nothing arrived");
        quota.reserve(60, 0, 0).unwrap().arrived(20);
        assert_eq!(quota.left(), Some(40), "a part stays");
        quota.reserve(60, 20, 0).unwrap().arrived(60);
        assert_eq!(quota.left(), Some(0), "the part is not counted twice");
        assert!(quota.reserve(30, 0, 29).is_err());
        quota.reserve(30, 0, 30).unwrap().arrived(30);
        quota.release(30);
        assert_eq!(quota.left(), Some(0), "what is replaced makes room");
        assert_eq!(Quota::new(None, 0).left(), None);
    }
}
