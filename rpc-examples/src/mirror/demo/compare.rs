//! Compares two trees with `std::fs` alone: none of the mirror's own code is trusted here.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{DemoError, during};

/// How many bytes are compared at once.
const PIECE: usize = 1 << 20;

/// Compares names, kinds, modes, times, link targets and every byte. Returns how many entries there
/// are.
pub(super) fn trees(one: &Path, other: &Path) -> Result<usize, DemoError> {
    let (mut ours, mut theirs) = (BTreeMap::new(), BTreeMap::new());
    collect(one, Path::new(""), &mut ours)?;
    collect(other, Path::new(""), &mut theirs)?;
    if let Some(path) =
        ours.keys().chain(theirs.keys()).find(|path| !ours.contains_key(*path) || !theirs.contains_key(*path))
    {
        return Err(differ(path, "it is only in one of the trees"));
    }
    for (path, metadata) in &ours {
        if let Some(difference) = attributes(metadata, &theirs[path]) {
            return Err(differ(path, difference));
        }
        let (left, right) = (one.join(path), other.join(path));
        let same = if metadata.is_symlink() {
            same_target(&left, &right)
        } else if metadata.is_file() {
            same_bytes(&left, &right)
        } else {
            Ok(true)
        };
        if !same.map_err(during("comparing", path))? {
            return Err(differ(path, "its content"));
        }
    }
    Ok(ours.len())
}

fn differ(path: &Path, what: &str) -> DemoError {
    DemoError::Broken(format!("{} differs: {what}", path.display()))
}

fn collect(top: &Path, below: &Path, found: &mut BTreeMap<PathBuf, Metadata>) -> Result<(), DemoError> {
    let directory = top.join(below);
    for entry in fs::read_dir(&directory).map_err(during("reading", &directory))? {
        let entry = entry.map_err(during("reading", &directory))?;
        let path = below.join(entry.file_name());
        let metadata = entry.metadata().map_err(during("looking at", &path))?;
        if metadata.is_dir() {
            collect(top, &path, found)?;
        }
        found.insert(path, metadata);
    }
    Ok(())
}

fn attributes(one: &Metadata, other: &Metadata) -> Option<&'static str> {
    if one.file_type() != other.file_type() {
        return Some("its kind");
    }
    if one.mode() & 0o777 != other.mode() & 0o777 {
        return Some("its mode");
    }
    if (one.mtime(), one.mtime_nsec()) != (other.mtime(), other.mtime_nsec()) {
        return Some("its modification time");
    }
    (one.is_file() && one.len() != other.len()).then_some("its size")
}

fn same_target(one: &Path, other: &Path) -> io::Result<bool> {
    Ok(fs::read_link(one)? == fs::read_link(other)?)
}

fn same_bytes(one: &Path, other: &Path) -> io::Result<bool> {
    let (mut one, mut other) = (File::open(one)?, File::open(other)?);
    let (mut ours, mut theirs) = (vec![0; PIECE], vec![0; PIECE]);
    loop {
        let count = fill(&mut one, &mut ours)?;
        if fill(&mut other, &mut theirs)? != count || ours[..count] != theirs[..count] {
            return Ok(false);
        }
        if count == 0 {
            return Ok(true);
        }
    }
}

/// Reads until the buffer is full or the file ends.
fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    type Change = fn(&Path);

    fn long_ago(path: &Path) {
        File::open(path).unwrap().set_times(fs::FileTimes::new().set_modified(std::time::UNIX_EPOCH)).unwrap();
    }

    fn tree(top: &Path) {
        fs::create_dir(top.join("d")).unwrap();
        fs::write(top.join("d/f"), "content").unwrap();
        long_ago(&top.join("d/f"));
        long_ago(&top.join("d"));
    }

    /// Compares a tree with a changed copy.
    fn after(change: impl FnOnce(&Path)) -> String {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        tree(one.path());
        tree(other.path());
        change(other.path());
        match trees(one.path(), other.path()) {
            Ok(entries) => format!("{entries} the same"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_same() {
        assert_eq!(after(|_| ()), "2 the same");
    }

    #[test]
    fn each_difference_shows() {
        let cases: [(&str, Change); 5] = [
            ("d/f differs: its content", |top| {
                fs::write(top.join("d/f"), "contenT").unwrap();
                long_ago(&top.join("d/f"));
            }),
            ("d/f differs: its modification time", |top| fs::write(top.join("d/f"), "content").unwrap()),
            ("d/f differs: its mode", |top| {
                fs::set_permissions(top.join("d/f"), PermissionsExt::from_mode(0o640)).unwrap();
            }),
            ("new differs: it is only in one of the trees", |top| fs::write(top.join("new"), "").unwrap()),
            ("d/f differs: its kind", |top| {
                fs::remove_file(top.join("d/f")).unwrap();
                fs::create_dir(top.join("d/f")).unwrap();
                long_ago(&top.join("d"));
            }),
        ];
        for (expected, change) in cases {
            let found = after(change);
            assert!(found.contains(expected), "{found}, expected {expected}");
        }
    }
}
