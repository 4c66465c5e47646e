//! Uploads whose source has nothing to send: a token and a deadline end them if the source can be
//! waited for.

use std::io::{self, BufReader, Read};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use rpc_core::{CallOptions, CancelToken, Client, Error, Operation};
use rpc_tests::{ScriptedPeer, TransportKind, watchdog};

use crate::service::{Clerk, Desk, DeskClient, DeskServer, cancelled, next};

/// A read of any of these blocks until the test is over.
enum Silent {
    Pipe(io::PipeReader),
    Socket(UnixStream),
    Buffered(BufReader<io::PipeReader>),
    Part(io::Take<io::PipeReader>),
}

/// Uploads from `source` with these options, to a handler, and both ways to a peer that never
/// answers. Returns the errors.
fn upload<R: Read + Send>(client: &Client, options: &CallOptions, source: impl Fn() -> R) -> [Error; 2] {
    let plain = DeskClient::new(client.with_options(options.clone())).count(source()).unwrap_err();
    let (_peer, transport) = ScriptedPeer::new();
    let deaf = Client::from_transport(transport).unwrap().with_options(options.clone());
    [plain, deaf.call("x").with_octets(source()).octets().map(drop).unwrap_err()]
}

/// Returns readers that never yield anything while the test keeps the other value.
fn silent() -> (Vec<Silent>, impl Drop) {
    struct Kept(
        #[expect(dead_code, reason = "only kept open")] Vec<io::PipeWriter>,
        #[expect(dead_code, reason = "only kept open")] UnixStream,
    );
    impl Drop for Kept {
        fn drop(&mut self) {}
    }
    let mut writers = Vec::new();
    let mut pipe = || {
        let (reader, writer) = io::pipe().unwrap();
        writers.push(writer);
        reader
    };
    let pipes = [pipe(), pipe(), pipe()];
    let (near, far) = UnixStream::pair().unwrap();
    let [plain, buffered, part] = pipes;
    let all = vec![
        Silent::Pipe(plain),
        Silent::Socket(near),
        Silent::Buffered(BufReader::new(buffered)),
        Silent::Part(part.take(1_000_000)),
    ];
    (all, Kept(writers, far))
}

/// Runs `check` with each silent reader.
fn each(check: impl Fn(&Client, &Silent)) {
    for transport in TransportKind::ALL {
        let (client, _connections) = transport.serve(DeskServer::new(Clerk::new().0));
        let (sources, _kept) = silent();
        sources.iter().for_each(|source| check(&client, source));
        next(&client);
    }
}

fn upload_from(client: &Client, options: &CallOptions, source: &Silent) -> [Error; 2] {
    match source {
        Silent::Pipe(pipe) => upload(client, options, || pipe.try_clone().unwrap()),
        Silent::Socket(socket) => upload(client, options, || socket.try_clone().unwrap()),
        Silent::Buffered(pipe) => upload(client, options, || BufReader::new(pipe.get_ref().try_clone().unwrap())),
        Silent::Part(part) => upload(client, options, || part.get_ref().try_clone().unwrap().take(1_000_000)),
    }
}

#[test]
fn a_deadline_ends_an_upload_from_a_silent_source() {
    watchdog(|| {
        let limit = Duration::from_millis(50);
        each(|client, source| {
            for error in upload_from(client, &CallOptions::default().timeout(Some(limit)), source) {
                assert!(error.is_timeout() && !error.never_ran(), "{error:?}");
                assert!(matches!(error, Error::Deadline { limit: found, .. } if found == limit), "{error:?}");
            }
        });
    });
}

#[test]
fn a_token_ends_an_upload_from_a_silent_source() {
    watchdog(|| {
        each(|client, source| {
            let token = CancelToken::new();
            thread::scope(|scope| {
                let uploads = scope.spawn(|| upload_from(client, &CallOptions::default().cancel(&token), source));
                token.cancel();
                for error in uploads.join().unwrap() {
                    assert!(error.is_cancelled(), "{error:?}");
                }
            });
        });
    });
}

/// Both ways, whether the reply has begun or not.
#[test]
fn a_token_ends_a_stream_whose_request_has_a_silent_source() {
    watchdog(|| {
        each(|client, source| {
            let Silent::Pipe(pipe) = source else { return };
            let token = CancelToken::new();
            let desk = DeskClient::new(client.with_options(CallOptions::default().cancel(&token)));
            thread::scope(|scope| {
                let reader = scope.spawn(|| desk.back(pipe.try_clone().unwrap())?.read(&mut [0]).map_err(Error::from));
                token.cancel();
                assert!(reader.join().unwrap().unwrap_err().is_cancelled());
            });
        });
    });
}

/// What a child prints before it falls silent arrives.
#[test]
fn a_token_ends_an_upload_from_a_child_that_falls_silent() {
    watchdog(|| {
        let (clerk, reports) = Clerk::new();
        let (client, _connections) = TransportKind::Unix.serve(DeskServer::new(clerk));
        let mut child =
            Command::new("sh").args(["-c", "echo some; exec sleep 1000"]).stdout(Stdio::piped()).spawn().unwrap();
        let output = child.stdout.take().unwrap();
        let token = CancelToken::new();
        let desk = DeskClient::new(client.with_options(CallOptions::default().cancel(&token)));
        thread::scope(|scope| {
            let upload = scope.spawn(|| desk.count(output));
            assert_eq!(reports.recv().unwrap(), "counts");
            token.cancel();
            let error = upload.join().unwrap().unwrap_err();
            assert!(matches!(error, Error::Cancelled { operation: Operation::Sending, .. }), "{error:?}");
            assert_eq!(cancelled(&error), (false, false));
        });
        child.kill().unwrap();
        child.wait().unwrap();
        next(&client);
    });
}

/// A relay: the stream that is sent on is cancelled by the same token.
#[test]
fn a_token_ends_an_upload_whose_source_it_cancels_too() {
    watchdog(|| {
        let (near, far) = (TransportKind::Memory, TransportKind::Tcp);
        let ((client, _), (other, _)) =
            (near.serve(DeskServer::new(Clerk::new().0)), far.serve(DeskServer::new(Clerk::new().0)));
        for warm in [false, true] {
            let token = CancelToken::new();
            let options = CallOptions::default().cancel(&token);
            let desks = [&client, &other].map(|client| DeskClient::new(client.with_options(options.clone())));
            if warm {
                next(&other);
            }
            let source = desks[0].flow().unwrap().chain(io::empty());
            thread::scope(|scope| {
                let upload = scope.spawn(|| desks[1].count(source));
                token.cancel();
                assert!(upload.join().unwrap().unwrap_err().is_cancelled(), "warm: {warm}");
            });
        }
    });
}

/// A source that nobody can wait for is noticed when it returns.
#[test]
fn a_token_ends_an_upload_when_its_source_returns() {
    watchdog(|| {
        struct Cancelling(CancelToken);
        impl Read for Cancelling {
            fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                self.0.cancel();
                Ok(buf.len())
            }
        }
        for transport in TransportKind::ALL {
            let (client, _connections) = transport.serve(DeskServer::new(Clerk::new().0));
            let token = CancelToken::new();
            let desk = DeskClient::new(client.with_options(CallOptions::default().cancel(&token)));
            assert_eq!(cancelled(&desk.count(Cancelling(token)).unwrap_err()), (false, false), "{transport:?}");
            next(&client);
        }
    });
}
