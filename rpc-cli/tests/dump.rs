//! `rpc dump` between a client and a server: what passes through, and what is shown of it.
#![cfg(unix)]

mod program;

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use program::Program;
use rpc_core::{Client, Server, ServerHandle};
use rpc_tests::worker::{Diligent, Worker, WorkerClient, WorkerServer};
use rpc_tests::{golden_session, watchdog, wire};

fn worker() -> ServerHandle {
    Server::bind("tcp://127.0.0.1:0").unwrap().spawn(WorkerServer::new(Diligent)).unwrap()
}

/// Returns a line without its time.
fn timeless(line: &str) -> String {
    let mut words = line.splitn(4, ' ');
    let (connection, way, _time) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
    format!("{connection} {way} {}", words.next().unwrap())
}

/// A relay to a socket of this test, which has accepted the relay's connection.
fn relayed(switches: &[&str]) -> (Program, TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    let relay = Program::start(&[&["dump", "tcp://127.0.0.1:0", &address], switches].concat());
    let client = TcpStream::connect(relay.tcp()).unwrap();
    let server = listener.accept().unwrap().0;
    (relay, client, server)
}

fn read_all(mut stream: &TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_call_is_shown_message_by_message() {
    watchdog(|| {
        let server = worker();
        let mut relay = Program::start(&["dump", "tcp://127.0.0.1:0", &server.address().to_string()]);
        let client = WorkerClient::connect(&relay.address).unwrap();
        assert_eq!(client.double(21).unwrap(), 42);
        WorkerClient::close(client).unwrap();
        let lines = relay.lines_until("closed");
        let of = |way: &str| -> Vec<String> {
            lines.iter().map(|line| timeless(line)).filter(|line| line.starts_with(way)).collect()
        };
        let header = r#"{"Endpoint":"double","DataType":3,"Accept":3,"Revision":1,"TimeoutMs""#;
        let from_client = of("1 > ");
        assert!(from_client[0].starts_with("1 > Header  final ") && from_client[0].contains(header), "{lines:#?}");
        assert_eq!(from_client[1], "1 > Data    final          2 21");
        assert_eq!(from_client[3..], ["1 > Reset", "1 > end"]);
        let from_server = of("1 < ");
        assert_eq!(from_server[1], "1 < Data    final          2 42");
        assert_eq!(from_server[3..], ["1 < Reset", "1 < end"]);
        // a reply is not shown before its request
        let at = |text: &str| lines.iter().position(|line| line.ends_with(text)).unwrap();
        assert!(at(" 21") < at(" 42"), "{lines:#?}");

        let ended = relay.interrupt();
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        assert!(ended.stdout.starts_with("1 connections, "), "{ended:?}");
    });
}

#[test]
fn streams_both_ways_are_not_changed() {
    watchdog(|| {
        let server = worker();
        let relay = Program::start(&["dump", "tcp://127.0.0.1:0", &server.address().to_string()]);
        let client = WorkerClient::connect(&relay.address).unwrap();
        let bytes: Vec<u8> = (0..5_000_000u32).map(|number| (number % 251) as u8).collect();
        let mut back = Vec::new();
        client.echo(&bytes[..]).unwrap().read_to_end(&mut back).unwrap();
        assert!(back == bytes, "other bytes came back");
        WorkerClient::close(client).unwrap();
        let ended = relay.interrupt();
        assert!(ended.stdout.lines().count() < 25, "{}", ended.stdout);
        assert!(ended.stdout.contains(", 5000000 bytes)"), "{}", ended.stdout);
    });
}

#[test]
fn every_frame_is_shown_on_request() {
    watchdog(|| {
        let (mut relay, mut client, server) = relayed(&["--every-frame", "--bytes", "4"]);
        client.write_all(&[wire::opening("f", 4, 3), wire::more("abc"), wire::data("defgh")].concat()).unwrap();
        let lines = relay.lines_until("frames");
        let shown: Vec<_> = lines[2..].iter().map(|line| timeless(line)).collect();
        let last = "1 > Data    final          5 octets \"defg…\" (2 frames, 8 bytes)";
        assert_eq!(shown, ["1 > Data    more           3 octets \"abc\"", last]);
        drop(server);
    });
}

#[test]
fn an_end_in_one_direction_leaves_the_other_open() {
    watchdog(|| {
        let (relay, mut client, mut server) = relayed(&[]);
        client.write_all(&wire::data("request")).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(read_all(&server), wire::data("request"));
        server.write_all(&wire::data("reply")).unwrap();
        drop(server);
        assert_eq!(read_all(&client), wire::data("reply"));
        let ended = relay.interrupt();
        assert!(ended.stdout.contains(" end\n") && !ended.stdout.contains("broken"), "{}", ended.stdout);
    });
}

/// Closes a socket so that its peer gets a reset: with a byte that nobody has read.
fn reset(socket: TcpStream, mut peer: &TcpStream) {
    peer.write_all(b"\x02").unwrap();
    while socket.peek(&mut [0]).unwrap() == 0 {}
    drop(socket);
}

#[test]
fn a_broken_server_is_no_clean_end() {
    watchdog(|| {
        let (mut relay, mut client, server) = relayed(&[]);
        reset(server, &client);
        let error = client.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert!(relay.lines_until("broken").last().unwrap().contains(" < "));
        let ended = relay.interrupt();
        assert!(ended.stdout.contains("1 > ") && ended.stdout.contains(" cut\n"), "{}", ended.stdout);
    });
}

#[test]
fn a_broken_client_is_no_clean_end() {
    watchdog(|| {
        let (mut relay, client, mut server) = relayed(&[]);
        reset(client, &server);
        let error = server.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        relay.lines_until("broken");
    });
}

#[test]
fn a_server_that_cannot_be_reached_is_no_clean_end() {
    watchdog(|| {
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut relay = Program::start(&["dump", "tcp://127.0.0.1:0", &format!("tcp://{nobody}")]);
        let mut client = TcpStream::connect(relay.tcp()).unwrap();
        assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
        assert!(relay.lines_until("not connected").last().unwrap().contains(&nobody.to_string()));
    });
}

#[test]
fn what_is_not_a_frame_is_passed_on_and_shown_without_control_characters() {
    watchdog(|| {
        let (mut relay, mut client, server) = relayed(&[]);
        let request = b"GET /\x1b[31m HTTP/1.1\r\nHost: example.org\r\n\r\n";
        client.write_all(request).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(read_all(&server), request);
        let lines = relay.lines_until("in all");
        assert!(lines[1].contains("not a frame: expected a frame of type"), "{lines:#?}");
        assert!(lines[2].contains("not a frame: 47 45 54 20 2f 1b"), "{lines:#?}");
        assert!(lines.iter().all(|line| !line.contains('\x1b')));
    });
}

#[test]
fn a_peer_that_does_not_read_makes_the_other_wait() {
    watchdog(|| {
        let (_relay, mut client, _server) = relayed(&[]);
        client.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
        let piece = vec![0x20; 1 << 20];
        let taken = (0..256).find(|_| client.write_all(&piece).is_err());
        assert!(taken.is_some(), "256 MiB are somewhere");
    });
}

/// Its answer would be lost if the relay broke the connection when it cannot write any more.
#[test]
fn a_server_that_has_closed_its_reading_can_still_answer() {
    watchdog(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server");
        let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let mut relay = Program::start(&["dump", "tcp://127.0.0.1:0", &format!("unix://{}", path.display())]);
        let mut client = TcpStream::connect(relay.tcp()).unwrap();
        let mut server = listener.accept().unwrap().0;
        server.shutdown(Shutdown::Read).unwrap();
        client.write_all(&wire::more([0; 1000])).unwrap();
        relay.lines_until("the other side takes no more");
        server.write_all(&wire::no(4, "enough")).unwrap();
        drop(server);
        assert_eq!(read_all(&client), wire::no(4, "enough"));
        drop(client);
        relay.lines_until("closed");
    });
}

