use std::io::Write;

use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn store(&self, sink: impl Write) -> Result<()>;
}

fn main() {}
