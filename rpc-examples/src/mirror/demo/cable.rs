//! A proxy that cuts its connections in the middle.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};

use rpc_core::{Address, Error};

/// A proxy between a client and a server on this machine. It cuts all connections after a number of
/// bytes, those of all connections and both directions together.
#[derive(Debug)]
pub struct Cable {
    address: Address,
    carrying: JoinHandle<()>,
}

/// How far a [`Cable`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// A client has connected for the first time.
    Begun,
    /// The last byte has passed and the connections are about to be cut.
    Over,
}

impl Cable {
    /// Creates a cable to the TCP server at `to`, cut after `most` bytes.
    ///
    /// # Errors
    /// If the system has no more sockets, or the address is not a TCP address.
    pub fn lay(to: &Address, most: u64) -> Result<Cable, Error> {
        Cable::lay_and_tell(to, most, |_| ())
    }

    /// Like [`lay`](Cable::lay), and calls `tell` as bytes pass. The connections are cut after
    /// `tell` has returned.
    ///
    /// # Errors
    /// The same as [`lay`](Cable::lay).
    pub fn lay_and_tell(to: &Address, most: u64, tell: impl Fn(Passage) + Send + 'static) -> Result<Cable, Error> {
        let to = to.to_string().trim_start_matches("tcp://").parse::<SocketAddr>();
        let to = to.map_err(|error| Error::new(error.to_string()))?;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let here = listener.local_addr()?;
        let address = format!("tcp://{here}").parse()?;
        let (events, happens) = mpsc::channel();
        let clients = events.clone();
        let accepting = thread::spawn(move || accept(&listener, &clients));
        let carrying = thread::spawn(move || {
            let left = Arc::new(AtomicU64::new(most));
            let mut lines = Vec::new();
            while let Ok(Event::Connected(client)) = happens.recv() {
                if lines.is_empty() {
                    tell(Passage::Begun);
                }
                lines.extend(Line::to(to, client, &left, &events));
            }
            tell(Passage::Over);
            drop(happens);
            // The listener notices the end when somebody connects. After it, clients are refused.
            _ = TcpStream::connect(here);
            _ = accepting.join();
            lines.iter().for_each(Line::cut);
            lines.into_iter().for_each(Line::wait);
        });
        Ok(Cable { address, carrying })
    }

    /// Returns the address that a client connects to.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Blocks until the cable is cut, and the server has read everything that passed and has
    /// noticed.
    pub fn wait(self) {
        // Errors of connections that were cut do not matter.
        _ = self.carrying.join();
    }
}

enum Event {
    Connected(TcpStream),
    /// No more bytes may pass.
    Over,
}

/// Passes on each client, until nobody wants any more.
fn accept(listener: &TcpListener, clients: &Sender<Event>) {
    for client in listener.incoming().flatten() {
        if clients.send(Event::Connected(client)).is_err() {
            return;
        }
    }
}

/// One connection.
struct Line {
    client: TcpStream,
    server: TcpStream,
    carrying: [JoinHandle<()>; 2],
}

impl Line {
    fn to(to: SocketAddr, client: TcpStream, left: &Arc<AtomicU64>, events: &Sender<Event>) -> io::Result<Line> {
        let server = TcpStream::connect(to)?;
        let there = carry(client.try_clone()?, server.try_clone()?, Arc::clone(left), events.clone());
        let back = carry(server.try_clone()?, client.try_clone()?, Arc::clone(left), events.clone());
        Ok(Line { client, server, carrying: [there, back] })
    }

    /// Shuts down the client's connection, and the writing side towards the server, which can still
    /// read what it has not read yet.
    fn cut(&self) {
        // Fails if the connection has already ended.
        _ = self.client.shutdown(Shutdown::Both);
        _ = self.server.shutdown(Shutdown::Write);
    }

    fn wait(self) {
        for carrying in self.carrying {
            _ = carrying.join();
        }
    }
}

/// Forwards bytes in one direction, and then waits until the source has ended.
fn carry(mut from: TcpStream, mut to: TcpStream, left: Arc<AtomicU64>, events: Sender<Event>) -> JoinHandle<()> {
    thread::spawn(move || {
        if forward(&mut from, &mut to, &left) {
            _ = events.send(Event::Over);
        } else {
            _ = to.shutdown(Shutdown::Write);
        }
        _ = io::copy(&mut from, &mut io::sink());
    })
}

/// Forwards until the last allowed byte has passed, and returns `true`, or until one of the two
/// ends.
fn forward(from: &mut TcpStream, to: &mut TcpStream, left: &AtomicU64) -> bool {
    let mut piece = vec![0; 64 << 10];
    while let Ok(count @ 1..) = from.read(&mut piece) {
        let taken = |left: u64| Some(left.saturating_sub(count as u64));
        let before = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, taken).unwrap_or(0);
        let passes = usize::try_from(before).unwrap_or(usize::MAX).min(count);
        let is_written = to.write_all(&piece[..passes]).is_ok();
        if passes < count {
            return true;
        }
        if !is_written {
            return false;
        }
    }
    false
}
