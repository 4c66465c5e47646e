//! The bare ping-pong: the bytes of one of our calls in both directions, with one write and one
//! read on each side.

use std::any::Any;
use std::fs::File;
use std::io::{self, Read, Write};
use std::thread;

use super::socket;
use super::{Client, share};
use crate::plan::{Outcome, Plan, Work};

pub(crate) fn serve(plan: &Plan) -> Outcome<(String, Box<dyn Any>)> {
    let recorded = plan.recorded.clone();
    let address = socket::listen(plan, move |mut socket| {
        let mut request = vec![0; recorded.request.len()];
        // ends when the client closes
        while take(&mut socket, &mut request).is_ok() && socket.write_all(&recorded.reply).is_ok() {}
    })?;
    Ok((address, Box::new(())))
}

/// Opens a connection for each caller.
pub(crate) fn connect(plan: &Plan, address: &str) -> Outcome<Box<dyn Client>> {
    let callers = match plan.work {
        Work::Calls { callers, .. } => callers,
        Work::Down(_) | Work::Up | Work::ItemsDown(_) | Work::ItemsUp(_) => 1,
    };
    let pings: Outcome<Vec<Ping>> = (0..callers)
        .map(|_| {
            let socket = socket::connect(plan, address)?;
            let reply = vec![0; plan.recorded.reply.len()];
            Ok(Ping { socket, request: plan.recorded.request.clone(), reply })
        })
        .collect();
    Ok(Box::new(Pings(pings?)))
}

/// Fills the buffer, which takes one read if the bytes were sent in one write.
fn take(socket: &mut File, buffer: &mut [u8]) -> io::Result<()> {
    socket.read_exact(buffer)
}

struct Ping {
    socket: File,
    request: Vec<u8>,
    reply: Vec<u8>,
}

struct Pings(Vec<Ping>);

impl Client for Pings {
    fn run(&mut self, times: u64) -> Outcome<()> {
        if let [one] = &mut self.0[..] {
            return Ok(one.run(times)?);
        }
        let callers = self.0.len() as u64;
        thread::scope(|scope| {
            let shares = self.0.iter_mut().zip((0..callers).map(|at| share(times, callers, at)));
            let threads: Vec<_> = shares.map(|(ping, share)| scope.spawn(move || ping.run(share))).collect();
            threads.into_iter().try_for_each(|thread| match thread.join() {
                Ok(outcome) => Ok(outcome?),
                Err(_) => Err("a caller panicked".into()),
            })
        })
    }
}

impl Ping {
    fn run(&mut self, times: u64) -> io::Result<()> {
        for _ in 0..times {
            self.socket.write_all(&self.request)?;
            take(&mut self.socket, &mut self.reply)?;
        }
        Ok(())
    }
}
