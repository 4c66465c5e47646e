//! Peers that send empty frames, which never count as progress.

use std::io::{self, Read};
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::transport::{Parts, ReadHalf};
use rpc_core::{Client, Error, OctetReader, Operation};
use rpc_tests::{TransportKind, watchdog, wire};

use crate::far_end::{Far, SOON, against, met, patient};

/// The pause between two empty frames; shorter than every limit.
const PAUSE: Duration = Duration::from_millis(50);

/// Answers OK with octets, reads nothing, and sends empty frames until the client is gone.
fn empty(far: &mut Far, pause: Duration) {
    far.read(1);
    far.send(&wire::ok(4));
    // without a pause there is always something to read
    let frames = wire::more("").repeat(if pause.is_zero() { 5_000 } else { 1 });
    while far.send(&frames) && !far.pause(pause) {}
}

/// Reads the reply of a call until it fails.
fn failed<R: Read>(mut stream: OctetReader<'_, R>) -> Error {
    Error::from(stream.read(&mut [0; 100]).unwrap_err())
}

/// With a stall limit of 1 s, a client whose octets went both ways was still blocked after 25 s,
/// because each empty frame woke it and restarted the limit.
#[test]
fn empty_frames_do_not_prolong_a_call_with_octets_both_ways() {
    watchdog(|| {
        thread::scope(|scope| {
            for &transport in TransportKind::ALL {
                for pause in [PAUSE, Duration::ZERO] {
                    scope.spawn(move || {
                        let both =
                            |client: &Client| failed(client.call("x").with_octets(io::repeat(7)).octets().unwrap());
                        let config = patient().stall_timeout(Some(SOON));
                        assert!(!met(
                            against(transport, config, |far| empty(far, pause), both),
                            Operation::ReadingStream
                        ));
                    });
                }
            }
        });
    });
}

#[test]
fn empty_frames_do_not_prolong_a_call_with_octets_one_way() {
    watchdog(|| {
        thread::scope(|scope| {
            for &transport in TransportKind::ALL {
                for pause in [PAUSE, Duration::ZERO] {
                    scope.spawn(move || {
                        let down = |client: &Client| failed(client.call("x").with(&()).octets().unwrap());
                        let config = patient().stall_timeout(Some(SOON));
                        assert!(!met(
                            against(transport, config, |far| empty(far, pause), down),
                            Operation::ReadingStream
                        ));
                    });
                }
            }
        });
    });
}

/// A server that answers a pipelined call with empty frames only, and reads no more requests.
#[test]
fn empty_frames_do_not_prolong_pipelined_calls() {
    watchdog(|| {
        for &transport in TransportKind::ALL {
            let far = |far: &mut Far| {
                far.read(1);
                far.send(&wire::ok(3));
                while far.send(&wire::more("")) && !far.pause(PAUSE) {}
            };
            let error = against(transport, patient().reply_timeout(Some(SOON)), far, |client| {
                let arguments = std::iter::repeat_n("x".repeat(1000), 1000);
                client.pipeline::<_, String>("x", arguments).unwrap().find_map(Result::err).unwrap()
            });
            assert!(!met(error, Operation::WaitingForReply));
        }
    });
}

/// Never blocks: there is always something to read, only empty frames.
struct Flood(Vec<u8>);

impl ReadHalf for Flood {
    fn read(&mut self, buf: &mut [u8], _until: Option<Instant>) -> io::Result<usize> {
        let count = buf.len().min(self.0.len());
        buf[..count].copy_from_slice(&self.0[..count]);
        self.0.drain(..count);
        if self.0.is_empty() {
            self.0 = wire::more("").repeat(10_000);
        }
        Ok(count)
    }
}

/// A transport need not check its limit while it has bytes.
#[test]
fn a_flood_of_empty_frames_ends_at_the_limit_even_if_the_transport_ignores_the_clock() {
    watchdog(|| {
        let (near, _far) = TransportKind::Memory.pair().unwrap();
        let parts = Parts { reader: Box::new(Flood(wire::ok(4))), ..near };
        let client = Client::from_transport_with(parts, patient().stall_timeout(Some(SOON))).unwrap();
        assert!(!met(failed(client.call("x").with(&()).octets().unwrap()), Operation::ReadingStream));
    });
}
