//! Sockets that a process is started with, as by systemd. This program runs itself again with
//! descriptors and an environment that a shell prepares.
#![cfg(unix)]

use std::fs::File;
use std::io::Read;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::process::{Child, Command, Stdio};
use std::sync::{Barrier, mpsc};
use std::thread;
use std::time::Duration;

use rpc_core::transport::{Listener, activated_listeners};
use rpc_core::{Result, Server, rpc_service};
use rpc_tests::watchdog;

#[rpc_service]
trait Work {
    fn double(&self, number: u32) -> Result<u32>;
    /// Ends the process soon after.
    fn stop(&self) -> Result<()>;
}

#[derive(Clone)]
struct Handler(mpsc::Sender<()>);

impl Work for Handler {
    fn double(&self, number: u32) -> Result<u32> {
        Ok(number * 2)
    }

    fn stop(&self) -> Result<()> {
        self.0.send(()).unwrap();
        Ok(())
    }
}

const FOR_IT: &str = "LISTEN_PID=$$";

/// Starts this program again to run one of the tests below, with this descriptor as its descriptor
/// 3 and no further one.
fn start(test: &str, descriptor: impl Into<OwnedFd>, environment: &str) -> Child {
    Command::new("sh")
        .arg("-c")
        .arg(format!("export {environment}; exec \"$0\" \"$@\" 3<&0 4<&- 5<&-"))
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .stdin(Stdio::from(descriptor.into()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Returns what a process finds out about the sockets that it was started with.
fn told(descriptor: impl Into<OwnedFd>, environment: &str) -> String {
    let mut child = start("tells_what_it_was_started_with", descriptor, environment);
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success(), "{environment}: {text}");
    let told = text.split_once("told: ").expect("it tells something").1;
    told.lines().next().unwrap().to_owned()
}

fn tcp() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

#[test]
fn a_server_is_started_with_its_socket() {
    watchdog(|| {
        let listener = tcp();
        let place = listener.local_addr().unwrap();
        let mut child = start("serves_until_it_is_stopped", listener, &format!("{FOR_IT} LISTEN_FDS=1"));
        let client = WorkClient::connect(place).unwrap();
        assert_eq!(client.double(21).unwrap(), 42);
        client.stop().unwrap();
        assert!(child.wait().unwrap().success());
        assert!(WorkClient::connect(place).is_err(), "nobody else holds the socket");
    });
}

#[test]
fn a_unix_socket_keeps_its_path_for_the_next_server() {
    watchdog(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rpc.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let address = format!("unix://{}", path.display());
        for _ in 0..2 {
            let passed = listener.try_clone().unwrap();
            let mut child = start("serves_until_it_is_stopped", passed, &format!("{FOR_IT} LISTEN_FDS=1"));
            // it waits in the listen queue until the server has started
            let client = WorkClient::connect(&address).unwrap();
            assert_eq!(client.double(21).unwrap(), 42);
            client.stop().unwrap();
            assert!(child.wait().unwrap().success());
            assert!(path.exists());
        }
    });
}

#[test]
fn the_sockets_have_addresses_and_names() {
    watchdog(|| {
        let listener = tcp();
        let place = listener.local_addr().unwrap();
        let one = format!("{FOR_IT} LISTEN_FDS=1");
        assert_eq!(told(listener.try_clone().unwrap(), &one), format!("tcp://{place} None"));
        for (names, found) in [("web", Some("web")), ("", None), ("web:admin", Some("web")), (":admin", None)] {
            let environment = format!("{one} LISTEN_FDNAMES={names}");
            assert_eq!(told(listener.try_clone().unwrap(), &environment), format!("tcp://{place} {found:?}"));
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rpc.sock");
        let found = told(UnixListener::bind(&path).unwrap(), &one);
        assert_eq!(found, format!("unix://{} None", path.display()));
    });
}

#[test]
fn sockets_for_another_process_are_not_taken() {
    watchdog(|| {
        for environment in ["LISTEN_PID=1 LISTEN_FDS=1", "LISTEN_FDS=1", "LISTEN_PID=x LISTEN_FDS=x", FOR_IT] {
            assert_eq!(told(tcp(), environment), "none", "{environment}");
        }
    });
}

#[test]
fn what_is_no_listening_socket_is_named_and_not_taken() {
    watchdog(|| {
        let is_error = |descriptor: OwnedFd, environment: &str, parts: &[&str]| {
            let text = told(descriptor, &format!("{FOR_IT} {environment}"));
            assert!(text.starts_with("error: ") && parts.iter().all(|part| text.contains(part)), "{text}");
        };
        let listener = tcp();
        let connected = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        is_error(File::open("/dev/null").unwrap().into(), "LISTEN_FDS=1", &["descriptor 3 of LISTEN_FDS"]);
        is_error(udp.into(), "LISTEN_FDS=1", &["descriptor 3 of", "stream socket"]);
        // Darwin does not tell
        if !cfg!(target_vendor = "apple") {
            is_error(connected.into(), "LISTEN_FDS=1 LISTEN_FDNAMES=web", &["descriptor 3 (\"web\") of", "listen"]);
        }
        for count in ["2", "1000000000", "2147483644"] {
            is_error(listener.try_clone().unwrap().into(), &format!("LISTEN_FDS={count}"), &["descriptor 4 of"]);
        }
        for count in ["-1", "x", "''", "2147483645", "99999999999999999999"] {
            is_error(listener.try_clone().unwrap().into(), &format!("LISTEN_FDS={count}"), &["expected a number"]);
        }
    });
}

#[test]
fn they_are_taken_once() {
    watchdog(|| {
        let mut child = start("takes_them_from_many_threads", tcp(), &format!("{FOR_IT} LISTEN_FDS=1"));
        assert!(child.wait().unwrap().success());
    });
}

#[test]
#[ignore = "another test starts it with a socket"]
fn serves_until_it_is_stopped() {
    watchdog(|| {
        let (on_stop, stopped) = mpsc::channel();
        let listener = activated_listeners().unwrap().pop().expect("it was started with a socket");
        let server = Server::new(listener).unwrap().spawn(WorkServer::new(Handler(on_stop))).unwrap();
        stopped.recv().unwrap();
        server.shutdown(Duration::from_secs(30));
    });
}

/// Returns whether a child process would inherit descriptor 3.
fn is_inherited() -> bool {
    let tried = Command::new("sh").args(["-c", ": <&3"]).stderr(Stdio::null()).status().unwrap();
    tried.success()
}

#[test]
#[ignore = "another test starts it with a descriptor"]
fn tells_what_it_was_started_with() {
    watchdog(|| {
        assert!(is_inherited());
        match activated_listeners() {
            Ok(listeners) => {
                assert_eq!(is_inherited(), listeners.is_empty());
                let told: Vec<_> = listeners.iter().map(|one| format!("{} {:?}", one.address(), one.name())).collect();
                println!("told: {}", if told.is_empty() { "none".to_owned() } else { told.join(", ") });
            }
            Err(error) => {
                assert!(is_inherited());
                let again = activated_listeners().unwrap_err();
                assert_eq!(again.to_string(), error.to_string());
                println!("told: error: {error}");
            }
        }
    });
}

#[test]
#[ignore = "another test starts it with a socket"]
fn takes_them_from_many_threads() {
    watchdog(|| {
        let begin = Barrier::new(8);
        let taken: usize = thread::scope(|scope| {
            let take = || {
                begin.wait();
                activated_listeners().unwrap().len()
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(take)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(taken, 1);
        assert!(activated_listeners().unwrap().is_empty());
    });
}
