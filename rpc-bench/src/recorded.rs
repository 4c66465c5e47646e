//! Records the bytes of one small call of ours, with a relay between client and server.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::plan::{Network, Order, Outcome, Plan, Recorded};
use crate::roles::{Bench, BenchClient, serve_in_process};

/// The bytes of one direction.
type Seen = Arc<Mutex<Vec<u8>>>;

/// Makes a call that is not the first on its connection, and returns its bytes.
pub(crate) fn record(plan: &Plan) -> Outcome<Recorded> {
    let server = serve_in_process(&Plan { network: Network::Tcp, ..plan.clone() }, Vec::new())?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let client = {
        let address = format!("tcp://{}", listener.local_addr()?);
        thread::spawn(move || BenchClient::connect(&*address))
    };
    let near = listener.accept()?.0;
    let far = TcpStream::connect(server.address().to_string().trim_start_matches("tcp://"))?;
    let (requests, replies) = (Seen::default(), Seen::default());
    relay(near.try_clone()?, far.try_clone()?, Arc::clone(&requests));
    relay(far, near, Arc::clone(&replies));

    let client = client.join().map_err(|_| "the recorded client panicked")??;
    for _ in 0..2 {
        take(&requests);
        take(&replies);
        client.order(&Order::sample())?.check()?;
    }
    let recorded = Recorded { request: take(&requests), reply: take(&replies) };
    BenchClient::close(client)?;
    server.shutdown(Duration::ZERO);
    Ok(recorded)
}

/// Forwards bytes, and records them before the receiver can read them.
fn relay(mut from: TcpStream, mut to: TcpStream, seen: Seen) {
    thread::spawn(move || {
        let outcome = pass_on(&mut from, &mut to, &seen);
        // the other side may already have closed
        _ = to.shutdown(Shutdown::Write);
        outcome
    });
}

fn pass_on(from: &mut TcpStream, to: &mut TcpStream, seen: &Seen) -> io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        let count = from.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        seen.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&buffer[..count]);
        to.write_all(&buffer[..count])?;
    }
}

fn take(seen: &Seen) -> Vec<u8> {
    std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use rpc_core::testing::watchdog;

    use super::record;
    use crate::cases;
    use crate::place::{Effort, Place};
    use crate::plan::Recorded;

    #[test]
    fn a_recorded_call_is_two_frames_each_way() {
        watchdog(|| {
            let place = Place::new(&Effort::TINY).unwrap();
            let case = cases::all().into_iter().find(|case| case.name == "call-tcp").unwrap();
            let Recorded { request, reply } =
                record(&crate::compare::plan(&case, case.ours, case.placements[0], &Effort::TINY, &place)).unwrap();
            for message in [request, reply] {
                let length = u32::from_le_bytes(message[2..6].try_into().unwrap()) as usize;
                assert_eq!((message[0], message[1]), (1, 1), "a whole header first");
                let body = &message[6 + length..];
                assert_eq!((body[0], body[1]), (2, 1), "then the whole body");
                assert_eq!(u32::from_le_bytes(body[2..6].try_into().unwrap()) as usize, body.len() - 6);
            }
        });
    }
}
