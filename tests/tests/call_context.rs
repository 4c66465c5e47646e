//! What a handler can learn about its call, and what a caller can attach to it.

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::transport::{ReadHalf, memory_pair};
use rpc_core::{
    Call, CallContext, CallOptions, Client, Contract, Contracts, Dispatch, Error, Misuse, OctetReader, Served, Server,
    ServerConfig, Session, Transport, serve_connection, serve_connection_with,
};
use rpc_tests::{ScriptedPeer, watchdog, wire};
use serde_json::Value;

/// Sends the context of each call to the test.
#[derive(Clone)]
struct Curious(mpsc::SyncSender<CallContext>);

impl Dispatch for Curious {
    fn contracts(&self) -> Contracts {
        const { &Contract::new("Curious") }.into()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        call.takes_json().returns_json(|value: Value| {
            self.0.send(CallContext::current().expect("a call is being answered")).expect("the test receives");
            Ok::<_, Error>(value)
        })
    }
}

#[test]
fn a_handler_sees_endpoint_peer_metadata_and_deadline() {
    watchdog(|| {
        let (send, contexts) = mpsc::sync_channel(8);
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(Curious(send)).unwrap();
        let client = Client::connect(server.address()).unwrap();
        let options = CallOptions::default()
            .timeout(Some(Duration::from_secs(40)))
            .metadata("user", "ann")
            .metadata("trace", "\"quoted\" ä")
            .metadata("user", "bob");
        client.with_options(options).call("ask").with(&1).json::<Value>().unwrap();
        let context = contexts.recv().unwrap();
        assert_eq!(context.endpoint(), "ask");
        assert!(context.peer().tcp_address().is_some_and(|address| address.ip().is_loopback()), "{context:?}");
        assert_eq!(context.peer().credentials(), None, "TCP does not tell");
        let pairs: Vec<_> = context.metadata().iter().collect();
        assert_eq!(pairs, [("user", "bob"), ("trace", "\"quoted\" ä")]);
        let left = context.deadline().expect("the caller sent it").saturating_duration_since(Instant::now());
        assert!(left > Duration::from_secs(20) && left <= Duration::from_secs(41), "{left:?}");

        client.with_options(CallOptions::default().timeout(None)).call("ask").with(&1).json::<Value>().unwrap();
        let plain = contexts.recv().unwrap();
        assert!(plain.metadata().is_empty() && plain.deadline().is_none(), "{plain:?}");
    });
}

/// Whoever is on the same machine can reach a Unix socket that is open to all, so a handler has to
/// know which user calls.
#[cfg(unix)]
#[test]
fn a_handler_sees_which_process_calls_over_a_unix_socket() {
    use rpc_core::{Credentials, PeerAddress};
    use std::os::unix::fs::MetadataExt;

    watchdog(|| {
        let folder = tempfile::tempdir().unwrap();
        let (send, contexts) = mpsc::sync_channel(8);
        let path = folder.path().join("rpc.sock");
        let server = Server::bind(format!("unix://{}", path.display())).unwrap().spawn(Curious(send)).unwrap();
        Client::connect(server.address()).unwrap().call("ask").with(&1).json::<Value>().unwrap();
        let context = contexts.recv().unwrap();
        assert_eq!(*context.peer().address(), PeerAddress::Unix(None));
        // who made the socket's file is who calls
        let owner = std::fs::metadata(&path).unwrap();
        let known = Credentials::new(owner.uid(), owner.gid(), Some(std::process::id()));
        let told = cfg!(any(target_os = "linux", target_os = "android"));
        assert_eq!(context.peer().credentials(), told.then_some(&known));
    });
}

#[test]
fn options_stay_with_a_session_and_with_one_call() {
    watchdog(|| {
        let (send, contexts) = mpsc::sync_channel(8);
        let (ours, theirs) = memory_pair();
        let server = thread::spawn(|| serve_connection(theirs, Curious(send)));
        let mut session = Session::from_transport(ours).unwrap();
        session.set_options(CallOptions::default().metadata("who", "session"));
        let mut who = |options: Option<CallOptions>| {
            let call = session.call("ask");
            let call = match options {
                Some(options) => call.options(options),
                None => call,
            };
            call.with(&1).json::<Value>().unwrap();
            contexts.recv().unwrap().metadata().get("who").map(str::to_owned)
        };
        assert_eq!(who(None).as_deref(), Some("session"));
        assert_eq!(who(Some(CallOptions::default().metadata("who", "call"))).as_deref(), Some("call"));
        assert_eq!(who(None).as_deref(), Some("session"));
        session.close().unwrap();
        server.join().unwrap().unwrap();
    });
}

#[test]
fn there_is_no_context_outside_a_call() {
    watchdog(|| {
        assert!(CallContext::current().is_none());
        let (send, contexts) = mpsc::sync_channel(8);
        let (ours, theirs) = memory_pair();
        let server = thread::spawn(|| {
            serve_connection(theirs, Curious(send)).unwrap();
            CallContext::current().is_none()
        });
        let client = Client::from_transport(ours).unwrap();
        client.call("ask").with(&1).json::<Value>().unwrap();
        assert!(contexts.recv().is_ok());
        client.close().unwrap();
        assert!(server.join().unwrap(), "the thread still has a context");
    });
}

