//! Calls that share connections.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rpc_core::{CallOptions, Ended, ErrorKind, Peer, PeerAddress, Status};
use rpc_tests::{ScriptedPeer, TransportKind, watchdog, wire};

use crate::depot::{Depot, DepotClient, DepotServer, Shed};
use crate::recorder::Recorder;
use crate::scripted::{Script, Scripted, answer, request, seven};

fn shared(scripts: Vec<Script>) -> Scripted {
    Scripted::with(scripts, |config| config.shared_connections(1))
}

#[test]
fn a_call_has_the_bytes_of_its_own_request_and_reply() {
    watchdog(|| {
        let scripted = shared(vec![Box::new(|peer| answer(peer, 2))]);
        for _ in 0..2 {
            scripted.client.call("x").json::<u8>().unwrap();
            let call = scripted.recorder.call();
            assert_eq!(call.bytes(), (request("x", 3, "null").len() as u64, seven().len() as u64));
            assert_eq!((call.end(), call.peer), ((Some(Status::Ok), None, None), Some(Peer::new(PeerAddress::Memory))));
        }
    });
}

#[test]
fn each_of_many_calls_is_reported_once() {
    const THREADS: usize = 16;
    const CALLS: usize = 100;
    watchdog(|| {
        let (recorder, config) = Recorder::with_config();
        let config = config.shared_connections(2).reply_timeout(None);
        let (client, _) = TransportKind::Memory.serve_with(DepotServer::new(Shed), config, <_>::default(), |near| near);
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let depot = DepotClient::new(client.clone());
                scope.spawn(move || {
                    let text = "x".repeat(thread);
                    (0..CALLS).for_each(|_| assert_eq!(depot.echo(&text).unwrap(), text));
                });
            }
        });
        let calls = recorder.calls();
        for thread in 0..THREADS {
            let json = format!("{:?}", "x".repeat(thread));
            let sent = request("echo", 3, &json).len() as u64;
            let received = [wire::ok(3), wire::data(&json)].concat().len() as u64;
            let same = calls.iter().filter(|call| call.bytes() == (sent, received));
            let same = same.filter(|call| call.service.as_deref() == Some("Depot") && call.end().0 == Some(Status::Ok));
            assert_eq!(same.count(), CALLS, "of {thread} letters");
        }
        assert_eq!(calls.len(), THREADS * CALLS);
    });
}

#[test]
fn each_error_is_that_of_its_call() {
    watchdog(|| {
        let (recorder, config) = Recorder::with_config();
        let config = config.shared_connections(1);
        let (client, _) = TransportKind::Memory.serve_with(DepotServer::new(Shed), config, <_>::default(), |near| near);
        DepotClient::new(client.clone()).fail("no").unwrap_err();
        assert_eq!(recorder.call().end(), (Some(Status::Error), Some(ErrorKind::Remote), None));
        client.call("echo").with("text").json::<u8>().unwrap_err();
        assert_eq!(recorder.call().end(), (Some(Status::Ok), Some(ErrorKind::Protocol), None));
        client.call(&"x".repeat(5_000)).json::<u8>().unwrap_err();
        let misuse = recorder.call();
        assert_eq!((misuse.peer.as_ref(), misuse.end()), (None, (None, Some(ErrorKind::Misuse), None)));
        // this one is too large to share a connection
        DepotClient::new(client).echo(&"x".repeat(10_000)).unwrap();
        assert_eq!(recorder.call().end(), (Some(Status::Ok), None, None));
    });
}

