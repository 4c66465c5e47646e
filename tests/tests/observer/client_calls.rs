//! Calls that have a connection to themselves: one report each, and what it says.

use std::io::{self, Read};
use std::net::TcpListener;
use std::time::Duration;

use rpc_core::{CallOptions, Client, ClientConfig, Error, ErrorKind, Misuse, Peer, PeerAddress, Session, Side, Status};
use rpc_tests::{ScriptedPeer, TransportKind, watchdog, wire};

use crate::depot::{Depot, DepotClient, DepotServer, Shed};
use crate::recorder::Recorder;
use crate::scripted::{Scripted, answer, request, seven};

#[test]
fn a_call_says_whose_it_is() {
    watchdog(|| {
        let (recorder, config) = Recorder::with_config();
        let (client, _) = TransportKind::Memory.serve_with(DepotServer::new(Shed), config, <_>::default(), |near| near);
        let depot = DepotClient::new(client.clone());
        depot.echo("").unwrap();
        let call = recorder.call();
        assert_eq!(
            (call.side, &*call.endpoint, call.peer.as_ref()),
            (Side::Client, "echo", Some(&Peer::new(PeerAddress::Memory)))
        );
        assert_eq!((call.service.as_deref(), call.end()), (Some("Depot"), (Some(Status::Ok), None, None)));

        DepotClient::with_options(&depot, CallOptions::default()).echo("").unwrap();
        assert_eq!(recorder.call().service.as_deref(), Some("Depot"));
        client.call("echo").with("").json::<String>().unwrap();
        assert_eq!(recorder.call().service, None, "this client is not a generated one");
    });
}

#[rpc_core::rpc_service]
trait Counter {
    fn next(&mut self) -> rpc_core::Result<u64>;
}

#[test]
fn a_call_of_a_session_says_whose_it_is() {
    watchdog(|| {
        let (mut peer, near) = ScriptedPeer::new();
        let server = std::thread::spawn(move || answer(&mut peer, 2));
        let (recorder, config) = Recorder::with_config();
        let mut counter = CounterClient::new(Session::from_transport_with(near, config).unwrap());
        counter.next().unwrap();
        CounterClient::set_options(&mut counter, CallOptions::default());
        counter.next().unwrap();
        let services = recorder.calls().into_iter().map(|call| call.service);
        assert!(services.eq([Some("Counter".to_owned()), Some("Counter".to_owned())]));
        server.join().unwrap();
    });
}

#[test]
fn a_handlers_error_is_remote() {
    watchdog(|| {
        let (recorder, config) = Recorder::with_config();
        let (client, _) = TransportKind::Memory.serve_with(DepotServer::new(Shed), config, <_>::default(), |near| near);
        DepotClient::new(client.clone()).fail("no").unwrap_err();
        assert_eq!(recorder.call().end(), (Some(Status::Error), Some(ErrorKind::Remote), None));
        client.call("unknown").json::<u8>().unwrap_err();
        assert_eq!(recorder.call().end(), (Some(Status::RequestError), Some(ErrorKind::Remote), None));
    });
}

#[test]
fn a_value_that_does_not_fit_is_a_protocol_error() {
    watchdog(|| {
        let scripted = Scripted::new(vec![Box::new(|peer| answer(peer, 1))]);
        scripted.client.call("x").json::<String>().unwrap_err();
        let call = scripted.recorder.call();
        assert_eq!(call.end(), (Some(Status::Ok), Some(ErrorKind::Protocol), None));
        assert_eq!(call.bytes(), (request("x", 3, "null").len() as u64, seven().len() as u64));
    });
}

#[test]
fn a_call_that_is_repeated_is_one_call() {
    watchdog(|| {
        let (sent, reply, reset) = (request("x", 3, "null").len() as u64, seven().len() as u64, 6);
        // a server that resets has taken the request, and one that has hung up has not
        let resets = Box::new(|peer: &mut ScriptedPeer| {
            answer(peer, 1);
            peer.await_requests(2);
            peer.send(&wire::reset());
        });
        let hangs_up = Box::new(|peer: &mut ScriptedPeer| answer(peer, 1));
        let scripted = Scripted::new(vec![resets, hangs_up, Box::new(|peer| answer(peer, 1))]);
        let call = || scripted.client.call("x").json::<u8>().unwrap();
        call();
        assert_eq!(scripted.recorder.call().bytes(), (sent, reply));
        call();
        let repeated = scripted.recorder.call();
        assert_eq!((repeated.bytes(), repeated.end()), ((2 * sent, reset + reply), (Some(Status::Ok), None, None)));
        scripted.await_close();
        scripted.await_close();
        call();
        let repeated = scripted.recorder.call();
        assert_eq!((repeated.bytes(), repeated.end()), ((sent, reply), (Some(Status::Ok), None, None)));
        assert_eq!(scripted.recorder.opened(), 3);
    });
}