#[test]
fn metadata_that_does_not_fit_is_refused_before_anything_is_sent() {
    watchdog(|| {
        let (mut peer, transport) = ScriptedPeer::new();
        let client = Client::from_transport(transport).unwrap();
        let large = client.with_options(CallOptions::default().metadata("large", "x".repeat(4000)));
        let error = large.call("ask").with(&1).json::<Value>().unwrap_err();
        assert!(matches!(error, Error::Misuse(Misuse::Encode { .. })), "{error:?}");
        assert!(error.never_ran() && error.connection_usable());
        drop((large, client));
        peer.await_end();
        assert_eq!(wire::request_ends(&peer.received).len(), 1, "only Close is sent");
    });
}

/// Sends the context of each call to the test, then waits for its answer.
struct Patient(mpsc::SyncSender<CallContext>, mpsc::Receiver<()>);

impl Dispatch for Patient {
    fn contracts(&self) -> Contracts {
        const { &Contract::new("Patient") }.into()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        call.takes_json().returns_json(|value: Value| {
            self.0.send(CallContext::current().expect("a call is being answered")).expect("the test receives");
            self.1.recv().expect("the test answers");
            Ok::<_, Error>(value)
        })
    }
}

#[test]
fn a_handler_can_find_out_whether_its_caller_is_gone() {
    watchdog(|| {
        for last_word in [Vec::new(), wire::reset(), wire::frame(wire::TRAILER, true, br#"{"Error":2}"#)] {
            let (send, contexts) = mpsc::sync_channel(1);
            let (answer, answered) = mpsc::sync_channel(1);
            let (mut peer, transport) = ScriptedPeer::new();
            let server = thread::spawn(|| serve_connection(transport, Patient(send, answered)));
            let header = wire::header(r#"{"Endpoint":"x","DataType":3,"Accept":3,"Revision":1}"#);
            peer.send(&[header, wire::data("1")].concat());
            let context = contexts.recv().unwrap();
            assert!(!context.caller_is_gone(), "the caller still waits");
            let peer = if last_word.is_empty() {
                drop(peer);
                None
            } else {
                peer.send(&last_word);
                Some(peer)
            };
            assert!(context.caller_is_gone(), "after {last_word:?}");
            answer.send(()).unwrap();
            drop(peer);
            // how the connection ends is tested elsewhere
            _ = server.join().unwrap();
            assert!(context.caller_is_gone(), "the call is over");
        }
    });
}

#[test]
fn a_pipelined_request_does_not_mean_that_the_caller_is_gone() {
    watchdog(|| {
        let (send, contexts) = mpsc::sync_channel(2);
        let (answer, answered) = mpsc::sync_channel(2);
        let (mut peer, transport) = ScriptedPeer::new();
        let server = thread::spawn(|| serve_connection(transport, Patient(send, answered)));
        peer.send(&wire::request("x", 3, "1").repeat(2));
        let first = contexts.recv().unwrap();
        assert!(!first.caller_is_gone());
        answer.send(()).unwrap();
        let second = contexts.recv().unwrap();
        assert!(first.caller_is_gone(), "the call is over");
        assert!(!second.caller_is_gone());
        answer.send(()).unwrap();
        peer.send(&[wire::close_request(), wire::reset()].concat());
        server.join().unwrap().unwrap();
    });
}

#[test]
fn a_trace_context_travels_from_span_to_span() {
    watchdog(|| {
        let (send, contexts) = mpsc::sync_channel(8);
        let adopted = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&adopted);
        let config = ServerConfig::default().trace_context(move |_span, traceparent| {
            seen.store(traceparent == "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Ordering::SeqCst);
        });
        let (ours, theirs) = memory_pair();
        let server = thread::spawn(|| serve_connection_with(theirs, Curious(send), config));
        let options = CallOptions::default()
            .trace_context(|_span| Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()));
        let client = Client::from_transport(ours).unwrap().with_options(options);
        client.call("ask").with(&1).json::<Value>().unwrap();
        assert!(contexts.recv().unwrap().metadata().get("traceparent").is_some());
        assert!(adopted.load(Ordering::SeqCst), "the server's hook received it");
        client.close().unwrap();
        server.join().unwrap().unwrap();
    });
}

/// Waits for the test before each read, then reports whether the caller is gone.
struct Asked(mpsc::Receiver<()>, mpsc::Sender<bool>);

impl Read for Asked {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.recv().map_err(io::Error::other)?;
        // nothing requested the context before the reply began
        let context = CallContext::current().expect("a call is being answered");
        self.1.send(context.caller_is_gone()).expect("the test receives");
        buf[0] = 7;
        Ok(1)
    }
}

struct Streaming(Option<Asked>);

