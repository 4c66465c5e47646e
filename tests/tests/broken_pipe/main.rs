//! Programs that keep the default action of SIGPIPE, like those that write to a terminal: a peer
//! that goes away must not kill them.
#![cfg(unix)]

mod signal;

use std::fs::File;
use std::io::{self, Read};
use std::process::Command;
use std::thread;

use rpc_core::{Client, Error};
use rpc_tests::{TransportKind, watchdog};

#[test]
fn a_peer_that_goes_away_does_not_kill_the_process() {
    watchdog(|| {
        let mut program = Command::new(std::env::current_exe().unwrap());
        let output = program.args(["--exact", "calls_peers_that_go_away", "--ignored"]).output().unwrap();
        assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stdout));
    });
}

#[test]
#[ignore = "another test runs it as its program"]
fn calls_peers_that_go_away() {
    watchdog(|| {
        signal::let_pipes_kill();
        for transport in [TransportKind::Tcp, TransportKind::Unix] {
            upload(transport, io::repeat(7));
            upload(transport, File::open("/dev/zero").unwrap());
        }
    });
}

/// Sends an endless stream to a peer that goes away.
fn upload(transport: TransportKind, endless: impl Read) {
    let (near, far) = transport.pair().unwrap();
    let peer = thread::spawn(move || {
        let mut far = far;
        far.reader.read(&mut [0; 1000], None).unwrap();
    });
    let error = Client::from_transport(near).unwrap().call("x").with_octets(endless).json::<()>().unwrap_err();
    assert!(matches!(error, Error::Transport { .. }), "{transport:?}: {error:?}");
    peer.join().unwrap();
}
