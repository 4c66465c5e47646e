use rpc_core::rpc_service;

#[rpc_service]
pub trait Vault {
    fn list(&self);
}

fn main() {}
