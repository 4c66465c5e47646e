use rpc_core::{Result, Server, rpc_service};

#[rpc_service]
pub trait Vault {
    fn count(&self) -> Result<u64>;
}

#[rpc_service]
pub trait Depot {
    fn size(&self) -> Result<u64>;
}

struct Shelf;

impl Depot for Shelf {
    fn size(&self) -> Result<u64> {
        Ok(1)
    }
}

fn serve(server: Server) -> Result<()> {
    server.serve(VaultServer::new(Shelf))
}

fn main() {}
