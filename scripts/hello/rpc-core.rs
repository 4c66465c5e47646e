//! A service, a server of it on TCP, and one call: what `build-contract.sh` builds with this
//! library.

use rpc_core::{Result, Server, rpc_service};

#[rpc_service]
trait World {
    fn hello(&self, name: &str) -> Result<String>;
}

#[derive(Clone)]
struct HelloServer;

impl World for HelloServer {
    fn hello(&self, name: &str) -> Result<String> {
        Ok(format!("hello, {name}"))
    }
}

fn main() -> Result<()> {
    let server = Server::bind("tcp://127.0.0.1:0")?.spawn(WorldServer::new(HelloServer))?;
    let client = WorldClient::connect(server.address())?;
    println!("{}", client.hello("world")?);
    WorldClient::close(client)
}
