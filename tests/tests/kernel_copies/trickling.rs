//! Over TCP a reader waits for many announced bytes together. Those that come in small pieces still
//! arrive, and the time limit holds if they stop.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::net::sockopt::set_socket_recv_buffer_size;

use rpc_core::{Client, ClientConfig, Error};
use rpc_tests::{watchdog, wire};

use super::{Store, StoreClient, bytes};

/// A client of a scripted server, over TCP.
fn scripted(script: impl FnOnce(TcpStream) + Send + 'static, config: ClientConfig) -> StoreClient {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut far, _) = listener.accept().unwrap();
    thread::spawn(move || {
        let mut request = [0; 4096];
        let mut came = 0;
        while wire::request_ends(&request[..came]).is_empty() {
            came += far.read(&mut request[came..]).unwrap();
        }
        script(far);
    });
    StoreClient::new(Client::from_transport_with(near, config).unwrap())
}

#[test]
fn a_part_of_a_large_frame_arrives_before_the_time_limit() {
    watchdog(|| {
        let (stay, gone) = mpsc::channel::<()>();
        let script = move |mut far: TcpStream| {
            let frame = wire::more(bytes(1 << 20));
            far.write_all(&[&wire::ok(4)[..], &frame[..100_000]].concat()).unwrap();
            _ = gone.recv();
        };
        let config = ClientConfig::default().stall_timeout(Some(Duration::from_millis(300)));
        let mut stream = scripted(script, config).fetch().unwrap();
        let mut came = 0;
        let mut piece = vec![0; 1 << 20];
        let error = loop {
            match stream.read(&mut piece) {
                Ok(count) => came += count,
                Err(error) => break Error::from(error),
            }
        };
        assert_eq!(came, 100_000 - 6, "nothing received is lost");
        assert!(matches!(error, Error::Deadline { .. }), "{error:?}");
        drop(stay);
    });
}

#[test]
fn the_last_bytes_of_a_frame_do_not_wait_for_the_next() {
    watchdog(|| {
        let (acknowledge, acknowledged) = mpsc::channel::<()>();
        let script = move |mut far: TcpStream| {
            far.write_all(&wire::ok(4)).unwrap();
            for len in [1 << 20, 300_000, 256 * 1024, 256 * 1024 + 1, 100, 600_000] {
                far.write_all(&wire::more(bytes(len))).unwrap();
                // the next frame is sent only after this one has been read
                acknowledged.recv().unwrap();
            }
            far.write_all(&wire::data(b"")).unwrap();
        };
        let mut stream = scripted(script, ClientConfig::default()).fetch().unwrap();
        let mut piece = vec![0; 1 << 20];
        for len in [1 << 20, 300_000, 256 * 1024, 256 * 1024 + 1, 100, 600_000] {
            stream.read_exact(&mut piece[..len]).unwrap();
            assert!(piece[..len] == bytes(len));
            acknowledge.send(()).unwrap();
        }
        assert_eq!(stream.read(&mut piece).unwrap(), 0);
    });
}

#[test]
fn the_rest_of_a_partly_read_frame_is_not_waited_for_twice() {
    watchdog(|| {
        // the system copies the first part and then waits for its whole mark again
        for (len, part) in [(128 << 10, 1000), (200_000, 100_000), (256 << 10, 200_000), (300_000, 127 << 10)] {
            let (go, gone) = mpsc::channel::<()>();
            let script = move |mut far: TcpStream| {
                let frame = wire::more(bytes(len));
                // the window grows with what has been read
                let before = wire::more(bytes(1 << 20)).repeat(32);
                far.write_all(&[&wire::ok(4)[..], &before, &frame[..part]].concat()).unwrap();
                gone.recv().unwrap();
                far.write_all(&frame[part..]).unwrap();
                // the end is sent only after everything has been read
                gone.recv().unwrap();
                far.write_all(&wire::data(b"")).unwrap();
            };
            let mut stream = scripted(script, ClientConfig::default()).fetch().unwrap();
            let mut before = vec![0; 1 << 20];
            for _ in 0..32 {
                stream.read_exact(&mut before).unwrap();
            }
            let mut rest = vec![0; len];
            thread::scope(|scope| {
                let reading = scope.spawn(|| stream.read_exact(&mut rest).unwrap());
                go.send(()).unwrap();
                reading.join().unwrap();
            });
            assert!(rest == bytes(len), "{len} bytes, {part} first");
            go.send(()).unwrap();
            assert_eq!(stream.read(&mut [0]).unwrap(), 0);
        }
    });
}

#[test]
fn small_windows_delay_nothing() {
    watchdog(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        // the window's size is agreed on when the connection is made
        set_socket_recv_buffer_size(&listener, 64 * 1024).unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (far, _) = listener.accept().unwrap();
        set_socket_recv_buffer_size(&near, 64 * 1024).unwrap();
        let entry = bytes(8 << 20);
        let files = super::Files { from: super::file(&entry), into: super::file(b"") };
        thread::spawn(move || rpc_core::serve_connection(far, super::StoreServer::new(files)));
        let client = StoreClient::from_transport(near).unwrap();
        let mut came = vec![0; entry.len()];
        client.fetch().unwrap().read_exact(&mut came).unwrap();
        assert!(came == entry);
        assert_eq!(client.digest(&entry[..]).unwrap(), super::digest_of(&entry));
    });
}

#[test]
fn after_a_stream_small_calls_are_answered_at_once() {
    watchdog(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (far, _) = listener.accept().unwrap();
        let files = super::Files { from: super::file(&bytes(4 << 20)), into: super::file(b"") };
        thread::spawn(move || rpc_core::serve_connection(far, super::StoreServer::new(files)));
        let client = StoreClient::from_transport(near).unwrap();
        for _ in 0..3 {
            assert_eq!(rpc_core::copy(&mut client.fetch().unwrap(), &mut io::sink()).unwrap(), 4 << 20);
            assert_eq!(client.digest(&b"abc"[..]).unwrap(), super::digest_of(b"abc"));
            assert_eq!(client.keep(&bytes(3 << 20)[..]).unwrap(), 3 << 20);
        }
    });
}
