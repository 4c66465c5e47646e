//! Servers at several places, whose connections each follow a script: the first connection the
//! first script, whichever place it comes to.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use rpc_core::{Client, ClientConfig, Result};
use rpc_tests::wire;

/// A connection's server; the connection is closed when it returns.
pub(crate) type Script = Box<dyn FnOnce(&mut Visitor) + Send>;

/// Places that a resolver knows by one name.
#[derive(Clone)]
pub(crate) struct Servers(Arc<Shared>);

struct Shared {
    places: Mutex<Vec<SocketAddr>>,
    scripts: Mutex<VecDeque<Script>>,
    visits: Mutex<Vec<SocketAddr>>,
}

impl Servers {
    /// Starts this many servers. Connections without a script have each call answered with 0.
    pub(crate) fn new(count: usize, scripts: Vec<Script>) -> Servers {
        let (visits, scripts) = (Mutex::default(), Mutex::new(scripts.into()));
        let servers = Servers(Arc::new(Shared { places: Mutex::default(), scripts, visits }));
        (0..count).for_each(|_| _ = servers.start());
        servers
    }

    /// Starts one more server.
    pub(crate) fn start(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap();
        self.add(place);
        let servers = self.clone();
        thread::spawn(move || {
            for visitor in listener.incoming() {
                let (visitor, servers) = (visitor.unwrap(), servers.clone());
                servers.0.visits.lock().unwrap().push(place);
                let script = servers.0.scripts.lock().unwrap().pop_front();
                thread::spawn(move || script.unwrap_or(answers(usize::MAX, 0))(&mut Visitor::new(visitor)));
            }
        });
        place
    }

    /// Adds a place to the resolver's answer.
    pub(crate) fn add(&self, place: SocketAddr) {
        self.0.places.lock().unwrap().push(place);
    }

    /// Takes a place out of the resolver's answer. Its server goes on.
    pub(crate) fn remove(&self, place: SocketAddr) {
        self.0.places.lock().unwrap().retain(|other| *other != place);
    }

    /// Returns what the resolver answers.
    pub(crate) fn places(&self) -> Vec<SocketAddr> {
        self.0.places.lock().unwrap().clone()
    }

    /// Returns the place of each connection so far.
    pub(crate) fn visits(&self) -> Vec<SocketAddr> {
        self.0.visits.lock().unwrap().clone()
    }

    /// Returns a config whose resolver knows the servers, and nothing else.
    pub(crate) fn config(&self) -> ClientConfig {
        let servers = self.clone();
        ClientConfig::default().resolver(move |host, port| {
            assert_eq!((host, port), ("servers", 7));
            Ok(servers.places())
        })
    }

    /// Connects to the servers.
    pub(crate) fn connect(&self, change: impl FnOnce(ClientConfig) -> ClientConfig) -> Client {
        Client::connect_with("tcp://servers:7", change(self.config())).unwrap()
    }

    /// Connects and makes a call, so that the first script is used up. Later calls each have a new
    /// connection.
    pub(crate) fn client(&self) -> Client {
        let client = self.connect(|config| config.max_idle_connections(0));
        call(&client).unwrap();
        client
    }
}

/// Makes a plain call.
pub(crate) fn call(client: &Client) -> Result<u8> {
    client.call("x").with(&()).json()
}

/// A client's connection at a server.
pub(crate) struct Visitor {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Visitor {
    fn new(stream: TcpStream) -> Visitor {
        Visitor { stream, received: Vec::new() }
    }

    /// Reads until this many whole requests have arrived, or the client ends.
    pub(crate) fn await_requests(&mut self, count: usize) -> bool {
        while wire::request_ends(&self.received).len() < count {
            if !self.receive() {
                return false;
            }
        }
        true
    }

    /// Reads until this many frames have arrived.
    pub(crate) fn await_frames(&mut self, count: usize) {
        while wire::frames(&self.received).len() < count && self.receive() {}
    }

    /// Returns the place of the server.
    pub(crate) fn place(&self) -> SocketAddr {
        self.stream.local_addr().unwrap()
    }

    /// Reads until the client ends.
    pub(crate) fn await_end(&mut self) {
        while self.receive() {}
    }

    /// Sends bytes. If the client is gone, they are lost.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        _ = self.stream.write_all(bytes);
    }

    fn receive(&mut self) -> bool {
        let mut piece = [0; 16 * 1024];
        let count = self.stream.read(&mut piece).unwrap_or(0);
        self.received.extend_from_slice(&piece[..count]);
        count > 0
    }
}

/// Answers this many calls with this number, then closes.
pub(crate) fn answers(calls: usize, number: u8) -> Script {
    Box::new(move |visitor| {
        for call in 1..=calls {
            if !visitor.await_requests(call) {
                return;
            }
            visitor.send(&[wire::ok(3), wire::data(number.to_string())].concat());
        }
    })
}

/// Answers one call with this number, then gives up the connection while it is idle.
pub(crate) fn answers_then_resets(number: u8) -> Script {
    Box::new(move |visitor| {
        visitor.await_requests(1);
        visitor.send(&[wire::ok(3), wire::data(number.to_string()), wire::reset()].concat());
        visitor.await_end();
    })
}

/// Sends these bytes instead of the first reply, then closes.
pub(crate) fn sends(bytes: Vec<u8>) -> Script {
    Box::new(move |visitor| {
        visitor.await_requests(1);
        visitor.send(&bytes);
    })
}

/// Refuses the connection, for this reason.
pub(crate) fn refuses(reason: &str) -> Script {
    let bytes = [wire::not_run(reason), wire::reset()].concat();
    Box::new(move |visitor| {
        visitor.await_requests(1);
        visitor.send(&bytes);
        visitor.await_end();
    })
}

/// Never answers.
pub(crate) fn hangs() -> Script {
    Box::new(Visitor::await_end)
}

/// A place where nobody listens, and nobody else can while this exists: the port of a connection.
pub(crate) struct Nobody(TcpStream, #[expect(dead_code, reason = "it keeps the connection")] TcpStream);

impl Nobody {
    pub(crate) fn new() -> Nobody {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        Nobody(stream, listener.accept().unwrap().0)
    }

    pub(crate) fn place(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }
}
