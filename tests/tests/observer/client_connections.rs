//! The connections of a client: each that is opened is closed once, and for the right reason.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rpc_core::testing::{Fault, Faulty, Plan};
use rpc_core::{Client, ClientConfig, Ended, ErrorKind, ServerConfig, Session};
use rpc_tests::{ScriptedPeer, TransportKind, watchdog, watchdog_with_limit, wire};

use crate::depot::{Depot, DepotClient, DepotServer, Shed};
use crate::recorder::Recorder;
use crate::scripted::{Script, Scripted, answer, seven};

/// How connections end.
type Ends = Vec<Result<Ended, ErrorKind>>;

/// Uses a client of a real server, and returns how its connections have ended once it is dropped.
fn ends(set: impl FnOnce(ClientConfig) -> ClientConfig, use_it: impl FnOnce(Client)) -> Ends {
    let (recorder, config) = Recorder::with_config();
    let server = ServerConfig::default();
    let (client, _) = TransportKind::Memory.serve_with(DepotServer::new(Shed), set(config), server, |near| near);
    use_it(client);
    assert_eq!(recorder.opened(), recorder.closed().len());
    recorder.closed()
}

/// Makes a call after each of these scripts, and returns how their connections have ended.
fn scripted(scripts: Vec<Script>) -> Ends {
    let calls = scripts.len();
    let scripted = Scripted::new(scripts);
    for _ in 0..calls {
        _ = scripted.client.call("x").json::<u8>();
    }
    let Scripted { client, recorder, .. } = scripted;
    drop(client);
    assert_eq!(recorder.opened(), recorder.closed().len());
    recorder.closed()
}

#[test]
fn a_connection_that_this_side_closes_is_closed() {
    watchdog(|| {
        let call = |client: &Client| _ = client.call("echo").with("").json::<String>().unwrap();
        let closed = ends(
            |config| config,
            |client| {
                call(&client);
                client.close().unwrap();
            },
        );
        assert_eq!(closed, [Ok(Ended::Closed)]);
        assert_eq!(ends(|config| config, |client| call(&client)), [Ok(Ended::Closed)], "dropped");
        let surplus = ends(
            |config| config.max_idle_connections(0),
            |client| {
                call(&client);
                call(&client);
            },
        );
        assert_eq!(surplus, [Ok(Ended::Closed); 2]);
        let late = ends(
            |config| config,
            |client| {
                let stream = DepotClient::new(client.clone()).down(1).unwrap();
                client.close().unwrap();
                drop(stream);
            },
        );
        assert_eq!(late, [Ok(Ended::Closed)], "the stream was open when the client was closed");
    });
}

#[test]
fn every_way_to_a_connection_opens_one() {
    watchdog(|| {
        let (recorder, config) = Recorder::with_config();
        let given = || ScriptedPeer::new().1;
        drop(Client::from_transport_with(given(), config.clone()).unwrap());
        drop(Session::from_transport_with(given(), config.clone()).unwrap());
        let server = rpc_core::Server::bind("tcp://127.0.0.1:0").unwrap().spawn(DepotServer::new(Shed)).unwrap();
        drop(Client::connect_with(server.address(), config.clone()).unwrap());
        drop(Session::connect_with(server.address(), config.clone()).unwrap());
        drop(Client::with_connector("a test", move |_left| Ok(given()), config));
        assert_eq!((recorder.opened(), recorder.closed()), (4, vec![Ok(Ended::Closed); 4]));
        server.shutdown(std::time::Duration::ZERO);
    });
}

#[test]
fn a_connection_that_the_server_ends_between_calls_says_how() {
    watchdog(|| {
        // the memory transport shows both before the next call
        for (bytes, end) in [(Vec::new(), Ended::HungUp), (wire::reset(), Ended::Reset)] {
            let (mut peer, near) = ScriptedPeer::new();
            let (recorder, config) = Recorder::with_config();
            let client = Client::from_transport_with(near, config).unwrap();
            peer.send(&bytes);
            drop(peer);
            client.call("x").json::<u8>().unwrap_err();
            assert_eq!(recorder.closed(), [Ok(end)]);
        }
        // here the next call finds it out
        let resets = Box::new(|peer: &mut ScriptedPeer| {
            answer(peer, 1);
            peer.await_requests(2);
            peer.send(&wire::reset());
        });
        assert_eq!(scripted(vec![resets, Box::new(|peer| answer(peer, 1))]), [Ok(Ended::Reset), Ok(Ended::Closed)]);
        let gone = Scripted::new(vec![Box::new(|peer| answer(peer, 1)), Box::new(|peer| answer(peer, 1))]);
        gone.client.call("x").json::<u8>().unwrap();
        gone.await_close();
        gone.client.call("x").json::<u8>().unwrap();
        assert_eq!(gone.recorder.closed(), [Ok(Ended::HungUp)]);
    });
}

