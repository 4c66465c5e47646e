use rpc_core::rpc_service;

#[rpc_service]
pub trait Vault {
    fn count(&self) -> std::io::Result<u64>;
}

fn main() {}
