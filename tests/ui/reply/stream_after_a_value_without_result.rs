use std::io::Read;

use rpc_core::rpc_service;

#[rpc_service]
pub trait Vault {
    fn open(&self, name: &str) -> (u64, impl Read);
}

fn main() {}
