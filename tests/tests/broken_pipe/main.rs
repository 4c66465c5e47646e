//! Programs that want to be killed by SIGPIPE, as those that write to a terminal do: a peer that goes away must not do it.
#![cfg(unix)]

mod signal;

use std::fs::File;
use std::io::{self, Read};
use std::process::Command;
use std::thread;

use rpc_core::{Client, Error};
use rpc_tests::{Line, watchdog};

#[test]
fn a_peer_that_goes_away_kills_nobody() {
    watchdog(|| {
        let mut program = Command::new(std::env::current_exe().unwrap());
        let output = program.args(["--exact", "calls_peers_that_go_away", "--ignored"]).output().unwrap();
        assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stdout));
    });
}

#[test]
#[ignore = "it is the program of another test"]
fn calls_peers_that_go_away() {
    watchdog(|| {
        signal::let_pipes_kill();
        for line in [Line::Tcp, Line::Unix] {
            upload(line, io::repeat(7));
            upload(line, File::open("/dev/zero").unwrap());
        }
    });
}

/// Sends what has no end to a peer that goes away.
fn upload(line: Line, endless: impl Read) {
    let (near, far) = line.pair().unwrap();
    let peer = thread::spawn(move || {
        let mut far = far;
        far.reader.read(&mut [0; 1000], None).unwrap();
    });
    let error = Client::from_transport(near).unwrap().call("x").with_octets(endless).json::<()>().unwrap_err();
    assert!(matches!(error, Error::Transport { .. }), "{line:?}: {error:?}");
    peer.join().unwrap();
}
