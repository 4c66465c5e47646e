//! The other side: a program that serves its standard input and output.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Command, Output, Stdio};

use rpc_tests::worker::{Worker, WorkerClient};
use rpc_tests::{watchdog, wire};

use super::{WORKER, connect, has};

/// What a child with its standard input and output prints goes to standard error.
#[test]
fn what_a_handler_prints_stays_off_the_wire() {
    watchdog(|| {
        for script in ["exec \"$0\"", "cat | \"$0\" | cat"] {
            let worker = connect(script).unwrap();
            assert_eq!(worker.print("a line\n\u{0}rpc-core").unwrap(), 0, "there is nothing to read");
            assert_eq!(worker.double(1).unwrap(), 2);
            if script.starts_with("exec") {
                let text = worker.exit(3, "the last").unwrap_err().to_string();
                has(&text, &["standard error: \"a line\\n\\0rpc-core\\nthe last\""]);
            }
        }
    });
}

#[test]
fn the_peer_is_the_user_and_the_ssh_connection() {
    watchdog(|| {
        let user = rustix::process::geteuid().as_raw();
        let peer = |script: &str| connect(script).unwrap().peer().unwrap();
        assert_eq!(peer("unset SSH_CONNECTION; exec \"$0\""), format!("stdio (uid {user})"));
        let ssh = "export SSH_CONNECTION='192.0.2.1 50000 192.0.2.2 22'; exec \"$0\"";
        assert_eq!(peer(ssh), format!("stdio, ssh from 192.0.2.1:50000 (uid {user})"));
        assert_eq!(peer("export SSH_CONNECTION=nonsense; exec \"$0\""), format!("stdio (uid {user})"));
    });
}

/// Runs the program with these bytes as its standard input.
pub(crate) fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(WORKER)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

const CLIENT: &[u8] = b"\0rpc-core stdio client 1\n";
const SERVER: &[u8] = b"\0rpc-core stdio server 1\n";

#[test]
fn a_client_that_does_not_greet_is_named() {
    watchdog(|| {
        let request = wire::header(r#"{"Endpoint":"Ping","DataType":2,"Accept":2}"#);
        for (input, found) in [
            (&b""[..], "found the end"),
            (&request, "found \"\\u{1}\\u{1}"),
            (b"GET / HTTP/1.1\r\n", "found \"GET / HTTP"),
            (&CLIENT[..20], "found \"\\0rpc-core stdio clie\""),
            (SERVER, "found \"\\0rpc-core stdio s"),
        ] {
            let output = run(&[], input);
            let text = String::from_utf8(output.stderr).unwrap();
            has(&text, &["worker: accepting: expected a client's banner, ", found]);
            assert!(!output.status.success());
            assert_eq!(output.stdout, SERVER, "nothing more is said");
        }
    });
}

/// The last reply must not be lost in a helper thread when the process ends.
#[test]
fn a_reply_has_left_when_the_program_ends() {
    watchdog(|| {
        let output = run(&["bare"], &wire::request("fetch", 4, "1000000"));
        assert!(output.status.success());
        assert!(output.stdout.len() > 1_000_000, "{}", output.stdout.len());
    });
}

/// Whoever runs it by hand hears how it is meant to be run.
#[test]
fn on_a_terminal_it_says_who_starts_it() {
    watchdog(|| {
        if rpc_tests::programs::find("script").is_none() {
            return;
        }
        let output = Command::new("script").args(["-qec", WORKER, "/dev/null"]).stdin(Stdio::null()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        has(&text, &["is a terminal", &format!("`exec:{WORKER}`"), "exec:ssh -T host"]);
        assert!(!output.status.success());
    });
}

/// As inetd and some servers of ssh start it.
#[test]
fn one_socket_is_served_like_any_other() {
    watchdog(|| {
        let (near, far) = UnixStream::pair().unwrap();
        let input = std::os::fd::OwnedFd::from(far.try_clone().unwrap());
        let output = std::os::fd::OwnedFd::from(far);
        let mut child = Command::new(WORKER).arg("bare").stdin(input).stdout(output).spawn().unwrap();
        let worker = WorkerClient::from_transport(near).unwrap();
        assert_eq!(worker.fetch(1_000_000).unwrap().bytes().count(), 1_000_000);
        WorkerClient::close(worker).unwrap();
        assert!(child.wait().unwrap().success());
    });
}
