//! jsonrpsee over a WebSocket.

use std::net::SocketAddr;
use std::sync::Arc;

use jsonrpsee::core::client::ClientT;
use jsonrpsee::rpc_params;
use jsonrpsee::server::{RpcModule, ServerBuilder, ServerConfig};
use jsonrpsee::types::ErrorObjectOwned;
use jsonrpsee_ws_client::{WsClient, WsClientBuilder};

use super::Caller;
use crate::plan::{Order, Outcome, Receipt};

/// Its settings.
pub(super) const SETTINGS: &str = "\
jsonrpsee: over a WebSocket; TCP_NODELAY on both ends; requests and replies of up to 64 MiB; 65536 requests at once; a
  buffer of 1024 replies per connection; no pings; the method is a plain function, its fastest kind";

/// The maximum length of a request or a reply, in bytes.
const MESSAGE: u32 = 64 << 20;

pub(super) async fn serve() -> Outcome<SocketAddr> {
    let config = ServerConfig::builder()
        .max_request_body_size(MESSAGE)
        .max_response_body_size(MESSAGE)
        .set_message_buffer_capacity(1024)
        .set_tcp_no_delay(true)
        .disable_ws_ping()
        .ws_only()
        .build();
    let server = ServerBuilder::new().set_config(config).build("127.0.0.1:0").await?;
    let address = server.local_addr()?;
    let mut module = RpcModule::new(());
    module.register_method("order", |parameters, (), _| {
        let order: Order = parameters.one()?;
        Ok::<Receipt, ErrorObjectOwned>(order.book())
    })?;
    let handle = server.start(module);
    tokio::spawn(handle.stopped());
    Ok(address)
}

pub(super) async fn connect(address: SocketAddr) -> Outcome<Arc<WsClient>> {
    let client = WsClientBuilder::new()
        .max_request_size(MESSAGE)
        .max_response_size(MESSAGE)
        .max_concurrent_requests(65_536)
        .set_tcp_no_delay(true)
        .disable_ws_ping()
        .build(format!("ws://{address}"))
        .await?;
    Ok(Arc::new(client))
}

impl Caller for Arc<WsClient> {
    async fn call(&mut self) -> Outcome<()> {
        let receipt: Receipt = self.request("order", rpc_params![Order::sample()]).await?;
        receipt.check()
    }
}
