//! tonic over TCP, a stream from the server in messages of raw bytes, with the settings of its
//! unary calls.
//!
//! Raw bytes save tonic a copy on the client and the work of Protocol Buffers on both sides. The
//! server's copy into its buffer cannot be avoided.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, BufMut, Bytes};
use futures_util::Stream;
use futures_util::future::BoxFuture;
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::{Service, http};
use tonic::server::{NamedService, ServerStreamingService};
use tonic::transport::Channel;
use tonic::{Request, Response, Status};

use super::{Caller, tonic_calls};
use crate::plan::{Outcome, Plan, Tuning};

/// A codec for messages of raw bytes, of about this size.
#[derive(Clone, Copy)]
struct Raw {
    chunk: usize,
}

/// Returns the codec and the window of a plan.
fn tuned(plan: &Plan) -> Outcome<(Raw, u32)> {
    match plan.tuning {
        Tuning::Stream { chunk, window, .. } => Ok((Raw { chunk }, window)),
        _ => Err("no message size was chosen".into()),
    }
}

impl Raw {
    /// The size of a message and its header.
    fn settings(self) -> BufferSettings {
        BufferSettings::new(self.chunk + 64, self.chunk)
    }
}

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Raw;
    type Decoder = Raw;

    fn encoder(&mut self) -> Raw {
        *self
    }

    fn decoder(&mut self) -> Raw {
        *self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        self.settings()
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }

    fn buffer_settings(&self) -> BufferSettings {
        self.settings()
    }
}

/// The service and its only method.
#[derive(Clone)]
struct Shelf {
    content: Bytes,
    raw: Raw,
}

impl NamedService for Shelf {
    const NAME: &'static str = "bench.Shelf";
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
        Box::pin(async move { Ok(tonic::server::Grpc::new(shelf.raw).server_streaming(shelf, request).await) })
    }
}

impl ServerStreamingService<Bytes> for Shelf {
    type Response = Bytes;
    type ResponseStream = Pieces;
    type Future = std::future::Ready<Result<Response<Pieces>, Status>>;

    fn call(&mut self, _: Request<Bytes>) -> Self::Future {
        let pieces = Pieces { left: self.content.clone(), chunk: self.raw.chunk };
        std::future::ready(Ok(Response::new(pieces)))
    }
}

/// The content in pieces that share its memory.
struct Pieces {
    left: Bytes,
    chunk: usize,
}

impl Stream for Pieces {
    type Item = Result<Bytes, Status>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        let size = self.chunk.min(self.left.len());
        Poll::Ready(Some(Ok(self.left.split_to(size))))
    }
}

pub(super) fn serve(plan: &Plan, content: Vec<u8>) -> Outcome<SocketAddr> {
    let (raw, window) = tuned(plan)?;
    tonic_calls::serve_service(Shelf { content: content.into(), raw }, window)
}

pub(super) async fn connect(plan: &Plan, address: SocketAddr) -> Outcome<Fetcher> {
    let (raw, window) = tuned(plan)?;
    let grpc = Grpc::new(tonic_calls::channel(address, window).await?).max_decoding_message_size(usize::MAX);
    Ok(Fetcher { grpc, raw, bytes: plan.bytes })
}

#[derive(Clone)]
pub(super) struct Fetcher {
    grpc: Grpc<Channel>,
    raw: Raw,
    bytes: usize,
}

impl Caller for Fetcher {
    async fn call(&mut self) -> Outcome<()> {
        self.grpc.ready().await?;
        let path = PathAndQuery::from_static("/bench.Shelf/Fetch");
        let mut stream = self.grpc.server_streaming(Request::new(Bytes::new()), path, self.raw).await?.into_inner();
        let mut moved = 0;
        while let Some(piece) = stream.message().await? {
            moved += piece.len();
        }
        if moved == self.bytes { Ok(()) } else { Err(format!("{moved} bytes moved").into()) }
    }
}
