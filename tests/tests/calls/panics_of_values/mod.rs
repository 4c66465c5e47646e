//! Values, errors and readers that panic in the library's hands: on the server the caller hears of
//! it, on the client the caller gets its own panic. Later calls work.

mod service;

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::thread;

use rpc_core::{Client, ClientConfig, Ended, Error, Misuse, OctetReader, Result, ServerConfig, Status};
use rpc_tests::{Connections, TransportKind, serve_bytes, watchdog, wire};

use crate::fixture::Served;

use service::{
    ECHOED, Fuse, Fuses, FusesClient, FusesServer, Handler, Own, OwnClient, OwnServer, Seen, Unspeakable, zeros,
};

/// Checks an error of a call whose handler panicked, and which left the connection in step.
fn assert_panicked(error: &Error) {
    let remote = error.remote().unwrap_or_else(|| panic!("{error:?}"));
    assert_eq!((remote.status, remote.message.as_str()), (Status::ServerError, "the handler panicked"));
    // a reply cannot say that a handler did not run, unless it refuses the whole connection
    assert!(error.connection_usable() && !error.never_ran(), "{error:?}");
}

/// Runs a test over each transport, with connections of their own and with shared ones.
fn everywhere(test: impl Fn(&FusesClient, &Seen, &Connections) + Send + 'static) {
    watchdog(move || {
        for transport in TransportKind::ALL {
            for shared in [0, 1] {
                let (handler, seen) = Handler::new();
                let config = ClientConfig::default().shared_connections(shared);
                let service = FusesServer::new(handler);
                let (client, connections) = transport.serve_with(service, config, ServerConfig::default(), |near| near);
                let client = FusesClient::new(client);
                // so that the client knows the server's revision
                client.count().unwrap();
                test(&client, &seen, &connections);
                client.count().unwrap();
            }
        }
    });
}

#[test]
fn a_parameter_that_cannot_be_read_without_a_panic() {
    everywhere(|client, seen, connections| {
        for _ in 0..2 {
            assert_panicked(&client.take(Fuse::BlowsWhenRead).unwrap_err());
            client.take(Fuse::Sound).unwrap();
            assert_panicked(&client.take_two("x", Fuse::BlowsWhenRead).unwrap_err());
            let content = io::repeat(7).take(10_000_000);
            assert_panicked(&client.take_before(Fuse::BlowsWhenRead, content).unwrap_err());
        }
        assert_eq!((seen.ran.load(Ordering::SeqCst), connections.count()), (2, 1));
    });
}

#[test]
fn a_result_that_cannot_be_written_without_a_panic() {
    everywhere(|client, seen, connections| {
        for _ in 0..2 {
            assert_panicked(&client.give(false).unwrap_err());
            assert_eq!(client.give(true).unwrap(), Fuse::Sound);
            assert_panicked(&client.give_before().map(drop).unwrap_err());
        }
        assert_eq!((seen.ran.load(Ordering::SeqCst), connections.count()), (6, 1));
    });
}

#[test]
fn an_error_whose_text_panics() {
    everywhere(|client, _seen, connections| {
        let status = Some(Status::ServerError.to_wire());
        assert!(matches!(client.say().unwrap_err(), Unspeakable::Heard { status: found } if found == status));
        client.count().unwrap();
        assert_eq!(connections.count(), 1);
    });
}

#[test]
fn a_handler_that_panics_after_it_has_read_its_stream() {
    everywhere(|client, seen, connections| {
        for length in [0, 1, 10_000_000] {
            assert_panicked(&client.read_then_panic(io::repeat(7).take(length)).unwrap_err());
        }
        assert_eq!((seen.ran.load(Ordering::SeqCst), connections.count()), (3, 1));
    });
}

fn read_to_panic<R: Read>(mut stream: OctetReader<'_, R>, expected: usize) {
    let mut bytes = Vec::new();
    assert_panicked(&Error::from(stream.read_to_end(&mut bytes).unwrap_err()));
    assert_eq!(bytes.len(), expected);
    // it stays failed
    assert_panicked(&Error::from(stream.read(&mut [0]).unwrap_err()));
}

#[test]
fn a_returned_reader_that_panics() {
    everywhere(|client, _seen, connections| {
        for after in [0, 1, 3_000_000] {
            read_to_panic(client.stream(after).unwrap(), after);
            client.count().unwrap();
            let (label, stream) = client.labelled(after).unwrap();
            assert_eq!(label, "zeros");
            read_to_panic(stream, after);
            client.count().unwrap();
        }
        assert_eq!(connections.count(), 1);
    });
}

#[test]
fn a_returned_reader_that_panics_while_octets_go_both_ways() {
    everywhere(|client, _seen, connections| {
        for length in [ECHOED as u64, 100_000_000] {
            read_to_panic(client.echo(io::repeat(7).take(length)).unwrap(), ECHOED);
            client.count().unwrap();
        }
        assert_eq!(connections.count(), 1);
    });
}

/// An original client understands no Trailer: the stream stops without its final frame, and the
/// Reset says that nothing behind it ran.
#[test]
fn a_returned_reader_that_panics_ends_the_connection_of_an_original_client() {
    watchdog(|| {
        let requests = [wire::request("stream", 4, "5"), wire::request("count", 3, "null")].concat();
        let service = FusesServer::new(Handler::new().0);
        let (ended, sent) = serve_bytes(&requests, service, ServerConfig::default(), |transport| transport);
        assert_eq!(ended.unwrap(), Ended::GivenUp);
        let frames = wire::frames(&sent);
        let kinds: Vec<u8> = frames.iter().map(|frame| frame.kind).collect();
        assert_eq!(kinds, [wire::HEADER, wire::DATA, wire::RESET]);
        assert!(!frames[1].last && frames[1].payload == [0; 5]);
    });
}

