use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Depot {
    fn scan(&self) -> Result<(String, impl ExactSizeIterator<Item = u64>)>;
}

fn main() {}
