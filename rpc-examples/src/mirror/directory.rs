//! Open directories. Everything in a tree is accessed by a single name relative to an open
//! directory, and symbolic links are never followed: whatever is planted or swapped meanwhile,
//! nothing outside the tree is read or written.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, FlockOperation, Mode, OFlags, Stat};

use super::attributes::Mtime;
use super::link::LinkTarget;
use super::path::RelPath;

/// An open directory.
#[derive(Debug)]
pub(super) struct Directory(OwnedFd);

/// The kind of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Directory,
    Symlink,
    Special(&'static str),
}

impl Directory {
    /// Opens the top of a tree. The user named it, so links in its path are followed.
    pub(super) fn open(path: &Path) -> io::Result<Directory> {
        Ok(Directory(rustix::fs::openat(CWD, path, directory_flags(), Mode::empty())?))
    }

    /// Returns another handle to the same directory.
    pub(super) fn try_clone(&self) -> io::Result<Directory> {
        Ok(Directory(self.0.try_clone()?))
    }

    /// Opens a directory in this one. Fails if the name is a symbolic link.
    pub(super) fn open_directory(&self, name: &OsStr) -> io::Result<Directory> {
        Ok(Directory(rustix::fs::openat(&self.0, name, directory_flags() | OFlags::NOFOLLOW, Mode::empty())?))
    }

    /// Opens a regular file for reading. Fails if the name is anything else. Never blocks, not even
    /// on a named pipe.
    pub(super) fn open_file(&self, name: &OsStr) -> io::Result<(File, Metadata)> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(&self.0, name, flags, Mode::empty())?);
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        Ok((file, metadata))
    }

    /// Opens a file for reading and writing, or creates it with access for its owner only. Fails if
    /// it is a link.
    pub(super) fn open_or_create_file(&self, name: &OsStr) -> io::Result<File> {
        let access = OFlags::RDWR | OFlags::CREATE;
        let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Ok(File::from(rustix::fs::openat(&self.0, name, flags, Mode::RUSR | Mode::WUSR)?))
    }

    /// Creates a file, which must not exist, with access for its owner only.
    pub(super) fn create_file(&self, name: &OsStr) -> io::Result<File> {
        let access = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        let flags = access | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(File::from(rustix::fs::openat(&self.0, name, flags, Mode::RUSR | Mode::WUSR)?))
    }

    /// Opens the directory that contains an entry, without following links, and returns it with the
    /// entry's name.
    pub(super) fn parent_of(self, path: &RelPath) -> io::Result<(Directory, &OsStr)> {
        let (parent, name) = path.split();
        let mut directory = self;
        for component in parent.iter().flat_map(RelPath::components) {
            directory = directory.open_directory(component)?;
        }
        Ok((directory, name))
    }

    /// Creates a directory, which must not exist, with access for its owner only.
    pub(super) fn create_directory(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::mkdirat(&self.0, name, Mode::RWXU)?)
    }

    /// Creates a symbolic link, which must not exist.
    pub(super) fn create_link(&self, name: &OsStr, target: &LinkTarget, mtime: Mtime) -> io::Result<()> {
        rustix::fs::symlinkat(OsStr::from_bytes(&target.0), &self.0, name)?;
        Ok(rustix::fs::utimensat(&self.0, name, &mtime.timestamps(), AtFlags::SYMLINK_NOFOLLOW)?)
    }

    pub(super) fn read_link(&self, name: &OsStr) -> io::Result<LinkTarget> {
        Ok(LinkTarget::new(rustix::fs::readlinkat(&self.0, name, Vec::new())?.into_bytes()))
    }

    /// Renames atomically, replacing a file or a link that has the new name.
    pub(super) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.0, from, &self.0, to)?)
    }

    pub(super) fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    /// Removes an empty directory.
    pub(super) fn remove_directory(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }

    /// Returns the kind and the time of an entry, without following a link; `None` if it does not
    /// exist.
    pub(super) fn look_up(&self, name: &OsStr) -> io::Result<Option<(Kind, Mtime)>> {
        match rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some((kind_of(&stat), Mtime::of(&stat)))),
            Err(rustix::io::Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the names of its entries, sorted by their bytes, without `.` and `..`.
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

    /// Returns the size of a regular file, or 0 for anything else.
    pub(super) fn size_of(&self, name: &OsStr) -> io::Result<u64> {
        let stat = rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(if kind_of(&stat) == Kind::File { u64::try_from(stat.st_size).unwrap_or(0) } else { 0 })
    }

    /// Returns whether nobody has locked the file with this name. Anything that is not a file
    /// counts as unlocked.
    pub(super) fn is_free(&self, name: &OsStr) -> bool {
        self.open_file(name).map_or(true, |(file, _)| try_lock(file).unwrap_or(false))
    }

    /// Returns whether the name refers to this very file.
    pub(super) fn holds(&self, name: &OsStr, file: &File) -> io::Result<bool> {
        let (here, known) = match rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(here) => (here, rustix::fs::fstat(file)?),
            Err(rustix::io::Errno::NOENT) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        Ok((here.st_dev, here.st_ino) == (known.st_dev, known.st_ino))
    }

    /// Returns the file system that the directory is on.
    pub(super) fn device(&self) -> io::Result<u64> {
        Ok(self.metadata()?.dev())
    }

    /// Locks the directory and returns `true`, or `false` if another process has locked it. The
    /// lock ends when the directory is closed or the process ends for any reason.
    pub(super) fn try_lock(&self) -> io::Result<bool> {
        try_lock(self)
    }
}

impl AsFd for Directory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Locks an open file or directory. Returns `false` if it is already locked.
pub(super) fn try_lock(file: impl AsFd) -> io::Result<bool> {
    match rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
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
        _ => Kind::Special("an entry of unknown kind"),
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
        assert!(directory.open_or_create_file("file".as_ref()).is_err());
        assert_eq!(directory.look_up("dir".as_ref()).unwrap().unwrap().0, Kind::Symlink);
    }

    #[test]
    fn a_named_pipe_does_not_block() {
        let top = tempfile::tempdir().unwrap();
        let directory = Directory::open(top.path()).unwrap();
        // with the program because macOS has no such call
        let made = std::process::Command::new("mkfifo").arg(top.path().join("pipe")).status().unwrap();
        assert!(made.success());
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
}
