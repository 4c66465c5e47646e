//! The service that these tests call, by hand or by a client that sends a header first.

use std::io::{self, IoSlice, Read};
use std::sync::mpsc;

use rpc_core::transport::Parts;
use rpc_core::{CallContext, Result, ServerConfig, Transport, rpc_service};

#[rpc_service]
pub(crate) trait Porter {
    /// Returns who calls, as a peer prints.
    fn who(&self) -> Result<String>;
    /// Returns how many bytes came.
    fn count(&self, content: impl Read) -> Result<u64>;
    /// Returns when the test has dropped what the call sends to it.
    fn wait(&self) -> Result<()>;
}

/// Sends how to end each call of `wait`, by dropping it.
#[derive(Clone)]
pub(crate) struct Handler(mpsc::Sender<mpsc::Sender<()>>);

impl Handler {
    pub(crate) fn new() -> (Handler, mpsc::Receiver<mpsc::Sender<()>>) {
        let (sender, waits) = mpsc::channel();
        (Handler(sender), waits)
    }
}

/// A service for tests in which nothing waits.
pub(crate) fn service() -> PorterServer<Handler> {
    PorterServer::new(Handler::new().0)
}

impl Porter for Handler {
    fn who(&self) -> Result<String> {
        Ok(CallContext::current().expect("a call is being answered").peer().to_string())
    }

    fn count(&self, mut content: impl Read) -> Result<u64> {
        Ok(io::copy(&mut content, &mut io::sink())?)
    }

    fn wait(&self) -> Result<()> {
        let (end, ended) = mpsc::channel();
        self.0.send(end).unwrap();
        _ = ended.recv();
        Ok(())
    }
}

pub(crate) fn config() -> ServerConfig {
    ServerConfig::default().proxy_protocol(true)
}

/// Sends a header on a new connection, as a balancer does.
pub(crate) fn headed(transport: impl Transport, header: &[u8]) -> io::Result<Parts> {
    let mut parts = transport.into_parts()?;
    let mut rest = header;
    while !rest.is_empty() {
        let written = parts.writer.write(&[IoSlice::new(rest)], None)?;
        rest = &rest[written..];
    }
    Ok(parts)
}
