//! Spans and events that a subscriber gets.

mod connections;

use std::fmt::{self, Debug};
use std::sync::{Arc, Mutex};
use std::thread;

use rpc_core::transport::memory_pair;
use rpc_core::{
    CallReport, Client, ClientConfig, ConnectionInfo, Ended, ErrorKind, Observer, Peer, Refused, Server,
    serve_connection,
};
use rpc_tests::{Original, OriginalClient, OriginalServer, Reference, serve_bytes, watchdog, wire};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Records each span and event with its fields.
#[derive(Clone, Default)]
struct Listener(Arc<Mutex<Vec<String>>>);

impl Listener {
    fn heard(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn has_heard(&self, level: &str) -> bool {
        self.0.lock().unwrap().iter().any(|line| line.starts_with(level))
    }
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        fmt::Write::write_fmt(&mut self.0, format_args!(" {}={value:?}", field.name())).unwrap();
    }
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("rpc_core")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields(format!("span {}", span.metadata().name()));
        span.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
        Id::from_u64(1)
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(event.metadata().level().to_string());
        event.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }

    fn record(&self, _span: &Id, values: &Record<'_>) {
        let mut fields = Fields("record".to_owned());
        values.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}
    fn enter(&self, _span: &Id) {}
    fn exit(&self, _span: &Id) {}
}

#[test]
fn a_call_is_a_span_on_each_side() {
    watchdog(|| {
        let (client_side, server_side) = (Listener::default(), Listener::default());
        let (ours, theirs) = memory_pair();
        let listener = server_side.clone();
        let server = thread::spawn(move || {
            tracing::subscriber::with_default(listener, || serve_connection(theirs, OriginalServer::new(Reference)))
        });
        tracing::subscriber::with_default(client_side.clone(), || {
            let client = OriginalClient::from_transport(ours).unwrap();
            client.fail("loudly").unwrap_err();
            OriginalClient::close(client).unwrap();
        });
        server.join().unwrap().unwrap();
        let (client, server) = (client_side.heard(), server_side.heard());
        assert_eq!(client[0], "span rpc_call side=\"client\" endpoint=\"Fail\"");
        assert_eq!(client[1], "record peer=memory");
        assert_eq!(client[2], "DEBUG message=the call failed error=handler says no: loudly");
        assert!(client[3].starts_with("record status=Error"), "{client:?}");
        assert!(client[4].starts_with("record elapsed="), "{client:?}");
        let ended =
            "DEBUG message=the call has ended side=\"client\" endpoint=\"Fail\" peer=memory status=Error error=remote";
        assert!(client[5].starts_with(ended), "{client:?}");
        assert!(
            server.iter().any(|line| line.starts_with("span rpc_call side=\"server\" endpoint=\"Fail\" peer=")),
            "{server:?}"
        );
        let end = server.iter().find(|line| line.contains("the call has ended")).expect("the end is logged");
        for field in ["side=\"server\"", "endpoint=\"Fail\"", "peer=memory", "status=Error", "elapsed="] {
            assert!(end.contains(field), "{field}: {end}");
        }
    });
}

/// Who knocks in vain, and why, is for whoever looks into it; a busy server would fill a log.
#[test]
fn a_refused_peer_is_logged_for_debugging() {
    watchdog(|| {
        let listener = Listener::default();
        let on_connection = listener.clone();
        let refuse = move |_: &Peer| {
            // for the rest of this thread, which is the connection's own
            std::mem::forget(tracing::subscriber::set_default(on_connection.clone()));
            Err::<OriginalServer<Reference>, _>(Refused::new("members only"))
        };
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn_with(refuse).unwrap();
        OriginalClient::connect(server.address()).unwrap().fail("loudly").unwrap_err();
        let heard = listener.heard();
        let expected = |line: &String| {
            line.starts_with("DEBUG")
                && line.contains("peer=tcp://127.0.0.1:")
                && line.contains("reason=\"members only\"")
        };
        assert!(heard.iter().any(expected), "{heard:?}");
        assert!(heard.iter().all(|line| !line.starts_with("WARN") && !line.starts_with("ERROR")), "{heard:?}");
    });
}

struct Panicking;

impl Observer for Panicking {
    fn connection_closed(&self, _connection: &ConnectionInfo<'_>, _end: Result<Ended, ErrorKind>) {
        panic!("on purpose");
    }

    fn call_ended(&self, _call: &CallReport<'_>) {
        panic!("on purpose");
    }
}

#[test]
fn a_clients_errors_name_its_peer_and_endpoint() {
    watchdog(|| {
        let listener = Listener::default();
        let (ours, theirs) = memory_pair();
        let server = thread::spawn(move || serve_connection(theirs, OriginalServer::new(Reference)));
        tracing::subscriber::with_default(listener.clone(), || {
            let config = ClientConfig::default().observer(Arc::new(Panicking));
            let client = OriginalClient::new(Client::from_transport_with(ours, config).unwrap());
            client.fail("loudly").unwrap_err();
        });
        server.join().unwrap().unwrap();
        let mut heard = listener.heard();
        heard.retain(|line| line.starts_with("ERROR"));
        let panicked = "ERROR message=an observer panicked peer=memory";
        assert_eq!(heard, [&format!("{panicked} endpoint=\"Fail\""), panicked]);
    });
}

#[test]
fn a_failing_stream_is_logged_on_the_server() {
    watchdog(|| {
        let listener = Listener::default();
        tracing::subscriber::with_default(listener.clone(), || {
            let request = wire::request("SendBroken", 4, "10");
            serve_bytes(&request, OriginalServer::new(Reference), rpc_core::ServerConfig::default(), |transport| {
                transport
            })
        })
        .0
        .unwrap_err();
        let heard = listener.heard();
        assert!(heard.iter().any(|line| line.starts_with("WARN") && line.contains("the source broke")), "{heard:?}");
    });
}
