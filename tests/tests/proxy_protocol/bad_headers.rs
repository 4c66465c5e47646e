//! What is not a valid header: each costs only its connection, and an error says who has to act.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rpc_core::{Error, Server};
use rpc_tests::{ScriptedPeer, serve_bytes, watchdog, wire};

use crate::header::{SIGNATURE, header, of_client};
use crate::service::{config, headed, service};

/// Returns the error of a connection that begins with these bytes.
fn error(bytes: &[u8]) -> String {
    let (ended, sent) = serve_bytes(bytes, service(), config(), |transport| transport);
    assert!(sent.is_empty(), "whoever sent this may speak another protocol: {sent:?}");
    let error = ended.unwrap_err();
    assert!(!error.connection_usable() && !error.is_timeout());
    error.to_string()
}

fn check(bytes: &[u8], expected: &[&str]) {
    let found = error(bytes);
    assert!(expected.iter().all(|part| found.contains(part)), "{found}");
}

const TO_DO: &str = "the balancer has to send it (HAProxy: send-proxy-v2), and clients have to connect to the balancer";

#[test]
fn a_missing_header_says_who_has_to_send_it() {
    watchdog(|| {
        let expected = ["expected the header of version 2 of the PROXY protocol, found \"", TO_DO];
        check(b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n", &[&expected[..], &["GET / HTTP/1.1\\r\\n\""]].concat());
        check(&wire::request("who", 3, "null"), &expected);
        // the shortest that can be none
        check(b"G", &expected);
        check(b"\r\n\r\nX", &expected);
        check(b"PROXX", &expected);
    });
}

#[test]
fn version_1_says_what_to_send_instead() {
    watchdog(|| {
        for bytes in [&b"PROXY TCP4 203.0.113.7 10.0.0.1 50001 7411\r\n"[..], b"PROXY UNKNOWN\r\n", b"PROXY "] {
            check(bytes, &["found version 1", "the balancer has to send version 2 (HAProxy: send-proxy-v2)"]);
        }
    });
}

#[test]
fn a_wrong_signature_version_command_or_family_is_named() {
    watchdog(|| {
        let mut wrong = header(0x21, 0x11, &[0; 12]);
        wrong[11] = b'\r';
        check(&wrong, &["found \"\\r\\n\\r\\n\\x00\\r\\nQUIT\\r!\\x11", TO_DO]);
        for command in [0x00, 0x11, 0x22, 0x2f, 0x31] {
            check(
                &header(command, 0x11, &[0; 12]),
                &["version 2 and command 0 or 1", &format!("found {command:#04x}")],
            );
        }
        for family in [0x13, 0x1f, 0x41, 0xf1] {
            check(&header(0x21, family, &[0; 300]), &["a known address family", &format!("found {family:#04x}")]);
        }
    });
}

#[test]
fn a_header_that_is_too_long_or_too_short_is_not_read() {
    watchdog(|| {
        check(&header(0x21, 0x11, &[0; 4097]), &["at most 4096 bytes", "found 4097", "fewer extensions"]);
        check(&[SIGNATURE, &[0x20, 0, 0xff, 0xff]].concat(), &["at most 4096 bytes", "found 65535"]);
        for (family, expected) in [(0x11, 12_usize), (0x21, 36), (0x31, 216)] {
            let text = format!("expected {expected} bytes of addresses in the PROXY header, found {}", expected - 1);
            check(&header(0x21, family, &vec![0; expected - 1]), &[&text]);
        }
    });
}

#[test]
fn a_header_that_is_cut_says_how_much_came() {
    watchdog(|| {
        let whole = of_client(([203, 0, 113, 7], 1).into(), &[0; 4]);
        for cut in 0..whole.len() {
            let (have, expected) = if cut < 16 { (cut, 16) } else { (cut - 16, 16) };
            check(&whole[..cut], &[&format!("ended in its PROXY header, after {have} of {expected} bytes")]);
        }
    });
}

#[test]
fn a_header_that_stalls_ends_in_time() {
    watchdog(|| {
        let (mut peer, transport) = ScriptedPeer::new();
        peer.send(&of_client(([203, 0, 113, 7], 1).into(), &[])[..20]);
        let error = rpc_core::serve_connection_with(transport, service(), config()).unwrap_err();
        assert!(error.to_string().contains("did not come in time, only 4 of 12 bytes"), "{error}");
        assert!(matches!(error, Error::Transport { error, .. } if error.kind() == ErrorKind::TimedOut));
    });
}

/// What the other side sees: its connection ends, without a byte.
#[test]
fn the_server_serves_on() {
    watchdog(|| {
        let server = Server::bind_with("tcp://127.0.0.1:0", config().max_connections(1)).unwrap();
        let server = server.spawn(service()).unwrap();
        let address = server.address().to_string().trim_start_matches("tcp://").to_owned();
        let ends = |bytes: &[u8]| {
            let mut stream = TcpStream::connect(&address).unwrap();
            stream.write_all(bytes).unwrap();
            let mut sent = Vec::new();
            // with bytes that nobody has read, the system resets the connection
            match stream.read_to_end(&mut sent) {
                Ok(_) => {}
                Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
            }
            assert!(sent.is_empty(), "{sent:?}");
        };
        // more than it has threads
        for _ in 0..12 {
            ends(b"GET / HTTP/1.1\r\n\r\n");
            ends(b"PROXY UNKNOWN\r\n");
            ends(&header(0x21, 0x41, &[0; 12]));
            ends(&header(0x21, 0x11, &[0; 5000]));
        }
        let client = of_client(([203, 0, 113, 7], 1).into(), &[]);
        let mut parts =
            headed(TcpStream::connect(&address).unwrap(), &[client, wire::request("who", 3, "null")].concat());
        let parts = parts.as_mut().unwrap();
        let mut reply = [0; 1];
        assert_eq!(parts.reader.read(&mut reply, None).unwrap(), 1);
        server.shutdown(Duration::ZERO);
    });
}
