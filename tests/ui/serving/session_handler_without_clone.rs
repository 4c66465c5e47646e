use rpc_core::{Result, Server, ServerHandle, rpc_service};

#[rpc_service]
pub trait Vault {
    fn count(&mut self) -> Result<u64>;
}

struct Shelf;

impl Vault for Shelf {
    fn count(&mut self) -> Result<u64> {
        Ok(1)
    }
}

fn start(server: Server) -> Result<ServerHandle> {
    server.spawn(VaultServer::new(Shelf))
}

fn main() {}
