//! The traps of the original program, in the order of PROTOCOL.md section 9, all of which we avoid.

use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread;

use rpc_core::transport::memory_pair;
use rpc_core::unstable::{
    FrameError, FrameWriter, MAX_HEADER_LEN_WRITTEN, MAX_PAYLOAD_LEN, MessageError, MessageReader,
};
use rpc_core::{
    Call, Client, Contract, Contracts, Dispatch, Ended, Error, FrameKind, Result, Served, Server, ServerConfig, Status,
    Violation, serve_connection,
};
use rpc_tests::{
    ListRequest, Original, OriginalClient, OriginalServer, Reference, ScriptedPeer, serve_bytes, watchdog, wire,
};
use serde_json::{Value, json};

fn served(client: &[u8]) -> Vec<u8> {
    serve_bytes(client, OriginalServer::new(Reference), ServerConfig::default(), |transport| transport).1
}

/// Runs calls against a server that answers the first request with these bytes, and later ones with
/// the number 2.
fn answered<T>(server: &[u8], calls: impl FnOnce(&Client) -> T) -> T {
    let (mut peer, transport) = ScriptedPeer::new();
    thread::scope(|scope| {
        scope.spawn(move || {
            peer.await_requests(1);
            peer.send(server);
            if peer.await_requests(2) {
                peer.send(&wire::ok_json("2"));
            }
        });
        calls(&Client::from_transport(transport).unwrap())
    })
}

fn json_call(client: &Client) -> Result<Value> {
    client.call("anything").with(&()).json()
}

#[test]
fn a_frame_of_an_unexpected_type_is_not_let_through_as_data() {
    watchdog(|| {
        let bytes = [wire::more("1"), wire::frame(wire::TRAILER, true, b"2")].concat();
        let mut messages = MessageReader::new(&bytes[..]);
        messages.start_body(1);
        let mut body = Vec::new();
        let error = messages.read_body(100, &mut body).unwrap_err();
        let expected = Violation::UnexpectedFrame { expected: FrameKind::Data, found: FrameKind::Trailer };
        assert!(matches!(error, MessageError::Violation(violation) if violation == expected));
    });
}

#[test]
fn the_end_of_the_stream_inside_a_number_is_an_error() {
    watchdog(|| {
        let (mut peer, transport) = ScriptedPeer::new();
        let reply = wire::ok_json("12345");
        thread::spawn(move || {
            peer.await_requests(1);
            peer.send(&reply[..reply.len() - 2]);
        });
        let outcome = json_call(&Client::from_transport(transport).unwrap());
        assert!(matches!(outcome, Err(Error::Transport { .. })), "{outcome:?}");
    });
}

