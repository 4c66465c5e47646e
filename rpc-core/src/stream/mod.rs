//! Streams: receiving them, sending them from any reader or iterator, and copying them.
//!
//! Readers and writers of known types take a faster way: bytes in memory are sent from where they
//! are, and the kernel moves bytes between a descriptor and the transport. Signatures do not show
//! this: the type of an `impl Read` is compared with those in [`detect`]. Any other type is read
//! and written as usual.

mod copy;
mod counted;
mod detect;
mod known_sink;
mod known_source;
mod lines;
mod octet_reader;
mod pieces;
mod sent_items;
mod source;
mod value_reader;

pub use copy::copy;
pub use counted::Counted;
pub(crate) use detect::{recognise_sink, recognise_source};
pub(crate) use known_sink::KnownSink;
pub(crate) use known_source::KnownSource;
pub use octet_reader::OctetReader;
pub(crate) use octet_reader::{Receive, Sent};
pub(crate) use pieces::Pieces;
pub(crate) use sent_items::ItemLimits;
pub use sent_items::{SentItems, values};
pub(crate) use source::Source;
pub use value_reader::ValueReader;
