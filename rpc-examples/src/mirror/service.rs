//! The contract: all that a mirror's two sides say to each other.

use std::fmt;
use std::io::Read;

use rpc_core::rpc_service;
use serde::{Deserialize, Serialize};

use super::attributes::{Attributes, Mtime};
use super::display::printable;
use super::error::MirrorError;
use super::hash::ContentHash;
use super::link::LinkTarget;
use super::path::RelPath;

/// A directory tree that can be copied from, and, if it is offered so, to.
///
/// A call is complete in itself: nothing is kept from one to the next but files, so any number of clients may use one tree,
/// and a connection that is lost costs the call it was in.
#[rpc_service]
pub trait Mirror {
    /// What comes behind `after` in the order of [`RelPath`], or from the beginning: at most `limit` entries, and fewer
    /// where they would be much text or where hashing them takes long. At least one, unless there is none.
    ///
    /// The server chooses pages so that none comes near the limit on JSON (8 MiB), however long the names are.
    ///
    /// # Errors
    /// Where the tree cannot be read at all. What is wrong with an entry, the entry says.
    fn list(&self, after: Option<RelPath>, limit: u32) -> Result<Page, MirrorError>;

    /// The bytes of a file from `offset` on, as they are now. They may be others than were listed, in spite of `content`,
    /// so compare the whole file's size and hash.
    ///
    /// # Errors
    /// [`MirrorError::Vanished`], [`MirrorError::NotAFile`] (which every link is, and all that is reached through one),
    /// [`MirrorError::Unreadable`], or [`MirrorError::Changed`], where it is known without reading that the file does not
    /// hold `content`.
    fn fetch(&self, path: &RelPath, offset: u64, content: &Content) -> Result<impl Read, MirrorError>;

    /// How many bytes may still be stored; `None` where nobody has set a limit.
    ///
    /// # Errors
    /// [`MirrorError::ReadOnly`], as all methods below.
    fn room(&self) -> Result<Option<u64>, MirrorError>;

    /// How much there is of an upload of `content` to `path` that was interrupted.
    ///
    /// # Errors
    /// [`MirrorError::NoDirectory`] or [`MirrorError::Unwritable`].
    fn held(&self, path: &RelPath, content: &Content) -> Result<u64, MirrorError>;

    /// Stores a file, of which the bytes before `upload.offset` are here from an earlier attempt. It gets its name when
    /// all of it is here, its hash is right and it is on the disk; until then what had the name keeps it.
    ///
    /// # Errors
    /// Before any byte is read: [`MirrorError::QuotaExceeded`], [`MirrorError::InTheWay`], [`MirrorError::NotHeld`],
    /// [`MirrorError::Busy`], [`MirrorError::NoDirectory`]. Behind the last: [`MirrorError::Changed`]. At any point:
    /// [`MirrorError::NoRoom`], [`MirrorError::Unwritable`].
    fn store(&self, path: &RelPath, upload: &Upload, content: impl Read) -> Result<Receipt, MirrorError>;

    /// Makes a directory or a link, or gives a directory, or a file that holds what the entry says, its time and mode.
    ///
    /// # Errors
    /// [`MirrorError::InTheWay`], [`MirrorError::NoDirectory`], [`MirrorError::Changed`], [`MirrorError::Unwritable`].
    fn place(&self, entry: &Entry) -> Result<(), MirrorError>;

    /// Removes a file, a link, or a directory that is empty.
    ///
    /// # Errors
    /// [`MirrorError::NoDirectory`], [`MirrorError::InTheWay`], [`MirrorError::Unwritable`].
    fn remove(&self, path: &RelPath) -> Result<(), MirrorError>;

    /// Removes what interrupted uploads have left and nobody is writing now. Returns how many files that were.
    ///
    /// # Errors
    /// [`MirrorError::NoTree`].
    fn sweep(&self) -> Result<u64, MirrorError>;
}

/// What a file holds: two with the same content are the same file at another time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The number of its bytes.
    pub size: u64,
    /// Their hash.
    pub hash: ContentHash,
}

/// What is said about a file before its bytes are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// What it has to hold in the end.
    pub content: Content,
    /// Its time and mode.
    pub attributes: Attributes,
    /// Where in the file the bytes that are sent begin.
    pub offset: u64,
}

/// What became of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The bytes that came with this call.
    pub received: u64,
}

/// A part of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// In the order of their paths, each only once.
    pub entries: Vec<Entry>,
    /// Whether something comes behind the last of them.
    pub more: bool,
}

/// A name in the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Where it is.
    pub path: RelPath,
    /// What it is.
    pub item: Item,
}

/// What a name in the tree stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Item {
    /// A regular file.
    File {
        /// Its bytes.
        size: u64,
        /// The hash of its bytes.
        hash: ContentHash,
        /// Time and mode.
        attributes: Attributes,
    },
    /// A directory. It is listed before all that is in it.
    Directory {
        /// Time and mode.
        attributes: Attributes,
    },
    /// A symbolic link that leads to a place inside the tree.
    Symlink {
        /// Where it leads.
        target: LinkTarget,
        /// When it was made.
        mtime: Mtime,
    },
    /// Something that is not offered.
    Skipped(Reason),
}

/// Why something is not offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// A socket, a named pipe, a device; the text says which.
    Special(String),
    /// A symbolic link that leads out of the tree, or may.
    LeadsOutside(LinkTarget),
    /// What a pull or a push has not completed: the tree is itself a copy.
    Incomplete,
    /// The server may not read it, or failed to; the text says why. The only reason that makes a copy incomplete.
    Unreadable(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Special(kind) => write!(f, "it is {}", printable(kind)),
            Reason::LeadsOutside(target) => write!(f, "the link leads out of the directory, to {target}"),
            Reason::Incomplete => f.write_str("it is the temporary file of a copy"),
            Reason::Unreadable(why) => f.write_str(&printable(why)),
        }
    }
}
