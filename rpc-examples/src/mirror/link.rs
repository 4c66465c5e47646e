//! Symbolic links that stay inside the tree.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::display::printable;
use super::escape;
use super::path::RelPath;

/// The target of a symbolic link, byte for byte. On the wire it is text, like a [`RelPath`].
#[derive(Clone, PartialEq, Eq)]
pub struct LinkTarget(pub(super) Vec<u8>);

impl LinkTarget {
    /// Creates a target from bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> LinkTarget {
        LinkTarget(bytes.into())
    }

    /// Returns whether a link at `path` with this target certainly leads to a place inside the
    /// tree.
    ///
    /// It does if it is relative and has `..` only at its beginning, no more than lead up to the
    /// tree's top: it then climbs through the real directories that contain the link, and every
    /// link further down follows the same rule. `a/../b` is refused because `a` may be a link.
    pub(super) fn stays_inside(&self, path: &RelPath) -> bool {
        let mut climbs = 0;
        let mut descends = false;
        for component in self.0.split(|&byte| byte == b'/').filter(|component| *component != b".") {
            match component {
                b".." if descends => return false,
                b".." => climbs += 1,
                // A leading slash is absolute. A trailing or doubled one is harmless, but nobody
                // writes such a target by hand.
                b"" => return false,
                _ => descends = true,
            }
        }
        climbs <= path.depth() && !self.0.contains(&0)
    }

    /// Returns the number of bytes.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for LinkTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&escape::encode(&self.0)))
    }
}

impl fmt::Debug for LinkTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&escape::encode(&self.0), f)
    }
}

impl Serialize for LinkTarget {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&escape::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for LinkTarget {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<LinkTarget, D::Error> {
        let text = String::deserialize(deserializer)?;
        escape::decode(&text).map(LinkTarget).ok_or_else(|| D::Error::custom("a link target with an invalid escape"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stays(path: &str, target: &str) -> bool {
        LinkTarget::new(target).stays_inside(&RelPath::new(path).unwrap())
    }

    #[test]
    fn inside() {
        for (path, target) in
            [("l", "a"), ("l", "a/b"), ("l", "./a"), ("d/l", "../a"), ("d/e/l", "../../a/b"), ("d/l", ".."), ("l", ".")]
        {
            assert!(stays(path, target), "{path} -> {target}");
        }
    }

    #[test]
    fn outside() {
        for (path, target) in [
            ("l", "/etc"),
            ("l", ".."),
            ("l", "../a"),
            ("d/l", "../../a"),
            ("l", "a/../../b"),
            ("l", "a/../b"),
            ("d/l", "./../../a"),
            ("l", ""),
        ] {
            assert!(!stays(path, target), "{path} -> {target}");
        }
    }
}
