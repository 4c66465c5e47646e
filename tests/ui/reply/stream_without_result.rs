use std::io::Read;

use rpc_core::rpc_service;

#[rpc_service]
pub trait Vault {
    fn list(&self) -> impl Read;
}

fn main() {}
