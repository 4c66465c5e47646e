//! A relay between TCP connections and a server, which delays each direction, as a long line does.
//! It does not limit the rate: each piece is forwarded when its own time has come, and those after
//! it are read meanwhile. Connecting is not delayed.
//!
//! usage: relay HOST:PORT MILLISECONDS
//!
//! Prints the address that it listens on, and runs until it is killed.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

/// Pieces of at most this many bytes are under way.
const PIECE: usize = 64 << 10;

/// At most this many pieces are under way in a direction of a connection, 128 MiB: ten times what
/// loopback moves in 10 ms.
const PIECES: usize = 2048;

struct Piece {
    due: Instant,
    bytes: Vec<u8>,
}

fn carry(from: TcpStream, to: TcpStream, delay: Duration) {
    let (sender, receiver) = mpsc::sync_channel(PIECES);
    thread::spawn(move || take(from, delay, &sender));
    thread::spawn(move || give(to, receiver));
}

/// Reads until the end. An empty piece is the end.
fn take(mut from: TcpStream, delay: Duration, pieces: &SyncSender<Piece>) {
    let mut buffer = vec![0; PIECE];
    loop {
        let count = from.read(&mut buffer).unwrap_or(0);
        let piece = Piece { due: Instant::now() + delay, bytes: buffer[..count].to_vec() };
        if pieces.send(piece).is_err() || count == 0 {
            return;
        }
    }
}

fn give(mut to: TcpStream, pieces: Receiver<Piece>) {
    for Piece { due, bytes } in pieces {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if bytes.is_empty() || to.write_all(&bytes).is_err() {
            break;
        }
    }
    // fails if the other side has ended it already
    _ = to.shutdown(Shutdown::Write);
}

fn main() -> io::Result<()> {
    let mut args = std::env::args().skip(1);
    let (Some(server), Some(Ok(millis))) = (args.next(), args.next().map(|text| text.parse())) else {
        panic!("usage: relay HOST:PORT MILLISECONDS");
    };
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    for client in listener.incoming() {
        let (client, server) = (client?, TcpStream::connect(&server)?);
        for stream in [&client, &server] {
            stream.set_nodelay(true)?;
        }
        carry(client.try_clone()?, server.try_clone()?, Duration::from_millis(millis));
        carry(server, client, Duration::from_millis(millis));
    }
    Ok(())
}
