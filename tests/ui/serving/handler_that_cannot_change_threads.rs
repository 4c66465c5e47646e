use rpc_core::{Result, Server, ServerHandle, rpc_service};

#[rpc_service]
pub trait Vault {
    fn count(&mut self) -> Result<u64>;
}

#[derive(Clone)]
struct Shelf {
    shared: std::rc::Rc<u64>,
}

impl Vault for Shelf {
    fn count(&mut self) -> Result<u64> {
        Ok(*self.shared)
    }
}

fn start(server: Server, shelf: Shelf) -> Result<ServerHandle> {
    server.spawn(VaultServer::new(shelf))
}

fn main() {}
