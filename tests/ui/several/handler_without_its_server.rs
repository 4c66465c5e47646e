use rpc_core::{Result, Server, rpc_service};

#[rpc_service]
trait Depot {
    fn size(&self) -> Result<u64>;
}

#[derive(Clone)]
struct Handler;

impl Depot for Handler {
    fn size(&self) -> Result<u64> {
        Ok(0)
    }
}

fn main() -> Result<()> {
    Server::bind("tcp://127.0.0.1:0")?.serve((DepotServer::new(Handler), Handler))
}
