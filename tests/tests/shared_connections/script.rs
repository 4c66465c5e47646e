//! Servers that each follow a script for one connection, and a client of them.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::thread;

use rpc_core::{Client, ClientConfig, Result};
use rpc_tests::{ScriptedPeer, wire};

/// A connection's server; the connection is closed when it returns.
pub(crate) type Script = Box<dyn FnOnce(&mut ScriptedPeer) + Send>;

/// A client whose consecutive connections reach these servers, and their count.
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
        let connect = move |_left| {
            let script = scripts.lock().unwrap().pop_front().ok_or(io::ErrorKind::PermissionDenied)?;
            let (mut peer, near) = ScriptedPeer::new();
            thread::spawn(move || script(&mut peer));
            Ok(near)
        };
        Scripted { client: Client::with_connector("a script", connect, config), left, total }
    }

    /// Returns how many connections have been opened.
    pub(crate) fn opened(&self) -> usize {
        self.total - self.left.lock().unwrap().len()
    }
}

/// Makes a call that contains its number.
pub(crate) fn number(client: &Client, number: u32) -> Result<u32> {
    client.call("number").with(&number).json()
}

/// Returns the number in each request that has arrived.
pub(crate) fn numbers(peer: &ScriptedPeer) -> Vec<u32> {
    let bodies = wire::messages(&peer.received).into_iter().filter(|message| message.kind == wire::DATA);
    bodies.map(|body| serde_json::from_slice(&body.payload).unwrap()).collect()
}

/// Replies to the requests of these numbers, in revision 1.
pub(crate) fn replies(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| [wire::ok(3), wire::data(number.to_string())].concat()).collect()
}

/// Answers this many calls as they arrive; returns the number of those that had arrived before.
pub(crate) fn answer(peer: &mut ScriptedPeer, calls: usize) -> usize {
    for call in 1..=calls {
        peer.await_requests(call);
        let number = numbers(peer)[call - 1];
        peer.send(&replies(&[number]));
    }
    calls
}
