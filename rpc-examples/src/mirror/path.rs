//! Paths inside a tree, as both sides name them. A path that leaves the tree is unrepresentable.

use std::cmp::Ordering;
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::display::printable;
use super::escape;

/// The path of an entry relative to the tree's top: never empty or absolute, without `.`, `..` and
/// NUL.
///
/// Paths are ordered by their components, so that a directory comes right before its contents. On
/// the wire a path is text with `/` between components; a byte that is not UTF-8 is sent as `%` and
/// two hex digits, and `%` as `%25`.
#[derive(Clone, PartialEq, Eq)]
pub struct RelPath(Vec<u8>);

/// Why a path was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathError {
    path: String,
    problem: &'static str,
}

impl RelPath {
    /// Creates a path from bytes.
    ///
    /// # Errors
    /// If the path is empty or absolute, or has a component that is empty, `.`, `..` or contains
    /// NUL.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<RelPath, PathError> {
        let bytes = bytes.into();
        match problem_of(&bytes) {
            None => Ok(RelPath(bytes)),
            Some(problem) => Err(PathError { path: escape::encode(&bytes), problem }),
        }
    }

    /// Returns the path of an entry of the directory `parent`, or of the tree's top. `name` comes
    /// from the file system.
    pub(super) fn child(parent: Option<&RelPath>, name: &OsStr) -> Result<RelPath, PathError> {
        let mut bytes = parent.map(|parent| [&parent.0[..], b"/"].concat()).unwrap_or_default();
        bytes.extend_from_slice(name.as_bytes());
        RelPath::new(bytes)
    }

    /// Returns the names of the directories that lead to the entry, then its own name.
    pub fn components(&self) -> impl Iterator<Item = &OsStr> + Clone {
        self.0.split(|&byte| byte == b'/').map(OsStr::from_bytes)
    }

    /// Returns the directory that contains the entry, and the entry's own name.
    pub fn split(&self) -> (Option<RelPath>, &OsStr) {
        match self.0.iter().rposition(|&byte| byte == b'/') {
            Some(at) => (Some(RelPath(self.0[..at].to_vec())), OsStr::from_bytes(&self.0[at + 1..])),
            None => (None, OsStr::from_bytes(&self.0)),
        }
    }

    /// Returns how many directories are between the tree's top and the entry.
    pub(super) fn depth(&self) -> usize {
        self.components().count() - 1
    }

    /// Returns whether the entry is at any depth below `directory`.
    pub(super) fn is_below(&self, directory: &RelPath) -> bool {
        self.0.strip_prefix(&directory.0[..]).is_some_and(|rest| rest.first() == Some(&b'/'))
    }

    /// Returns the number of bytes.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

fn problem_of(bytes: &[u8]) -> Option<&'static str> {
    if bytes.is_empty() {
        return Some("it is empty");
    }
    if bytes.first() == Some(&b'/') {
        return Some("it is absolute");
    }
    if bytes.contains(&0) {
        return Some("it contains a NUL byte");
    }
    bytes.split(|&byte| byte == b'/').find_map(|component| match component {
        b"" => Some("it has an empty component"),
        b"." | b".." => Some("it has a component that is . or .."),
        _ => None,
    })
}

impl Ord for RelPath {
    fn cmp(&self, other: &RelPath) -> Ordering {
        self.components().cmp(other.components())
    }
}

impl PartialOrd for RelPath {
    fn partial_cmp(&self, other: &RelPath) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for RelPath {
    /// Shows control characters as escapes, so that a name cannot control the terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&escape::encode(&self.0)))
    }
}

impl fmt::Debug for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&escape::encode(&self.0), f)
    }
}

impl Serialize for RelPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&escape::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for RelPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RelPath, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = escape::decode(&text).ok_or_else(|| D::Error::custom("a path with an invalid escape"))?;
        RelPath::new(bytes).map_err(D::Error::custom)
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the path {:?} is refused: {}", self.path, self.problem)
    }
}

impl std::error::Error for PathError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leaves_the_tree_is_refused() {
        for bytes in ["", "/", "/etc/passwd", "..", "../x", "a/..", "a/../b", "a//b", "a/", "./a", "a/.", "a\0b"] {
            assert!(RelPath::new(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn what_leaves_the_tree_cannot_arrive() {
        for json in [r#""../x""#, r#""/x""#, r#""a/%2E%2E/b""#, r#""a\u0000""#, r#""%2Fx""#] {
            assert!(serde_json::from_str::<RelPath>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn names_may_look_odd() {
        for bytes in ["...", "..a", " ", "a b", "-rf", "~", "a\\b", "\u{1f980}/\u{fc}", "a\nb"] {
            let path = RelPath::new(bytes).unwrap();
            let json = serde_json::to_string(&path).unwrap();
            assert_eq!(serde_json::from_str::<RelPath>(&json).unwrap(), path, "{json}");
        }
    }

    #[test]
    fn a_directory_comes_right_before_its_content() {
        let mut paths: Vec<_> = ["a.b", "a/b", "a", "a/b/c", "a-", "b"].map(|p| RelPath::new(p).unwrap()).into();
        paths.sort();
        let sorted: Vec<_> = paths.iter().map(RelPath::to_string).collect();
        assert_eq!(sorted, ["a", "a/b", "a/b/c", "a-", "a.b", "b"]);
        assert!(paths[2].is_below(&paths[0]) && !paths[4].is_below(&paths[0]));
    }

    #[test]
    fn cannot_command_a_terminal() {
        let path = RelPath::new("a\u{1b}[2J\u{9b}b").unwrap();
        assert_eq!(path.to_string(), "a\\u{1b}[2J\\u{9b}b");
    }
}
