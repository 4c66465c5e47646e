//! The bare ping-pong: the bytes of one of our calls, there and back, one write and one read on each side.

use std::any::Any;
use std::fs::File;
use std::io::{self, Read, Write};

use super::Client;
use super::socket;
use crate::plan::{Outcome, Plan};

pub(crate) fn serve(plan: &Plan) -> Outcome<(String, Box<dyn Any>)> {
    let recorded = plan.recorded.clone();
    let address = socket::listen(plan, move |mut socket| {
        let mut request = vec![0; recorded.request.len()];
        // ends when the client goes
        while take(&mut socket, &mut request).is_ok() && socket.write_all(&recorded.reply).is_ok() {}
    })?;
    Ok((address, Box::new(())))
}

pub(crate) fn connect(plan: &Plan, address: &str) -> Outcome<Box<dyn Client>> {
    let socket = socket::connect(plan, address)?;
    let reply = vec![0; plan.recorded.reply.len()];
    Ok(Box::new(Ping { socket, request: plan.recorded.request.clone(), reply }))
}

/// Fills the buffer, which takes one read where the bytes came in one write.
fn take(socket: &mut File, buffer: &mut [u8]) -> io::Result<()> {
    socket.read_exact(buffer)
}

struct Ping {
    socket: File,
    request: Vec<u8>,
    reply: Vec<u8>,
}

impl Client for Ping {
    fn run(&mut self, times: u64) -> Outcome<()> {
        for _ in 0..times {
            self.socket.write_all(&self.request)?;
            take(&mut self.socket, &mut self.reply)?;
        }
        Ok(())
    }
}
