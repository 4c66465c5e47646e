use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Depot {
    fn import(&self, entries: impl Iterator) -> Result<()>;
}

fn main() {}
