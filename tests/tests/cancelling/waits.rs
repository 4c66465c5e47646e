//! Calls that wait for their server.

use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rpc_core::transport::Parts;
use rpc_core::{CallOptions, CancelToken, Client, ClientConfig, Error, Operation, Session};
use rpc_tests::{ScriptedPeer, TransportKind, watchdog, wire};

use crate::service::{Clerk, Desk, DeskServer, cancelled, next, with_token};

#[test]
fn a_call_that_waits_for_its_reply() {
    watchdog(|| {
        for transport in TransportKind::ALL {
            let (clerk, reports) = Clerk::new();
            let (client, connections) = transport.serve(DeskServer::new(clerk));
            let (desk, token) = with_token(&client);
            thread::scope(|scope| {
                let call = scope.spawn(|| desk.wait());
                assert_eq!(reports.recv().unwrap(), "waits");
                token.cancel();
                let error = call.join().unwrap().unwrap_err();
                assert_eq!(error.to_string(), "waiting for the reply was cancelled", "{transport:?}");
                assert_eq!(cancelled(&error), (false, false), "{transport:?}: it runs");
                assert_eq!(reports.recv().unwrap(), "alone", "the handler is told");
            });
            next(&client);
            assert_eq!(connections.count(), 2, "{transport:?}");
        }
    });
}

#[test]
fn a_call_that_has_not_begun() {
    watchdog(|| {
        for transport in TransportKind::ALL {
            let (clerk, reports) = Clerk::new();
            let (client, connections) = transport.serve(DeskServer::new(clerk));
            next(&client);
            assert_eq!(reports.recv().unwrap(), "echoed");
            let (desk, token) = with_token(&client);
            token.cancel();
            token.cancel();
            assert_eq!(cancelled(&desk.echo("never").unwrap_err()), (true, true), "{transport:?}");
            assert_eq!(cancelled(&desk.flow().map(drop).unwrap_err()), (true, true));
            assert_eq!(cancelled(&desk.count(io::repeat(1)).unwrap_err()), (true, true));
            assert!(reports.try_recv().is_err(), "nothing ran");
            next(&client);
            assert_eq!(connections.count(), 1, "{transport:?}");
        }
    });
}

/// What arrives before the cancel is the call's result.
#[test]
fn a_call_that_is_over() {
    watchdog(|| {
        let (client, connections) = TransportKind::Memory.serve(DeskServer::new(Clerk::new().0));
        let (desk, token) = with_token(&client);
        assert_eq!(desk.echo("in time").unwrap(), "in time");
        token.cancel();
        next(&client);
        assert_eq!(connections.count(), 1, "its connection is somebody else's");
    });
}

/// Runs a call against a peer by hand that reads until `cancels` says so, and then cancels.
fn against_peer<T: Send>(
    transport: TransportKind,
    call: impl FnOnce(&Client) -> Result<T, Error> + Send,
    peer: impl FnOnce(&mut Parts),
) -> Error {
    let (near, mut far) = transport.pair().unwrap();
    let client = Client::from_transport(near).unwrap();
    let token = CancelToken::new();
    let cancellable = client.with_options(CallOptions::default().cancel(&token));
    thread::scope(|scope| {
        let call = scope.spawn(move || call(&cancellable));
        peer(&mut far);
        token.cancel();
        let Err(error) = call.join().unwrap() else { panic!("it was cancelled") };
        error
    })
}

/// Reads a byte, so that the call has begun to send.
fn read_one(far: &mut Parts) {
    assert_eq!(far.reader.read(&mut [0], None).unwrap(), 1);
}

