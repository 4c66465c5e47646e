//! A proxy that cuts a connection in the middle.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use rpc_core::{Address, Error};

/// A proxy between a client and a server on this machine. It cuts the connection after a number of
/// bytes, both directions together.
#[derive(Debug)]
pub struct Cable {
    address: Address,
    carrying: JoinHandle<io::Result<()>>,
}

/// How far a connection over a [`Cable`] has progressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// A client has connected.
    Begun,
    /// The last byte has passed and the connection is about to be cut.
    Over,
}

impl Cable {
    /// Creates a cable for one connection to the TCP server at `to`, cut after `most` bytes.
    ///
    /// # Errors
    /// If the system has no more sockets, or the address is not a TCP address.
    pub fn lay(to: &Address, most: u64) -> Result<Cable, Error> {
        Cable::lay_and_tell(to, most, |_| ())
    }

    /// Like [`lay`](Cable::lay), and calls `tell` as the connection progresses. It is cut after
    /// `tell` has returned.
    ///
    /// # Errors
    /// The same as [`lay`](Cable::lay).
    pub fn lay_and_tell(to: &Address, most: u64, tell: impl Fn(Passage) + Send + 'static) -> Result<Cable, Error> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = format!("tcp://{}", listener.local_addr()?).parse()?;
        let server = TcpStream::connect(to.to_string().trim_start_matches("tcp://"))?;
        let carrying = thread::spawn(move || {
            let (client, _) = listener.accept()?;
            // A second connection is refused.
            drop(listener);
            tell(Passage::Begun);
            carry(client, server, most, tell)
        });
        Ok(Cable { address, carrying })
    }

    /// Returns the address that a client connects to.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Blocks until the server has read everything that passed and has noticed the cut. A client
    /// must have connected.
    pub fn wait(self) {
        // Errors of a connection that was cut do not matter.
        _ = self.carrying.join();
    }
}

fn carry(mut client: TcpStream, mut server: TcpStream, most: u64, tell: impl Fn(Passage)) -> io::Result<()> {
    let left = Arc::new(AtomicU64::new(most));
    let (mut from_server, mut to_client, rest) = (server.try_clone()?, client.try_clone()?, Arc::clone(&left));
    let back = thread::spawn(move || {
        forward(&mut from_server, &mut to_client, &rest);
        cut(&to_client, &from_server);
        io::copy(&mut from_server, &mut io::sink())
    });
    forward(&mut client, &mut server, &left);
    tell(Passage::Over);
    cut(&client, &server);
    _ = back.join();
    Ok(())
}

/// Forwards until the source ends or the last allowed byte has passed.
fn forward(from: &mut TcpStream, to: &mut TcpStream, left: &AtomicU64) {
    let mut piece = vec![0; 64 << 10];
    while let Ok(count @ 1..) = from.read(&mut piece) {
        let taken = |left: u64| Some(left.saturating_sub(count as u64));
        let before = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, taken).unwrap_or(0);
        let passes = usize::try_from(before).unwrap_or(usize::MAX).min(count);
        if to.write_all(&piece[..passes]).is_err() || passes < count {
            return;
        }
    }
}

/// Shuts down the client's connection, and the writing side towards the server, which can still
/// read what it has not read yet.
fn cut(client: &TcpStream, server: &TcpStream) {
    // Fails if the connection has already ended.
    _ = client.shutdown(Shutdown::Both);
    _ = server.shutdown(Shutdown::Write);
}
