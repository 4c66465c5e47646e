//! The table of `docs/fail-over.md`, a test for each row.

use std::fs;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rpc_core::{CallOptions, Client, ClientConfig, Error, Operation, Session};
use rpc_tests::{watchdog, wire};

use crate::servers::{Nobody, Script, Servers, answers, answers_then_resets, call, hangs, refuses, sends};

/// The first cell of a row, and its tests.
type Row = (&'static str, &'static [fn()]);

const ROWS: &[Row] = &[
    ("a place refuses connections, or cannot be reached", &[one_place_is_down]),
    ("a name cannot be looked up", &[a_lookup_fails, a_name_that_never_resolved]),
    ("a place does not answer while connecting", &[ONE_DOES_NOT_ANSWER]),
    ("all places are down", &[all_are_down, all_are_down_for_a_session]),
    ("an idle connection has ended", &[an_idle_connection_has_ended]),
    ("the server stops before it reads the request", &[one_drains, all_drain]),
    ("the server refuses the connection: it is full, for example", &[one_is_full, all_are_full]),
    ("the connection is lost after the request was sent", &[lost_and_not_marked]),
    ("the same, and the call is marked as idempotent", &[lost_and_marked, lost_within_the_reply_and_marked]),
    ("the same, and a part of the caller's stream has been read", &[lost_and_marked_with_a_stream_that_was_read]),
    ("a stream that the call returned breaks", &[lost_within_a_stream_and_marked]),
    ("the server hangs", &[the_server_hangs]),
    ("the budget for repeated calls is used up", &[the_budget_is_used_up]),
    ("the server answers with an error", &[an_answer_is_final]),
    ("the server breaks the protocol", &[a_broken_rule_is_final]),
];

#[cfg(target_os = "linux")]
const ONE_DOES_NOT_ANSWER: fn() = one_does_not_answer;
#[cfg(not(target_os = "linux"))]
const ONE_DOES_NOT_ANSWER: fn() = || {};

#[test]
fn each_row_of_the_guide_has_its_tests() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/fail-over.md");
    let guide = fs::read_to_string(guide).unwrap();
    let table = guide.split_once("|---|").expect("the guide has a table").1;
    let rows = table.lines().skip(1).take_while(|line| line.starts_with('|'));
    let found: Vec<&str> = rows.map(|row| row.split('|').nth(1).unwrap().trim()).collect();
    let tested: Vec<&str> = ROWS.iter().map(|(row, _)| *row).collect();
    assert_eq!(found, tested);
}

fn idempotent(client: &Client) -> Client {
    client.with_options(CallOptions::default().idempotent(true))
}

/// The call may have run, and the error names one of the places.
fn assert_lost(error: &Error, servers: &Servers) {
    assert!(!error.never_ran() && !error.connection_usable(), "{error:?}");
    let Error::Transport { operation: Operation::WaitingForReply | Operation::Sending, .. } = error else {
        panic!("{error:?}");
    };
    let text = error.to_string();
    let names = |place: &SocketAddr| text.contains(&format!("tcp://servers:7 ({place}): "));
    assert!(servers.places().iter().any(names), "{text}");
}

#[test]
fn one_place_is_down() {
    watchdog(|| {
        let (servers, nobody) = (Servers::new(1, Vec::new()), Nobody::new());
        servers.add(nobody.place());
        for _ in 0..20 {
            let client = servers.connect(|config| config.max_idle_connections(0).reconnect_attempts(0));
            for _ in 0..5 {
                call(&client).unwrap();
            }
        }
    });
}

#[test]
fn a_lookup_fails() {
    watchdog(|| {
        let servers = Servers::new(1, Vec::new());
        let place = servers.places()[0];
        let asked = AtomicUsize::new(0);
        let config = ClientConfig::default().max_idle_connections(0).resolver(move |_, _| {
            match asked.fetch_add(1, Ordering::SeqCst) {
                0 => Ok(vec![place]),
                _ => Err(io::Error::other("no name server")),
            }
        });
        let client = Client::connect_with("tcp://servers:7", config).unwrap();
        for _ in 0..3 {
            call(&client).unwrap();
        }
        assert_eq!(servers.visits().len(), 3);
    });
}

