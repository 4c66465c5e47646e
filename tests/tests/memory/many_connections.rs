//! Thousands of idle connections on one server in its own process, whose resident memory, including
//! stacks, is measured.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rpc_core::{Server, ServerConfig};
use rpc_tests::heap::alone;
use rpc_tests::{watchdog_with_limit, wire};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::service::{DepotServer, Empty};

/// On 32 bits the stacks of a fifth of them fill half of a process's address space.
const CONNECTIONS: usize = if cfg!(target_pointer_width = "32") { 1000 } else { 5000 };

/// The most resident memory that the server may take, in KiB.
const ALLOWED: u64 = 256 * 1024 * CONNECTIONS as u64 / 5000;

/// About 20,000 calls each wake another process, which is slow if it has to wait for a processor.
const LIMIT: Duration = Duration::from_secs(900);

/// Descriptors that a process needs besides its connections.
const OTHERS: u64 = 100;

#[test]
fn five_thousand_idle_connections_take_less_than_256_mib() {
    // the wait for the other tests must not count
    let _alone = alone();
    watchdog_with_limit(LIMIT, || {
        let connections = connections_within_limits();
        let server = ServerProcess::start();
        let at_start = server.memory("VmRSS");
        let members: Vec<_> = (0..connections).map(|_| Member::join(&server.address)).collect();
        let connected = server.memory("VmRSS");
        for member in &members {
            member.make_calls();
        }
        let (resident, most) = (server.memory("VmRSS"), server.memory("VmHWM"));
        println!(
            "{connections} idle connections: {resident} KiB resident, {most} at most; {at_start} before, {connected} when each \
             had made a small call; {} KiB a connection",
            (resident - at_start) / connections as u64
        );
        let allowed = ALLOWED * connections as u64 / CONNECTIONS as u64;
        assert!(most <= allowed, "{connections} idle connections took {most} KiB, {allowed} are allowed");
    });
}

/// Returns how many connections the system allows, up to [`CONNECTIONS`]; prints if it allows
/// fewer.
fn connections_within_limits() -> usize {
    let limit = getrlimit(Resource::Nofile);
    // an error leaves the limit as it was
    _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    let allowed = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let connections = usize::try_from(allowed.saturating_sub(OTHERS)).unwrap_or(CONNECTIONS).min(CONNECTIONS);
    if connections < CONNECTIONS {
        println!(
            "skipped in part: {allowed} files may be open at once, so {connections} connections instead of \
             {CONNECTIONS}"
        );
    }
    connections
}

/// A client by hand, because the library's own would cost this process more than a socket.
struct Member(TcpStream);

impl Member {
    fn join(address: &str) -> Member {
        let member = Member(TcpStream::connect(address).unwrap());
        member.0.set_nodelay(true).unwrap();
        member.ask(&wire::request("echo", 3, r#""here""#), &wire::data(r#""here""#));
        member
    }

    /// Makes a call with a large value and an upload. A small call after them shows that the server
    /// is done with both.
    fn make_calls(&self) {
        let large = format!("\"{}\"", "j".repeat(64 * 1024));
        self.ask(&wire::request("echo", 3, &large), &wire::data(&large));
        let upload = [wire::opening("up", 4, 3), wire::data(vec![0; 64 * 1024])].concat();
        self.ask(&upload, &wire::data("65536"));
        self.ask(&wire::request("echo", 3, "\"\""), &wire::data("\"\""));
    }

    /// Sends a request and reads its reply: any header, and this body.
    fn ask(&self, request: &[u8], body: &[u8]) {
        (&self.0).write_all(request).unwrap();
        let header = self.read_frame();
        assert_eq!(header[0], wire::HEADER);
        let reply = self.read_frame();
        assert!(reply == body, "{}", String::from_utf8_lossy(&header));
    }

    fn read_frame(&self) -> Vec<u8> {
        let mut frame = vec![0; 6];
        (&self.0).read_exact(&mut frame).unwrap();
        let len = u32::from_le_bytes([frame[2], frame[3], frame[4], frame[5]]) as usize;
        frame.resize(6 + len, 0);
        (&self.0).read_exact(&mut frame[6..]).unwrap();
        frame
    }
}

/// This program run again, as a server.
struct ServerProcess {
    child: Child,
    address: String,
}

impl ServerProcess {
    fn start() -> ServerProcess {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "many_connections::serves_many_connections", "--ignored", "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.map(Result::unwrap).find_map(|line| Some(line.strip_prefix("tcp://")?.to_owned()));
        ServerProcess { child, address: address.expect("the server says where it listens") }
    }

    /// Returns a line of the system's data on the process's memory, in KiB.
    fn memory(&self, line: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let value = status.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(':')).expect("it is there");
        value.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // the process may have ended by itself
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

#[test]
#[ignore = "another test runs it as its server process"]
fn serves_many_connections() {
    watchdog_with_limit(LIMIT, || {
        let config = ServerConfig::default().max_connections(2 * CONNECTIONS);
        let server = Server::bind_with("tcp://127.0.0.1:0", config).unwrap().spawn(DepotServer::new(Empty)).unwrap();
        println!("{}", server.address());
        // it ends with the process that started it
        io::copy(&mut io::stdin(), &mut io::sink()).unwrap();
    });
}