impl Dispatch for Streaming {
    fn contracts(&self) -> Contracts {
        const { &Contract::new("Streaming") }.into()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        call.takes_json().returns_octets(|_: Value| Ok::<_, Error>(self.0.take().expect("there is one call")))
    }
}

#[test]
fn a_stream_can_tell_whether_its_caller_is_gone() {
    watchdog(|| {
        let (ask, asked) = mpsc::channel();
        let (answer, answers) = mpsc::channel();
        let (mut peer, transport) = ScriptedPeer::new();
        let server = thread::spawn(|| serve_connection(transport, Streaming(Some(Asked(asked, answer)))));
        peer.send(&wire::request("x", 4, "1"));
        for _ in 0..2 {
            ask.send(()).unwrap();
            assert!(!answers.recv().unwrap(), "the caller still waits");
        }
        peer.send(&wire::reset());
        ask.send(()).unwrap();
        assert!(answers.recv().unwrap());
        drop((ask, peer));
        // how the connection ends is tested elsewhere
        _ = server.join().unwrap();
    });
}

/// A transport that requests the context at each read, and counts the reads inside a call.
struct Asking(Box<dyn ReadHalf>, Arc<AtomicUsize>);

impl ReadHalf for Asking {
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        if let Some(context) = CallContext::current() {
            assert!(!context.caller_is_gone(), "its request is being read");
            self.1.fetch_add(1, Ordering::SeqCst);
        }
        // a byte at a time, so that the body of a request is read within the call
        let one = buf.len().min(1);
        self.0.read(&mut buf[..one], until)
    }

    fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buf)
    }
}

#[test]
fn a_transport_may_ask_for_the_context_while_a_request_is_read() {
    watchdog(|| {
        for stream in [false, true] {
            let asked = Arc::new(AtomicUsize::new(0));
            let (ours, theirs) = memory_pair();
            let mut parts = theirs.into_parts().unwrap();
            parts.reader = Box::new(Asking(parts.reader, Arc::clone(&asked)));
            let server = thread::spawn(move || serve_connection(parts, Doubling));
            let client = Client::from_transport(ours).unwrap();
            for _ in 0..2 {
                if stream {
                    let count = client.call("count").with_octets(&b"12345"[..]).json::<usize>().unwrap();
                    assert_eq!(count, 5);
                } else {
                    assert_eq!(client.call("double").with(&21).json::<u32>().unwrap(), 42);
                }
            }
            client.close().unwrap();
            server.join().unwrap().unwrap();
            assert!(asked.load(Ordering::SeqCst) > 0);
        }
    });
}

struct Doubling;

impl Dispatch for Doubling {
    fn contracts(&self) -> Contracts {
        const { &Contract::new("Doubling") }.into()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        match call.endpoint() {
            "count" => call.takes_octets().returns_json(|mut content: OctetReader| {
                let mut bytes = Vec::new();
                content.read_to_end(&mut bytes)?;
                Ok::<_, Error>(bytes.len())
            }),
            _ => call.takes_json().returns_json(|number: u32| Ok::<_, Error>(number * 2)),
        }
    }
}

/// Ignores what goes wrong with its stream, while other threads look whether its caller is gone.
struct Careless(mpsc::Sender<()>);

impl Dispatch for Careless {
    fn contracts(&self) -> Contracts {
        const { &Contract::new("Careless") }.into()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        call.takes_octets().returns_json(|mut content: OctetReader| {
            let context = CallContext::current().expect("a call is answered");
            for _ in 0..4 {
                let context = context.clone();
                thread::spawn(move || while !context.caller_is_gone() {});
            }
            let mut bytes = Vec::new();
            _ = content.read_to_end(&mut bytes);
            self.0.send(()).expect("the caller's source waits");
            Ok::<_, Error>(bytes.len())
        })
    }
}

/// Gives a byte at once and another when the handler waits for it no longer.
struct Late {
    reads: u32,
    handler_gave_up: mpsc::Receiver<()>,
}

impl Read for Late {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.reads += 1;
        match self.reads {
            1 => buf[0] = 1,
            2 => self.handler_gave_up.recv().expect("the handler reads"),
            _ => return Ok(0),
        }
        Ok(1)
    }
}

/// Those that looked held a lock, and the failure that another thread had met was overlooked.
#[test]
fn a_broken_request_is_not_answered_while_others_look_for_its_caller() {
    watchdog(|| {
        for _ in 0..10 {
            let (ours, theirs) = memory_pair();
            let config = ServerConfig::default().stall_timeout(Some(Duration::from_millis(50)));
            let (given_up, handler_gave_up) = mpsc::channel();
            let server = thread::spawn(move || serve_connection_with(theirs, Careless(given_up), config));
            let client = Client::from_transport(ours).unwrap();
            let answer = client.call("count").with_octets(Late { reads: 0, handler_gave_up }).json::<usize>();
            assert!(matches!(answer, Err(Error::Transport { .. })), "{answer:?}");
            assert!(server.join().unwrap().is_err());
        }
    });
}
