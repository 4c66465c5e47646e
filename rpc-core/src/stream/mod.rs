//! What stands behind a reader or writer that a caller or a handler hands in: bytes in memory are sent from where they are, and
//! between a descriptor and the transport the kernel moves them.
//!
//! Nobody says so in a signature: the type behind `impl Read` is compared with those in [`detect`]. A type that is not among them is
//! read and written as any other.

mod copy;
mod detect;
mod known_sink;
mod known_source;
mod octet_reader;
mod pieces;
mod source;

pub use copy::copy;
pub(crate) use detect::{recognise_sink, recognise_source};
pub(crate) use known_sink::KnownSink;
pub(crate) use known_source::KnownSource;
pub use octet_reader::OctetReader;
pub(crate) use octet_reader::Receive;
pub(crate) use pieces::Pieces;
pub(crate) use source::Source;
