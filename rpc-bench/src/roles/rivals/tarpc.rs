//! tarpc over TCP, with bincode or JSON.

use std::net::SocketAddr;

use futures_util::StreamExt;
use tarpc::server::{BaseChannel, Channel};
use tarpc::{client, context};

use super::Caller;
use crate::plan::{Order, Outcome, Receipt};

/// Its settings.
pub(super) const SETTINGS: &str = "\
tarpc: TCP_NODELAY on both ends; frames of up to 64 MiB; 65536 requests in flight and 1024 waiting for the connection,
  more than there are callers; each request is answered in its own task, as in its examples; no tracing subscriber";

/// The maximum length of a frame, in bytes.
const FRAME: usize = 64 << 20;

#[tarpc::service]
pub(super) trait Shop {
    async fn order(order: Order) -> Receipt;
}

#[derive(Clone)]
struct Shelf;

impl Shop for Shelf {
    async fn order(self, _: context::Context, order: Order) -> Receipt {
        order.book()
    }
}

/// Defines server and client for one of tarpc's formats. No shorter common bound covers their
/// types.
macro_rules! with_format {
    ($serve:ident, $connect:ident, $format:ident) => {
        pub(super) async fn $serve() -> Outcome<SocketAddr> {
            let format = tarpc::tokio_serde::formats::$format::default;
            let mut incoming = tarpc::serde_transport::tcp::listen("127.0.0.1:0", format).await?;
            incoming.config_mut().max_frame_length(FRAME);
            let address = incoming.local_addr();
            tokio::spawn(async move {
                while let Some(Ok(transport)) = incoming.next().await {
                    // if this fails, only speed is lost
                    _ = transport.get_ref().set_nodelay(true);
                    let channel = BaseChannel::with_defaults(transport);
                    tokio::spawn(channel.execute(Shelf.serve()).for_each(|answer| async {
                        tokio::spawn(answer);
                    }));
                }
            });
            Ok(address)
        }

        pub(super) async fn $connect(address: SocketAddr) -> Outcome<ShopClient> {
            let format = tarpc::tokio_serde::formats::$format::default;
            let mut connecting = tarpc::serde_transport::tcp::connect(address, format);
            connecting.config_mut().max_frame_length(FRAME);
            let transport = connecting.await?;
            transport.get_ref().set_nodelay(true)?;
            let mut config = client::Config::default();
            config.max_in_flight_requests = 65_536;
            config.pending_request_buffer = 1024;
            Ok(ShopClient::new(config, transport).spawn())
        }
    };
}

with_format!(serve_bincode, connect_bincode, Bincode);
with_format!(serve_json, connect_json, Json);

impl Caller for ShopClient {
    async fn call(&mut self) -> Outcome<()> {
        self.order(context::current(), Order::sample()).await?.check()
    }
}
