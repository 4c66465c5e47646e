//! Symbolic links that stay inside the tree.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::display::printable;
use super::escape;
use super::path::RelPath;

/// What a symbolic link points to, byte for byte. On the wire it is text, as a [`RelPath`] is.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkTarget(pub(super) Vec<u8>);

impl LinkTarget {
    /// A target with these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> LinkTarget {
        LinkTarget(bytes.into())
    }

    /// Whether a link at `path` with this target surely leads to a place inside the tree.
    ///
    /// It does if it is relative, climbs with `..` only at its beginning, and no higher than the tree's top: what is
    /// climbed are then the real directories that the link is in, and every link that is met further down keeps the same
    /// rule. `a/../b` is refused, for `a` may be a link itself.
    pub(super) fn stays_inside(&self, path: &RelPath) -> bool {
        let mut climbs = 0;
        let mut descends = false;
        for component in self.0.split(|&byte| byte == b'/').filter(|component| *component != b".") {
            match component {
                b".." if descends => return false,
                b".." => climbs += 1,
                // Leading: absolute. Trailing or doubled: harmless, but such a target is not written by hand.
                b"" => return false,
                _ => descends = true,
            }
        }
        climbs <= path.depth() && !self.0.contains(&0)
    }

    /// The number of bytes.
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
        escape::decode(&text).map(LinkTarget).ok_or_else(|| D::Error::custom("a link target with a wrong escape"))
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
