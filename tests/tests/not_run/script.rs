//! Servers that each follow a script for one connection, and what a refused caller gets.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};

use rpc_core::{Client, ClientConfig, Error, Result, Status};
use rpc_tests::{ScriptedPeer, wire};

/// A connection's server; the connection is closed when it returns.
pub(crate) type Script = Box<dyn FnOnce(&mut ScriptedPeer) + Send>;

/// A client whose consecutive connections reach these servers, and their count.
pub(crate) struct Scripted {
    pub(crate) client: Client,
    left: Arc<Mutex<VecDeque<Script>>>,
    running: Arc<Mutex<Vec<JoinHandle<()>>>>,
    total: usize,
}

impl Scripted {
    pub(crate) fn new(scripts: Vec<Script>) -> Scripted {
        Scripted::with(ClientConfig::default(), scripts)
    }

    pub(crate) fn with(config: ClientConfig, scripts: Vec<Script>) -> Scripted {
        let total = scripts.len();
        let left = Arc::new(Mutex::new(VecDeque::from(scripts)));
        let scripts = Arc::clone(&left);
        let running = Arc::<Mutex<Vec<_>>>::default();
        let threads = Arc::clone(&running);
        let connect = move |_left| {
            let script = scripts.lock().unwrap().pop_front().ok_or(io::ErrorKind::PermissionDenied)?;
            let (mut peer, near) = ScriptedPeer::new();
            threads.lock().unwrap().push(thread::spawn(move || script(&mut peer)));
            Ok(near)
        };
        Scripted { client: Client::with_connector("script", connect, config), left, running, total }
    }

    /// Makes a plain call.
    pub(crate) fn call(&self) -> Result<u8> {
        self.client.call("x").with(&()).json()
    }

    /// Returns how many connections have been opened.
    pub(crate) fn opened(&self) -> usize {
        self.total - self.left.lock().unwrap().len()
    }

    /// Drops the client, and fails if a script has found something wrong.
    pub(crate) fn finish(self) {
        drop(self.client);
        let running = std::mem::take(&mut *self.running.lock().unwrap());
        running.into_iter().for_each(|server| server.join().unwrap());
    }
}

/// What a server sends that refuses the connection.
pub(crate) fn refusal() -> Vec<u8> {
    [wire::not_run("full"), wire::reset()].concat()
}

/// Refuses the connection as soon as the first header has come.
pub(crate) fn refuses() -> Script {
    Box::new(|peer| {
        peer.await_frames(|frames| !frames.is_empty());
        peer.send(&refusal());
        peer.await_end();
    })
}

/// Answers this many calls with 2, then the next with these bytes.
pub(crate) fn answers_then(calls: usize, last: Vec<u8>) -> Script {
    Box::new(move |peer| {
        answer(peer, calls);
        peer.await_requests(calls + 1);
        peer.send(&last);
        peer.await_end();
    })
}

/// Answers this many calls with 2.
pub(crate) fn answers(calls: usize) -> Script {
    Box::new(move |peer| answer(peer, calls))
}

/// Answers this many calls with 2.
pub(crate) fn answer(peer: &mut ScriptedPeer, calls: usize) {
    for call in 1..=calls {
        peer.await_requests(call);
        peer.send(&[wire::ok(3), wire::data("2")].concat());
    }
}

/// Checks that a call was refused together with its connection.
pub(crate) fn assert_refused<T>(outcome: Result<T>) {
    let error = outcome.err().expect("the connection was refused");
    let remote = error.remote().unwrap_or_else(|| panic!("{error:?}"));
    assert_eq!((remote.status, remote.message.as_str()), (Status::RequestError, "full"));
    assert_never_ran(&error);
}

/// Checks what the error of a refused call says about the call and the connection.
pub(crate) fn assert_never_ran(error: &Error) {
    assert!(error.never_ran() && !error.connection_usable(), "{error:?}");
}

/// A source that yields ten bytes for each message to its gate, and ends when the gate is dropped.
pub(crate) struct Gated(pub(crate) mpsc::Receiver<()>);

impl Read for Gated {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.0.recv().is_err() {
            return Ok(0);
        }
        buf[..10].fill(7);
        Ok(10)
    }
}

/// A source that fails.
pub(crate) struct Broken;

impl Read for Broken {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("no more"))
    }
}
