//! Errors of the serving side.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::display::{printable, size};
use super::path::RelPath;

/// Why a listing or a file cannot be read or stored.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum MirrorError {
    /// The entry does not exist (any more).
    Vanished(RelPath),
    /// It is not a regular file, or its path leads through something that is not a directory, such
    /// as a symbolic link.
    NotAFile(RelPath),
    /// The server could not read it; the text says why.
    Unreadable(RelPath, String),
    /// The top of the tree could not be read; the text says why.
    NoTree(String),
    /// The file's content is not the expected one, or was not once its last byte had arrived.
    Changed(RelPath),
    /// The tree is read-only.
    ReadOnly,
    /// The file would make the tree exceed its quota. Nothing of it was stored.
    QuotaExceeded {
        /// The maximum total size of all files, in bytes.
        limit: u64,
        /// The total size that they would have, in bytes.
        needed: u64,
    },
    /// The server's disk is full or read-only; the text says which.
    NoRoom(String),
    /// The server could not write it; the text says why.
    Unwritable(RelPath, String),
    /// Its parent directory does not exist, or its path leads through a link.
    NoDirectory(RelPath),
    /// An entry of another kind has its name; the text says which kind.
    InTheWay(RelPath, String),
    /// The upload starts after the end of the server's part, which has this many bytes.
    NotHeld(u64),
    /// More files, or more bytes, than may share a call.
    TooMuch,
    /// Another upload of it is in progress.
    Busy(RelPath),
    /// Its name is reserved for temporary files.
    Reserved(RelPath),
    /// The call itself failed. Never sent over the wire.
    #[serde(skip)]
    Call(rpc_core::Error),
}

impl MirrorError {
    /// Returns whether the server answered, so that other calls may still succeed.
    pub fn is_answer(&self) -> bool {
        match self {
            MirrorError::Call(error) => error.remote().is_some(),
            _ => true,
        }
    }
}

impl From<rpc_core::Error> for MirrorError {
    fn from(error: rpc_core::Error) -> MirrorError {
        MirrorError::Call(error)
    }
}

impl fmt::Display for MirrorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MirrorError::Vanished(path) => write!(f, "{path} no longer exists"),
            MirrorError::NotAFile(path) => write!(f, "{path} is not a regular file"),
            MirrorError::Unreadable(path, why) => write!(f, "{path} cannot be read: {}", printable(why)),
            MirrorError::NoTree(why) => write!(f, "the directory cannot be read: {}", printable(why)),
            MirrorError::Changed(path) => write!(f, "{path} has changed"),
            MirrorError::ReadOnly => f.write_str("the server is read-only (mirror serve --writable allows writing)"),
            MirrorError::QuotaExceeded { limit, needed } => {
                write!(f, "the server's quota is {}, but the tree would have {}", size(*limit), size(*needed))
            }
            MirrorError::NoRoom(why) => write!(f, "the server's disk is full or read-only: {}", printable(why)),
            MirrorError::Unwritable(path, why) => write!(f, "{path} cannot be written: {}", printable(why)),
            MirrorError::NoDirectory(path) => write!(f, "the directory of {path} does not exist"),
            MirrorError::InTheWay(_, kind) => write!(f, "{} is in the way on the server", printable(kind)),
            MirrorError::NotHeld(held) => write!(f, "the server has only {held} bytes of it"),
            MirrorError::TooMuch => f.write_str("these are more files or bytes than may share a call"),
            MirrorError::Busy(path) => write!(f, "another upload of {path} is in progress"),
            MirrorError::Reserved(_) => f.write_str("this name is reserved for temporary files"),
            MirrorError::Call(error) => f.write_str(&printable(&error.to_string())),
        }
    }
}

impl std::error::Error for MirrorError {}
