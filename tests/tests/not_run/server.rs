//! A server whose factory refuses each peer: whatever a raw client sends first, it is answered, and
//! its connection is closed in bounded time.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::{Address, Refused, Server, ServerConfig, ServerHandle};
use rpc_tests::{OriginalServer, Reference, watchdog, wire};

use crate::script::refusal;

/// A limit that passes soon.
const SOON: Duration = Duration::from_millis(50);

/// The most that a refusal takes whatever the limits are.
const BOUND: Duration = Duration::from_secs(4);

/// What a slow machine may take in addition; less than the limits that hold for other connections.
const SLACK: Duration = Duration::from_secs(4);

/// A server that refuses everybody, one at a time. So another client is refused only once the
/// server has closed the connection before.
fn refusing(config: ServerConfig) -> ServerHandle {
    let server = Server::bind_with("tcp://127.0.0.1:0", config.max_connections(1)).unwrap();
    server.spawn_with(|_peer| Err::<OriginalServer<Reference>, _>(Refused::new("full"))).unwrap()
}

/// Limits that pass soon, so that nobody is waited for.
fn hasty() -> ServerConfig {
    ServerConfig::default().idle_timeout(Some(SOON)).request_timeout(Some(SOON)).stall_timeout(Some(SOON))
}

fn connect(server: &ServerHandle) -> TcpStream {
    let Address::Tcp(place) = server.address() else { panic!("{}", server.address()) };
    TcpStream::connect(place).unwrap()
}

/// Returns all that the server sends. A connection that was cut has no more.
fn rest(mut raw: &TcpStream) -> Vec<u8> {
    let mut sent = Vec::new();
    match raw.read_to_end(&mut sent) {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("{error}"),
        _ => sent,
    }
}

/// Sends these bytes, and returns what the server answers. The client closes only after that.
fn answer(server: &ServerHandle, first: &[u8]) -> Vec<u8> {
    let mut raw = connect(server);
    raw.write_all(first).unwrap();
    rest(&raw)
}

/// Runs a client against a server that waits for nobody, or not for long.
fn in_time<T>(bound: Duration, client: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let outcome = client();
    assert!(begin.elapsed() < bound + SLACK, "{:?}", begin.elapsed());
    outcome
}

fn header(fields: &str) -> Vec<u8> {
    wire::header(&format!("{{{fields}}}"))
}

