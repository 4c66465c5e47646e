use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Depot {
    fn entries(&self) -> Result<impl DoubleEndedIterator<Item = Result<u64>>>;
}

fn main() {}
