use rpc_core::{Result, rpc_service};

type EntryResult = Result<u64>;

#[rpc_service]
pub trait Depot {
    fn entries(&self) -> Result<impl Iterator<Item = EntryResult>>;
}

fn main() {}
