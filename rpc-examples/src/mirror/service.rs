//! The contract: all that a mirror's two sides say to each other.

use std::fmt;
use std::io::Read;

use rpc_core::rpc_service;
use serde::{Deserialize, Serialize};

use super::attributes::{Attributes, Mtime};
use super::error::MirrorError;
use super::hash::ContentHash;
use super::link::LinkTarget;
use super::path::{RelPath, printable};

/// A directory tree that can be copied from.
///
/// A call is complete in itself: nothing is kept from one to the next, so any number of clients may read one tree, and a
/// connection that is lost costs the call it was in.
#[rpc_service]
pub trait Mirror {
    /// What comes behind `after` in the order of [`RelPath`], or from the beginning: at most `limit` entries, and fewer
    /// where they would be much text or where hashing them takes long. At least one, unless there is none.
    ///
    /// The server chooses pages so that none comes near the limit on JSON (16 MiB), however long the names are.
    ///
    /// # Errors
    /// Where the tree cannot be read at all. What is wrong with an entry, the entry says.
    fn list(&self, after: Option<RelPath>, limit: u32) -> Result<Page, MirrorError>;

    /// The bytes of a file, as they are now: they may be others than were listed, so compare size and hash.
    ///
    /// # Errors
    /// [`MirrorError::Vanished`], [`MirrorError::NotAFile`] (which every link is, and all that is reached through one), or
    /// [`MirrorError::Unreadable`].
    fn fetch(&self, path: &RelPath) -> Result<impl Read, MirrorError>;
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
    /// What a pull has not completed: the tree is itself a copy.
    Incomplete,
    /// The server may not read it, or failed to; the text says why. The only reason that makes a pull incomplete.
    Unreadable(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Special(kind) => write!(f, "it is {}", printable(kind)),
            Reason::LeadsOutside(target) => write!(f, "the link leads out of the directory, to {target}"),
            Reason::Incomplete => f.write_str("it is the temporary file of a pull"),
            Reason::Unreadable(why) => f.write_str(&printable(why)),
        }
    }
}
