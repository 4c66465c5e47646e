//! Servers whose connections each follow their own script.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Instant;

use rpc_core::transport::{MemoryStream, Parts, ReadHalf};
use rpc_core::{Client, ClientConfig, Result, Transport};
use rpc_tests::{ScriptedPeer, wire};

/// A connection's server; the connection is closed when it returns.
pub(crate) type Script = Box<dyn FnOnce(&mut ScriptedPeer) + Send>;

/// A client whose consecutive connections reach these servers.
pub(crate) struct Scripted {
    pub(crate) client: Client,
    left: Arc<Mutex<VecDeque<Script>>>,
    total: usize,
    /// Each server reports here that its connection is closed.
    closed: mpsc::Receiver<()>,
}

impl Scripted {
    pub(crate) fn new(scripts: Vec<Script>) -> Scripted {
        Scripted::with(ClientConfig::default(), scripts, |near| near)
    }

    /// Hides the end of a connection from the check before use, so that only the call notices it.
    pub(crate) fn unseen(scripts: Vec<Script>) -> Scripted {
        Scripted::with(ClientConfig::default(), scripts, Unseen)
    }

    fn with<T: Transport>(
        config: ClientConfig,
        scripts: Vec<Script>,
        wrap: impl Fn(MemoryStream) -> T + Send + Sync + 'static,
    ) -> Scripted {
        let total = scripts.len();
        let left = Arc::new(Mutex::new(VecDeque::from(scripts)));
        let scripts = Arc::clone(&left);
        let (on_close, closed) = mpsc::channel();
        let connect = move |_left| {
            let script = scripts.lock().unwrap().pop_front().ok_or(io::ErrorKind::PermissionDenied)?;
            let (mut peer, near) = ScriptedPeer::new();
            let on_close = on_close.clone();
            thread::spawn(move || {
                script(&mut peer);
                drop(peer);
                // a test that is over listens no more
                _ = on_close.send(());
            });
            Ok(wrap(near))
        };
        Scripted { client: Client::with_connector("a script", connect, config), left, total, closed }
    }

    /// Makes a plain call.
    pub(crate) fn call(&self) -> Result<u8> {
        self.client.call("x").with(&()).json()
    }

    /// Returns how many connections have been opened.
    pub(crate) fn opened(&self) -> usize {
        self.total - self.left.lock().unwrap().len()
    }

    /// Blocks until a server has closed its connection.
    pub(crate) fn await_close(&self) {
        self.closed.recv().unwrap();
    }
}

/// Answers this many calls with this number.
pub(crate) fn answer(peer: &mut ScriptedPeer, calls: usize, number: u8) {
    for call in 1..=calls {
        peer.await_requests(call);
        peer.send(&[wire::ok(3), wire::data(number.to_string())].concat());
    }
}

/// Answers this many calls with this number, then closes.
pub(crate) fn answers(calls: usize, number: u8) -> Script {
    Box::new(move |peer| answer(peer, calls, number))
}

/// Answers one call, and the next with these bytes, then closes.
pub(crate) fn then(number: u8, bytes: Vec<u8>) -> Script {
    Box::new(move |peer| {
        answer(peer, 1, number);
        peer.await_requests(2);
        peer.send(&bytes);
    })
}

/// A transport whose end looking ahead does not show.
struct Unseen(MemoryStream);

struct UnseenReader(Box<dyn ReadHalf>);

impl Transport for Unseen {
    fn into_parts(self) -> io::Result<Parts> {
        let parts = self.0.into_parts()?;
        Ok(Parts { reader: Box::new(UnseenReader(parts.reader)), ..parts })
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