#[test]
fn a_connection_that_fails_says_why() {
    watchdog(|| {
        let says = |bytes: Vec<u8>| -> Script {
            Box::new(move |peer| {
                peer.await_requests(1);
                peer.send(&bytes);
                peer.await_end();
            })
        };
        let violation = says(wire::header("[]"));
        let cut: Script = Box::new(|peer| {
            peer.await_requests(1);
            peer.send(&seven()[..20]);
        });
        assert_eq!(scripted(vec![violation, cut]), [Err(ErrorKind::Protocol), Err(ErrorKind::Transport)]);
        let surprise = scripted(vec![
            Box::new(|peer| {
                peer.await_requests(1);
                peer.send(&[seven(), seven()].concat());
                peer.await_end();
            }),
            Box::new(|peer| answer(peer, 1)),
        ]);
        assert_eq!(surprise, [Err(ErrorKind::Protocol), Ok(Ended::Closed)], "a reply to no call");
        // no server may refuse to close
        let (mut peer, near) = ScriptedPeer::new();
        let server = thread::spawn(move || {
            peer.await_requests(1);
            peer.send(&wire::no(2, "no"));
        });
        let (recorder, config) = Recorder::with_config();
        Client::from_transport_with(near, config).unwrap().close().unwrap_err();
        assert_eq!(recorder.closed(), [Err(ErrorKind::Protocol)]);
        server.join().unwrap();
    });
}

#[test]
fn a_connection_that_this_side_gives_up_was_in_order() {
    watchdog(|| {
        // a server of revision 0 would run the rest of a request as the next one
        let original: Script = Box::new(|peer| {
            peer.await_frames(|frames| frames.last().is_some_and(|frame| frame.kind == wire::DATA && frame.last));
            peer.send(&wire::ok_json("7"));
            peer.await_end();
        });
        let given_up = Scripted::new(vec![original]);
        given_up.client.call("up").with_octets(&b"content"[..]).json::<u8>().unwrap();
        assert_eq!(given_up.recorder.closed(), [Ok(Ended::GivenUp)]);

        let original: Script = Box::new(|peer| {
            peer.await_requests(1);
            peer.send(&wire::refusal(2, "no"));
            peer.await_end();
        });
        assert_eq!(scripted(vec![original]), [Ok(Ended::GivenUp)]);

        // neither side knows the end of a stream that nobody reads
        let original: Script = Box::new(|peer| {
            peer.await_requests(1);
            peer.send(&[wire::header(r#"{"DataType":4,"Error":1}"#), wire::more("endless")].concat());
            peer.await_end();
        });
        let given_up = Scripted::new(vec![original]);
        drop(given_up.client.call("down").octets().unwrap());
        assert_eq!(given_up.recorder.closed(), [Ok(Ended::GivenUp)]);

        // more than is thrown away
        let much: Script = Box::new(|peer| {
            peer.await_requests(1);
            peer.send(&wire::ok(3));
            (0..20).for_each(|_| peer.send(&wire::more(vec![b' '; 1 << 20])));
        });
        let too_much = Scripted::with(vec![much], |config| config.max_json_len(100));
        too_much.client.call("x").json::<u8>().unwrap_err();
        assert_eq!(too_much.recorder.call().error, Some(ErrorKind::Limit));
        assert_eq!(too_much.recorder.closed(), [Ok(Ended::GivenUp)]);
    });
}

/// Calls of each kind on several threads, some of which fail or are dropped.
fn mixed_calls(client: &Client, thread: usize, calls: usize) {
    let depot = DepotClient::new(client.clone());
    for call in 0..calls {
        match (thread + call) % 6 {
            0 => _ = depot.echo("text"),
            1 => _ = depot.up(io::repeat(7).take(100_000)),
            2 => drop(depot.down(100_000)),
            3 => _ = depot.down(100).map(|mut stream| stream.read_to_end(&mut Vec::new())),
            4 => _ = depot.both(io::repeat(7)).map(|mut stream| stream.read_exact(&mut [0; 100])),
            _ => _ = client.pipeline::<_, String>("echo", ["text"; 3]).map(|mut replies| replies.next().is_some()),
        }
    }
}

#[test]
fn opened_and_closed_balance() {
    const THREADS: usize = 6;
    const CALLS: usize = 60;
    watchdog_with_limit(std::time::Duration::from_secs(120), || {
        for shared in [0, 2] {
            let (recorder, config) = Recorder::with_config();
            let config = config.shared_connections(shared).max_connections(4);
            // every few connections misbehave somewhere
            let count = Arc::new(AtomicUsize::new(0));
            let wrap = move |near| {
                let number = count.fetch_add(1, Ordering::SeqCst);
                let fault = Fault::ALL[number % Fault::ALL.len()];
                Faulty(near, Plan::at(10 + 7 * number % 50, fault))
            };
            let (client, connections) =
                TransportKind::Tcp.serve_with(DepotServer::new(Shed), config, ServerConfig::default(), wrap);
            thread::scope(|scope| {
                for thread in 0..THREADS {
                    let client = &client;
                    scope.spawn(move || mixed_calls(client, thread, CALLS));
                }
            });
            drop(client);
            assert_eq!(recorder.opened(), connections.count());
            assert_eq!(recorder.closed_in_time(connections.count()).len(), connections.count());
            let calls = recorder.calls().len();
            let pipelines = THREADS * CALLS / 6;
            let single = THREADS * CALLS - pipelines;
            assert!((single..=single + 3 * pipelines).contains(&calls), "{calls}");
        }
    });
}
