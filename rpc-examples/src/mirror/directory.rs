//! Open directories. Everything in a tree is reached by a single name relative to one, and no name is followed if it is a
//! symbolic link: whatever is planted or swapped meanwhile, nothing outside the tree is read or written.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, FlockOperation, Mode, OFlags, Stat};

use super::attributes::Mtime;
use super::link::LinkTarget;

/// An open directory.
#[derive(Debug)]
pub(super) struct Directory(OwnedFd);

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Directory,
    Symlink,
    Special(&'static str),
}

impl Directory {
    /// Opens the top of a tree. The user named it, so links on the way are followed.
    pub(super) fn open(path: &Path) -> io::Result<Directory> {
        Ok(Directory(rustix::fs::openat(CWD, path, directory_flags(), Mode::empty())?))
    }

    /// Opens a directory in this one; fails where the name is a symbolic link.
    pub(super) fn open_directory(&self, name: &OsStr) -> io::Result<Directory> {
        Ok(Directory(rustix::fs::openat(&self.0, name, directory_flags() | OFlags::NOFOLLOW, Mode::empty())?))
    }

    /// Opens a regular file for reading; fails where the name is anything else. Never waits, as a named pipe would have it.
    pub(super) fn open_file(&self, name: &OsStr) -> io::Result<(File, Metadata)> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(&self.0, name, flags, Mode::empty())?);
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        Ok((file, metadata))
    }

    /// Creates a file that must not exist, for nobody else to read yet.
    pub(super) fn create_file(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(File::from(rustix::fs::openat(&self.0, name, flags, Mode::RUSR | Mode::WUSR)?))
    }

    /// Creates a directory that must not exist, for nobody else to enter yet.
    pub(super) fn create_directory(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::mkdirat(&self.0, name, Mode::RWXU)?)
    }

    /// Creates a symbolic link that must not exist.
    pub(super) fn create_link(&self, name: &OsStr, target: &LinkTarget, mtime: Mtime) -> io::Result<()> {
        rustix::fs::symlinkat(OsStr::from_bytes(&target.0), &self.0, name)?;
        Ok(rustix::fs::utimensat(&self.0, name, &mtime.timestamps(), AtFlags::SYMLINK_NOFOLLOW)?)
    }

    pub(super) fn read_link(&self, name: &OsStr) -> io::Result<LinkTarget> {
        Ok(LinkTarget::new(rustix::fs::readlinkat(&self.0, name, Vec::new())?.into_bytes()))
    }

    /// Puts a complete file in its place, over a file or a link that may be there: at any moment there is one of the two.
    pub(super) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.0, from, &self.0, to)?)
    }

    pub(super) fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    /// What the name itself is, a link not followed; `None` where there is nothing.
    pub(super) fn look_up(&self, name: &OsStr) -> io::Result<Option<(Kind, Mtime)>> {
        match rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some((kind_of(&stat), Mtime::of(&stat)))),
            Err(rustix::io::Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The names in it, sorted by their bytes, without `.` and `..`.
    pub(super) fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.0)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push(OsStr::from_bytes(name).to_owned());
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    pub(super) fn metadata(&self) -> io::Result<Metadata> {
        File::from(self.0.try_clone()?).metadata()
    }

    /// Whether this process now is the only one that holds it locked; until the directory is closed, so at the latest
    /// when the process ends, however it does.
    pub(super) fn try_lock(&self) -> io::Result<bool> {
        match rustix::fs::flock(&self.0, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(true),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsFd for Directory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The `number`th name of this process for a file that is not complete yet.
pub(super) fn temporary_name(number: u64) -> OsString {
    format!(".mirror-{}-{number}.part", std::process::id()).into()
}

/// Whether it is such a name, of any process. Neither side takes such a file for content.
pub(super) fn is_temporary(name: &OsStr) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    name.to_str()
        .and_then(|name| name.strip_prefix(".mirror-")?.strip_suffix(".part")?.split_once('-'))
        .is_some_and(|(process, number)| is_number(process) && is_number(number))
}

fn directory_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC
}

fn kind_of(stat: &Stat) -> Kind {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Directory,
        FileType::Symlink => Kind::Symlink,
        FileType::Fifo => Kind::Special("a named pipe"),
        FileType::Socket => Kind::Special("a socket"),
        FileType::CharacterDevice | FileType::BlockDevice => Kind::Special("a device"),
        _ => Kind::Special("of a kind unknown"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_not_followed() {
        let top = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret"), "s").unwrap();
        std::os::unix::fs::symlink(outside.path(), top.path().join("dir")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret"), top.path().join("file")).unwrap();

        let directory = Directory::open(top.path()).unwrap();
        assert!(directory.open_directory("dir".as_ref()).is_err());
        assert!(directory.open_file("file".as_ref()).is_err());
        assert!(directory.create_file("file".as_ref()).is_err());
        assert_eq!(directory.look_up("dir".as_ref()).unwrap().unwrap().0, Kind::Symlink);
    }

    #[test]
    fn a_named_pipe_does_not_block() {
        let top = tempfile::tempdir().unwrap();
        let directory = Directory::open(top.path()).unwrap();
        rustix::fs::mknodat(&directory, "pipe", FileType::Fifo, Mode::RWXU, 0).unwrap();
        assert!(directory.open_file("pipe".as_ref()).is_err());
        assert_eq!(directory.look_up("pipe".as_ref()).unwrap().unwrap().0, Kind::Special("a named pipe"));
    }

    #[test]
    fn is_locked_once() {
        let top = tempfile::tempdir().unwrap();
        let first = Directory::open(top.path()).unwrap();
        let second = Directory::open(top.path()).unwrap();
        assert!(first.try_lock().unwrap());
        assert!(!second.try_lock().unwrap());
        drop(first);
        assert!(second.try_lock().unwrap());
    }

    #[test]
    fn temporary_names_are_known_again() {
        assert!(is_temporary(&temporary_name(7)));
        for name in [".mirror", "mirror-1-2.part", ".mirror-1.part", ".mirror-1-.part", ".mirror-a-2.part", "a.part"] {
            assert!(!is_temporary(name.as_ref()), "{name}");
        }
    }
}
