use rpc_core::rpc_service;

#[rpc_service]
pub auto trait Vault {}

fn main() {}
