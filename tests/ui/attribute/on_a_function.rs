use rpc_core::rpc_service;

#[rpc_service]
pub fn list() {}

fn main() {}
