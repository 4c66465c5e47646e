use rpc_core::{Result, Server, rpc_service};

#[rpc_service]
pub trait Vault {
    fn count(&self) -> Result<u64>;
}

struct Shelf;

fn serve(server: Server) -> Result<()> {
    server.serve(VaultServer::new(Shelf))
}

fn main() {}