#[test]
fn a_call_that_cannot_be_repeated_has_failed() {
    watchdog(|| {
        // the second connection is refused
        let scripted = Scripted::new(vec![Box::new(|peer| answer(peer, 1))]);
        scripted.client.call("x").json::<u8>().unwrap();
        scripted.await_close();
        scripted.client.call("x").json::<u8>().unwrap_err();
        let call = scripted.recorder.calls().remove(1);
        assert_eq!(call.end(), (None, Some(ErrorKind::Transport), None));
    });
}

#[test]
fn a_call_without_a_connection_has_no_peer() {
    watchdog(|| {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (recorder, config) = Recorder::with_config();
        let connect = move |_left| std::net::TcpStream::connect(address);
        let client = Client::with_connector("a test", connect, config.reconnect_attempts(0));
        client.call("up").with_octets(io::repeat(7)).json::<u8>().unwrap_err();
        let refused = recorder.call();
        assert_eq!((refused.peer.as_ref(), refused.end()), (None, (None, Some(ErrorKind::Transport), None)));
        assert_eq!((recorder.opened(), recorder.closed().len()), (0, 0));

        let clone = client.clone();
        client.close().unwrap();
        clone.call("x").json::<u8>().unwrap_err();
        let closed = recorder.call();
        assert_eq!((closed.peer.as_ref(), closed.end()), (None, (None, Some(ErrorKind::Misuse), None)));
    });
}

#[test]
fn a_misuse_is_a_call_as_well() {
    watchdog(|| {
        let (recorder, config) = Recorder::with_config();
        let config = config.max_json_len(100).max_connections(1);
        let (client, _) = TransportKind::Memory.serve_with(DepotServer::new(Shed), config, <_>::default(), |near| near);
        let depot = DepotClient::new(client.clone());
        depot.echo(&"x".repeat(100)).unwrap_err();
        let large = recorder.call();
        assert_eq!((large.end(), large.bytes()), ((None, Some(ErrorKind::Limit), None), (0, 0)));
        assert_eq!(large.peer, Some(Peer::new(PeerAddress::Memory)), "it had a connection");
        depot.echo("").unwrap();
        assert_eq!(recorder.call().end(), (Some(Status::Ok), None, None));
        depot.echo(&"x".repeat(100)).unwrap_err();
        let large = recorder.call();
        assert_eq!((large.end(), large.bytes()), ((None, Some(ErrorKind::Limit), None), (0, 0)), "as on a new one");

        client.call(&"x".repeat(5_000)).json::<u8>().unwrap_err();
        assert_eq!(recorder.call().end(), (None, Some(ErrorKind::Misuse), None));

        let stream = depot.down(1).unwrap();
        let error = depot.echo("").unwrap_err();
        assert!(matches!(error, Error::Misuse(Misuse::Busy)), "{error:?}");
        let busy = recorder.call();
        assert_eq!((busy.peer.as_ref(), busy.end()), (None, (None, Some(ErrorKind::Misuse), None)));
        drop(stream);
    });
}

#[test]
fn a_call_that_needs_revision_1_has_no_reply() {
    watchdog(|| {
        let scripted = Scripted::new(vec![Box::new(|peer| {
            // an original server does not know the endpoint Ping
            peer.await_requests(1);
            peer.send(&wire::refusal(2, "unknown control endpoint"));
            peer.await_end();
        })]);
        scripted.client.call("x").with("name").with_octets(&b"content"[..]).json::<u8>().unwrap_err();
        let call = scripted.recorder.call();
        assert_eq!((call.end(), call.bytes()), ((None, Some(ErrorKind::Misuse), None), (0, 0)));
    });
}

#[test]
fn a_call_can_exceed_its_time() {
    watchdog(|| {
        let waits = |peer: &mut ScriptedPeer| peer.await_end();
        let scripted = Scripted::with(vec![Box::new(waits)], |config: ClientConfig| {
            config.reply_timeout(Some(Duration::from_millis(20)))
        });
        scripted.client.call("x").json::<u8>().unwrap_err();
        let call = scripted.recorder.call();
        assert_eq!(call.end(), (None, Some(ErrorKind::Deadline), None));
        assert_eq!(call.bytes(), (scripted.await_close().len() as u64, 0));
        assert_eq!(scripted.recorder.closed(), [Err(ErrorKind::Deadline)]);
    });
}

#[test]
fn control_requests_are_no_calls() {
    watchdog(|| {
        let (recorder, config) = Recorder::with_config();
        let (client, _) = TransportKind::Memory.serve_with(DepotServer::new(Shed), config, <_>::default(), |near| near);
        let (count, mut stream) = DepotClient::new(client.clone()).open(3).unwrap();
        io::copy(&mut stream.by_ref().take(count + 1), &mut io::sink()).unwrap();
        client.close().unwrap();
        assert_eq!(recorder.call().endpoint, "open");
    });
}