#[test]
fn each_shape_of_first_request_is_answered() {
    watchdog(|| {
        let server = refusing(ServerConfig::default());
        let shapes = [
            [wire::opening("Echo", 3, 3), wire::data("1")].concat(),
            // of which the body has not come yet, or not to its end
            wire::opening("Echo", 3, 3),
            [wire::opening("Echo", 3, 3), wire::more("[1,")].concat(),
            [wire::opening("Echo", 3, 4), wire::data("1")].concat(),
            [wire::opening("Echo", 3, 5), wire::data("1")].concat(),
            wire::opening("Echo", 4, 3),
            [wire::opening("Echo", 4, 3), wire::more("abc"), wire::data("")].concat(),
            [wire::opening("Echo", 4, 3), wire::more("abc"), wire::trailer(4, "no more")].concat(),
            [wire::opening("Echo", 4, 4), wire::more("abc")].concat(),
            [wire::opening("Echo", 5, 3), wire::data("1"), wire::more("abc")].concat(),
            [wire::opening("Echo", 5, 5), wire::data("1"), wire::more("abc")].concat(),
            wire::opening("Echo", 1, 1),
            wire::opening("Nowhere", 3, 3),
            // what no server could answer in another way
            wire::opening("Echo", 0, 3),
            wire::opening("Echo", 9, 9),
            [wire::opening("Echo", 3, 3), wire::data("no JSON")].concat(),
            [wire::opening("Echo", 3, 3), b"no frame".to_vec()].concat(),
            // control
            wire::opening("Ping", 2, 2),
            wire::opening("Reboot", 2, 2),
            // revision 0
            wire::request("Echo", 3, "1"),
            wire::request("Echo", 4, "1"),
            [header(r#""Endpoint":"Echo","DataType":4,"Accept":3"#), wire::more("abc")].concat(),
            header(""),
            // in several frames
            [wire::frame(wire::HEADER, false, b"{\"Endpoint\":"), wire::frame(wire::HEADER, true, b"\"Echo\"}")]
                .concat(),
        ];
        for first in shapes {
            let sent = answer(&server, &first);
            assert_eq!(sent.escape_ascii().to_string(), refusal().escape_ascii().to_string(), "{first:?}");
        }
    });
}

#[test]
fn close_is_acknowledged_as_ever() {
    watchdog(|| {
        let server = refusing(ServerConfig::default());
        let expected = [wire::ok(2), wire::reset()].concat();
        assert_eq!(answer(&server, &wire::opening("Close", 2, 2)), expected);
        assert_eq!(answer(&server, &wire::close_request()), expected);
        // a method of that name is none
        assert_eq!(answer(&server, &wire::request("Close", 3, "1")), refusal());
    });
}

#[test]
fn of_pipelined_requests_the_first_is_answered() {
    watchdog(|| {
        let server = refusing(ServerConfig::default());
        assert_eq!(answer(&server, &wire::request("Echo", 3, "1").repeat(100)), refusal());
    });
}

#[test]
fn a_header_that_comes_byte_by_byte_is_answered() {
    watchdog(|| {
        let server = refusing(ServerConfig::default());
        let mut raw = connect(&server);
        raw.set_nodelay(true).unwrap();
        for byte in wire::request("Echo", 3, "1") {
            // the server may have closed once the header was there
            _ = raw.write_all(&[byte]);
        }
        assert_eq!(rest(&raw), refusal());
    });
}

#[test]
fn a_long_reason_is_cut() {
    watchdog(|| {
        let server = Server::bind("tcp://127.0.0.1:0").unwrap();
        let refuse = |_: &_| Err::<OriginalServer<Reference>, _>(Refused::from("x".repeat(10_000)));
        let sent = answer(&server.spawn_with(refuse).unwrap(), &wire::request("Echo", 3, "1"));
        let frames = wire::frames(&sent);
        assert_eq!((frames.len(), frames[0].payload.len()), (2, 4095));
        assert!(frames[0].payload.ends_with("x…\",\"NotRun\":true,\"Revision\":1}".as_bytes()));
    });
}

#[test]
fn a_client_that_sends_nothing_gets_a_reset() {
    watchdog(|| {
        let endless = ServerConfig::default().idle_timeout(None).request_timeout(None);
        for (limits, bound) in [(hasty(), SOON), (endless, BOUND)] {
            let server = refusing(limits);
            assert_eq!(in_time(bound, || rest(&connect(&server))), wire::reset());
        }
    });
}

#[test]
fn half_a_header_gets_a_reset() {
    watchdog(|| {
        let server = refusing(hasty());
        let whole = wire::opening("Echo", 3, 3);
        for len in [1, 5, 6, 7, whole.len() - 1] {
            assert_eq!(in_time(SOON, || answer(&server, &whole[..len])), wire::reset(), "{len}");
        }
    });
}

/// Sends this again and again until the connection ends, and returns what the server sent.
fn answer_to_endless(server: &ServerHandle, first: &[u8], piece: &[u8]) -> Vec<u8> {
    let raw = connect(server);
    thread::scope(|scope| {
        scope.spawn(|| {
            if (&raw).write_all(first).is_ok() {
                while (&raw).write_all(piece).is_ok() {}
            }
        });
        let sent = rest(&raw);
        // it would go on writing until the system notices that nobody reads
        _ = raw.shutdown(Shutdown::Both);
        sent
    })
}

/// Its frames hold nothing, so each wakes the server up, and none brings it further.
#[test]
fn a_header_that_never_ends_gets_a_reset() {
    watchdog(|| {
        let server = refusing(hasty());
        let empty = wire::frame(wire::HEADER, false, b"");
        let sent = in_time(2 * SOON, || answer_to_endless(&server, b"", &empty));
        // the Reset is lost if what comes then breaks the connection
        assert!(sent.is_empty() || sent == wire::reset(), "{sent:?}");
        assert_eq!(answer(&server, &wire::request("Echo", 3, "1")), refusal());
    });
}

#[test]
fn an_upload_without_end_is_answered_and_not_read_for_long() {
    watchdog(|| {
        for endpoint in [wire::opening("Receive", 4, 3), wire::opening("Echo", 4, 4)] {
            let server = refusing(ServerConfig::default());
            let piece = wire::more([7; 60_000]);
            let sent = in_time(BOUND, || answer_to_endless(&server, &endpoint, &piece));
            assert_eq!(sent, refusal());
            // its thread has given up
            assert_eq!(answer(&server, &wire::request("Echo", 3, "1")), refusal());
        }
    });
}

#[test]
fn a_large_upload_ends_before_it_is_answered() {
    watchdog(|| {
        let server = refusing(ServerConfig::default());
        let upload = [wire::opening("Receive", 4, 3), wire::more(vec![7; 1_000_000]), wire::data("")].concat();
        assert_eq!(answer(&server, &upload), refusal());
    });
}

#[test]
fn what_is_no_header_gets_a_reset() {
    watchdog(|| {
        let server = refusing(ServerConfig::default());
        for first in [
            b"GET / HTTP/1.1\r\n\r\n".to_vec(),
            wire::data("1"),
            wire::trailer(2, "no"),
            wire::header("null"),
            wire::header("no JSON"),
            wire::header(&"x".repeat(5000)),
            wire::header(r#"{"DataType":3,"DataType":3}"#),
        ] {
            assert_eq!(answer(&server, &first), wire::reset(), "{}", first.escape_ascii());
        }
    });
}

#[test]
fn a_client_that_leaves_costs_nothing() {
    watchdog(|| {
        let server = refusing(ServerConfig::default());
        for first in [&b""[..], b"{", &wire::reset(), &wire::request("Echo", 3, "1")] {
            let mut raw = connect(&server);
            raw.write_all(first).unwrap();
            drop(raw);
            assert_eq!(answer(&server, &wire::request("Echo", 3, "1")), refusal());
        }
    });
}

/// It neither reads nor closes.
#[test]
fn a_client_that_stays_keeps_no_thread() {
    watchdog(|| {
        let request = wire::request("Echo", 3, "1");
        for (limits, bound) in [(hasty(), 2 * SOON), (ServerConfig::default(), BOUND)] {
            for first in [&b""[..], &request, b"no frame"] {
                let server = refusing(limits.clone());
                let mut stays = connect(&server);
                stays.write_all(first).unwrap();
                assert_eq!(in_time(bound, || answer(&server, &request)), refusal());
            }
        }
    });
}

#[test]
fn a_shutdown_does_not_wait_for_refused_clients() {
    watchdog(|| {
        let server = refusing(ServerConfig::default());
        let silent = connect(&server);
        let report = in_time(Duration::ZERO, || server.shutdown(Duration::from_secs(60)));
        assert_eq!(report.cut, 0);
        assert_eq!(rest(&silent), wire::reset());
    });
}
