use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Depot {
    fn entries(&mut self) -> Result<impl Iterator<Item = Result<u64>> + 'static>;
}

fn main() {}
