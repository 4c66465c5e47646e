//! A listener within this process: connections, errors and panics reach it through a channel.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use rpc_core::transport::{Listener, MemoryStream, Parts, memory_pair};
use rpc_core::{Address, Client, ClientConfig, Transport};
use rpc_tests::ScriptedPeer;

use crate::service::WorkClient;

/// A connection; setting it up runs this.
pub(crate) struct Visitor(Box<dyn FnOnce() -> io::Result<Parts> + Send>);

impl Transport for Visitor {
    fn into_parts(self) -> io::Result<Parts> {
        (self.0)()
    }
}

/// What accepting meets.
enum Event {
    Visit(Visitor),
    Failure(io::Error),
    Panic,
    /// No more connections come.
    End,
    Woken,
}

pub(crate) struct Desk {
    events: Mutex<mpsc::Receiver<Event>>,
    door: Door,
    woken: AtomicBool,
}

/// How connections reach a desk, and what is known of it.
#[derive(Clone)]
pub(crate) struct Door {
    events: mpsc::Sender<Event>,
    accepted: Arc<AtomicUsize>,
    closed: Arc<AtomicBool>,
}

pub(crate) fn desk() -> (Desk, Door) {
    let (sender, events) = mpsc::channel();
    let door = Door { events: sender, accepted: Arc::default(), closed: Arc::default() };
    (Desk { events: Mutex::new(events), door: door.clone(), woken: AtomicBool::new(false) }, door)
}

impl Listener for Desk {
    type Transport = Visitor;

    fn accept(&self) -> io::Result<Option<Visitor>> {
        let events = self.events.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let woken = self.woken.load(Ordering::SeqCst);
        let event = if woken { events.try_recv().unwrap_or(Event::Woken) } else { events.recv().unwrap() };
        match event {
            Event::Visit(visitor) => {
                self.door.accepted.fetch_add(1, Ordering::SeqCst);
                Ok(Some(visitor))
            }
            Event::Failure(error) => Err(error),
            Event::Panic => panic!("as the test wants"),
            Event::End | Event::Woken => Ok(None),
        }
    }

    fn address(&self) -> Address {
        Address::Other("the desk".to_owned())
    }

    fn wake(&self) {
        self.woken.store(true, Ordering::SeqCst);
        self.door.events.send(Event::Woken).unwrap();
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.door.closed.store(true, Ordering::SeqCst);
    }
}

impl Door {
    fn send(&self, event: Event) -> io::Result<()> {
        self.events.send(event).map_err(|_desk_is_gone| io::ErrorKind::ConnectionRefused.into())
    }

    /// Enters with a connection that is set up by `set_up`.
    pub(crate) fn enter_by(&self, set_up: impl FnOnce() -> io::Result<Parts> + Send + 'static) -> io::Result<()> {
        self.send(Event::Visit(Visitor(Box::new(set_up))))
    }

    pub(crate) fn enter(&self, transport: MemoryStream) -> io::Result<()> {
        self.enter_by(|| transport.into_parts())
    }

    /// Enters with a connection whose other end this returns.
    pub(crate) fn peer(&self) -> ScriptedPeer {
        let (peer, transport) = ScriptedPeer::new();
        self.enter(transport).unwrap();
        peer
    }

    /// Returns a client whose connections all enter here.
    pub(crate) fn client(&self) -> WorkClient {
        let door = self.clone();
        let connect = move |_left| {
            let (near, far) = memory_pair();
            door.enter(far)?;
            Ok(near)
        };
        WorkClient::new(Client::with_connector("the desk", connect, ClientConfig::default()))
    }

    pub(crate) fn fail(&self, error: impl Into<io::Error>) {
        self.send(Event::Failure(error.into())).unwrap();
    }

    pub(crate) fn panic(&self) {
        self.send(Event::Panic).unwrap();
    }

    pub(crate) fn end(&self) {
        self.send(Event::End).unwrap();
    }

    /// Returns how many connections have been accepted.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// Returns whether the desk has been dropped.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }
}
