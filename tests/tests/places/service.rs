//! The server that these tests call, and the reasons for which it closed connections.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, mpsc};

use rpc_core::{
    Address, ConnectionInfo, Ended, ErrorKind, Observer, Result, Server, ServerConfig, ServerHandle, rpc_service,
};
use rpc_tests::wire;

#[rpc_service]
pub(crate) trait Work {
    fn echo(&self, number: u32) -> Result<u32>;
    /// Tells the test that it runs, and returns when the test allows it.
    fn wait(&self) -> Result<()>;
}

#[rpc_service(prefix = "notes.")]
pub(crate) trait Notes {
    /// Returns how many times it was called in this session.
    fn count(&mut self) -> Result<u32>;
}

#[derive(Clone)]
pub(crate) struct Handler {
    /// Each running `wait` leaves here how to end it.
    running: mpsc::Sender<mpsc::Sender<()>>,
    count: u32,
}

impl Work for Handler {
    fn echo(&self, number: u32) -> Result<u32> {
        Ok(number)
    }

    fn wait(&self) -> Result<()> {
        let (end, ended) = mpsc::channel();
        self.running.send(end).expect("the test runs");
        // the end of the test ends it, too
        _ = ended.recv();
        Ok(())
    }
}

impl Notes for Handler {
    fn count(&mut self) -> Result<u32> {
        self.count += 1;
        Ok(self.count)
    }
}

/// What an observer hears of connections.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) closed: Mutex<Vec<Result<Ended, ErrorKind>>>,
    pub(crate) refused: Mutex<Vec<String>>,
}

impl Observer for Heard {
    fn connection_closed(&self, _connection: &ConnectionInfo<'_>, end: Result<Ended, ErrorKind>) {
        self.closed.lock().unwrap().push(end);
    }

    fn connection_refused(&self, _connection: &ConnectionInfo<'_>, reason: &str) {
        self.refused.lock().unwrap().push(reason.to_owned());
    }
}

pub(crate) struct Running {
    pub(crate) server: ServerHandle,
    pub(crate) heard: Arc<Heard>,
    pub(crate) waits: mpsc::Receiver<mpsc::Sender<()>>,
}

pub(crate) fn start(config: ServerConfig) -> Running {
    let (config, heard) = observed(config);
    let (handler, waits) = handler();
    let services = (WorkServer::new(handler.clone()), NotesServer::new(handler));
    let server = Server::bind_with("tcp://127.0.0.1:0", config).unwrap().spawn(services).unwrap();
    Running { server, heard, waits }
}

pub(crate) fn observed(config: ServerConfig) -> (ServerConfig, Arc<Heard>) {
    let heard = Arc::new(Heard::default());
    (config.observer(Arc::clone(&heard) as Arc<dyn Observer>), heard)
}

pub(crate) fn handler() -> (Handler, mpsc::Receiver<mpsc::Sender<()>>) {
    let (running, waits) = mpsc::channel();
    (Handler { running, count: 0 }, waits)
}

impl Running {
    pub(crate) fn client(&self) -> WorkClient {
        WorkClient::connect(self.server.address()).unwrap()
    }

    /// Opens a connection without a client.
    pub(crate) fn raw(&self) -> Raw {
        let Address::Tcp(place) = self.server.address() else { unreachable!("it is bound to TCP") };
        Raw(TcpStream::connect(place).unwrap())
    }
}

/// A connection without a client.
pub(crate) struct Raw(pub(crate) TcpStream);

impl Raw {
    /// Makes a call whose reply proves that the connection is served.
    pub(crate) fn call(&mut self) {
        self.0.write_all(&wire::request("echo", 3, "7")).unwrap();
        let expected = [wire::ok(3), wire::data("7")].concat();
        let mut reply = vec![0; expected.len()];
        self.0.read_exact(&mut reply).unwrap();
        assert_eq!(reply, expected);
    }

    /// Returns all that still comes.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).unwrap();
        rest
    }
}
