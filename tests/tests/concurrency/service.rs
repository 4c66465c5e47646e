//! The service that these tests call.

use std::io::{self, Read};

use rpc_core::{Result, Server, ServerConfig, ServerHandle, rpc_service};

#[rpc_service]
pub(crate) trait Echo {
    fn echo(&self, number: u64) -> Result<u64>;
    /// Numbered bytes that differ everywhere from those of another seed.
    fn bytes(&self, seed: u64, length: u64) -> Result<impl Read>;
    fn sum(&self, content: impl Read) -> Result<u64>;
}

#[derive(Clone)]
pub(crate) struct Handler;

impl Echo for Handler {
    fn echo(&self, number: u64) -> Result<u64> {
        Ok(number)
    }

    fn bytes(&self, seed: u64, length: u64) -> Result<impl Read> {
        Ok(Noise(seed).take(length))
    }

    fn sum(&self, content: impl Read) -> Result<u64> {
        sum(content).map_err(Into::into)
    }
}

/// Bytes that depend on a seed.
pub(crate) struct Noise(pub(crate) u64);

impl Read for Noise {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        for byte in &mut *buf {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            [*byte, ..] = self.0.to_be_bytes();
        }
        Ok(buf.len())
    }
}

/// A checksum that depends on each byte and its position.
pub(crate) fn sum(mut content: impl Read) -> io::Result<u64> {
    let mut bytes = Vec::new();
    content.read_to_end(&mut bytes)?;
    Ok(bytes.iter().fold(17, |sum, &byte| sum.wrapping_mul(31).wrapping_add(byte.into())))
}

pub(crate) fn serve() -> ServerHandle {
    serve_with(ServerConfig::default())
}

pub(crate) fn serve_with(config: ServerConfig) -> ServerHandle {
    Server::bind_with("tcp://127.0.0.1:0", config).unwrap().spawn(EchoServer::new(Handler)).unwrap()
}
