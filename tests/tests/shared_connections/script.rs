//! Servers that follow a script, a connection each, and a client of theirs.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::thread;

use rpc_core::{Client, ClientConfig, Result};
use rpc_tests::{Peer, wire};

/// What a connection's server does; the connection is closed when it returns.
pub(crate) type Script = Box<dyn FnOnce(&mut Peer) + Send>;

/// A client whose connections meet these servers, one after the other, and what tells how many there were.
pub(crate) struct Scripted {
    pub(crate) client: Client,
    left: Arc<Mutex<VecDeque<Script>>>,
    total: usize,
}

impl Scripted {
    pub(crate) fn new(config: ClientConfig, scripts: Vec<Script>) -> Scripted {
        let total = scripts.len();
        let left = Arc::new(Mutex::new(VecDeque::from(scripts)));
        let scripts = Arc::clone(&left);
        let connect = move || {
            let script = scripts.lock().unwrap().pop_front().ok_or(io::ErrorKind::PermissionDenied)?;
            let (mut peer, near) = Peer::new();
            thread::spawn(move || script(&mut peer));
            Ok(near)
        };
        Scripted { client: Client::with_connector(connect, config), left, total }
    }

    /// How many connections have been opened.
    pub(crate) fn opened(&self) -> usize {
        self.total - self.left.lock().unwrap().len()
    }
}

/// A call that tells its number.
pub(crate) fn number(client: &Client, number: u32) -> Result<u32> {
    client.call("number").with(&number).json()
}

/// The number in each request that has come.
pub(crate) fn numbers(peer: &Peer) -> Vec<u32> {
    let bodies = wire::messages(&peer.received).into_iter().filter(|message| message.kind == wire::DATA);
    bodies.map(|body| serde_json::from_slice(&body.payload).unwrap()).collect()
}

/// Replies to the requests of these numbers, in revision 1.
pub(crate) fn replies(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| [wire::ok(3), wire::data(number.to_string())].concat()).collect()
}

/// Answers this many calls as they come; returns the number of those that were there before.
pub(crate) fn answer(peer: &mut Peer, calls: usize) -> usize {
    for call in 1..=calls {
        peer.await_requests(call);
        let number = numbers(peer)[call - 1];
        peer.send(&replies(&[number]));
    }
    calls
}
