//! Generated items are documented, implement `Debug` and cause no warnings under strict lints.
#![deny(missing_docs, missing_debug_implementations, unreachable_pub, unnameable_types, unused, warnings)]

use rpc_core::{Result, rpc_service};

/// What is stored.
#[rpc_service]
pub trait Vault {
    /// Returns the number of entries.
    fn count(&self) -> Result<u64>;
}

/// A position.
#[rpc_service]
pub trait Cursor {
    /// Advances the position.
    fn step(&mut self) -> Result<u64>;
}

fn main() {}
