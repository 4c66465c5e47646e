use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Depot {
    fn entries(&self) -> impl Iterator<Item = Result<u64>>;
}

fn main() {}
