//! The example of PROTOCOL.md, section 7: our server answers it, and our client sends it.

use std::fs;

use rpc_core::ClientConfig;
use rpc_tests::protocol::examples;
use rpc_tests::watchdog;
use rpc_tests::worker::Worker;

use super::connect_with;
use super::stdio::run;

#[test]
fn our_server_answers_the_example() {
    watchdog(|| {
        let example = examples("stdio").pop().expect("it is there");
        let sent = run(&[], &example.side('C')).stdout;
        assert_eq!(sent.escape_ascii().to_string(), example.side('S').escape_ascii().to_string());
    });
}

#[test]
fn our_client_sends_the_example() {
    watchdog(|| {
        let example = examples("stdio").pop().expect("it is there");
        let folder = tempfile::tempdir().unwrap();
        let received = folder.path().join("received");
        // a shell plays the server: it sends its lines once the client's before them have come
        let mut script = String::new();
        for (number, (side, bytes)) in example.turns.iter().enumerate() {
            let line = folder.path().join(number.to_string());
            fs::write(&line, bytes).unwrap();
            script += &match side {
                'S' => format!("cat {}; ", line.display()),
                _ => format!("dd bs=1 count={} 2>/dev/null >>{}; ", bytes.len(), received.display()),
            };
        }
        script += "cat >/dev/null";
        // without a deadline, so that none is sent to the server
        let worker = connect_with(&script, ClientConfig::default().reply_timeout(None)).unwrap();
        assert_eq!(worker.double(21).unwrap(), 42);
        let received = fs::read(received).unwrap();
        assert_eq!(received.escape_ascii().to_string(), example.side('C').escape_ascii().to_string());
    });
}
