//! tonic over TCP, unary calls. The service is what its code generator would produce, written by
//! hand.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::{Service, http};
use tonic::server::{NamedService, UnaryService};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

use super::Caller;
use crate::plan::{Order, Outcome, Receipt};

/// Its settings, also for streams.
pub(super) const SETTINGS: &str = "\
tonic: TCP_NODELAY on both ends; HTTP/2 windows of 16 MiB, or for a stream the better of 16 MiB and 1 MiB, the same for the
  connection, not adaptive; frames of up to 16 MiB minus one byte; 1024 requests waiting for the connection; a stream's
  messages are raw bytes, not Protocol Buffers, from 64 KiB to 1 MiB, whichever is best, with buffers that hold one, and no
  limit on their size";

/// The flow-control window of small calls, in bytes.
const WINDOW: u32 = 16 << 20;

/// The maximum payload of an HTTP/2 frame.
const FRAME: u32 = (1 << 24) - 1;

#[derive(Clone, PartialEq, prost::Message)]
struct OrderMessage {
    #[prost(uint64, tag = "1")]
    account: u64,
    #[prost(uint64, tag = "2")]
    amount: u64,
    #[prost(string, tag = "3")]
    note: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ReceiptMessage {
    #[prost(uint64, tag = "1")]
    account: u64,
    #[prost(uint64, tag = "2")]
    balance: u64,
    #[prost(string, tag = "3")]
    note: String,
}

#[derive(Clone)]
struct Shop;

impl NamedService for Shop {
    const NAME: &'static str = "bench.Shop";
}

impl Service<http::Request<Body>> for Shop {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move { Ok(tonic::server::Grpc::new(ProstCodec::default()).unary(Book, request).await) })
    }
}

/// The only method.
struct Book;

impl UnaryService<OrderMessage> for Book {
    type Response = ReceiptMessage;
    type Future = std::future::Ready<Result<Response<ReceiptMessage>, Status>>;

    fn call(&mut self, request: Request<OrderMessage>) -> Self::Future {
        let OrderMessage { account, amount, note } = request.into_inner();
        let Receipt { account, balance, note } = Order { account, amount, note }.book();
        std::future::ready(Ok(Response::new(ReceiptMessage { account, balance, note })))
    }
}

pub(super) fn serve() -> Outcome<SocketAddr> {
    serve_service(Shop, WINDOW)
}

/// Returns a server of this service with the settings of [`SETTINGS`].
pub(super) fn serve_service<S>(service: S, window: u32) -> Outcome<SocketAddr>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>,
    S: NamedService + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    let incoming = TcpIncoming::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?.with_nodelay(Some(true));
    let address = incoming.local_addr()?;
    let server = Server::builder()
        .initial_stream_window_size(window)
        .initial_connection_window_size(window)
        .max_frame_size(FRAME)
        .add_service(service);
    tokio::spawn(server.serve_with_incoming(incoming));
    Ok(address)
}

/// Connects with the same settings.
pub(super) async fn channel(address: SocketAddr, window: u32) -> Outcome<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{address}"))?
        .tcp_nodelay(true)
        .initial_stream_window_size(window)
        .initial_connection_window_size(window)
        .max_frame_size(FRAME);
    Ok(endpoint.connect().await?)
}

pub(super) async fn connect(address: SocketAddr) -> Outcome<Client> {
    Ok(Client(Grpc::new(channel(address, WINDOW).await?)))
}

#[derive(Clone)]
pub(super) struct Client(Grpc<Channel>);

impl Caller for Client {
    async fn call(&mut self) -> Outcome<()> {
        let Order { account, amount, note } = Order::sample();
        let order = Request::new(OrderMessage { account, amount, note });
        self.0.ready().await?;
        let path = PathAndQuery::from_static("/bench.Shop/Order");
        let reply: Response<ReceiptMessage> = self.0.unary(order, path, ProstCodec::default()).await?;
        let ReceiptMessage { account, balance, note } = reply.into_inner();
        Receipt { account, balance, note }.check()
    }
}
