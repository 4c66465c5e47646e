//! Octets over a bare socket: one byte requests them or acknowledges them, and the rest is the best
//! loop.
//!
//! From memory to memory, a loop writes slices of the sender's content, or copies each slice to one
//! buffer and writes that, and reads into one buffer.

use std::any::Any;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::Client;
use super::content::{self, Unknown};
use super::copying::Mover;
use super::socket;
use crate::plan::{Outcome, Plan, Source, Way, Work};

pub(crate) fn serve(plan: &Plan, content: Vec<u8>) -> Outcome<(String, Box<dyn Any>)> {
    let for_connections = plan.clone();
    let content = Arc::new(content);
    let address = socket::listen(plan, move |socket| {
        if let Err(error) = serve_one(&for_connections, &content, socket) {
            eprintln!("rpc-bench: the bare server: {error}");
        }
    })?;
    Ok((address, Box::new(())))
}

fn serve_one(plan: &Plan, content: &[u8], mut socket: File) -> io::Result<()> {
    let (sender, receiver) = plan.tuning.copies().map_err(io::Error::other)?;
    let mut mover = Mover::new(sender)?;
    let mut buffer = receive_buffer(receiver);
    let mut asked = [0];
    while plan.work == Work::Up || socket.read(&mut asked)? == 1 {
        if plan.work == Work::Up {
            if !receive(&mut socket, &mut buffer, plan.bytes)? {
                return Ok(());
            }
            socket.write_all(&asked)?;
        } else {
            send(plan, &mut mover, content, &mut socket)?;
        }
    }
    Ok(())
}

fn receive_buffer(receiver: Way) -> Vec<u8> {
    match receiver {
        Way::Loop(size) | Way::Copy(size) => vec![0; size],
        Way::Sendfile | Way::Splice => Vec::new(),
    }
}

/// Reads and discards. Returns `false` if the other side closed before the first byte.
fn receive(socket: &mut File, buffer: &mut [u8], bytes: usize) -> io::Result<bool> {
    let mut left = bytes;
    while left > 0 {
        let most = left.min(buffer.len());
        match socket.read(&mut buffer[..most])? {
            0 if left == bytes => return Ok(false),
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => left -= count,
        }
    }
    Ok(true)
}

fn send_memory(socket: &mut File, content: &[u8], sender: Way, buffer: &mut [u8]) -> io::Result<()> {
    content.chunks(buffer.len()).try_for_each(|piece| {
        if let Way::Copy(_) = sender {
            let copied = &mut buffer[..piece.len()];
            copied.copy_from_slice(piece);
            socket.write_all(copied)
        } else {
            socket.write_all(piece)
        }
    })
}

/// Sends from any source.
fn send(plan: &Plan, mover: &mut Mover, content: &[u8], socket: &mut File) -> io::Result<()> {
    let Work::Down(source) = plan.work else { return Err(io::ErrorKind::InvalidInput.into()) };
    match (source, mover) {
        (Source::Memory, Mover::Loop(buffer)) => {
            let (sender, _) = plan.tuning.copies().map_err(io::Error::other)?;
            send_memory(socket, content, sender, buffer)
        }
        (Source::Unknown, Mover::Loop(buffer)) => {
            let mut unknown = Unknown(content);
            loop {
                match unknown.read(buffer)? {
                    0 => return Ok(()),
                    count => socket.write_all(&buffer[..count])?,
                }
            }
        }
        (Source::File, mover) => mover.copy(&mut File::open(&plan.source)?, socket, plan.bytes),
        (Source::Child, mover) => {
            let (mut child, output) = content::producer(plan.bytes)?;
            mover.copy(&mut File::from(OwnedFd::from(output)), socket, plan.bytes)?;
            child.wait().map(|_| ())
        }
        (Source::Memory | Source::Unknown, _) => Err(io::ErrorKind::InvalidInput.into()),
    }
}

pub(crate) fn connect(plan: &Plan, address: &str, content: Vec<u8>) -> Outcome<Box<dyn Client>> {
    let socket = socket::connect(plan, address)?;
    let (sender, receiver) = plan.tuning.copies()?;
    Ok(match plan.work {
        Work::Up => match sender {
            Way::Loop(size) | Way::Copy(size) => Box::new(Up { socket, content, sender, buffer: vec![0; size] }),
            Way::Sendfile | Way::Splice => return Err("memory can only be sent by a loop".into()),
        },
        Work::Down(source) if source.goes_to_file() => Box::new(ToFile {
            socket,
            sink: File::options().write(true).open(&plan.sink)?,
            mover: Mover::new(receiver)?,
            bytes: plan.bytes,
        }),
        Work::ItemsDown(_) | Work::ItemsUp(_) => return Err("a bare socket has no items".into()),
        Work::Down(_) | Work::Calls { .. } => {
            Box::new(ToBuffer { socket, buffer: receive_buffer(receiver), bytes: plan.bytes })
        }
    })
}

struct ToBuffer {
    socket: File,
    buffer: Vec<u8>,
    bytes: usize,
}

impl Client for ToBuffer {
    fn run(&mut self, times: u64) -> Outcome<()> {
        for _ in 0..times {
            self.socket.write_all(&[1])?;
            if !receive(&mut self.socket, &mut self.buffer, self.bytes)? {
                return Err("the server has closed the connection".into());
            }
        }
        Ok(())
    }
}

struct ToFile {
    socket: File,
    sink: File,
    mover: Mover,
    bytes: usize,
}

impl Client for ToFile {
    fn run(&mut self, times: u64) -> Outcome<()> {
        for _ in 0..times {
            self.sink.rewind()?;
            self.socket.write_all(&[1])?;
            self.mover.copy(&mut self.socket, &mut self.sink, self.bytes)?;
        }
        Ok(())
    }
}

struct Up {
    socket: File,
    content: Vec<u8>,
    sender: Way,
    buffer: Vec<u8>,
}

impl Client for Up {
    fn run(&mut self, times: u64) -> Outcome<()> {
        for _ in 0..times {
            send_memory(&mut self.socket, &self.content, self.sender, &mut self.buffer)?;
            self.socket.read_exact(&mut [0])?;
        }
        Ok(())
    }
}
