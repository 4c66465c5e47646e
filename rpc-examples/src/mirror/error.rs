//! How the serving side says no.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::path::{RelPath, printable};

/// Why a listing or a file cannot be had.
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
            MirrorError::Call(error) => f.write_str(&printable(&error.to_string())),
        }
    }
}

impl std::error::Error for MirrorError {}