#[test]
fn ctrl_c_cuts_what_is_open() {
    watchdog(|| {
        let (mut relay, mut client, mut server) = relayed(&[]);
        client.write_all(&wire::data("x")).unwrap();
        server.read_exact(&mut [0; 7]).unwrap();
        relay.lines_until("Data");
        let ended = relay.interrupt();
        assert_eq!(ended.code, Some(0));
        assert!(ended.stdout.contains("1 connections, 7 bytes from the client, 0 from the server"), "{ended:?}");
        for mut peer in [client, server] {
            assert_eq!(peer.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
        }
    });
}

#[test]
fn it_ends_quietly_when_nobody_reads_its_output() {
    watchdog(|| {
        let (mut relay, mut client, _server) = relayed(&[]);
        relay.lines_until("from");
        drop(relay.stdout.take());
        client.write_all(&wire::data("x")).unwrap();
        let ended = relay.wait();
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(141), ""));
    });
}

#[test]
fn a_unix_socket_is_for_this_user_alone() {
    watchdog(|| {
        let (folder, server) = (tempfile::tempdir().unwrap(), worker());
        let path = folder.path().join("relay");
        let relay = Program::start(&["dump", &format!("unix://{}", path.display()), &server.address().to_string()]);
        assert_eq!(mode(&path), 0o600);
        assert_eq!(Client::connect(&relay.address).unwrap().call("double").with(&4).json::<u32>().unwrap(), 8);
        relay.interrupt();
        assert!(!path.exists());
    });
}

