//! Servers that do not end a stream after a cancel: the drop still returns, and closes the
//! connection.

use std::io::{Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::transport::{MemoryStream, memory_pair};
use rpc_core::{Client, Error, Misuse};
use rpc_tests::{watchdog, wire};

/// Drops a stream whose server then follows this script.
fn drop_towards(server: impl FnOnce(MemoryStream) + Send) {
    let (ours, transport) = memory_pair();
    thread::scope(|scope| {
        scope.spawn(move || server(ours));
        let client = Client::from_transport(transport).unwrap();
        let mut stream = client.call("flow").with(&()).octets().unwrap();
        stream.read_exact(&mut [0]).unwrap();
        let begin = Instant::now();
        drop(stream);
        assert!(begin.elapsed() < Duration::from_secs(30), "the drop took {:?}", begin.elapsed());
        let next = client.call("next").with(&()).json::<u8>().unwrap_err();
        assert!(matches!(next, Error::Misuse(Misuse::Closed)), "{next:?}");
    });
}

fn begin(server: &mut MemoryStream) {
    server.read_exact(&mut [0]).unwrap();
    server.write_all(&[wire::ok(4), wire::more("ab")].concat()).unwrap();
}

#[test]
fn one_that_keeps_sending() {
    watchdog(|| {
        drop_towards(|mut server| {
            begin(&mut server);
            let piece = wire::more(vec![7; 100_000]);
            while server.write_all(&piece).is_ok() {}
        });
    });
}

#[test]
fn one_that_falls_silent() {
    watchdog(|| {
        let lasts = [vec![], wire::more(""), wire::more("abc")[..8].to_vec(), wire::trailer(4, "x")[..9].to_vec()];
        // each takes the full time limit for discarding, so run all at once
        thread::scope(|scope| {
            for last in lasts {
                scope.spawn(move || {
                    drop_towards(move |mut server| {
                        begin(&mut server);
                        server.write_all(&last).unwrap();
                        _ = server.read_to_end(&mut Vec::new());
                    });
                });
            }
        });
    });
}

#[test]
fn one_that_keeps_sending_empty_frames() {
    watchdog(|| {
        drop_towards(|mut server| {
            begin(&mut server);
            let many = wire::more("").repeat(100);
            while server.write_all(&many).is_ok() {}
        });
    });
}

#[test]
fn one_that_is_gone() {
    watchdog(|| drop_towards(|mut server| begin(&mut server)));
}
