//! Peers that are slow but not silent.

use std::io::{self, Read};
use std::thread;
use std::time::Duration;

use rpc_core::{CallOptions, Client, Operation};
use rpc_tests::{TransportKind, watchdog, wire};
use serde_json::Value;

use crate::far_end::{Far, SOON, against, met, patient, soon};

/// The pause between two bits of progress; far below every limit.
const PAUSE: Duration = Duration::from_millis(60);

/// The number of bits.
const TIMES: usize = 100;

/// A limit that each bit renews, and that is shorter than all of them together. On a busy machine a
/// thread may wait for more than a second.
const STALL: Duration = Duration::from_secs(5);

/// Sends a byte at a time, as long as the client reads.
fn trickle(far: &mut Far, bytes: &[u8]) {
    far.read(1);
    for byte in bytes {
        if far.pause(PAUSE) || !far.send(&[*byte]) {
            return;
        }
    }
    far.read_all();
}

#[test]
fn a_reply_of_json_in_single_bytes_ends_at_the_limit() {
    watchdog(|| {
        let reply = [wire::ok(3), wire::data(" ".repeat(10_000))].concat();
        for &transport in TransportKind::ALL {
            let slow = |far: &mut Far| trickle(far, &reply);
            let call = |client: &Client| client.call("x").with(&()).json::<Value>().unwrap_err();
            let of_client = against(transport, patient().reply_timeout(Some(SOON)), slow, call);
            assert!(!met(of_client, Operation::WaitingForReply));
            let of_call = against(transport, patient(), slow, |client| call(&client.with_options(soon())));
            assert!(!met(of_call, Operation::WaitingForReply));
        }
    });
}

/// Each bit renews the stall limit. Together they take longer than that limit, and longer than the
/// call's own, which applies only up to the header of a stream.
#[test]
fn a_stream_in_small_bits_may_take_any_time() {
    watchdog(|| {
        let limit = CallOptions::default().timeout(Some(STALL));
        thread::scope(|scope| {
            for &transport in TransportKind::ALL {
                let limit = limit.clone();
                let slow = |far: &mut Far| {
                    far.read(1);
                    far.send(&wire::ok(4));
                    for _ in 0..TIMES {
                        assert!(!far.pause(PAUSE));
                        far.send(&wire::more("a"));
                    }
                    far.send(&wire::data(""));
                };
                scope.spawn(move || {
                    let config = patient().stall_timeout(Some(STALL)).reply_timeout(Some(STALL));
                    let count = against(transport, config, slow, |client| {
                        let client = client.with_options(limit);
                        client.call("x").with(&()).octets().unwrap().read_to_end(&mut Vec::new()).unwrap()
                    });
                    assert_eq!(count, TIMES);
                });
            }
        });
    });
}

/// The same inside one frame.
#[test]
fn a_frame_in_single_bytes_may_take_any_time() {
    watchdog(|| {
        let stream = wire::data(vec![7; TIMES]);
        let (head, payload) = stream.split_at(6);
        let slow = |far: &mut Far| {
            far.read(1);
            far.send(&[&wire::ok(4), head].concat());
            trickle(far, payload);
        };
        let config = patient().stall_timeout(Some(STALL));
        let count = against(TransportKind::Memory, config, slow, |client| {
            client.call("x").with(&()).octets().unwrap().read_to_end(&mut Vec::new()).unwrap()
        });
        assert_eq!(count, TIMES);
    });
}

/// A server that reads little at a time, but keeps reading.
#[test]
fn an_upload_in_small_bits_may_take_any_time() {
    watchdog(|| {
        let slow = |far: &mut Far| {
            let mut taken = 0;
            while taken < TIMES * 8_192 {
                assert!(!far.pause(PAUSE));
                taken += far.read(8_192);
            }
            far.send(&[wire::ok(3), wire::data("1")].concat());
            far.read_all();
        };
        let config = patient().stall_timeout(Some(STALL)).reply_timeout(Some(STALL));
        let answer = against(TransportKind::Memory, config, slow, |client| {
            client.call("x").with_octets(io::repeat(7).take(TIMES as u64 * 8_192)).json::<u8>()
        });
        assert_eq!(answer.unwrap(), 1);
    });
}

#[test]
fn an_upload_in_small_bits_ends_at_an_explicit_limit() {
    watchdog(|| {
        for &transport in TransportKind::ALL {
            let slow = |far: &mut Far| while !far.pause(PAUSE) && far.read(1024) > 0 {};
            let error = against(transport, patient(), slow, |client| {
                client.with_options(soon()).call("x").with_octets(io::repeat(7)).json::<u8>().unwrap_err()
            });
            assert!(!met(error, Operation::Sending));
        }
    });
}
