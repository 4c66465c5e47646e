use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Depot {
    fn merge(&self, left: impl Iterator<Item = Result<u64>>, right: impl Iterator<Item = Result<u64>>) -> Result<()>;
}

fn main() {}
