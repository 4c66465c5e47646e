//! A server with every shape, and the program `rpc` that calls it.
#![allow(dead_code, reason = "each test program uses a part of it")]
#![allow(unreachable_pub, missing_docs, missing_debug_implementations, reason = "it is for the tests beside it")]

pub mod shapes;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::thread::{self, JoinHandle};

use rpc_core::testing::wire;
use rpc_core::{Server, ServerConfig, ServerHandle};

use shapes::{Controls, Handler, ShapesServer};

/// A server of [`shapes`] in this process.
pub struct Shelf {
    server: ServerHandle,
    pub controls: Controls,
}

/// Serves over TCP.
pub fn serve() -> Shelf {
    serve_at("tcp://127.0.0.1:0", ServerConfig::default())
}

/// Serves at an address.
pub fn serve_at(address: &str, config: ServerConfig) -> Shelf {
    let (handler, controls) = Handler::new();
    let server = Server::bind_with(address, config).unwrap().spawn(ShapesServer::new(handler)).unwrap();
    Shelf { server, controls }
}

impl Shelf {
    pub fn address(&self) -> String {
        self.server.address().to_string()
    }
}

/// The program with these arguments.
pub fn rpc<A: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rpc"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// How a command has ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// A success that has printed this.
    pub fn ok(out: &str) -> Ran {
        Ran { code: Some(0), out: out.to_owned(), err: String::new() }
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        let text = |bytes| String::from_utf8(bytes).expect("it prints text");
        Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Ran {
    command.output().expect("the program starts").into()
}

/// Runs a command to its end, with this on its standard input.
pub fn run_with(command: &mut Command, input: &[u8]) -> Ran {
    let mut child = command.stdin(Stdio::piped()).spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("it is a pipe");
    let input = input.to_owned();
    // it may end without having read all
    let writer = thread::spawn(move || _ = stdin.write_all(&input));
    let ran = child.wait_with_output().expect("it ends").into();
    writer.join().unwrap();
    ran
}

/// Runs `rpc call ADDRESS …` to its end.
pub fn call(shelf: &Shelf, arguments: &[&str]) -> Ran {
    run(&mut rpc(["call", &shelf.address()].iter().chain(arguments)))
}

/// A server of one connection, which answers each request with the next of these bytes. Returns its
/// address.
pub fn script(answers: Vec<Vec<u8>>) -> String {
    recorded_script(answers).0
}

/// A [`script`], and all that it has received up to the end of the connection.
pub fn recorded_script(answers: Vec<Vec<u8>>) -> (String, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    let record = thread::spawn(move || {
        let (mut stream, mut received) = (listener.accept().unwrap().0, Vec::new());
        for (count, answer) in answers.iter().enumerate() {
            while wire::request_ends(&received).len() <= count {
                let mut piece = [0; 1024];
                match stream.read(&mut piece) {
                    Ok(0) | Err(_) => return received,
                    Ok(len) => received.extend(&piece[..len]),
                }
            }
            _ = stream.write_all(answer);
        }
        _ = stream.read_to_end(&mut received);
        received
    });
    (address, record)
}