#[test]
fn a_call_that_waits_for_room_to_send() {
    watchdog(|| {
        let large = "y".repeat(7_000_000);
        // nothing wakes a write on Windows
        let sockets = |transport: &&TransportKind| cfg!(unix) || **transport != TransportKind::Tcp;
        for &transport in TransportKind::ALL.iter().filter(sockets) {
            let json = |client: &Client| client.call("x").with(&large).json::<u8>();
            let error = against_peer(transport, json, read_one);
            assert!(matches!(error, Error::Cancelled { operation: Operation::Sending, .. }), "{transport:?} {error:?}");
            assert_eq!(cancelled(&error), (true, false), "{transport:?}: no server runs a part of it");
            let stream = |client: &Client| client.call("x").with_octets(io::repeat(1)).json::<u8>();
            let error = against_peer(transport, stream, read_one);
            assert!(matches!(error, Error::Cancelled { operation: Operation::Sending, .. }), "{transport:?} {error:?}");
            assert_eq!(cancelled(&error), (false, false), "{transport:?}: a handler may have read it");
            let both_ways = |client: &Client| client.call("x").with_octets(io::repeat(1)).octets();
            assert_eq!(cancelled(&against_peer(transport, both_ways, read_one)), (false, false), "{transport:?}");
        }
    });
}

/// Makes a call, answers its `Ping` if it sends one, and sends a part of its reply before the
/// cancel.
fn with_half_a_reply(half: &[u8], call: impl FnOnce(&Client) -> Result<(), Error> + Send) -> Error {
    let (mut peer, transport) = ScriptedPeer::new();
    let client = Client::from_transport(transport).unwrap();
    let token = CancelToken::new();
    let client = client.with_options(CallOptions::default().cancel(&token));
    thread::scope(|scope| {
        let call = scope.spawn(move || call(&client));
        assert!(peer.await_frames(|frames| !frames.is_empty()));
        if peer.received.windows(4).any(|name| name == b"Ping") {
            peer.send(&wire::ok(2));
            assert!(peer.await_frames(|frames| frames.len() > 2));
        }
        peer.send(half);
        token.cancel();
        call.join().unwrap().unwrap_err()
    })
}

#[test]
fn a_call_that_has_read_half_of_its_reply() {
    watchdog(|| {
        let json = |client: &Client| client.call("x").json::<Vec<u8>>().map(drop);
        let header = &wire::frame(wire::HEADER, false, br#"{"Error":1,"#);
        assert_eq!(cancelled(&with_half_a_reply(header, json)), (false, false));
        assert_eq!(cancelled(&with_half_a_reply(&header[..3], json)), (false, false));
        let half = [wire::ok(3), wire::more("[1,2,")].concat();
        assert_eq!(cancelled(&with_half_a_reply(&half, json)), (false, false));
        let both = |client: &Client| client.call("x").json_and_octets::<Vec<u8>>().map(drop);
        let half = [wire::ok(5), wire::more("[1,2,")].concat();
        assert_eq!(cancelled(&with_half_a_reply(&half, both)), (false, false));
    });
}

/// Nothing can wake it, so it ends by its own limit.
#[test]
fn a_call_over_a_transport_without_a_control() {
    watchdog(|| {
        let (near, _far) = TransportKind::Records.pair().unwrap();
        let limit = Duration::from_millis(100);
        let config = ClientConfig::default().reply_timeout(Some(limit));
        let client = Client::from_transport_with(Parts { control: None, ..near }, config).unwrap();
        let (begun, beginning) = mpsc::channel();
        let token = CancelToken::new();
        let hook = move |_: &_| {
            begun.send(()).unwrap();
            None
        };
        let client = client.with_options(CallOptions::default().cancel(&token).trace_context(hook));
        thread::scope(|scope| {
            let call = scope.spawn(|| client.call("x").json::<u8>());
            beginning.recv().unwrap();
            token.cancel();
            assert!(call.join().unwrap().unwrap_err().is_cancelled());
        });
    });
}

#[test]
fn a_session_has_ended_after_that() {
    watchdog(|| {
        for transport in TransportKind::ALL {
            let (near, far) = transport.pair().unwrap();
            let (clerk, reports) = Clerk::new();
            thread::spawn(move || rpc_core::serve_connection(far, DeskServer::new(clerk)));
            let mut session = Session::from_transport(near).unwrap();
            let token = CancelToken::new();
            session.set_options(CallOptions::default().cancel(&token));
            thread::scope(|scope| {
                let call = scope.spawn(|| session.call("wait").json::<()>());
                assert_eq!(reports.recv().unwrap(), "waits");
                token.cancel();
                assert_eq!(cancelled(&call.join().unwrap().unwrap_err()), (false, false), "{transport:?}");
            });
            assert_eq!(reports.recv().unwrap(), "alone");
        }
    });
}
