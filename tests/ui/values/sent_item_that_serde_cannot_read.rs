use rpc_core::{Result, rpc_service};

pub struct Secret;

#[rpc_service]
pub trait Depot {
    fn import(&self, secrets: impl Iterator<Item = Result<Secret>>) -> Result<()>;
}

fn main() {}
