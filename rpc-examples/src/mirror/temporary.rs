//! Names of what is not complete yet. Neither side takes an entry with such a name for content.

use std::ffi::{OsStr, OsString};
use std::sync::atomic::{AtomicU64, Ordering};

use super::hash::ContentHash;

/// What a temporary name says about its entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Temporary {
    /// A link that is about to get its name; from the process with this number.
    Link(u32),
    /// A part of a file with this content, from its beginning.
    Partial(ContentHash),
}

/// How many links there have been.
static LINKS: AtomicU64 = AtomicU64::new(0);

/// A name for a link, another each time.
pub(super) fn link_name() -> OsString {
    format!(".mirror-{}-{}.part", std::process::id(), LINKS.fetch_add(1, Ordering::Relaxed)).into()
}

/// The name for a part of a file with this content: an attempt that was interrupted is found by it, and no other is.
pub(super) fn partial_name(hash: &ContentHash) -> OsString {
    format!(".mirror-{hash:?}.part").into()
}

/// What a name says, if it is a temporary one, of any process.
pub(super) fn temporary(name: &OsStr) -> Option<Temporary> {
    let between = name.to_str()?.strip_prefix(".mirror-")?.strip_suffix(".part")?;
    match between.split_once('-') {
        Some((process, number)) if is_number(process) && is_number(number) => {
            Some(Temporary::Link(process.parse().unwrap_or(0)))
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
        assert_eq!(temporary(&link_name()), Some(Temporary::Link(std::process::id())));
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
