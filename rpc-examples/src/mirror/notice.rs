//! What a copy reports while it runs.

use std::fmt;
use std::io;

use super::display::{printable, size};
use super::error::MirrorError;
use super::path::RelPath;
use super::service::Reason;

/// Receives the progress of a pull or a push. All methods do nothing by default; `()` ignores
/// everything. They are called on several threads, but only one at a time.
pub trait Watch: Send {
    /// Called when another file has been listed, with its size.
    fn expect(&mut self, bytes: u64) {
        _ = bytes;
    }

    /// Called when more bytes are in sync: copied, or found to be there already.
    fn bytes(&mut self, count: u64) {
        _ = count;
    }

    /// Called when a file is finished, whether it was copied or not.
    fn file_done(&mut self) {}

    /// Called when there is something to report about an entry.
    fn notice(&mut self, notice: &Notice) {
        _ = notice;
    }
}

impl Watch for () {}

/// A report about an entry.
#[derive(Debug)]
pub enum Notice {
    /// It is not offered, which is not a failure.
    Skipped {
        /// The entry.
        path: RelPath,
        /// Why.
        reason: Reason,
    },
    /// A dry run found what would be done with it.
    Would {
        /// The entry.
        path: RelPath,
        /// What would be done.
        step: Step,
    },
    /// Nothing is deleted, although it was requested, because part of the source could not be read:
    /// the entries may exist there.
    NothingDeleted,
    /// It could not be copied.
    Failed {
        /// The entry.
        path: RelPath,
        /// Why.
        problem: Problem,
    },
}

/// What is done with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Its bytes are copied; this many.
    Copy(u64),
    /// A directory is created.
    MakeDirectory,
    /// A link is created.
    MakeLink,
    /// Its time or mode is changed.
    Refresh,
    /// It is deleted.
    Delete,
}

/// Why an entry could not be copied. Whatever had its name before still has it.
#[derive(Debug)]
pub enum Problem {
    /// What arrived is not what was listed.
    Changed,
    /// The other side returned an error.
    Remote(MirrorError),
    /// The stream failed.
    Stream(rpc_core::Error),
    /// A local operation failed.
    Local(io::Error),
    /// An entry of another kind is there, which a copy does not remove.
    InTheWay(String),
    /// The server listed something that a pull refuses.
    Refused(&'static str),
    /// Its parent directory was not listed or could not be created.
    NoDirectory,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::Skipped { path, reason } => write!(f, "skipped {path}: {reason}"),
            Notice::Would { path, step: Step::Copy(bytes) } => write!(f, "would copy {path} ({})", size(*bytes)),
            Notice::Would { path, step: Step::MakeDirectory } => write!(f, "would create the directory {path}"),
            Notice::Would { path, step: Step::MakeLink } => write!(f, "would create the link {path}"),
            Notice::Would { path, step: Step::Refresh } => write!(f, "would change the time or mode of {path}"),
            Notice::Would { path, step: Step::Delete } => write!(f, "would delete {path}"),
            Notice::NothingDeleted => f.write_str("nothing is deleted because part of the source could not be read"),
            Notice::Failed { path, problem } => write!(f, "failed {path}: {problem}"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Changed => f.write_str("it changed while it was being copied, try again"),
            Problem::Remote(error) => write!(f, "{error}"),
            Problem::Stream(error) => f.write_str(&printable(&error.to_string())),
            Problem::Local(error) => write!(f, "{error}"),
            Problem::InTheWay(kind) => write!(f, "{kind} is in the way"),
            Problem::Refused(why) => write!(f, "refused: {why}"),
            Problem::NoDirectory => f.write_str("its directory does not exist"),
        }
    }
}
