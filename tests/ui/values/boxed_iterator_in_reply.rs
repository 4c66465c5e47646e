use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Depot {
    fn entries(&self) -> Result<Box<dyn Iterator<Item = Result<u64>> + Send>>;
}

fn main() {}
