use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Depot {
    fn enrich<'a>(&self, rows: impl Iterator<Item = Result<u64>> + 'a) -> Result<impl Iterator<Item = Result<u64>>>;
}

fn main() {}
