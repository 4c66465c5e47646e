//! Synchronizes a directory tree with a copy on another machine.
//!
//! | file | contents |
//! |---|---|
//! | `service` | the contract: a trait and the types that the two sides exchange |
//! | `shelf`, `depot` | the serving side: a [`Mirror`] over a directory, with `walk` (order), `entries` (what is there) and `cache` (hashes); writing to it, with `quota` |
//! | `pull` | from any [`Mirror`] into a directory: a client, or a [`Shelf`] in the same process |
//! | `push` | from a directory to any [`Mirror`], by comparing two of them; dry runs in both directions |
//! | `partial`, `temporary`, `replace`, `extras` | files that arrive and resume after an interruption, what may replace what, what is deleted |
//! | `bundle` | several files in one stream |
//! | `listing` | the entries of any [`Mirror`], whether it streams them or has only pages |
//! | `options`, `notice`, `report` | what pull and push share |
//! | `path`, `link`, `escape` | names: none leads outside the tree |
//! | `display` | numbers and text in messages |
//! | `directory`, `attributes`, `hash`, `disk` | the file system, always relative to an open directory |
//! | `connect`, `progress` | limits of a call, bars on a terminal |
//! | `demo` | a run of all of it, checked by independent means |
//!
//! # What is copied
//!
//! Regular files, directories, and symbolic links that lead to a place inside the tree, each with
//! its modification time, and all but links with the nine permission bits of their mode. Any name
//! is copied, including names that are not UTF-8. Not copied, with a warning: sockets, named pipes,
//! devices, and links that lead outside the tree. Not preserved: owners, extended attributes, hard
//! links (each name becomes a separate file), holes, and the time and mode of the top directory.
//!
//! Files are equal if their contents are equal. Different sizes prove that files differ; equal
//! times and modes prove nothing.

mod attributes;
mod bundle;
mod cache;
mod connect;
pub mod demo;
mod depot;
mod directory;
mod disk;
mod display;
mod entries;
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
#[cfg(feature = "schema")]
mod schemas;
mod service;
mod shelf;
mod temporary;
mod walk;

pub use attributes::{Attributes, Mtime};
pub use connect::{connect, connect_with};
pub use error::MirrorError;
pub use hash::ContentHash;
pub use link::LinkTarget;
pub use listing::list;
pub use notice::{Notice, Problem, Step, Watch};
pub use options::CopyOptions;
pub use path::{PathError, RelPath};
pub use progress::Progress;
pub use pull::pull;
pub use push::push;
pub use report::{CopyError, Direction, Report};
pub use service::{Content, Entry, Item, Listed, Mirror, MirrorClient, MirrorServer, Page, Reason, Receipt, Upload};
pub use shelf::Shelf;
