//! Many small calls in one go: in order, in bounded memory, with a peer of either revision.

use std::io::{IoSlice, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::transport::{ReadHalf, memory_pair, memory_pair_with_capacity};
use rpc_core::{CallOptions, Client, Error, Operation, Result, Server, Session, Transport, serve_connection};
use rpc_tests::{OriginalServer, Records, Reference, ScriptedPeer, watchdog, wire};
use serde_json::{Value, json};

fn over_each_transport(calls: impl Fn(&Client)) {
    over(memory_pair(), &calls);
    // the least that the protocol requires of a transport
    over(memory_pair_with_capacity(8 * 1024), &calls);
    let (ours, theirs) = memory_pair_with_capacity(8 * 1024);
    over((Records(ours), Records(theirs)), &calls);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    over((ours, listener.accept().unwrap().0), &calls);
    #[cfg(unix)]
    over(std::os::unix::net::UnixStream::pair().unwrap(), &calls);
}

fn over((ours, theirs): (impl Transport, impl Transport), calls: impl Fn(&Client)) {
    thread::scope(|scope| {
        scope.spawn(move || serve_connection(theirs, OriginalServer::new(Reference)));
        let client = Client::from_transport(ours).unwrap();
        // the first small write finds out whether the transport can write without blocking, then
        // more may be unanswered
        assert_eq!(client.call("Echo").with(&"before").json::<String>().unwrap(), "before");
        calls(&client);
        assert_eq!(
            client.call("Echo").with(&"after").json::<String>().unwrap(),
            "after",
            "the connection stays usable"
        );
    });
}

#[test]
fn replies_come_in_order() {
    watchdog(|| {
        over_each_transport(|client| {
            for count in [0, 1, 2, 100, 10_000] {
                let replies = client.pipeline::<_, u32>("Echo", 0..count).unwrap();
                let replies: Vec<u32> = replies.collect::<Result<_>>().unwrap();
                assert!(replies.iter().copied().eq(0..count));
            }
        });
    });
}

#[test]
fn arguments_and_replies_of_any_size() {
    watchdog(|| {
        over_each_transport(|client| {
            let texts: Vec<String> =
                [0, 1, 4000, 8000, 8192, 100_000, 3, 5_000_000, 7].iter().map(|&size| "x".repeat(size)).collect();
            let replies = client.pipeline::<_, String>("Echo", &texts).unwrap();
            assert!(replies.map(Result::unwrap).eq(texts.iter().cloned()));
            // small requests with large replies: no deadlock
            let replies =
                client.pipeline::<_, Vec<Value>>("List", vec![json!({"Prefix": "a", "Limit": 2000}); 50]).unwrap();
            assert_eq!(replies.map(|reply| reply.unwrap().len()).sum::<usize>(), 100_000);
        });
    });
}

#[test]
fn an_error_fails_only_its_call() {
    watchdog(|| {
        over_each_transport(|client| {
            let arguments = [json!(1), json!("not a number"), json!(3)];
            let replies: Vec<_> = client.pipeline::<_, u32>("Echo", arguments).unwrap().collect();
            assert!(matches!(&replies[..], [Ok(1), Err(Error::Protocol { .. }), Ok(3)]), "{replies:?}");
            let replies: Vec<_> = client.pipeline::<_, Value>("Fail", ["a", "b"]).unwrap().collect();
            let texts: Vec<_> = replies.iter().map(|reply| reply.as_ref().unwrap_err().to_string()).collect();
            assert_eq!(texts, ["handler says no: a", "handler says no: b"]);
            let replies: Vec<_> = client.pipeline::<_, Value>("Nope", 0..300).unwrap().collect();
            assert!(
                replies.iter().all(|reply| reply.as_ref().is_err_and(Error::connection_usable)) && replies.len() == 300
            );
        });
    });
}

#[test]
fn a_request_that_cannot_be_sent_fails_only_its_call() {
    watchdog(|| {
        over_each_transport(|client| {
            let too_large = "x".repeat(9 << 20);
            let replies: Vec<_> = client.pipeline::<_, String>("Echo", ["a", &too_large, "b"]).unwrap().collect();
            assert!(matches!(&replies[..], [Ok(_), Err(Error::Limit { .. }), Ok(_)]));
            assert!(replies[1].as_ref().is_err_and(Error::never_ran));
        });
    });
}

#[test]
fn dropping_it_leaves_the_connection_in_step() {
    watchdog(|| {
        over_each_transport(|client| {
            for taken in [0, 1, 50] {
                let mut replies = client.pipeline::<_, u32>("Echo", 0..1_000_000).unwrap();
                assert!(replies.by_ref().take(taken).map(Result::unwrap).eq(0..u32::try_from(taken).unwrap()));
            }
        });
    });
}

#[test]
fn arguments_are_consumed_only_as_they_are_sent() {
    watchdog(|| {
        over_each_transport(|client| {
            let mut taken = 0;
            let arguments = (0..1_000_000).inspect(|_| taken += 1);
            let mut replies = client.pipeline::<_, u32>("Echo", arguments).unwrap();
            replies.next().unwrap().unwrap();
            drop(replies);
            assert!(taken < 1000, "{taken} arguments consumed for one reply");
        });
    });
}

#[test]
fn a_session_can_pipeline_too() {
    watchdog(|| {
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(OriginalServer::new(Reference)).unwrap();
        let mut session = Session::connect(server.address()).unwrap();
        let sum: u32 = session.pipeline::<_, u32>("Echo", 0..1000).unwrap().map(Result::unwrap).sum();
        assert_eq!(sum, 499_500);
        session.close().unwrap();
    });
}

/// An original server refuses one of the calls, and does not reliably run those after it.
#[test]
fn towards_revision_0() {
    watchdog(|| {
        let (mut peer, transport) = ScriptedPeer::new();
        thread::scope(|scope| {
            scope.spawn(move || {
                peer.await_requests(5);
                let replies =
                    [wire::ok_json("0\n"), wire::ok_json("1\n"), wire::refusal(2, "no"), wire::ok_json("3\n")];
                peer.send(&replies.concat());
                peer.await_end();
            });
            let client = Client::from_transport(transport).unwrap();
            let replies: Vec<_> = client.pipeline::<_, u32>("Echo", 0..5).unwrap().collect();
            assert!(matches!(&replies[..2], [Ok(0), Ok(1)]));
            assert_eq!(replies[2].as_ref().unwrap_err().to_string(), "no");
            for unknown in &replies[3..] {
                let error = unknown.as_ref().unwrap_err();
                assert!(!error.never_ran() && !error.connection_usable(), "its outcome is unknown: {error:?}");
            }
        });
    });
}

#[test]
fn a_broken_connection_ends_it() {
    watchdog(|| {
        let (mut server, transport) = memory_pair();
        thread::scope(|scope| {
            scope.spawn(move || {
                server.read_exact(&mut [0; 1]).unwrap();
                server.write_all(&wire::ok_json("0")).unwrap();
                // the unread rest of the requests is lost with the connection
                server.read_exact(&mut [0; 100]).unwrap();
            });
            let client = Client::from_transport(transport).unwrap();
            let replies: Vec<_> = client.pipeline::<_, u32>("Echo", 0..1_000_000).unwrap().collect();
            assert!(matches!(replies[0], Ok(0)));
            assert!(replies.len() < 1000, "no argument is consumed after the failure");
            assert!(replies[1..].iter().all(|reply| reply.as_ref().is_err_and(|error| !error.connection_usable())));
        });
    });
}

/// It answers a call, then reads nothing more.
#[test]
fn a_server_that_stops_reading_ends_it_at_the_limit() {
    watchdog(|| {
        let (mut server, transport) = memory_pair_with_capacity(8 * 1024);
        let client = Client::from_transport(transport).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| assert_eq!(client.call("Echo").with(&0).json::<u32>().unwrap(), 0));
            let mut request = Vec::new();
            while wire::request_ends(&request).is_empty() {
                let mut piece = [0; 1000];
                let count = server.read(&mut piece).unwrap();
                request.extend_from_slice(&piece[..count]);
            }
            server.write_all(&wire::ok_json("0")).unwrap();
        });
        let hasty = client.with_options(CallOptions::default().timeout(Some(Duration::from_millis(200))));
        let mut replies = hasty.pipeline::<_, u32>("Echo", 0..1_000_000).unwrap();
        let error = replies.next().unwrap().unwrap_err();
        assert!(matches!(error, Error::Deadline { operation: Operation::WaitingForReply, .. }), "{error:?}");
        assert!(!error.never_ran() && !error.connection_usable());
        assert!(replies.all(|reply| reply.is_err_and(|error| !error.connection_usable())));
    });
}

