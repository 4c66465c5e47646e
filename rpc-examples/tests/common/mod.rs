//! What the mirror's tests share: trees on disk, a record of a pull's notices, and mirrors that
//! misbehave.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File, FileTimes};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use rpc_examples::mirror::{
    Content, CopyError, CopyOptions, Listed, Mirror, Notice, RelPath, Report, Shelf, Watch, pull,
};
use tempfile::TempDir;

/// A source, a destination, and a directory outside both.
pub(crate) struct Places {
    pub(crate) source: TempDir,
    pub(crate) copy: TempDir,
    /// For whatever else a test needs.
    pub(crate) room: TempDir,
}

impl Places {
    pub(crate) fn new() -> Places {
        let [source, copy, room] = [(); 3].map(|()| tempfile::tempdir().unwrap());
        Places { source, copy, room }
    }

    pub(crate) fn shelf(&self) -> Shelf {
        Shelf::open(self.source.path()).unwrap()
    }

    pub(crate) fn source(&self, path: &str) -> PathBuf {
        self.source.path().join(path)
    }

    pub(crate) fn copy(&self, path: &str) -> PathBuf {
        self.copy.path().join(path)
    }

    /// Pulls without a program or a connection.
    pub(crate) fn pull(&self) -> (Report, Heard) {
        self.pull_from(&self.shelf()).unwrap()
    }

    pub(crate) fn pull_from(&self, remote: &impl Mirror) -> Result<(Report, Heard), CopyError> {
        self.pull_with(remote, &CopyOptions::default().sync(false))
    }

    pub(crate) fn pull_with(&self, remote: &impl Mirror, options: &CopyOptions) -> Result<(Report, Heard), CopyError> {
        let mut heard = Heard::default();
        let report = pull(remote, self.copy.path(), options, &mut heard)?;
        Ok((report, heard))
    }

    pub(crate) fn assert_same(&self) {
        assert_eq!(snapshot(self.source.path()), snapshot(self.copy.path()));
    }
}

/// Checks that a pull or a push of an [`odd_tree`] copies everything, and nothing if repeated.
pub(crate) fn assert_all_arrives(places: &Places, copy: impl Fn() -> (Report, Heard)) {
    let (report, heard) = copy();
    places.assert_same();
    assert!(report.is_complete() && report.skipped == 0, "{report} {heard:?}");
    assert_eq!((report.copied, report.files, report.links), (15, 15, 3));
    assert_eq!(heard.expected, (report.files, report.bytes));
    assert_eq!((heard.files, heard.bytes), (report.files, report.bytes));

    let (again, _) = copy();
    assert_eq!((again.copied, again.bytes, again.refreshed, again.links, again.directories), (0, 0, 0, 0, 0));
    places.assert_same();
}

/// Everything that a pull reported.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) notices: Vec<String>,
    pub(crate) expected: (u64, u64),
    pub(crate) bytes: u64,
    pub(crate) files: u64,
}

impl Watch for Heard {
    fn expect(&mut self, bytes: u64) {
        self.expected.0 += 1;
        self.expected.1 += bytes;
    }

    fn bytes(&mut self, count: u64) {
        self.bytes += count;
    }

    fn file_done(&mut self) {
        self.files += 1;
    }

    fn notice(&mut self, notice: &Notice) {
        self.notices.push(notice.to_string());
    }
}

/// An entry as the file system shows it: kind and mode, modification time, content or target.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) mode: u32,
    pub(crate) mtime: (i64, i64),
    pub(crate) content: Vec<u8>,
}

/// All entries of a tree, without its top, by path.
pub(crate) fn snapshot(top: &Path) -> BTreeMap<PathBuf, Seen> {
    let mut seen = BTreeMap::new();
    for entry in fs::read_dir(top).unwrap() {
        let path = entry.unwrap().path();
        let metadata = path.symlink_metadata().unwrap();
        let content = if metadata.is_symlink() {
            fs::read_link(&path).unwrap().into_os_string().as_bytes().to_vec()
        } else if metadata.is_file() {
            fs::read(&path).unwrap()
        } else {
            Vec::new()
        };
        let name = PathBuf::from(path.file_name().unwrap());
        if metadata.is_dir() {
            seen.extend(snapshot(&path).into_iter().map(|(below, it)| (name.join(below), it)));
        }
        seen.insert(name, Seen { mode: metadata.mode(), mtime: (metadata.mtime(), metadata.mtime_nsec()), content });
    }
    seen
}

