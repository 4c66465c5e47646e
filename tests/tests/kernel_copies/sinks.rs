//! A stream arrives in every kind of sink to which it is copied.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use rpc_tests::{TransportKind, watchdog_with_limit};

use super::{SIZES, Store, StoreClient, bytes, content, file, serve};

const LIMIT: Duration = Duration::from_secs(120);

/// Runs a test with each size over each transport.
fn with_each_size(test: impl Fn(&StoreClient, &[u8], &str) + Send + 'static) {
    watchdog_with_limit(LIMIT, move || {
        for &transport in TransportKind::ALL {
            for size in SIZES {
                let entry = bytes(size);
                let (client, _files) = serve(transport, &entry);
                test(&client, &entry, &format!("{size} bytes over {transport:?}"));
            }
        }
    });
}

#[test]
fn files_and_what_they_already_contain() {
    with_each_size(|client, entry, what| {
        let mut into = file(b"");
        assert_eq!(client.fetch().unwrap().copy_to(&mut into).unwrap(), entry.len() as u64);
        assert!(content(&into) == entry, "file, {what}");

        let into = file(b"");
        client.fetch().unwrap().copy_to(&mut &into).unwrap();
        assert!(content(&into) == entry, "shared file, {what}");

        let into = file(b"");
        let mut buffered = BufWriter::new(&into);
        buffered.write_all(b"before ").unwrap();
        client.fetch().unwrap().copy_to(&mut buffered).unwrap();
        buffered.write_all(b" after").unwrap();
        drop(buffered);
        assert!(content(&into) == [b"before ", entry, b" after"].concat(), "buffered file, {what}");
    });
}

#[test]
fn a_file_in_append_mode_which_the_kernel_refuses() {
    with_each_size(|client, entry, what| {
        let path = tempfile::NamedTempFile::new().unwrap();
        let mut into = File::options().append(true).open(path.path()).unwrap();
        into.write_all(b"before ").unwrap();
        client.fetch().unwrap().copy_to(&mut into).unwrap();
        let found = std::fs::read(path.path()).unwrap();
        assert!(found == [b"before ", entry].concat(), "{what}");
    });
}

#[test]
fn pipes_sockets_and_processes() {
    with_each_size(|client, entry, what| {
        let (reader, mut writer) = io::pipe().unwrap();
        let came = read_concurrently(reader, || _ = client.fetch().unwrap().copy_to(&mut { &mut writer }).unwrap());
        drop(writer);
        assert!(came.join().unwrap() == entry, "pipe, {what}");

        let (reader, mut writer) = UnixStream::pair().unwrap();
        let came = read_concurrently(reader, || _ = client.fetch().unwrap().copy_to(&mut writer).unwrap());
        drop(writer);
        assert!(came.join().unwrap() == entry, "Unix socket, {what}");

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut writer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let reader = listener.accept().unwrap().0;
        let came = read_concurrently(reader, || _ = client.fetch().unwrap().copy_to(&mut writer).unwrap());
        drop(writer);
        assert!(came.join().unwrap() == entry, "TCP socket, {what}");

        let into = file(b"");
        let mut process = Command::new("cat").stdin(Stdio::piped()).stdout(into.try_clone().unwrap()).spawn().unwrap();
        client.fetch().unwrap().copy_to(process.stdin.as_mut().unwrap()).unwrap();
        assert!(process.wait().unwrap().success());
        assert!(content(&into) == entry, "process, {what}");
    });
}

fn read_concurrently(mut reader: impl Read + Send + 'static, write: impl FnOnce()) -> thread::JoinHandle<Vec<u8>> {
    let came = thread::spawn(move || {
        let mut came = Vec::new();
        reader.read_to_end(&mut came).unwrap();
        came
    });
    write();
    came
}

#[test]
fn generic_code_copies_too() {
    fn store(mut stream: impl Read, mut into: impl Write) -> u64 {
        rpc_core::copy(&mut stream, &mut into).unwrap()
    }
    with_each_size(|client, entry, what| {
        let into = file(b"");
        assert_eq!(store(client.fetch().unwrap(), &into), entry.len() as u64);
        assert!(content(&into) == entry, "{what}");
        let into = file(b"");
        store(client.fetch().unwrap().take(100_001), &into);
        assert!(content(&into) == entry[..entry.len().min(100_001)], "taken, {what}");
        let mut into = Vec::new();
        store(client.fetch().unwrap(), &mut into);
        assert!(into == entry, "memory, {what}");
    });
}

#[test]
fn a_handler_copies_its_request_to_a_file() {
    watchdog_with_limit(LIMIT, || {
        for &transport in TransportKind::ALL {
            for size in SIZES {
                let entry = bytes(size);
                let (client, files) = serve(transport, b"");
                assert_eq!(client.keep(&mut file(&entry)).unwrap(), size as u64);
                assert!(content(&files.into) == entry, "{size} bytes over {transport:?}");
            }
        }
    });
}