#[test]
fn a_name_that_never_resolved() {
    watchdog(|| {
        let servers = Servers::new(1, Vec::new());
        let unknown = |_: &str, _: u16| Err(io::Error::other("there is no such name"));
        let config = ClientConfig::default().resolver(unknown);
        let other = format!("tcp://{}", servers.places()[0]);
        Client::connect_with(["tcp://nowhere:7", &other], config.clone()).unwrap();
        let error = Client::connect_with("tcp://nowhere:7", config.clone()).unwrap_err();
        assert_eq!(error.to_string(), "connecting: tcp://nowhere:7: there is no such name");
        let empty = Client::connect_with("tcp://nowhere:7", config.resolver(|_, _| Ok(Vec::new()))).unwrap_err();
        assert_eq!(empty.to_string(), "connecting: tcp://nowhere:7: the name has no address");
    });
}

/// A socket whose listen queue is full answers nobody.
#[cfg(target_os = "linux")]
#[test]
fn one_does_not_answer() {
    watchdog(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("full.sock");
        let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let full = format!("unix://{}", path.display());
        let _in_the_queue = std::os::unix::net::UnixStream::connect(&path).unwrap();
        let servers = Servers::new(1, Vec::new());
        let limit = Some(Duration::from_secs(3));
        for _ in 0..4 {
            let addresses = [full.clone(), format!("tcp://{}", servers.places()[0])];
            let client = Client::connect_with(addresses, ClientConfig::default().connect_timeout(limit)).unwrap();
            call(&client).unwrap();
        }
        assert_eq!(servers.visits().len(), 4);
    });
}

#[test]
fn all_are_down() {
    watchdog(|| {
        let servers = Servers::new(1, vec![answers(1, 1)]);
        let client = servers.client();
        let (first, second) = (Nobody::new(), Nobody::new());
        servers.remove(servers.places()[0]);
        servers.add(first.place());
        servers.add(second.place());
        let error = call(&client).unwrap_err();
        assert!(error.never_ran() && !error.connection_usable(), "{error:?}");
        let text = error.to_string();
        assert!(text.starts_with("connecting: none of 2 places can be reached: tcp://servers:7 ("), "{text}");
        for nobody in [&first, &second] {
            let named = format!("tcp://servers:7 ({}): ", nobody.place());
            assert_eq!(text.matches(&named).count(), 1, "{text}");
        }
        match error {
            Error::Transport { operation: Operation::Connecting, error, .. } => {
                assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
            }
            other => panic!("{other:?}"),
        }
        servers.start();
        assert_eq!(call(&client).unwrap(), 0, "the client lives on");
    });
}

#[test]
fn all_are_down_for_a_session() {
    watchdog(|| {
        let nobodies = [Nobody::new(), Nobody::new()];
        let addresses = nobodies.each_ref().map(Nobody::place);
        let text = Session::connect(addresses).unwrap_err().to_string();
        assert!(text.starts_with("connecting: none of 2 places can be reached: tcp://127.0.0.1:"), "{text}");
    });
}

#[test]
fn an_idle_connection_has_ended() {
    watchdog(|| {
        let servers = Servers::new(2, vec![answers_then_resets(1), answers(1, 2)]);
        let client = servers.connect(|config| config.retry_budget(0));
        assert_eq!(call(&client).unwrap(), 1);
        assert_eq!(call(&client).unwrap(), 2);
        assert_eq!(servers.visits().len(), 2);
    });
}

#[test]
fn one_drains() {
    watchdog(|| {
        let servers = Servers::new(2, vec![answers(1, 1), sends(wire::reset()), answers(1, 2)]);
        assert_eq!(call(&servers.client()).unwrap(), 2);
        let visits = servers.visits();
        assert_ne!(visits[1], visits[2], "the other server was asked");
    });
}

#[test]
fn all_drain() {
    watchdog(|| {
        let resets = || sends(wire::reset());
        let servers = Servers::new(2, vec![answers(1, 1), resets(), resets(), resets(), resets()]);
        let error = call(&servers.client()).unwrap_err();
        assert!(error.never_ran() && !error.connection_usable(), "{error:?}");
        assert_eq!(servers.visits().len(), 4, "the call went to each place once, and once more");
    });
}

#[test]
fn one_is_full() {
    watchdog(|| {
        let servers = Servers::new(2, vec![answers(1, 1), refuses("full"), answers(1, 2)]);
        assert_eq!(call(&servers.client()).unwrap(), 2);
        let visits = servers.visits();
        assert_ne!(visits[1], visits[2], "the other server was asked");
    });
}

#[test]
fn all_are_full() {
    watchdog(|| {
        let scripts = vec![answers(1, 1), refuses("full"), refuses("full, too"), refuses("still full")];
        let servers = Servers::new(2, scripts);
        let error = call(&servers.client()).unwrap_err();
        assert!(error.never_ran() && !error.connection_usable(), "{error:?}");
        assert_eq!(error.to_string(), "still full");
    });
}

