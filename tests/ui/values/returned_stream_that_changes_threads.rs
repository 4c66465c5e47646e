use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Depot {
    fn enrich(&self, rows: impl Iterator<Item = Result<u64>>) -> Result<impl Iterator<Item = Result<u64>> + Send>;
}

fn main() {}
