use rpc_core::rpc_service;

/// Where things are kept.
#[rpc_service]
pub struct Vault {
    pub shelves: u32,
}

fn main() {}
