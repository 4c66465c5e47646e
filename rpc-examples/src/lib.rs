//! What the programs of this package are made of.
//!
//! [`mirror`] is the library behind the program of the same name. Small examples, one for each promise of `rpc-core`, are
//! files of their own in `examples/`; `README.md` is their index.

#[cfg(unix)]
pub mod mirror;