/// Returns the names below a directory, including temporary ones.
pub(crate) fn names(top: &Path) -> Vec<String> {
    snapshot(top).keys().map(|path| path.to_string_lossy().into_owned()).collect()
}

/// Sets the modification time of a file or a directory.
pub(crate) fn set_time(path: &Path, secs: u64, nanos: u32) {
    let times = FileTimes::new().set_modified(UNIX_EPOCH + Duration::new(secs, nanos));
    File::open(path).unwrap().set_times(times).unwrap();
}

pub(crate) fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

/// Returns the size and the hash of `bytes`.
pub(crate) fn content_of(bytes: &[u8]) -> Content {
    let hash = serde_json::from_value(blake3::hash(bytes).to_hex().as_str().into()).unwrap();
    Content { size: bytes.len() as u64, hash }
}

pub(crate) fn rel(path: &str) -> RelPath {
    RelPath::new(path).unwrap()
}

/// Fetches files from a mirror and puts them into one stream. It fails where a file does.
pub(crate) fn one_by_one(mirror: &impl Mirror, files: Vec<Listed>) -> io::Chain<io::Cursor<Vec<u8>>, Failing> {
    let mut packed = Vec::new();
    let mut outcome = Ok(());
    for Listed { path, content } in files {
        match mirror.fetch(&path, 0, &content) {
            Ok(stream) => {
                packed.extend(b"null\n");
                outcome = stream.take(content.size).read_to_end(&mut packed).map(drop);
            }
            Err(error) => packed.extend(serde_json::to_vec(&error).unwrap().into_iter().chain(*b"\n")),
        }
        if outcome.is_err() {
            break;
        }
    }
    io::Cursor::new(packed).chain(Failing(outcome.err()))
}

/// A reader that fails once, if there is an error.
pub(crate) struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Creates a tree with everything that should be copied: odd names, odd sizes, odd times and modes.
pub(crate) fn odd_tree(top: &Path) {
    for directory in ["plain", "plain/deep/er", "empty", "\u{fc}mlaut \u{1f980}", "locked"] {
        fs::create_dir_all(top.join(directory)).unwrap();
    }
    for (name, size) in [("none", 0), ("one", 1), ("frame-", 262_143), ("frame", 262_144), ("frame+", 262_145)] {
        fs::write(top.join("plain").join(name), pattern(size)).unwrap();
    }
    fs::write(top.join("plain/deep/er/big"), pattern(600_001)).unwrap();
    for name in ["\u{fc}mlaut \u{1f980}/\u{65e5}\u{672c}", "100%", " ", "new\nline", "-rf", "back\\slash", "..dots"] {
        fs::write(top.join(name), name).unwrap();
    }
    fs::write(top.join(OsStr::from_bytes(b"latin-\xe9")), "no UTF-8").unwrap();
    symlink("plain/one", top.join("link")).unwrap();
    symlink("../plain/./deep", top.join("empty/link to directory")).unwrap();
    symlink("nowhere", top.join("dangling")).unwrap();
    fs::write(top.join("locked/inside"), "x").unwrap();

    set_time(&top.join("plain/one"), 1, 999_999_999);
    set_time(&top.join("plain/none"), 4_000_000_000, 5);
    set_mode(&top.join("plain/one"), 0o400);
    set_mode(&top.join("100%"), 0o755);
    set_mode(&top.join("plain"), 0o711);
    set_mode(&top.join("locked"), 0o555);
    set_time(&top.join("locked"), 1_000_000_000, 7);
    set_time(&top.join("empty"), 86_400, 0);
}

/// Returns bytes that do not repeat soon.
pub(crate) fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at ^ (at >> 8) ^ (at >> 16)).to_le_bytes()[0]).collect()
}
