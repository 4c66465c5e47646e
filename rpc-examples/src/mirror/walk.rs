//! Walks a tree in the order of its paths, starting anywhere, so that a listing that broke off goes
//! on with another walk.

use std::ffi::{OsStr, OsString};
use std::io;
use std::iter::Peekable;
use std::vec;

use super::directory::Directory;
use super::path::RelPath;

/// A walk through a tree. It keeps one open directory for each level, and the names in it.
#[derive(Debug)]
pub(super) struct Walk {
    levels: Vec<Level>,
}

#[derive(Debug)]
struct Level {
    path: Option<RelPath>,
    directory: Directory,
    names: Peekable<vec::IntoIter<OsString>>,
}

impl Walk {
    /// Starts a walk over everything after `after`, or over the whole tree. `after` need not exist
    /// any more.
    pub(super) fn new(top: Directory, after: Option<&RelPath>) -> io::Result<Walk> {
        let mut walk = Walk { levels: Vec::new() };
        walk.descend(top, None)?;
        for component in after.into_iter().flat_map(RelPath::components) {
            if !walk.pass(component) {
                break;
            }
        }
        Ok(walk)
    }

    /// Returns the next entry: its directory, its name there, and its path. Call
    /// [`enter`](Walk::enter) to walk into a directory.
    pub(super) fn next(&mut self) -> Option<(&Directory, OsString, RelPath)> {
        while self.levels.last_mut()?.names.peek().is_none() {
            self.levels.pop();
        }
        let level = self.levels.last_mut()?;
        let name = level.names.next()?;
        let path = RelPath::child(level.path.as_ref(), &name).expect("the file system returns plain names");
        Some((&level.directory, name, path))
    }

    /// Returns whether any entry is left.
    pub(super) fn has_more(&mut self) -> bool {
        self.levels.iter_mut().any(|level| level.names.peek().is_some())
    }

    /// Continues with the contents of the directory that [`next`](Walk::next) returned last.
    pub(super) fn enter(&mut self, name: &OsStr, path: &RelPath) -> io::Result<()> {
        let Some(level) = self.levels.last() else { return Ok(()) };
        let directory = level.directory.open_directory(name)?;
        self.descend(directory, Some(path.clone()))
    }

    fn descend(&mut self, directory: Directory, path: Option<RelPath>) -> io::Result<()> {
        let names = directory.names()?.into_iter().peekable();
        self.levels.push(Level { path, directory, names });
        Ok(())
    }

    /// Skips a name and everything before it, and enters it if it is a readable directory. Returns
    /// whether it did.
    fn pass(&mut self, name: &OsStr) -> bool {
        let Some(level) = self.levels.last_mut() else { return false };
        while level.names.next_if(|other| other.as_os_str() <= name).is_some() {}
        RelPath::child(level.path.as_ref(), name).is_ok_and(|path| self.enter(name, &path).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    fn walk(top: &Path, after: Option<&str>) -> Vec<String> {
        let after = after.map(|path| RelPath::new(path).unwrap());
        let mut walk = Walk::new(Directory::open(top).unwrap(), after.as_ref()).unwrap();
        let mut seen = Vec::new();
        while let Some((_, name, path)) = walk.next() {
            seen.push(path.to_string());
            _ = walk.enter(&name, &path);
        }
        seen
    }

    fn tree() -> tempfile::TempDir {
        let top = tempfile::tempdir().unwrap();
        for directory in ["a", "a/b", "c", "empty"] {
            fs::create_dir(top.path().join(directory)).unwrap();
        }
        for file in ["a/b/1", "a/b/2", "a/z", "a.txt", "c/3"] {
            fs::write(top.path().join(file), file).unwrap();
        }
        std::os::unix::fs::symlink(".", top.path().join("loop")).unwrap();
        top
    }

    #[test]
    fn goes_in_the_order_of_paths() {
        let all = walk(tree().path(), None);
        assert_eq!(all, ["a", "a/b", "a/b/1", "a/b/2", "a/z", "a.txt", "c", "c/3", "empty", "loop"]);
    }

    #[test]
    fn begins_anywhere() {
        let tree = tree();
        let all = walk(tree.path(), None);
        for (at, path) in all.iter().enumerate() {
            assert_eq!(walk(tree.path(), Some(path)), all[at + 1..], "after {path}");
        }
    }

    #[test]
    fn begins_after_what_is_gone() {
        let tree = tree();
        let all = walk(tree.path(), None);
        for (gone, left) in [("a/b/15", 3), ("a/c", 4), ("a/c/d/e", 4), ("b", 6), ("a.txt/x", 6), ("zz", 10)] {
            assert_eq!(walk(tree.path(), Some(gone)), all[left..], "after {gone}");
        }
    }
}
