//! The same with jsonrpsee, over a WebSocket.

use jsonrpsee::core::async_trait;
use jsonrpsee::proc_macros::rpc;
use jsonrpsee::server::Server;
use jsonrpsee::ws_client::WsClientBuilder;

#[rpc(client, server)]
trait World {
    #[method(name = "hello")]
    async fn hello(&self, name: String) -> Result<String, jsonrpsee::types::ErrorObjectOwned>;
}

struct HelloServer;

#[async_trait]
impl WorldServer for HelloServer {
    async fn hello(&self, name: String) -> Result<String, jsonrpsee::types::ErrorObjectOwned> {
        Ok(format!("hello, {name}"))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::builder().build("127.0.0.1:0").await?;
    let address = server.local_addr()?;
    let running = server.start(HelloServer.into_rpc());
    let client = WsClientBuilder::default().build(format!("ws://{address}")).await?;
    println!("{}", client.hello("world".to_owned()).await?);
    running.stop()?;
    Ok(())
}