/// The rest of the request stayed on the client until its next call. The server waited for it, and
/// gave the connection up.
#[test]
fn a_request_that_is_answered_early_is_sent_to_its_end() {
    fn check((ours, theirs): (impl Transport, impl Transport)) {
        let (answered, goes_on) = mpsc::channel::<()>();
        let mut far = theirs.into_parts().unwrap();
        let mut received = Vec::new();
        let mut read_until = move |reader: &mut Box<dyn ReadHalf>, enough: &dyn Fn(&[u8]) -> bool| {
            while !enough(&received) {
                let mut piece = [0; 100];
                let soon = Some(Instant::now() + Duration::from_secs(30));
                let count = reader.read(&mut piece, soon).expect("the rest of the request");
                assert!(count > 0, "the client has gone");
                received.extend_from_slice(&piece[..count]);
            }
        };
        thread::scope(|scope| {
            scope.spawn(move || {
                for number in 1..=3 {
                    // the second request is answered as soon as its header has come
                    let ends = |bytes: &[u8]| wire::request_ends(bytes).len();
                    let headers = |bytes: &[u8]| wire::frames(bytes).iter().filter(|frame| frame.kind == 1).count();
                    let early = number == 2;
                    let enough = |bytes: &[u8]| if early { headers(bytes) } else { ends(bytes) } >= number;
                    read_until(&mut far.reader, &enough);
                    let reply = if early { wire::no(4, "no") } else { wire::ok_json("0") };
                    far.writer.write(&[IoSlice::new(&reply)], None).unwrap();
                    if early {
                        goes_on.recv().unwrap();
                        read_until(&mut far.reader, &|bytes| ends(bytes) >= number);
                    }
                }
            });
            let client = Client::from_transport(ours).unwrap();
            assert_eq!(client.call("Echo").with(&0).json::<u32>().unwrap(), 0);
            let mut replies = client.pipeline::<_, String>("Echo", ["x".repeat(3000)]).unwrap();
            assert!(replies.next().unwrap().is_err_and(|error| error.connection_usable()));
            answered.send(()).unwrap();
            drop(replies);
            assert_eq!(client.call("Echo").with(&0).json::<u32>().unwrap(), 0);
        });
    }
    watchdog(|| {
        check(memory_pair_with_capacity(500));
        let (ours, theirs) = memory_pair_with_capacity(500);
        check((Records(ours), Records(theirs)));
    });
}
