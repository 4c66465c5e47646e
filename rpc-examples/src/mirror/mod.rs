//! Keeps a copy of a directory tree in step over one connection.
//!
//! | file | what it holds |
//! |---|---|
//! | `service` | the contract: a trait, and what its two sides exchange |
//! | `shelf`, `depot` | the serving side: a [`Mirror`] over a directory, with `walk` (order, pages) and `cache` (hashes); writing to it, with `quota` |
//! | `pull` | from any [`Mirror`] into a directory: a client, or a [`Shelf`] in the same process |
//! | `push` | from a directory to any [`Mirror`], by comparing two of them; dry runs both ways |
//! | `partial`, `temporary`, `replace`, `extras` | files that arrive and go on after a cut, what may take whose place, what is deleted |
//! | `listing`, `options`, `notice`, `report` | what both ways have in common |
//! | `path`, `link`, `escape` | what may be named: nothing outside the tree |
//! | `display` | numbers and text in messages |
//! | `directory`, `attributes`, `hash` | the file system, always relative to an open directory |
//! | `connect`, `progress` | limits of a call, bars on a terminal |
//! | `demo` | all of it at work, checked by other means |
//!
//! # What is copied
//!
//! Regular files, directories, and symbolic links that lead to a place inside the tree, each with its modification time,
//! and all but links with the nine permission bits of its mode. Any name: also one that is no UTF-8. Not copied, with a
//! warning: sockets, named pipes, devices, links that lead outside. Not kept: owners, extended attributes, hard links
//! (each name becomes a file of its own), holes, and time and mode of the top itself.
//!
//! Equal means equal content. Size alone says that files differ, time and mode never say that they do not.

mod attributes;
mod cache;
mod connect;
pub mod demo;
mod depot;
mod directory;
mod display;
mod error;
mod escape;
mod extras;
mod hash;
mod link;
mod listing;
mod notice;
mod options;
mod partial;
mod path;
mod progress;
mod pull;
mod push;
mod quota;
mod replace;
mod report;
mod service;
mod shelf;
mod temporary;
mod walk;

pub use attributes::{Attributes, Mtime};
pub use connect::connect;
pub use error::MirrorError;
pub use hash::ContentHash;
pub use link::LinkTarget;
pub use notice::{Notice, Problem, Step, Watch};
pub use options::CopyOptions;
pub use path::{PathError, RelPath};
pub use progress::Progress;
pub use pull::pull;
pub use push::push;
pub use report::{CopyError, Direction, Report};
pub use service::{Content, Entry, Item, Mirror, MirrorClient, MirrorServer, Page, Reason, Receipt, Upload};
pub use shelf::Shelf;
