//! tonic over TCP, a stream of small items from the server as Protocol Buffers, with the settings
//! of its unary calls.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt};
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::codec::{BufferSettings, Codec};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::{Service, http};
use tonic::server::{NamedService, ServerStreamingService};
use tonic::transport::Channel;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

use super::{Caller, tonic_calls};
use crate::plan::{Outcome, Plan, Tuning};
use crate::roles::items::{Item, Tally};

/// Its settings.
pub(super) const SETTINGS: &str = "\
tonic's streams of items: Protocol Buffers; items that are ready leave together in 32 to 512 KiB, whichever is best";

#[derive(Clone, PartialEq, prost::Message)]
struct AskMessage {
    #[prost(uint32, tag = "1")]
    count: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ItemMessage {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(uint32, tag = "3")]
    size: u32,
}

/// Its codec for Protocol Buffers, with buffers of about this size.
struct Buffered<T, U> {
    chunk: usize,
    messages: PhantomData<(T, U)>,
}

impl<T, U> Buffered<T, U> {
    fn new(chunk: usize) -> Buffered<T, U> {
        Buffered { chunk, messages: PhantomData }
    }

    fn settings(&self) -> BufferSettings {
        BufferSettings::new(self.chunk, self.chunk)
    }
}

impl<T, U> Codec for Buffered<T, U>
where
    T: prost::Message + 'static,
    U: prost::Message + Default + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = <ProstCodec<T, U> as Codec>::Encoder;
    type Decoder = <ProstCodec<T, U> as Codec>::Decoder;

    fn encoder(&mut self) -> Self::Encoder {
        ProstCodec::<T, U>::raw_encoder(self.settings())
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstCodec::<T, U>::raw_decoder(self.settings())
    }
}

/// Returns the buffers and the window of a plan.
fn tuned(plan: &Plan) -> Outcome<(usize, u32)> {
    match plan.tuning {
        Tuning::Stream { chunk, window, .. } => Ok((chunk, window)),
        _ => Err("no size of the buffers was chosen".into()),
    }
}

/// The service and its only method.
#[derive(Clone)]
struct Shelf {
    chunk: usize,
}

impl NamedService for Shelf {
    const NAME: &'static str = "bench.Items";
}

impl Service<http::Request<Body>> for Shelf {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let shelf = self.clone();
        let mut grpc = tonic::server::Grpc::new(Buffered::new(self.chunk));
        Box::pin(async move { Ok(grpc.server_streaming(shelf, request).await) })
    }
}

impl ServerStreamingService<AskMessage> for Shelf {
    type Response = ItemMessage;
    type ResponseStream = BoxStream<'static, Result<ItemMessage, Status>>;
    type Future = std::future::Ready<Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, ask: Request<AskMessage>) -> Self::Future {
        let items = Item::all(ask.into_inner().count).map(|Item { id, name, size }| Ok(ItemMessage { id, name, size }));
        std::future::ready(Ok(Response::new(stream::iter(items).boxed())))
    }
}

pub(super) fn serve(plan: &Plan) -> Outcome<SocketAddr> {
    let (chunk, window) = tuned(plan)?;
    tonic_calls::serve_service(Shelf { chunk }, window)
}

pub(super) async fn connect(plan: &Plan, address: SocketAddr) -> Outcome<Fetcher> {
    let (chunk, window) = tuned(plan)?;
    let count = plan.work.items()?;
    Ok(Fetcher { grpc: Grpc::new(tonic_calls::channel(address, window).await?), chunk, count })
}

#[derive(Clone)]
pub(super) struct Fetcher {
    grpc: Grpc<Channel>,
    chunk: usize,
    count: u32,
}

impl Caller for Fetcher {
    async fn call(&mut self) -> Outcome<()> {
        self.grpc.ready().await?;
        let path = PathAndQuery::from_static("/bench.Items/All");
        let codec = Buffered::<AskMessage, ItemMessage>::new(self.chunk);
        let ask = Request::new(AskMessage { count: self.count });
        let mut items = self.grpc.server_streaming(ask, path, codec).await?.into_inner();
        let mut tally = Tally::default();
        while let Some(ItemMessage { id, name, size }) = items.message().await? {
            tally.add(&Item { id, name, size });
        }
        tally.check(self.count)
    }
}
