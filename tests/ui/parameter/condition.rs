use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn store(&self, name: &str, #[cfg(unix)] mode: u32) -> Result<()>;
}

fn main() {}
