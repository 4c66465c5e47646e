use rpc_core::{Result, Server, rpc_service};

#[rpc_service]
trait Depot {
    fn list(&self) -> Result<Vec<String>>;
}

#[rpc_service]
trait Admin {
    fn list(&self) -> Result<u32>;
}

struct Handler;

impl Depot for Handler {
    fn list(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
}

impl Admin for Handler {
    fn list(&self) -> Result<u32> {
        Ok(0)
    }
}

fn main() -> Result<()> {
    let server = Server::bind("tcp://127.0.0.1:0")?;
    server.serve((DepotServer::new(Handler), AdminServer::new(Handler)))
}
