//! The contract: the trait and the types that a mirror's two sides exchange.

use std::fmt;
use std::io::Read;

use rpc_core::rpc_service;
use serde::{Deserialize, Serialize};

use super::attributes::{Attributes, Mtime};
use super::display::{printable, size};
use super::error::MirrorError;
use super::hash::ContentHash;
use super::link::LinkTarget;
use super::path::RelPath;

/// A directory tree to copy from, and to copy to if it is writable.
///
/// Calls are independent: nothing but files is kept from one to the next, so any number of clients
/// may use one tree, and a lost connection only fails the current call.
#[rpc_service]
pub trait Mirror: Sync {
    /// Returns the entries after `after` in the order of [`RelPath`], or from the beginning. Each
    /// is described, and a file hashed, when its turn comes, so a listing of any length takes
    /// little memory on both sides.
    ///
    /// If it breaks off, call this again with the last path that arrived. The server breaks it off
    /// itself if it is not read for the server's stall limit.
    ///
    /// # Errors
    /// If the tree cannot be read at all. An entry that cannot be read is listed with the reason.
    fn entries(&self, after: Option<RelPath>) -> Result<impl Iterator<Item = Result<Entry, MirrorError>>, MirrorError>;

    /// Returns a page of what [`entries`](Mirror::entries) returns, for programs that do not know
    /// that method, or whose server does not: at most `limit` entries, and fewer if they would be
    /// much text or take long to hash. Returns at least one entry, unless none is left.
    ///
    /// The server sizes pages so that none comes near the limit on JSON (8 MiB), however long the
    /// names are.
    ///
    /// # Errors
    /// The same as those of `entries`.
    fn list(&self, after: Option<RelPath>, limit: u32) -> Result<Page, MirrorError>;

    /// Returns the bytes of a file from `offset` on, as they are now. They may differ from what was
    /// listed, in spite of `content`, so compare the whole file's size and hash.
    ///
    /// # Errors
    /// [`MirrorError::Vanished`], [`MirrorError::NotAFile`] (also for links, and paths that lead
    /// through one), [`MirrorError::Unreadable`], or [`MirrorError::Changed`] if it is known
    /// without reading that the file's content is not `content`.
    fn fetch(&self, path: &RelPath, offset: u64, content: &Content) -> Result<impl Read, MirrorError>;

    /// Returns the bytes of several small files in one stream, in the order of `files`. For each
    /// there is a line of JSON: `null`, and then exactly `content.size` bytes of the file as it is
    /// now; or, if it cannot be sent, the error that [`fetch`](Mirror::fetch) would return, and
    /// then nothing. The stream fails if reading a file does. For what did not arrive, call
    /// `fetch`, also if the server does not know this method.
    ///
    /// # Errors
    /// [`MirrorError::NoTree`].
    fn fetch_many(&self, files: Vec<Listed>) -> Result<impl Read, MirrorError>;

    /// Returns how many bytes may still be stored; `None` without a quota.
    ///
    /// # Errors
    /// [`MirrorError::ReadOnly`], like all methods below.
    fn room(&self) -> Result<Option<u64>, MirrorError>;

    /// Returns how many bytes of an interrupted upload of `content` to `path` are stored.
    ///
    /// # Errors
    /// [`MirrorError::NoDirectory`] or [`MirrorError::Unwritable`].
    fn held(&self, path: &RelPath, content: &Content) -> Result<u64, MirrorError>;

    /// Stores a file. The bytes before `upload.offset` are already stored by an earlier attempt.
    /// The file gets its name when it is complete, its hash is correct and it is synced to disk;
    /// until then whatever has the name keeps it.
    ///
    /// # Errors
    /// Before any byte is read: [`MirrorError::QuotaExceeded`], [`MirrorError::InTheWay`],
    /// [`MirrorError::NotHeld`], [`MirrorError::Busy`], [`MirrorError::NoDirectory`]. After the
    /// last: [`MirrorError::Changed`]. At any point: [`MirrorError::NoRoom`],
    /// [`MirrorError::Unwritable`].
    fn store(&self, path: &RelPath, upload: &Upload, content: impl Read) -> Result<Receipt, MirrorError>;

