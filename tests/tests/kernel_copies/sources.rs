//! A stream arrives from every kind of source.

use std::io::{BufReader, Cursor, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use rpc_tests::{TransportKind, watchdog_with_limit};

use super::{SIZES, Store, StoreClient, bytes, digest_of, file, serve};

const LIMIT: Duration = Duration::from_secs(120);

/// Calls a function with each kind of source of these bytes.
macro_rules! with_each_source {
    ($bytes:expr, $send:expr) => {{
        let bytes: &[u8] = $bytes;
        let half = bytes.len() / 2;
        $send("slice", bytes, &mut { bytes });
        $send("cursor", bytes, &mut Cursor::new(bytes.to_vec()));
        $send("taken cursor", &bytes[..half], &mut Cursor::new(bytes).take(half as u64));
        $send("file", bytes, &mut file(bytes));
        $send("shared file", bytes, &mut &file(bytes));
        $send("taken file", &bytes[..half], &mut file(bytes).take(half as u64));
        $send("buffered file", bytes, &mut BufReader::new(file(bytes)));
        let mut begun = BufReader::new(file(bytes));
        let skipped = begun.read(&mut [0; 100]).unwrap();
        $send("begun buffered file", &bytes[skipped..], &mut begun);
        let mut begun = BufReader::with_capacity(1 << 18, file(bytes)).take(half as u64);
        let skipped = begun.read(&mut [0; 100]).unwrap();
        $send("taken begun buffered file", &bytes[skipped..half], &mut begun);
        $send("buffered taken file", &bytes[..half], &mut BufReader::new(file(bytes).take(half as u64)));
        let (reader, writer) = std::io::pipe().unwrap();
        written(writer, bytes, || $send("pipe", bytes, &mut { reader }));
        let (reader, writer) = UnixStream::pair().unwrap();
        written(writer, bytes, || $send("Unix socket", bytes, &mut { reader }));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let writer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        written(writer, bytes, || $send("TCP socket", bytes, &mut listener.accept().unwrap().0));
        let mut process = Command::new("cat").stdin(file(bytes)).stdout(Stdio::piped()).spawn().unwrap();
        $send("process", bytes, process.stdout.as_mut().unwrap());
        assert!(process.wait().unwrap().success());
        $send("unknown", bytes, &mut bytes.chain(std::io::empty()));
    }};
}

/// Runs a function while another thread writes.
fn written<W: Write + Send>(mut writer: W, bytes: &[u8], read: impl FnOnce()) {
    thread::scope(|scope| {
        scope.spawn(move || writer.write_all(bytes).unwrap());
        read();
    });
}

#[test]
fn every_source_is_sent_whole() {
    watchdog_with_limit(LIMIT, || {
        for &transport in TransportKind::ALL {
            let (client, _files) = serve(transport, b"");
            for size in SIZES {
                with_each_source!(&bytes(size), |kind: &str, expected: &[u8], reader| {
                    let came = send(&client, reader);
                    assert_eq!(came, digest_of(expected), "{kind} of {size} bytes over {transport:?}");
                });
            }
        }
    });
}

/// Passes the reader on with its type, which the library detects.
fn send<R: Read>(client: &StoreClient, reader: &mut R) -> super::Digest {
    client.digest(reader).unwrap()
}

#[test]
fn every_source_of_a_handler_is_sent_whole() {
    watchdog_with_limit(LIMIT, || {
        for &transport in TransportKind::ALL {
            for size in SIZES {
                let entry = bytes(size);
                let (client, _files) = serve(transport, &entry);
                let all = |mut stream: Box<dyn Read + '_>| {
                    let mut came = Vec::new();
                    stream.read_to_end(&mut came).unwrap();
                    came
                };
                assert!(all(Box::new(client.fetch().unwrap())) == entry, "file of {size} over {transport:?}");
                assert!(
                    all(Box::new(client.fetch_from_memory().unwrap())) == entry,
                    "memory of {size} over {transport:?}"
                );
                assert!(
                    all(Box::new(client.fetch_from_process().unwrap())) == entry,
                    "process of {size} over {transport:?}"
                );
                let part = size / 3;
                assert!(
                    all(Box::new(client.fetch_start(part as u64).unwrap())) == entry[..part],
                    "{size} over {transport:?}"
                );
                let missing = part.min(1000);
                let rest = all(Box::new(client.fetch_buffered(missing).unwrap()));
                assert!(rest == entry[missing..], "buffered, {size} over {transport:?}");
            }
        }
    });
}

#[test]
fn a_reply_can_be_forwarded_as_a_request() {
    watchdog_with_limit(LIMIT, || {
        for &transport in TransportKind::ALL {
            let entry = bytes(3_333_333);
            let ((from, _), (to, _)) = (serve(transport, &entry), serve(transport, b""));
            assert_eq!(to.digest(from.fetch().unwrap()).unwrap(), digest_of(&entry), "{transport:?}");
        }
    });
}
