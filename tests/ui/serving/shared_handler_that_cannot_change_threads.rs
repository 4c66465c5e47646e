use rpc_core::{Result, Server, ServerHandle, rpc_service};

#[rpc_service]
pub trait Vault {
    fn count(&self) -> Result<u64>;
}

struct Shelf {
    count: std::cell::Cell<u64>,
}

impl Vault for Shelf {
    fn count(&self) -> Result<u64> {
        Ok(self.count.get())
    }
}

fn start(server: Server, shelf: Shelf) -> Result<ServerHandle> {
    server.spawn(VaultServer::new(shelf))
}

fn main() {}
