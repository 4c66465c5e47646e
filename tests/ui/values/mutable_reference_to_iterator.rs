use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Depot {
    fn import(&self, entries: &mut impl Iterator<Item = Result<u64>>) -> Result<()>;
}

fn main() {}
