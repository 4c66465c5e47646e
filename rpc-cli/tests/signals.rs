//! Ctrl-C and SIGTERM, wherever the call waits.
#![cfg(unix)]

mod common;

use std::fs;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

use common::{Ran, rpc, serve};
use rpc_tests::watchdog;
use rustix::process::{Pid, Signal, kill_process};

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// Checks that the child ends with this code and this line.
fn ended(child: Child, code: i32, line: &str) {
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.err.lines().count()), (Some(code), 1), "{ran:?}");
    assert!(ran.err.starts_with("rpc: ") && ran.err.contains(line), "{ran:?}");
}

/// Starts a call, and returns when its handler has sent something.
fn streaming(mut command: Command) -> (Child, impl Read) {
    let mut child = command.spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 10]).unwrap();
    (child, stdout)
}

#[test]
fn a_signal_ends_a_call_that_waits() {
    watchdog(|| {
        let shelf = serve();
        let all: [&[&str]; 3] = [&["hang"], &["measure", "--in", "-"], &["sum", "--in-values", "-"]];
        for (what, code, line) in [(Signal::INT, 130, "interrupted"), (Signal::TERM, 143, "terminated")] {
            for words in all {
                let mut command = rpc(["call", &shelf.address()].iter().chain(words));
                let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
                let stdin = child.stdin.take();
                assert_eq!(shelf.controls.begun.recv().unwrap(), words[0]);
                signal(&child, what);
                ended(child, code, line);
                drop(stdin);
            }
            assert_eq!(shelf.controls.stopped.recv().unwrap(), "hang");
        }
    });
}

#[test]
fn a_signal_ends_a_stream_and_leaves_no_file() {
    watchdog(|| {
        let (shelf, folder) = (serve(), tempfile::tempdir().unwrap());
        for (method, accept) in [("endless", "octets"), ("endless_count", "values")] {
            let (child, mut stdout) = streaming(rpc(["call", &shelf.address(), method, "--accept", accept]));
            signal(&child, Signal::INT);
            // it writes until it notices
            std::io::copy(&mut stdout, &mut std::io::sink()).unwrap();
            ended(child, 130, "interrupted");
            assert_eq!(shelf.controls.stopped.recv().unwrap(), method);
        }

        let out = folder.path().join("out");
        let words = ["call", &shelf.address(), "trickle", "--accept", "values", "--out", out.to_str().unwrap()];
        let child = rpc(words).spawn().unwrap();
        let entries = || fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap()).collect::<Vec<_>>();
        shelf.controls.feed.as_ref().unwrap().send(1).unwrap();
        while !entries().iter().any(|entry| entry.metadata().is_ok_and(|metadata| metadata.len() > 0)) {
            std::thread::yield_now();
        }
        assert!(!out.exists());
        signal(&child, Signal::INT);
        ended(child, 130, "interrupted");
        assert!(entries().is_empty());
    });
}

/// As a pager does that waits for a key.
#[test]
fn a_signal_ends_a_call_whose_output_nobody_reads() {
    watchdog(|| {
        let shelf = serve();
        let (child, _unread) = streaming(rpc(["call", &shelf.address(), "endless", "--accept", "octets"]));
        signal(&child, Signal::INT);
        ended(child, 130, "interrupted");
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_second_signal_ends_at_once() {
    const LINE: usize = "{\"number\":7}\n".len();

    watchdog(|| {
        let shelf = serve();
        let mut child = rpc(["call", &shelf.address(), "endless_count", "--accept", "values"]).spawn().unwrap();
        let unread = child.stdout.take().unwrap();
        // it notices no signal while its output takes nothing; no line is in two pages
        let (size, page) = (rustix::pipe::fcntl_getpipe_size(&unread).unwrap(), rustix::param::page_size());
        let full = size / page * (page / LINE * LINE);
        while rustix::io::ioctl_fionread(&unread).unwrap() < full as u64 {
            std::thread::yield_now();
        }
        // one that comes before the first has been handled is none
        while child.try_wait().unwrap().is_none() {
            signal(&child, Signal::INT);
            std::thread::yield_now();
        }
        assert_eq!(child.wait().unwrap().code(), Some(130));
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        // the end after 2 seconds says something
        assert_eq!(said, "");
    });
}

/// Nothing has been sent, so nothing has to be cancelled. SIGINT is not what is sent: it is ignored
/// where a shell without job control has started the tests in the background.
#[test]
fn a_signal_kills_before_the_call() {
    watchdog(|| {
        let shelf = serve();
        let mut child = rpc(["call", &shelf.address(), "greet", "-"]).stdin(Stdio::piped()).spawn().unwrap();
        let stdin = child.stdin.take();
        signal(&child, Signal::TERM);
        assert_eq!(child.wait().unwrap().signal(), Some(15));
        drop(stdin);
    });
}
