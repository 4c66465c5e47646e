//! Calls a server of the original Go package, with Go's names and values.
//!
//! ```text
//! cargo run --example go_server -- tcp://host:port    a server with List, Fail and SendPattern
//! cargo run --example go_server                       a stand-in that answers as Go does
//! ```
//!
//! The other side in Go:
//!
//! ```go
//! type ListRequest struct { Prefix string; Limit int }
//! type Entry       struct { Name string; Size int64; Tags []string }
//!
//! server.RegisterEndpoint("List",        func(in *ListRequest, out *[]Entry) error { … })
//! server.RegisterEndpoint("Fail",        func(in *string, out *string) error { … })
//! server.RegisterEndpoint("SendPattern", func(in *int, out *io.Reader) error { … })
//! ```

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use rpc_core::{Result, Status, rpc_service};
use serde::{Deserialize, Serialize};

/// Go's endpoints have names in Pascal case: `rename_all` converts ours to them.
///
/// An original handler takes *one* value, so several fields are one struct, not several parameters.
#[rpc_service(rename_all = "PascalCase")]
trait Storage {
    /// Go's nil slice is `null` in JSON, so an empty list can only be read as `Option<Vec<_>>`.
    fn list(&self, request: &ListRequest) -> Result<Option<Vec<Entry>>>;

    fn fail(&self, reason: &str) -> Result<String>;

    /// Go's `*io.Reader`.
    fn send_pattern(&self, length: u64) -> Result<impl Read>;
}

/// Go's exported fields are in Pascal case, too.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListRequest {
    prefix: String,
    limit: i64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    name: String,
    size: i64,
    tags: Option<Vec<String>>,
}

fn main() -> Result<()> {
    let address = match std::env::args().nth(1) {
        Some(address) => address,
        None => stand_in()?,
    };
    let storage = StorageClient::connect(&address)?;
    println!("connected to {address}");

    let entries = storage.list(&ListRequest { prefix: "tank".into(), limit: 2 })?.unwrap_or_default();
    println!("{entries:#?}");
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[1].name, "tank/1");
    assert_eq!(entries[1].tags.as_deref(), Some(&["a".to_owned(), "<b>".to_owned()][..]));

    let nothing = storage.list(&ListRequest { prefix: "tank".into(), limit: 0 })?;
    println!("an empty list arrives as {nothing:?}");
    assert_eq!(nothing.unwrap_or_default(), []);

    let refused = storage.fail("tank/home").expect_err("it always fails");
    println!("an error arrives as its text: {refused}");
    assert_eq!(refused.remote().map(|remote| remote.status), Some(Status::Error));

    let mut pattern = Vec::new();
    storage.send_pattern(1000)?.read_to_end(&mut pattern)?;
    println!("{} bytes arrived", pattern.len());
    let expected: Vec<u8> = (0..1000_u32).map(pattern_byte).collect();
    assert_eq!(pattern, expected);

    // An original server often reports a broken pipe as it closes: after its acknowledgement that
    // counts as a clean end here.
    StorageClient::close(storage)
}

fn pattern_byte(index: u32) -> u8 {
    u8::try_from(index * 7 % 251).expect("it is below 251")
}

/// Replaces an original server for one connection. The code below is not how to write a server with
/// this library; it reproduces what an original sends: every header has all fields, and each JSON
/// text ends in a line feed.
fn stand_in() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = format!("tcp://{}", listener.local_addr()?);
    thread::spawn(move || {
        let outcome = listener.accept().and_then(|(stream, _)| answer_as_the_original(stream));
        outcome.expect("the stand-in works");
    });
    Ok(address)
}

const HEADER: u8 = 0x01;
const DATA: u8 = 0x02;
const RESET: u8 = 0xff;

fn answer_as_the_original(mut stream: TcpStream) -> io::Result<()> {
    loop {
        let (_, header) = read_frame(&mut stream)?;
        let header = String::from_utf8_lossy(&header).into_owned();
        if header.contains(r#""Endpoint":"Close""#) {
            write_header(&mut stream, 2, 1, "")?;
            return write_frame(&mut stream, RESET, b"");
        }
        let (_, body) = read_frame(&mut stream)?;
        let body = String::from_utf8_lossy(&body).into_owned();
        if header.contains(r#""Endpoint":"Fail""#) {
            write_header(&mut stream, 0, 4, &format!("handler says no: {}", body.trim().trim_matches('"')))?;
        } else if header.contains(r#""Endpoint":"SendPattern""#) {
            let length: u32 = body.trim().parse().map_err(io::Error::other)?;
            let octets: Vec<u8> = (0..length).map(pattern_byte).collect();
            write_header(&mut stream, 4, 1, "")?;
            write_frame(&mut stream, DATA, &octets)?;
        } else if body.contains(r#""Limit":0"#) {
            write_header(&mut stream, 3, 1, "")?;
            write_frame(&mut stream, DATA, b"null\n")?;
        } else {
            write_header(&mut stream, 3, 1, "")?;
            let list = concat!(
                r#"[{"Name":"tank/0","Size":0,"Tags":["a","\u003cb\u003e"]},"#,
                r#"{"Name":"tank/1","Size":1000,"Tags":["a","\u003cb\u003e"]}]"#,
                "\n"
            );
            write_frame(&mut stream, DATA, list.as_bytes())?;
        }
    }
}

fn write_header(stream: &mut TcpStream, data_type: u8, error: u8, message: &str) -> io::Result<()> {
    let header =
        format!(r#"{{"Endpoint":"","DataType":{data_type},"Accept":0,"Error":{error},"ErrorMessage":"{message}"}}"#);
    write_frame(stream, HEADER, format!("{header}\n").as_bytes())
}

/// Writes the type, the final flag and the length as four bytes in little-endian order, then the
/// payload.
fn write_frame(stream: &mut TcpStream, kind: u8, payload: &[u8]) -> io::Result<()> {
    let length = u32::try_from(payload.len()).map_err(io::Error::other)?;
    stream.write_all(&[kind, 1])?;
    stream.write_all(&length.to_le_bytes())?;
    stream.write_all(payload)
}

/// Reads a frame. The client sends only small messages, each in one frame.
fn read_frame(stream: &mut TcpStream) -> io::Result<(u8, Vec<u8>)> {
    let mut header = [0; 6];
    stream.read_exact(&mut header)?;
    let [kind, _, length @ ..] = header;
    let mut payload = vec![0; u32::from_le_bytes(length) as usize];
    stream.read_exact(&mut payload)?;
    Ok((kind, payload))
}
