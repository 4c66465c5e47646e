//! The service that these tests call.

use std::collections::HashSet;
use std::io::{self, ErrorKind, Read};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, mpsc};

use rpc_core::{Address, Result, Server, ServerConfig, ServerHandle, rpc_service};

#[rpc_service]
pub(crate) trait Work {
    /// Records that it ran.
    fn run(&self, id: u64) -> Result<u64>;
    /// Records that it ran, and returns this many bytes.
    fn send(&self, id: u64, length: u64) -> Result<impl Read>;
    /// Returns how many bytes were received.
    fn receive(&self, content: impl Read) -> Result<u64>;
    /// Returns when the test allows it.
    fn wait(&self) -> Result<String>;
}

#[derive(Clone)]
pub(crate) struct Handler {
    pub(crate) ran: Arc<Mutex<HashSet<u64>>>,
    /// `receive` and `wait` report here that they have begun, and `wait` also how to end it.
    began: mpsc::Sender<mpsc::Sender<()>>,
}

impl Work for Handler {
    fn run(&self, id: u64) -> Result<u64> {
        assert!(self.ran.lock().unwrap().insert(id), "{id} runs twice");
        Ok(id)
    }

    fn send(&self, id: u64, length: u64) -> Result<impl Read> {
        self.run(id)?;
        Ok(io::repeat(7).take(length))
    }

    fn receive(&self, mut content: impl Read) -> Result<u64> {
        self.began.send(mpsc::channel().0).unwrap();
        Ok(rpc_core::copy(&mut content, &mut io::sink())?)
    }

    fn wait(&self) -> Result<String> {
        let (end, ended) = mpsc::channel();
        self.began.send(end).unwrap();
        // the end of the test ends it, too
        _ = ended.recv();
        Ok("done".into())
    }
}

/// A running server. What it owns lives as long as the test, so that handlers end with the test.
pub(crate) struct Running {
    pub(crate) handler: Handler,
    /// The calls of `receive` and `wait` that have begun.
    pub(crate) waiting: mpsc::Receiver<mpsc::Sender<()>>,
    pub(crate) address: Address,
}

pub(crate) fn start() -> (ServerHandle, Running) {
    start_at("tcp://127.0.0.1:0")
}

pub(crate) fn start_at(address: &str) -> (ServerHandle, Running) {
    start_with(address, ServerConfig::default())
}

pub(crate) fn start_with(address: &str, config: ServerConfig) -> (ServerHandle, Running) {
    let (began, waiting) = mpsc::channel();
    let handler = Handler { ran: Arc::default(), began };
    let server = Server::bind_with(address, config).unwrap().spawn(WorkServer::new(handler.clone())).unwrap();
    let address = server.address().clone();
    (server, Running { handler, waiting, address })
}

impl Running {
    pub(crate) fn client(&self) -> WorkClient {
        WorkClient::connect(&self.address).unwrap()
    }

    /// Opens a connection without a client.
    pub(crate) fn raw(&self) -> TcpStream {
        TcpStream::connect(self.place()).unwrap()
    }

    /// Returns a TCP address without its scheme.
    pub(crate) fn place(&self) -> &str {
        let Address::Tcp(place) = &self.address else { unreachable!("it is bound to TCP") };
        place
    }

    /// Blocks until the server has closed its listening socket. Ignores other errors, because ports
    /// may run out.
    pub(crate) fn until_refused(&self) {
        while TcpStream::connect(self.place()).err().map(|error| error.kind()) != Some(ErrorKind::ConnectionRefused) {
            std::thread::yield_now();
        }
    }
}
