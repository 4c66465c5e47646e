use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Depot {
    fn import(&self, entries: impl ExactSizeIterator<Item = Result<u64>> + Send) -> Result<()>;
}

fn main() {}