/// The whole stream has arrived by then.
#[test]
fn a_returned_reader_whose_drop_panics() {
    everywhere(|client, _seen, connections| {
        let mut text = String::new();
        client.last_drop().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "all of it");
        client.count().unwrap();
        assert_eq!(connections.count(), 1);
    });
}

/// Runs what panics in the caller's own code.
fn own_panic<T>(call: impl FnOnce() -> T) {
    assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
}

#[test]
fn a_callers_own_values_that_panic() {
    everywhere(|client, seen, connections| {
        for _ in 0..2 {
            own_panic(|| client.take(Fuse::BlowsWhenWritten));
            own_panic(|| client.take_two("x", Fuse::BlowsWhenWritten));
            own_panic(|| client.take_before(Fuse::BlowsWhenWritten, io::empty()));
        }
        assert_eq!(client.count().unwrap(), 0, "nothing was sent");
        own_panic(|| client.give_unreadable());
        client.count().unwrap();
        assert_eq!((seen.ran.load(Ordering::SeqCst), connections.count()), (1, 1));
    });
}

/// The handler must not take the end for a clean one.
#[test]
fn a_callers_own_reader_that_panics() {
    everywhere(|client, seen, _connections| {
        for after in [1, 3_000_000] {
            own_panic(|| client.read_all(zeros(after)));
            assert!(!seen.reads.recv().unwrap());
            client.count().unwrap();
            own_panic(|| client.take_before(Fuse::Sound, zeros(after)));
            assert!(!seen.reads.recv().unwrap());
            client.count().unwrap();
        }
    });
}

#[test]
fn a_callers_own_reader_that_panics_while_octets_go_both_ways() {
    everywhere(|client, _seen, connections| {
        for after in [0, 1, 200_000] {
            own_panic(|| client.echo(zeros(after)).and_then(|mut stream| Ok(stream.read_to_end(&mut Vec::new())?)));
            client.count().unwrap();
        }
        assert_eq!(connections.count(), 1, "a Trailer has ended each request");
    });
}

#[test]
fn in_a_pipeline_each_costs_its_own_call() {
    watchdog(|| {
        let served = Served::new(FusesServer::new(Handler::new().0));
        let client = served.client();
        let fuses = [Fuse::Sound, Fuse::BlowsWhenRead, Fuse::Sound, Fuse::BlowsWhenRead, Fuse::Sound];
        let outcomes: Vec<Result<()>> = client.pipeline("take", fuses).unwrap().collect();
        assert_eq!(outcomes.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true, false, true]);
        outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).for_each(assert_panicked);
        let given: Vec<Result<Fuse>> = client.pipeline("give", [true, false, true]).unwrap().collect();
        assert_panicked(given[1].as_ref().unwrap_err());
        assert_eq!((given[0].as_ref().unwrap(), given[2].as_ref().unwrap()), (&Fuse::Sound, &Fuse::Sound));

        // a caller that goes on after its own panic has lost that argument only
        let fuses = [Fuse::Sound, Fuse::BlowsWhenWritten, Fuse::Sound];
        let mut replies = client.pipeline::<_, ()>("take", fuses).unwrap();
        own_panic(|| replies.next());
        assert_eq!(replies.by_ref().map(Result::unwrap).count(), 2);
        drop(replies);
        assert_eq!(client.call("count").json::<usize>().unwrap(), 8);
        assert_eq!(served.connections(), 1);
    });
}

/// What a session's handler holds may be half changed.
#[test]
fn in_a_session_each_ends_it() {
    watchdog(|| {
        let served = Served::new(OwnServer::new(Handler::new().0));
        let session = || OwnClient::connect(served.running.address()).unwrap();
        for after in [None, Some(0), Some(3_000_000)] {
            let mut session = session();
            assert_eq!(session.count().unwrap(), 1);
            let error = match after {
                None => session.take(Fuse::BlowsWhenRead).unwrap_err(),
                Some(after) => session.stream(after).unwrap().read_to_end(&mut Vec::new()).unwrap_err().into(),
            };
            assert_eq!(error.remote().unwrap().status, Status::ServerError);
            let error = session.count().unwrap_err();
            assert!(error.never_ran() && !error.connection_usable(), "{error:?}");
            assert!(matches!(session.count().unwrap_err(), Error::Misuse(Misuse::Closed)));
        }
        // the caller's own panic does not
        let mut session = session();
        own_panic(|| session.take(Fuse::BlowsWhenWritten));
        assert_eq!(session.count().unwrap(), 1);
    });
}

/// The calls of other threads on the same connection are not concerned.
#[test]
fn on_a_shared_connection_only_its_own_call_fails() {
    watchdog(|| {
        let served = Served::new(FusesServer::new(Handler::new().0));
        let client = served.client_with(ClientConfig::default().shared_connections(1).max_connections(1));
        let call = |client: &Client, fuse: Fuse| client.call("take").with(&fuse).json::<()>();
        thread::scope(|scope| {
            for thread in 0..8 {
                let client = &client;
                scope.spawn(move || {
                    for _ in 0..50 {
                        match thread % 2 {
                            0 => call(client, Fuse::Sound).unwrap(),
                            _ => assert_panicked(&call(client, Fuse::BlowsWhenRead).unwrap_err()),
                        }
                    }
                });
            }
        });
        assert_eq!(served.connections(), 1);
    });
}
