//! A directory mirror, as a library for the program and its tests.
//!
//! [`mirror`] is the library of the program of the same name. `examples/` has small examples, one
//! file for each promise of `rpc-core`; `README.md` lists them.

#[cfg(unix)]
pub mod mirror;
