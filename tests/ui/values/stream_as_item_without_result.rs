use std::io::Read;

use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Depot {
    fn import(&self, contents: impl Iterator<Item = impl Read>) -> Result<()>;
}

fn main() {}