#[test]
fn the_limit_of_a_header_is_not_its_end() {
    watchdog(|| {
        let reply = wire::header(&format!(r#"{{"Error":4,"ErrorMessage":"{}"}}"#, "x".repeat(4096)));
        let error = answered(&reply, |client| json_call(client).unwrap_err());
        assert!(error.to_string().contains("4096"), "{error}");
    });
}

#[test]
fn a_header_of_4096_bytes_may_be_followed_by_an_extra_frame() {
    watchdog(|| {
        let start = r#"{"Error":4,"ErrorMessage":""}"#.len();
        let full = wire::header(&format!(r#"{{"Error":4,"ErrorMessage":"{}"}}"#, "x".repeat(4096 - start)));
        for extra in [Vec::new(), wire::frame(wire::HEADER, true, b"")] {
            answered(&[full.clone(), extra].concat(), |client| {
                assert_eq!(json_call(client).unwrap_err().remote().unwrap().message.len(), 4096 - start);
                assert_eq!(json_call(client).unwrap(), json!(2));
            });
        }
        let sent = served(&wire::request("FailLong", 3, "100000"));
        let frames = wire::frames(&sent);
        assert_eq!(
            (frames.len(), frames[0].payload.len()),
            (1, MAX_HEADER_LEN_WRITTEN),
            "we neither cut nor add a frame"
        );
    });
}

#[test]
fn json_of_a_multiple_of_4_mib_stays_in_step() {
    watchdog(|| {
        let text = json!("y".repeat(MAX_PAYLOAD_LEN as usize - 2)).to_string();
        assert_eq!(text.len(), MAX_PAYLOAD_LEN as usize);
        let reply = [wire::header(r#"{"DataType":3,"Error":1}"#), wire::more(&text), wire::data("")].concat();
        answered(&reply, |client| {
            json_call(client).unwrap();
            assert_eq!(json_call(client).unwrap(), json!(2));
        });
        let sent = served(&wire::request("Echo", 3, &text));
        let lens: Vec<_> = wire::frames(&sent)[1..].iter().map(|frame| (frame.payload.len(), frame.last)).collect();
        assert_eq!(lens, [(text.len(), true)], "we send no empty last frame");
    });
}

#[test]
fn no_white_space_follows_json() {
    watchdog(|| {
        let client = [wire::request("Echo", 3, " [1 , 2]\n\n "), wire::request("Fail", 3, "\"x\" ")].concat();
        for message in wire::messages(&served(&client)) {
            assert!(!message.payload.ends_with(b" ") && !message.payload.ends_with(b"\n"));
        }
    });
}

#[test]
fn a_length_is_checked_before_anything_is_written() {
    watchdog(|| {
        let mut writer = FrameWriter::new(Vec::new());
        let outcome = writer.write(FrameKind::Data, true, &vec![0; MAX_PAYLOAD_LEN as usize + 1]);
        assert!(matches!(outcome, Err(FrameError::Malformed(_))));
        assert!(writer.get_ref().is_empty());
    });
}

/// Answers an upload before reading any of it, and counts its calls.
struct Hasty<'a>(&'a AtomicUsize);

impl Dispatch for Hasty<'_> {
    fn contracts(&self) -> Contracts {
        const { &Contract::new("Hasty") }.into()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        self.0.fetch_add(1, Ordering::SeqCst);
        call.takes_octets().returns_json(|_unread| Ok::<_, Error>(1))
    }
}

#[test]
fn the_unread_rest_of_a_request_is_not_run_as_the_next_one() {
    watchdog(|| {
        let calls = AtomicUsize::new(0);
        let upload = wire::header(r#"{"Endpoint":"x","DataType":4,"Accept":3}"#);
        let hidden = [wire::request("x", 3, "1"), wire::close_request()].concat();
        let client = [upload, wire::more(&hidden), wire::data(&hidden), wire::close_request(), wire::reset()].concat();
        let (ended, sent) = serve_bytes(&client, Hasty(&calls), ServerConfig::default(), |transport| transport);
        assert_eq!(calls.load(Ordering::SeqCst), 1);
        assert_eq!(wire::messages(&sent).len(), 4, "reply, its body, Close, Reset: {ended:?}");
    });
}

#[test]
fn a_client_closes_where_an_original_server_would_run_the_rest() {
    watchdog(|| {
        answered(&wire::ok_json("1"), |client| {
            client.call("x").with_octets(&b"octets"[..]).json::<Value>().unwrap();
            assert!(json_call(client).is_err_and(|error| error.never_ran()), "after a request with octets");
        });
        answered(&wire::refusal(2, "no"), |client| {
            json_call(client).unwrap_err();
            assert!(json_call(client).is_err_and(|error| error.never_ran()), "after a RequestError");
        });
    });
}

#[test]
fn a_nil_slice_is_none() {
    watchdog(|| {
        let (mut peer, transport) = ScriptedPeer::new();
        thread::spawn(move || {
            peer.await_requests(1);
            peer.send(&wire::ok_json("null\n"));
            peer.await_end();
        });
        let client = OriginalClient::from_transport(transport).unwrap();
        assert_eq!(client.list(ListRequest { prefix: String::new(), limit: 0 }).unwrap(), None);
    });
}

#[test]
fn a_small_message_is_one_write() {
    struct Counting(usize);
    impl Write for Counting {
        fn write(&mut self, _buf: &[u8]) -> io::Result<usize> {
            panic!("the writes are vectored");
        }
        fn write_vectored(&mut self, bufs: &[io::IoSlice<'_>]) -> io::Result<usize> {
            self.0 += 1;
            Ok(bufs.iter().map(|buf| buf.len()).sum())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    watchdog(|| {
        let mut writer = FrameWriter::new(Counting(0));
        writer.queue(FrameKind::Header, true, b"{}").unwrap();
        writer.write(FrameKind::Data, true, b"null").unwrap();
        assert_eq!(writer.get_ref().0, 1);
    });
}

#[test]
fn json_that_nests_too_deep_is_an_ordinary_error() {
    watchdog(|| {
        let deep = "[".repeat(500) + &"]".repeat(500);
        let sent = served(&[wire::request("Echo", 3, &deep), wire::request("Echo", 3, "[[1]]")].concat());
        let replies = wire::messages(&sent);
        assert!(replies[0].payload.starts_with(br#"{"Error":2"#));
        assert_eq!(replies[2].payload, b"[[1]]", "the connection stays in step");
        answered(&wire::ok_json(&deep), |client| {
            assert!(json_call(client).is_err_and(|error| error.connection_usable()));
            assert_eq!(json_call(client).unwrap(), json!(2));
        });
    });
}

#[test]
fn what_a_source_yields_before_it_fails_arrives() {
    watchdog(|| {
        let (ours, theirs) = memory_pair();
        let server = thread::spawn(|| serve_connection(theirs, OriginalServer::new(Reference)));
        let client = OriginalClient::from_transport(ours).unwrap();
        let mut bytes = Vec::new();
        let error = client.send_broken(300_001).unwrap().read_to_end(&mut bytes).unwrap_err();
        assert_eq!((bytes.len(), error.to_string()), (300_001, "the source broke".to_owned()));
        OriginalClient::close(client).unwrap();
        assert_eq!(server.join().unwrap().unwrap(), Ended::Closed);
        // a client of revision 0 gets a Reset after all bytes
        let sent = served(&wire::request("SendBroken", 4, "300001"));
        let frames = wire::frames(&sent);
        assert_eq!(frames[1..].iter().map(|frame| frame.payload.len()).sum::<usize>(), 300_001);
        assert_eq!(frames.last().unwrap().kind, wire::RESET);
    });
}

/// Returns a stream whose second half waits for the test.
struct Slow(Mutex<Option<mpsc::Receiver<()>>>);

#[rpc_core::rpc_service]
trait Slowly {
    fn stream(&self) -> Result<impl Read>;
}

impl Slowly for Slow {
    fn stream(&self) -> Result<impl Read> {
        let waits = self.0.lock().unwrap().take().expect("one call");
        Ok(io::Cursor::new("first").chain(Waiting(waits)).chain(io::Cursor::new("second")))
    }
}

struct Waiting(mpsc::Receiver<()>);

impl Read for Waiting {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        self.0.recv().map(|()| 0).map_err(io::Error::other)
    }
}

#[test]
fn a_slow_source_is_sent_as_it_comes() {
    watchdog(|| {
        let (allow, waits) = mpsc::sync_channel(1);
        let server = Server::bind("tcp://127.0.0.1:0").unwrap();
        let server = server.spawn(SlowlyServer::new(Slow(Mutex::new(Some(waits))))).unwrap();
        let client = SlowlyClient::connect(server.address()).unwrap();
        let mut stream = client.stream().unwrap();
        let mut first = [0; 5];
        stream.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"first", "arrives while the source waits");
        allow.send(()).unwrap();
        let mut rest = String::new();
        stream.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "second");
    });
}

struct Panicking;

impl Dispatch for Panicking {
    fn contracts(&self) -> Contracts {
        const { &Contract::new("Panicking") }.into()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        match call.endpoint() {
            "panic" => panic!("on purpose"),
            _ => call.takes_json().returns_json(|value: Value| Ok::<_, Error>(value)),
        }
    }
}

#[test]
fn a_header_null_and_a_panic_crash_nothing() {
    watchdog(|| {
        assert_eq!(served(&wire::header("null")), wire::reset());
        assert!(answered(&wire::header("null"), json_call).is_err());
        let (ours, theirs) = memory_pair();
        let server = thread::spawn(|| serve_connection(theirs, Panicking));
        let client = Client::from_transport(ours).unwrap();
        let error = client.call("panic").with(&()).json::<Value>().unwrap_err();
        assert_eq!(error.remote().unwrap().status, Status::ServerError);
        assert_eq!(client.call("echo").with(&7).json::<Value>().unwrap(), json!(7), "the server still serves");
        client.close().unwrap();
        server.join().unwrap().unwrap();
    });
}

#[test]
fn a_reply_is_read_before_a_failed_write_is_reported() {
    watchdog(|| {
        let (mut server, transport) = memory_pair();
        let client = Client::from_transport(transport).unwrap();
        thread::scope(|scope| {
            scope.spawn(move || {
                server.read_exact(&mut [0; 6]).unwrap();
                server.write_all(&wire::refusal(2, "too large")).unwrap();
            });
            let error = client.call("x").with(&"y".repeat(1 << 20)).json::<Value>().unwrap_err();
            assert_eq!(error.remote().expect("the refusal, not a broken pipe").message, "too large");
        });
    });
}
