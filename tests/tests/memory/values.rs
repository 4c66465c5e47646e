//! The memory that a stream of values takes on each side, whatever is in it.

use std::thread;
use std::time::Duration;

use rpc_core::{Client, Error, Result, values};
use rpc_tests::heap::{alone, as_client, peak};
use rpc_tests::{ScriptedPeer, watchdog_with_limit, wire};

use crate::service::{Depot, Name, serve};
use crate::streams::{HELPERS, measure};

const MIB: u64 = 1 << 20;

fn names(count: u64) -> impl Iterator<Item = Result<Name>> {
    values((0..count).map(Name::number))
}

/// Makes each kind of call with this many bytes of small items.
fn measure_each(address: &str, bytes: u64) {
    let server = serve(address);
    let count = bytes / Name::LEN;
    let text = serde_json::to_string(&Name::number(count)).unwrap() + "\n";
    assert_eq!(text.len() as u64, Name::LEN);
    let counted = |names: &mut dyn Iterator<Item = Result<Name>>| {
        assert_eq!(names.map(|name| name.map(|_| 1)).sum::<Result<u64>>().unwrap(), count);
    };
    measure("values down", &server, |depot| counted(&mut depot.names(count).unwrap()));
    measure("values up", &server, |depot| assert_eq!(depot.count(names(count)).unwrap(), count));
    if !HELPERS {
        measure("values both ways", &server, |depot| counted(&mut depot.rename(names(count)).unwrap()));
    }
}

#[test]
fn a_stream_of_values_takes_at_most_one_mib_on_each_side() {
    // the wait for the other tests must not count
    let _alone = alone();
    watchdog_with_limit(Duration::from_secs(600), || measure_each("tcp://127.0.0.1:0", 256 * MIB));
}

#[cfg(unix)]
#[test]
fn a_stream_of_values_takes_at_most_one_mib_on_each_side_of_a_unix_socket() {
    // the wait for the other tests must not count
    let _alone = alone();
    watchdog_with_limit(Duration::from_secs(600), || {
        let folder = tempfile::tempdir().unwrap();
        measure_each(&format!("unix://{}", folder.path().join("socket").display()), 32 * MIB);
    });
}

/// `scripts/ten-gib-of-values.sh` runs it, because it takes minutes.
#[test]
#[ignore = "it takes minutes"]
fn ten_gib_of_values_take_no_more() {
    let _alone = alone();
    watchdog_with_limit(Duration::from_secs(3600), || measure_each("tcp://127.0.0.1:0", 10 * 1024 * MIB));
}

/// Reads a stream that a peer sends until it has sent this many bytes or the reader has had enough,
/// and returns the first error and the most memory that the reader took.
fn read_hostile(piece: &'static [u8], times: usize) -> (Error, usize) {
    let (mut peer, transport) = ScriptedPeer::new();
    let playing = thread::spawn(move || {
        peer.await_requests(1);
        peer.send(&wire::ok(4));
        let frame = wire::more(piece);
        (0..times).for_each(|_| peer.send(&frame));
        peer.send(&wire::trailer(2, "enough"));
        peer.await_end();
    });
    let mut error = None;
    let heap = peak(|| {
        as_client(|| {
            let client = Client::from_transport(transport).unwrap();
            let stream = client.call("list").values::<u32>().unwrap();
            for item in stream {
                error = error.take().or(item.err());
            }
        });
    });
    playing.join().unwrap();
    (error.expect("nothing of it is a number"), heap.client)
}

#[test]
fn no_hostile_items_take_more_than_their_limit() {
    let _alone = alone();
    watchdog_with_limit(Duration::from_secs(120), || {
        const PIECE: &[u8] = &[b' '; 64 * 1024];
        // what has come is copied when the buffer grows, so twice the limit of 8 MiB
        let (error, took) = read_hostile(PIECE, 400);
        assert!(matches!(error, Error::Limit { .. }), "{error:?}");
        println!("no line break in 25 MiB: {} KiB", took / 1024);
        assert!(took < 17 << 20, "{took}");

        const EMPTY: &[u8] = &[b'\n'; 64 * 1024];
        let (error, took) = read_hostile(EMPTY, 20);
        assert!(matches!(error, Error::Protocol { .. }), "{error:?}");
        println!("a million empty lines: {} KiB", took / 1024);
        assert!(took < 1 << 20, "{took}");
    });
}
