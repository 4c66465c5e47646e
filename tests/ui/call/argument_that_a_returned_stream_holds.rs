use std::fs::File;
use std::io::Read;

use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn compress(&self, plain: impl Read) -> Result<impl Read>;
}

fn compressed(vault: &VaultClient) -> Result<Vec<u8>> {
    let mut plain = File::open("plain.txt")?;
    let mut stream = vault.compress(&mut plain)?;
    let mut compressed = Vec::new();
    plain.read_to_end(&mut compressed)?;
    stream.read_to_end(&mut compressed)?;
    Ok(compressed)
}

fn main() {}