#[test]
fn a_call_that_is_repeated_is_one_call() {
    watchdog(|| {
        let resets = Box::new(|peer: &mut ScriptedPeer| {
            answer(peer, 1);
            peer.await_requests(2);
            peer.send(&wire::reset());
        });
        let hangs_up = Box::new(|peer: &mut ScriptedPeer| answer(peer, 1));
        let scripted = shared(vec![resets, hangs_up, Box::new(|peer| answer(peer, 1))]);
        scripted.client.call("x").json::<u8>().unwrap();
        scripted.recorder.call();
        scripted.client.call("x").json::<u8>().unwrap();
        let call = scripted.recorder.call();
        let (sent, received) = (request("x", 3, "null").len() as u64, seven().len() as u64);
        assert_eq!(call.bytes(), (2 * sent, wire::reset().len() as u64 + received));
        assert_eq!(call.end(), (Some(Status::Ok), None, None));
        // nothing is sent to a server that has hung up
        scripted.await_close();
        scripted.await_close();
        scripted.client.call("x").json::<u8>().unwrap();
        assert_eq!(scripted.recorder.call().bytes(), (sent, received));
        drop(scripted.client);
        let closed = scripted.recorder.closed_in_time(3);
        assert_eq!(closed, [Ok(Ended::Reset), Ok(Ended::HungUp), Ok(Ended::Closed)]);
    });
}

#[test]
fn a_call_whose_connection_breaks_has_failed() {
    watchdog(|| {
        let cut = [&seven()[..], &wire::ok(3)].concat();
        let scripted = shared(vec![Box::new(move |peer| {
            answer(peer, 1);
            peer.await_requests(2);
            peer.send(&cut[seven().len()..]);
        })]);
        scripted.client.call("x").json::<u8>().unwrap();
        scripted.recorder.call();
        scripted.client.call("x").json::<u8>().unwrap_err();
        let call = scripted.recorder.call();
        assert_eq!(call.end(), (Some(Status::Ok), Some(ErrorKind::Transport), None), "its header had come");
        assert_eq!(call.bytes(), (request("x", 3, "null").len() as u64, wire::ok(3).len() as u64));
        assert_eq!(scripted.recorder.closed_in_time(1), [Err(ErrorKind::Transport)]);
    });
}

#[test]
fn a_call_without_a_connection_has_no_peer() {
    watchdog(|| {
        let scripted = shared(Vec::new());
        scripted.client.call("x").json::<u8>().unwrap_err();
        let call = scripted.recorder.call();
        assert_eq!((call.peer.as_ref(), call.end()), (None, (None, Some(ErrorKind::Transport), None)));
    });
}

#[test]
fn a_call_that_is_abandoned_has_been_sent() {
    watchdog(|| {
        let scripted = shared(vec![Box::new(ScriptedPeer::await_end)]);
        let options = CallOptions::default().timeout(Some(Duration::from_millis(20)));
        scripted.client.call("x").options(options).json::<u8>().unwrap_err();
        let call = scripted.recorder.call();
        assert_eq!(call.end(), (None, Some(ErrorKind::Deadline), None));
        assert_eq!(call.bytes(), (scripted.await_close().len() as u64, 0));
        assert_eq!(scripted.recorder.closed_in_time(1), [Err(ErrorKind::Deadline)]);
    });
}

#[test]
fn a_call_that_was_not_sent_has_no_peer() {
    watchdog(|| {
        // the connection is not open before the call's time is over
        let (go, gate) = mpsc::channel::<()>();
        let (recorder, config) = Recorder::with_config();
        let gate = std::sync::Mutex::new(gate);
        let connect = move |_left| {
            _ = gate.lock().unwrap().recv();
            Err::<rpc_core::transport::MemoryStream, _>(std::io::ErrorKind::ConnectionRefused.into())
        };
        let client =
            rpc_core::Client::with_connector("a test", connect, config.shared_connections(1).reconnect_attempts(0));
        let options = CallOptions::default().timeout(Some(Duration::from_millis(20)));
        client.call("x").options(options).json::<u8>().unwrap_err();
        drop(go);
        let call = recorder.call();
        assert_eq!((call.peer.as_ref(), call.end()), (None, (None, Some(ErrorKind::Deadline), None)));
        assert_eq!(recorder.opened(), 0);
    });
}
