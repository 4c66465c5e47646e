//! What a client writes when a stream is dropped, frame by frame.

use std::io::Read;
use std::thread;

use rpc_core::{Client, Error, Misuse, OctetReader, Result};
use rpc_tests::{ScriptedPeer, watchdog, wire};
use serde_json::{Value, json};
use wire::{DATA, HEADER, TRAILER};

/// Answers a call with the beginning of a stream, sends its end when a cancel has come, then
/// answers a plain call. Returns the plain call's result, and the server's peer.
fn cancelled(begin: &[u8], end: &[u8], read: impl FnOnce(OctetReader<'static>)) -> (Result<u8>, ScriptedPeer) {
    let (mut peer, transport) = ScriptedPeer::new();
    thread::scope(|scope| {
        let server = scope.spawn(move || {
            peer.await_requests(1);
            peer.send(begin);
            if peer.await_frames(|frames| frames.len() >= 3) && peer.kinds()[2] == TRAILER {
                peer.send(end);
            }
            if peer.await_frames(|frames| frames.iter().filter(|frame| frame.kind == DATA).count() >= 2) {
                peer.send(&wire::ok_json("2"));
            }
            peer.await_end();
            peer
        });
        let client = Client::from_transport(transport).unwrap();
        read(client.call("flow").with(&()).octets().unwrap());
        let next = client.call("next").with(&()).json::<u8>();
        drop(client);
        (next, server.join().unwrap())
    })
}

fn read_one(mut stream: OctetReader<'static>) {
    stream.read_exact(&mut [0]).unwrap();
}

#[test]
fn exactly_one_trailer_cancels() {
    watchdog(|| {
        let ends = [
            wire::trailer(2, "as you like"),
            wire::data(""),
            wire::data("the last of it"),
            [wire::more(vec![7; 1_000_000]), wire::more(""), wire::trailer(4, "failed meanwhile")].concat(),
        ];
        let begins = [wire::ok(4), [wire::ok(4), wire::more("ab")].concat(), [wire::ok(4), wire::more("")].concat()];
        for (begin, end) in begins.iter().flat_map(|begin| ends.iter().map(move |end| (begin, end))) {
            let reads = begin.ends_with(b"ab");
            let (next, peer) = cancelled(begin, end, |stream| {
                if reads {
                    read_one(stream);
                }
            });
            assert_eq!(next.unwrap(), 2);
            assert_eq!(peer.kinds(), [HEADER, DATA, TRAILER, HEADER, DATA, HEADER], "the last is Close");
            let trailer = &wire::frames(&peer.received)[2];
            let said: Value = serde_json::from_slice(&trailer.payload).unwrap();
            assert!(trailer.last && said["Error"] == json!(2), "{said}");
        }
    });
}

#[test]
fn a_frame_that_the_drop_interrupts_is_discarded() {
    watchdog(|| {
        let frame = wire::more(vec![7; 100_000]);
        let (begin, rest) = frame.split_at(60_000);
        let end = [rest, &wire::trailer(2, "cancelled")].concat();
        let (next, peer) = cancelled(&[&wire::ok(4), begin].concat(), &end, read_one);
        assert_eq!(next.unwrap(), 2);
        assert_eq!(peer.kinds()[..5], [HEADER, DATA, TRAILER, HEADER, DATA]);
    });
}

#[test]
fn a_rest_that_has_arrived_is_discarded_without_a_cancel() {
    watchdog(|| {
        for rest in [
            wire::data("abc"),
            [wire::more("ab"), wire::more(""), wire::data("c")].concat(),
            [wire::more("abc"), wire::trailer(4, "failed")].concat(),
            [wire::more("abc"), wire::data("")].concat(),
        ] {
            for header in [wire::ok(4), wire::header(r#"{"DataType":4,"Error":1}"#)] {
                let old = !header.ends_with(br#""Revision":1}"#);
                if old && rest.contains(&TRAILER) {
                    continue;
                }
                let (next, peer) = cancelled(&[header, rest.clone()].concat(), &[], drop);
                assert_eq!(next.unwrap(), 2, "also towards revision 0");
                assert_eq!(peer.kinds()[..4], [HEADER, DATA, HEADER, DATA]);
            }
        }
    });
}

#[test]
fn towards_revision_0_the_connection_is_closed() {
    watchdog(|| {
        let begin = [wire::header(r#"{"DataType":4,"Error":1}"#), wire::more("ab")].concat();
        let (next, peer) = cancelled(&begin, &[], read_one);
        assert!(matches!(next, Err(Error::Misuse(Misuse::Closed))), "{next:?}");
        assert_eq!(peer.kinds(), [HEADER, DATA], "no Trailer to a peer that does not know it");
    });
}

#[test]
fn a_server_that_breaks_the_rules_after_a_cancel_costs_the_connection() {
    watchdog(|| {
        for end in [
            wire::header("{}"),
            wire::reset(),
            wire::trailer(1, "fine"),
            wire::frame(TRAILER, false, b"{}"),
            vec![0x77; 6],
        ] {
            let (next, _) = cancelled(&[wire::ok(4), wire::more("ab")].concat(), &end, read_one);
            assert!(matches!(next, Err(Error::Misuse(Misuse::Closed))), "{next:?}");
        }
    });
}
