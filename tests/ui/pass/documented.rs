//! What is generated is documented, printable and usable where nothing may warn.
#![deny(missing_docs, missing_debug_implementations, unreachable_pub, unnameable_types, unused, warnings)]

use rpc_core::{Result, rpc_service};

/// What is stored.
#[rpc_service]
pub trait Vault {
    /// How many there are.
    fn count(&self) -> Result<u64>;
}

/// Where one is.
#[rpc_service]
pub trait Cursor {
    /// Goes on.
    fn step(&mut self) -> Result<u64>;
}

fn main() {}