#[test]
fn it_ends_after_so_many_connections() {
    watchdog(|| {
        let (folder, server) = (tempfile::tempdir().unwrap(), worker());
        let path = folder.path().join("relay");
        let words = ["dump", &format!("unix://{}", path.display()), &server.address().to_string(), "-c", "2"];
        let relay = Program::start(&words);
        for number in [1, 2] {
            let client = Client::connect(&relay.address).unwrap();
            assert_eq!(client.call("double").with(&number).json::<u32>().unwrap(), 2 * number);
        }
        assert_eq!(relay.wait().code, Some(0));
        assert!(!path.exists());
    });
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_recording_has_all_bytes_and_is_for_its_owner() {
    watchdog(|| {
        let folder = tempfile::tempdir().unwrap();
        let recordings = folder.path().join("made");
        let (mut relay, mut client, mut server) = relayed(&["--record", recordings.to_str().unwrap()]);
        let (request, reply) = (wire::request("f", 3, "1"), wire::ok_json("2"));
        for _ in 0..2 {
            client.write_all(&request).unwrap();
            server.read_exact(&mut vec![0; request.len()]).unwrap();
            server.write_all(&reply).unwrap();
            client.read_exact(&mut vec![0; reply.len()]).unwrap();
        }
        drop((client, server));
        relay.lines_until("closed");
        assert_eq!(relay.interrupt().code, Some(0));

        let session = recordings.join("0001");
        let golden = golden_session(&session);
        assert_eq!((golden.client, golden.server), (request.repeat(2), reply.repeat(2)));
        let described: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(session.join("session.json")).unwrap()).unwrap();
        let turns = serde_json::json!([
            ["client", request.len()],
            ["server", reply.len()],
            ["client", request.len()],
            ["server", reply.len()]
        ]);
        assert_eq!(described["turns"], turns);
        assert!(described["outcome"].as_str().unwrap().contains("client: end"), "{described}");
        assert_eq!([mode(&recordings), mode(&session), mode(&session.join("client.bin"))], [0o700, 0o700, 0o600]);
    });
}

#[test]
fn recordings_are_not_mixed_with_others() {
    watchdog(|| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("notes"), "").unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_rpc"));
        command.args(["dump", "tcp://127.0.0.1:0", "tcp://127.0.0.1:1", "--record"]).arg(folder.path());
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(6));
        assert!(String::from_utf8_lossy(&output.stderr).contains("expected an empty folder"), "{output:?}");
    });
}

/// The child greets, the client of the relay does not.
#[test]
fn a_server_that_is_started_greets_the_relay() {
    watchdog(|| {
        let me = std::env::current_exe().unwrap();
        let command = format!("exec:{} --exact --nocapture --ignored the_child", me.display());
        let mut relay = Program::start(&["dump", "tcp://127.0.0.1:0", &command]);
        let client = WorkerClient::connect(&relay.address).unwrap();
        assert_eq!(client.double(21).unwrap(), 42);
        WorkerClient::close(client).unwrap();
        let lines = relay.lines_until("closed");
        assert!(
            lines.iter().any(|line| line.contains("< ") && line.contains(" end: the server has closed")),
            "{lines:#?}"
        );
        assert!(!lines.iter().any(|line| line.contains("broken") || line.contains("not a frame")), "{lines:#?}");
        assert_eq!(relay.interrupt().code, Some(0));
    });
}

#[test]
#[ignore = "a server that another test starts"]
fn the_child() {
    rpc_core::serve_stdio(WorkerServer::new(Diligent)).unwrap();
    std::process::exit(0);
}
