//! How the serving side says no.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::display::{printable, size};
use super::path::RelPath;

/// Why a listing or a file cannot be had, or not be stored.
#[derive(Debug, Serialize, Deserialize)]
pub enum MirrorError {
    /// There is no such entry (any more).
    Vanished(RelPath),
    /// It is no regular file, or reached through something that is no directory, such as a symbolic link.
    NotAFile(RelPath),
    /// The server could not read it, and why.
    Unreadable(RelPath, String),
    /// The top of the tree could not be read, and why.
    NoTree(String),
    /// The file does not hold what was said, or did not when its last byte had come.
    Changed(RelPath),
    /// The tree is offered for reading only.
    ReadOnly,
    /// The file would take the tree beyond the bytes that it may hold. Nothing of it was stored.
    QuotaExceeded {
        /// Bytes that all files together may have.
        limit: u64,
        /// Bytes that they would have had.
        needed: u64,
    },
    /// The server's disk is full, or cannot be written to at all, and how it says so.
    NoRoom(String),
    /// The server could not write it, and why.
    Unwritable(RelPath, String),
    /// The directory it belongs in is not there, or is reached through a link.
    NoDirectory(RelPath),
    /// Something of another kind has its name; the text says what.
    InTheWay(RelPath, String),
    /// The upload begins behind what is here of it, which is so many bytes.
    NotHeld(u64),
    /// Another upload of it is under way.
    Busy(RelPath),
    /// Its name is one that temporary files have.
    Reserved(RelPath),
    /// The call itself failed. It never travels.
    #[serde(skip)]
    Call(rpc_core::Error),
}

impl MirrorError {
    /// Whether the server is there and said no, so that other calls may still succeed.
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
            MirrorError::Vanished(path) => write!(f, "{path} is not there any more"),
            MirrorError::NotAFile(path) => write!(f, "{path} is not a regular file"),
            MirrorError::Unreadable(path, why) => write!(f, "{path} cannot be read: {}", printable(why)),
            MirrorError::NoTree(why) => write!(f, "the directory cannot be read: {}", printable(why)),
            MirrorError::Changed(path) => write!(f, "{path} has changed"),
            MirrorError::ReadOnly => f.write_str("the server permits no writing (mirror serve --writable does)"),
            MirrorError::QuotaExceeded { limit, needed } => {
                write!(f, "the server's quota is {}, with it there would be {}", size(*limit), size(*needed))
            }
            MirrorError::NoRoom(why) => write!(f, "the server's disk takes no more: {}", printable(why)),
            MirrorError::Unwritable(path, why) => write!(f, "{path} cannot be written: {}", printable(why)),
            MirrorError::NoDirectory(path) => write!(f, "the directory of {path} is not there"),
            MirrorError::InTheWay(_, kind) => write!(f, "{} is in the way there", printable(kind)),
            MirrorError::NotHeld(held) => write!(f, "only {held} bytes of it are there"),
            MirrorError::Busy(path) => write!(f, "another upload of {path} is under way"),
            MirrorError::Reserved(_) => f.write_str("this name is for temporary files"),
            MirrorError::Call(error) => f.write_str(&printable(&error.to_string())),
        }
    }
}

impl std::error::Error for MirrorError {}
