use rpc_core::rpc_service;

/// A place to keep things.
#[rpc_service]
pub struct Vault {
    pub shelves: u32,
}

fn main() {}
