use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Depot {
    fn scan(&self) -> Result<(u64, String, impl Iterator<Item = Result<u64>>)>;
}

fn main() {}
