//! What a copy has to say while it runs.

use std::fmt;
use std::io;

use super::display::{printable, size};
use super::error::MirrorError;
use super::path::RelPath;
use super::service::Reason;

/// Hears what a pull or a push does while it does it. All methods do nothing by default, and `()` is one that never listens.
pub trait Watch {
    /// This many more files, of so many bytes, have been listed.
    fn expect(&mut self, files: u64, bytes: u64) {
        _ = (files, bytes);
    }

    /// So many more bytes are in step: copied, or found to be there.
    fn bytes(&mut self, count: u64) {
        _ = count;
    }

    /// One more file is done with.
    fn file_done(&mut self) {}

    /// Something should be known about an entry.
    fn notice(&mut self, notice: &Notice) {
        _ = notice;
    }
}

impl Watch for () {}

/// Something about an entry.
#[derive(Debug)]
pub enum Notice {
    /// It is not offered, which is no failure.
    Skipped {
        /// The entry.
        path: RelPath,
        /// Why.
        reason: Reason,
    },
    /// A dry run found that this would be done with it.
    Would {
        /// The entry.
        path: RelPath,
        /// What.
        step: Step,
    },
    /// Nothing is deleted, though it was asked for: what could not be read in the source may be there.
    NothingDeleted,
    /// It could not be copied.
    Failed {
        /// The entry.
        path: RelPath,
        /// Why.
        problem: Problem,
    },
}

/// Something that is done with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Its bytes, so many, are copied.
    Copy(u64),
    /// A directory is made.
    MakeDirectory,
    /// A link is made.
    MakeLink,
    /// It is given another time or mode.
    Refresh,
    /// It is removed.
    Delete,
}

/// Why an entry could not be copied. What was there under its name still is.
#[derive(Debug)]
pub enum Problem {
    /// What came is not what was listed.
    Changed,
    /// The other side said no.
    Remote(MirrorError),
    /// The stream broke.
    Stream(rpc_core::Error),
    /// This machine failed.
    Local(io::Error),
    /// Something of another kind is there, which a copy does not remove.
    InTheWay(String),
    /// The server asks for what a pull does not do.
    Refused(&'static str),
    /// The directory it belongs in was not listed, or could not be made.
    NoDirectory,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::Skipped { path, reason } => write!(f, "skipped {path}: {reason}"),
            Notice::Would { path, step: Step::Copy(bytes) } => write!(f, "would copy {path} ({})", size(*bytes)),
            Notice::Would { path, step: Step::MakeDirectory } => write!(f, "would make the directory {path}"),
            Notice::Would { path, step: Step::MakeLink } => write!(f, "would make the link {path}"),
            Notice::Would { path, step: Step::Refresh } => write!(f, "would give {path} another time or mode"),
            Notice::Would { path, step: Step::Delete } => write!(f, "would delete {path}"),
            Notice::NothingDeleted => f.write_str("nothing is deleted, for not all of the source could be read"),
            Notice::Failed { path, problem } => write!(f, "failed {path}: {problem}"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Changed => f.write_str("it changed while it was copied, try again"),
            Problem::Remote(error) => write!(f, "{error}"),
            Problem::Stream(error) => f.write_str(&printable(&error.to_string())),
            Problem::Local(error) => write!(f, "{error}"),
            Problem::InTheWay(kind) => write!(f, "{kind} is in the way here"),
            Problem::Refused(why) => write!(f, "refused, {why}"),
            Problem::NoDirectory => f.write_str("the directory it belongs in is not there"),
        }
    }
}
