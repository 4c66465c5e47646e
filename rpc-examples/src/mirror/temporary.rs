//! Names of incomplete entries. Neither side treats an entry with such a name as content.

use std::ffi::{OsStr, OsString};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::hash::ContentHash;

/// What a temporary name says about its entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Temporary {
    /// A link or a small file that is about to be renamed, created by the process with this ID.
    Unique(u32),
    /// The first part of a file with this content.
    Partial(ContentHash),
}

/// The number of unique names so far.
static NAMES: AtomicU64 = AtomicU64::new(0);

/// A random number. Processes in two containers that share a tree may have the same ID, and so may
/// one that was killed before.
static FIRST: LazyLock<u64> = LazyLock::new(|| RandomState::new().build_hasher().finish());

/// Returns a unique name.
pub(super) fn unique_name() -> OsString {
    let number = FIRST.wrapping_add(NAMES.fetch_add(1, Ordering::Relaxed));
    format!(".mirror-{}-{number}.part", std::process::id()).into()
}

/// Returns the name of a part of a file with this content, by which an interrupted attempt is found
/// again.
pub(super) fn partial_name(hash: &ContentHash) -> OsString {
    format!(".mirror-{hash:?}.part").into()
}

/// Parses a name; `None` if it is not the temporary name of any process.
pub(super) fn temporary(name: &OsStr) -> Option<Temporary> {
    let between = name.to_str()?.strip_prefix(".mirror-")?.strip_suffix(".part")?;
    match between.split_once('-') {
        Some((process, number)) if is_number(process) && is_number(number) => {
            Some(Temporary::Unique(process.parse().unwrap_or(0)))
        }
        Some(_) => None,
        None => ContentHash::from_hex(between).map(Temporary::Partial),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mirror::hash::hash_all;

    #[test]
    fn names_are_known_again() {
        let (hash, _) = hash_all(&b"content"[..]).unwrap();
        assert_eq!(temporary(&unique_name()), Some(Temporary::Unique(std::process::id())));
        assert_eq!(temporary(&partial_name(&hash)), Some(Temporary::Partial(hash)));
        for name in [
            ".mirror",
            "mirror-1-2.part",
            ".mirror-1.part",
            ".mirror-1-.part",
            ".mirror-a-2.part",
            ".mirror-abcdef.part",
            "a.part",
        ] {
            assert_eq!(temporary(name.as_ref()), None, "{name}");
        }
    }
}
