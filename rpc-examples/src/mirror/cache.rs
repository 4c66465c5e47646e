//! A cache of hashes, so that the server reads an unchanged file only once.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::hash::{ContentHash, hash_all};

/// The maximum number of cached files, about 100 MiB. When it is exceeded, the cache is cleared.
const MOST: usize = 1 << 20;

/// File systems keep coarse times (some only every 2 s), so a file that has just changed may change
/// again without new times. The hash of such a file is not cached.
const TOO_FRESH: Duration = Duration::from_secs(2);

/// Hashes by file (device and inode), valid while size, modification time and change time stay the
/// same. Nobody can set the change time, so restoring the modification time does not hide a change.
#[derive(Debug, Default)]
pub(super) struct HashCache {
    /// Locked for a lookup or an insertion, never while a file is read.
    known: Mutex<HashMap<(u64, u64), (State, ContentHash)>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl HashCache {
    /// Returns the hash and the size of an open file's content.
    pub(super) fn hash(&self, file: &File, metadata: &Metadata) -> io::Result<(ContentHash, u64)> {
        let key = (metadata.dev(), metadata.ino());
        let state = State::of(metadata);
        if let Some(hash) = self.known(metadata) {
            return Ok((hash, state.size));
        }
        let settled = state.is_settled(SystemTime::now());
        let (hash, size) = hash_all(file)?;
        if settled && size == state.size && State::of(&file.metadata()?) == state {
            self.remember(key, state, hash);
        }
        Ok((hash, size))
    }

    /// Returns the cached hash if the file has not changed.
    pub(super) fn known(&self, metadata: &Metadata) -> Option<ContentHash> {
        let (state, hash) = *self.lock().get(&(metadata.dev(), metadata.ino()))?;
        (state == State::of(metadata)).then_some(hash)
    }

    fn remember(&self, key: (u64, u64), state: State, hash: ContentHash) {
        let mut known = self.lock();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(key, (state, hash));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(u64, u64), (State, ContentHash)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn of(metadata: &Metadata) -> State {
        State {
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Returns whether any later change is sure to change the times. Times in the future are never
    /// settled.
    fn is_settled(&self, now: SystemTime) -> bool {
        let latest = self.modified.0.max(self.changed.0);
        let horizon = now.checked_sub(TOO_FRESH).and_then(|then| then.duration_since(UNIX_EPOCH).ok());
        horizon.is_some_and(|horizon| u64::try_from(latest).map_or(true, |latest| latest < horizon.as_secs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::FileExt;

    fn hash(cache: &HashCache, path: &std::path::Path) -> ContentHash {
        let file = File::open(path).unwrap();
        let metadata = file.metadata().unwrap();
        cache.hash(&file, &metadata).unwrap().0
    }

    #[test]
    fn fresh_files_are_not_remembered() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("file");
        fs::write(&path, "one").unwrap();
        let cache = HashCache::default();
        let before = hash(&cache, &path);
        assert!(cache.lock().is_empty());
        File::options().write(true).open(&path).unwrap().write_all_at(b"two", 0).unwrap();
        assert_ne!(hash(&cache, &path), before);
    }

    #[test]
    fn settled_files_are() {
        let state = State { size: 1, modified: (100, 0), changed: (100, 999) };
        let at = |secs| UNIX_EPOCH + Duration::from_secs(secs);
        assert!(!state.is_settled(at(100)) && !state.is_settled(at(102)) && !state.is_settled(at(50)));
        assert!(state.is_settled(at(103)));
        assert!(State { modified: (-5, 0), changed: (-5, 0), ..state }.is_settled(at(3)));
    }

    #[test]
    fn a_known_state_is_not_read_again() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("file");
        fs::write(&path, "content").unwrap();
        let metadata = fs::metadata(&path).unwrap();
        let (planted, _) = hash_all(&b"planted"[..]).unwrap();
        let cache = HashCache::default();
        cache.remember((metadata.dev(), metadata.ino()), State::of(&metadata), planted);
        assert_eq!(hash(&cache, &path), planted);

        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o400)).unwrap();
        let metadata = fs::metadata(&path).unwrap();
        let later = State { changed: (metadata.ctime() + 1, 0), ..State::of(&metadata) };
        cache.remember((metadata.dev(), metadata.ino()), later, planted);
        assert_ne!(hash(&cache, &path), planted, "a different change time is a different state");
    }
}