    /// Stores several small files, at most 256 and 16 MiB, in at most 32 directories. `bytes` has
    /// those of each file, `content.size` of them, in the order of `files`. All are synced to disk
    /// together before they get their names. Returns for each why it was not stored; `None` if it
    /// was. For a server that does not know this method, call [`store`](Mirror::store).
    ///
    /// # Errors
    /// [`MirrorError::TooMuch`]. If `bytes` fails or ends early, no file gets its name.
    fn store_many(
        &self,
        files: Vec<(Listed, Attributes)>,
        bytes: impl Read,
    ) -> Result<Vec<Option<MirrorError>>, MirrorError>;

    /// Creates a directory or a link. For an existing directory, or a file with the entry's
    /// content, sets time and mode.
    ///
    /// # Errors
    /// [`MirrorError::InTheWay`], [`MirrorError::NoDirectory`], [`MirrorError::Changed`],
    /// [`MirrorError::Unwritable`].
    fn place(&self, entry: &Entry) -> Result<(), MirrorError>;

    /// Removes a file, a link, or an empty directory.
    ///
    /// # Errors
    /// [`MirrorError::NoDirectory`], [`MirrorError::InTheWay`], [`MirrorError::Unwritable`].
    fn remove(&self, path: &RelPath) -> Result<(), MirrorError>;

    /// Removes the parts that interrupted uploads have left, except those being written now.
    /// Returns how many files were removed.
    ///
    /// # Errors
    /// [`MirrorError::NoTree`].
    fn sweep(&self) -> Result<u64, MirrorError>;
}

/// A file's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Content {
    /// The number of bytes.
    pub size: u64,
    /// The hash of the bytes.
    pub hash: ContentHash,
}

/// A file that is asked for, as it was listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Listed {
    /// Its path.
    pub path: RelPath,
    /// Its content.
    pub content: Content,
}

/// What is sent about a file before its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Upload {
    /// The content that the complete file must have.
    pub content: Content,
    /// Its time and mode.
    pub attributes: Attributes,
    /// The position in the file of the first byte that is sent.
    pub offset: u64,
}

/// The result of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Receipt {
    /// The number of bytes that this call received.
    pub received: u64,
}

/// A page of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Page {
    /// In the order of their paths, without duplicates.
    pub entries: Vec<Entry>,
    /// Whether more entries follow the last one.
    pub more: bool,
}

/// An entry of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Entry {
    /// Its path.
    pub path: RelPath,
    /// What it is.
    pub item: Item,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Item {
    /// A regular file.
    File {
        /// The number of its bytes.
        size: u64,
        /// The hash of its bytes.
        hash: ContentHash,
        /// Time and mode.
        attributes: Attributes,
    },
    /// A directory. It is listed before its contents.
    Directory {
        /// Time and mode.
        attributes: Attributes,
    },
    /// A symbolic link that leads to a place inside the tree.
    Symlink {
        /// Its target.
        target: LinkTarget,
        /// Its modification time.
        mtime: Mtime,
    },
    /// An entry that is not offered.
    Skipped(Reason),
}

/// Why an entry is not offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Reason {
    /// A socket, a named pipe or a device; the text says which.
    Special(String),
    /// A symbolic link that leads or may lead out of the tree.
    LeadsOutside(LinkTarget),
    /// A file that a pull or a push has not completed: the tree is itself a copy.
    Incomplete,
    /// The server could not read it; the text says why. Only this reason makes a copy incomplete.
    Unreadable(String),
}

impl fmt::Display for Entry {
    /// One line: the size or the kind, and the path.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.item {
            Item::File { size: bytes, .. } => write!(f, "{:>12}  {path}", size(*bytes).to_string()),
            Item::Directory { .. } => write!(f, "   directory  {path}"),
            Item::Symlink { target, .. } => write!(f, "        link  {path} -> {target}"),
            Item::Skipped(reason @ Reason::Unreadable(_)) => write!(f, "  unreadable  {path}: {reason}"),
            Item::Skipped(reason) => write!(f, "     skipped  {path}: {reason}"),
        }
    }
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
