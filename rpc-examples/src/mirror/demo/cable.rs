//! A connection that is cut in the middle.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use rpc_core::{Address, Error};

/// Stands between a client and a server of this machine. Behind so many bytes, of both directions together, it is cut.
#[derive(Debug)]
pub struct Cable {
    address: Address,
    carrying: JoinHandle<io::Result<()>>,
}

/// How far a connection over a [`Cable`] has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// A client has connected.
    Begun,
    /// The last byte has passed, and the connection is about to be cut.
    Over,
}

impl Cable {
    /// A cable for one connection to this address of a TCP server.
    ///
    /// # Errors
    /// Where the system has no more sockets, or the address is not TCP's.
    pub fn lay(to: &Address, most: u64) -> Result<Cable, Error> {
        Cable::lay_and_tell(to, most, |_| ())
    }

    /// As [`lay`](Cable::lay), and tells how far the connection has come. It is cut when `tell` has returned.
    ///
    /// # Errors
    /// Those of [`lay`](Cable::lay).
    pub fn lay_and_tell(to: &Address, most: u64, tell: impl Fn(Passage) + Send + 'static) -> Result<Cable, Error> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = format!("tcp://{}", listener.local_addr()?).parse()?;
        let server = TcpStream::connect(to.to_string().trim_start_matches("tcp://"))?;
        let carrying = thread::spawn(move || {
            let (client, _) = listener.accept()?;
            // Whoever connects again is refused.
            drop(listener);
            tell(Passage::Begun);
            carry(client, server, most, tell)
        });
        Ok(Cable { address, carrying })
    }

    /// Where a client connects to.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Waits until the server has taken all that passed, and has noticed the cut. There has to have been a client.
    pub fn wait(self) {
        // What the two sockets say of a connection that is cut does not matter.
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

/// Until there is nothing more, or the last byte that may pass has passed.
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

/// Ends the client's connection, and towards the server what it reads: what it has not taken yet, it still can.
fn cut(client: &TcpStream, server: &TcpStream) {
    // One that has ended already stays so.
    _ = client.shutdown(Shutdown::Both);
    _ = server.shutdown(Shutdown::Write);
}