#[test]
fn lost_and_not_marked() {
    watchdog(|| {
        let servers = Servers::new(2, vec![answers(1, 1), sends(Vec::new()), answers(1, 2)]);
        let client = servers.client();
        assert_lost(&call(&client).unwrap_err(), &servers);
        assert_eq!(servers.visits().len(), 2);
        assert_eq!(call(&client).unwrap(), 2);
        let visits = servers.visits();
        assert_ne!(visits[1], visits[2], "the next call goes elsewhere");
    });
}

#[test]
fn lost_and_marked() {
    watchdog(|| {
        let servers = Servers::new(2, vec![answers(1, 1), sends(Vec::new()), answers(1, 2)]);
        assert_eq!(call(&idempotent(&servers.client())).unwrap(), 2);
        let visits = servers.visits();
        assert_ne!(visits[1], visits[2], "the other server was asked");
    });
}

#[test]
fn lost_within_the_reply_and_marked() {
    watchdog(|| {
        for part in [wire::ok(3)[..9].to_vec(), wire::ok(3), [wire::ok(3), wire::more("1")].concat()] {
            let servers = Servers::new(2, vec![answers(1, 1), sends(part), answers(1, 2)]);
            assert_eq!(call(&idempotent(&servers.client())).unwrap(), 2);
        }
    });
}

#[test]
fn lost_and_marked_with_a_stream_that_was_read() {
    watchdog(|| {
        let lost = || -> Script { Box::new(|visitor| visitor.await_frames(3)) };
        let servers = Servers::new(2, vec![answers(1, 1), lost(), answers(1, 2)]);
        let client = idempotent(&servers.client());
        let error = client.call("x").with_octets(&b"abc"[..]).json::<u8>().unwrap_err();
        assert_lost(&error, &servers);
        assert_eq!(servers.visits().len(), 2);
    });
}

#[test]
fn lost_within_a_stream_and_marked() {
    watchdog(|| {
        let begins = [wire::ok(4), wire::more("abc")].concat();
        let servers = Servers::new(2, vec![answers(1, 1), sends(begins), answers(1, 2)]);
        let client = idempotent(&servers.client());
        let mut stream = client.call("x").octets().unwrap();
        let mut bytes = Vec::new();
        let error = Error::from(stream.read_to_end(&mut bytes).unwrap_err());
        assert_eq!(bytes, b"abc");
        assert!(matches!(error, Error::Transport { operation: Operation::ReadingStream, .. }), "{error:?}");
        assert_eq!(servers.visits().len(), 2);
    });
}

#[test]
fn the_server_hangs() {
    watchdog(|| {
        let servers = Servers::new(2, vec![answers(1, 1), hangs()]);
        let client = idempotent(&servers.client());
        let limited = client.with_options(CallOptions::default().timeout(Some(Duration::from_millis(500))));
        let error = call(&limited).unwrap_err();
        assert!(error.is_timeout() && !error.never_ran(), "{error:?}");
        assert_eq!(servers.visits().len(), 2, "the limit is that of all attempts");
        assert_eq!(call(&client).unwrap(), 0);
        let visits = servers.visits();
        assert_ne!(visits[1], visits[2], "the next call goes elsewhere");
    });
}

#[test]
fn the_budget_is_used_up() {
    watchdog(|| {
        let lost = || sends(Vec::new());
        let servers = Servers::new(2, vec![answers(1, 1), lost(), answers(1, 2), lost(), answers(1, 3)]);
        let client = servers.connect(|config| config.max_idle_connections(0).retry_budget(1));
        call(&client).unwrap();
        let client = idempotent(&client);
        assert_eq!(call(&client).unwrap(), 2);
        assert_lost(&call(&client).unwrap_err(), &servers);
        assert_eq!(call(&client).unwrap(), 3);
    });
}

#[test]
fn an_answer_is_final() {
    watchdog(|| {
        let servers = Servers::new(2, vec![answers(1, 1), sends(wire::no(4, "no"))]);
        let error = call(&idempotent(&servers.client())).unwrap_err();
        assert_eq!(error.to_string(), "no");
        assert_eq!(servers.visits().len(), 2);
    });
}

#[test]
fn a_broken_rule_is_final() {
    watchdog(|| {
        let servers = Servers::new(2, vec![answers(1, 1), sends(wire::ok(4))]);
        let error = call(&idempotent(&servers.client())).unwrap_err();
        assert!(matches!(error, Error::Protocol { .. }) && !error.never_ran(), "{error:?}");
        assert_eq!(servers.visits().len(), 2);
    });
}
