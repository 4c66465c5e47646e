//! Clients whose connections reach servers that each follow a script.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Instant;

use rpc_core::transport::{Parts, ReadHalf};
use rpc_core::{Client, ClientConfig, Transport};
use rpc_tests::{ScriptedPeer, wire};

use crate::recorder::Recorder;

/// A connection's server; the connection is closed when it returns.
pub(crate) type Script = Box<dyn FnOnce(&mut ScriptedPeer) + Send>;

/// A client with an observer, whose consecutive connections reach these servers.
pub(crate) struct Scripted {
    pub(crate) client: Client,
    pub(crate) recorder: Arc<Recorder>,
    /// Each server sends here all that it has received, once its connection is closed.
    closed: mpsc::Receiver<Vec<u8>>,
}

impl Scripted {
    pub(crate) fn new(scripts: Vec<Script>) -> Scripted {
        Scripted::with(scripts, |config| config)
    }

    /// Like [`new`](Scripted::new), with other settings.
    pub(crate) fn with(scripts: Vec<Script>, set: impl FnOnce(ClientConfig) -> ClientConfig) -> Scripted {
        let (recorder, config) = Recorder::with_config();
        let scripts = Mutex::new(VecDeque::from(scripts));
        let (on_close, closed) = mpsc::channel();
        let connect = move |_left| {
            let script = scripts.lock().unwrap().pop_front().ok_or(io::ErrorKind::ConnectionRefused)?;
            let (mut peer, near) = ScriptedPeer::new();
            let on_close = on_close.clone();
            thread::spawn(move || {
                script(&mut peer);
                let received = std::mem::take(&mut peer.received);
                drop(peer);
                // a test that is over listens no more
                _ = on_close.send(received);
            });
            Ok(Unseen(near.into_parts()?))
        };
        // without a time limit, which headers would say, their lengths are known
        let config = set(config.reconnect_attempts(0).reply_timeout(None));
        Scripted { client: Client::with_connector("a test", connect, config), recorder, closed }
    }

    /// Blocks until a server has closed its connection, and returns what it had received.
    pub(crate) fn await_close(&self) -> Vec<u8> {
        self.closed.recv().unwrap()
    }
}

/// Answers this many calls, of any kind, with the number 7.
pub(crate) fn answer(peer: &mut ScriptedPeer, calls: usize) {
    for call in 1..=calls {
        peer.await_requests(call);
        peer.send(&seven());
    }
}

/// Returns a reply with the number 7.
pub(crate) fn seven() -> Vec<u8> {
    [wire::ok(3), wire::data("7")].concat()
}

/// Returns a request with JSON, as the client sends it if there is no time limit.
pub(crate) fn request(endpoint: &str, accept: u32, json: &str) -> Vec<u8> {
    [wire::opening(endpoint, 3, accept), wire::data(json)].concat()
}

/// A transport whose end looking ahead does not show, so that only the next call notices it.
struct Unseen(Parts);

struct UnseenReader(Box<dyn ReadHalf>);

impl Transport for Unseen {
    fn into_parts(self) -> io::Result<Parts> {
        Ok(Parts { reader: Box::new(UnseenReader(self.0.reader)), ..self.0 })
    }
}

impl ReadHalf for UnseenReader {
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        self.0.read(buf, until)
    }

    fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.0.try_read(buf) {
            Ok(0) => Err(io::ErrorKind::WouldBlock.into()),
            outcome => outcome,
        }
    }
}
