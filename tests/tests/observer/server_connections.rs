//! What a server tells its observer of connections.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rpc_core::transport::memory_pair;
use rpc_core::{
    CallReport, Client, ConnectionInfo, Ended, ErrorKind, Observer, Peer, Refused, Server, ServerConfig, Side,
    serve_connection_with,
};
use rpc_tests::{serve_bytes, watchdog, wire};

use crate::depot::{Depot, DepotClient, DepotServer, Shed};
use crate::recorder::Recorder;

fn observed() -> (Arc<Recorder>, ServerConfig) {
    let recorder = Arc::new(Recorder::default());
    let config = ServerConfig::default().observer(Arc::<Recorder>::clone(&recorder));
    (recorder, config)
}

/// Serves these bytes and then the end of the stream. Returns how the connection ended.
fn end_after(bytes: &[u8]) -> Result<Ended, ErrorKind> {
    let (recorder, config) = observed();
    let outcome = serve_bytes(bytes, DepotServer::new(Shed), config, |transport| transport).0;
    let [end] = recorder.closed()[..] else { panic!("{:?}", recorder.closed()) };
    assert_eq!(end, outcome.map_err(|error| error.kind()), "what is returned and what is told agree");
    assert_eq!(recorder.opened(), 1);
    end
}

#[test]
fn each_end_has_its_reason() {
    watchdog(|| {
        assert_eq!(end_after(&wire::close_request()), Ok(Ended::Closed));
        assert_eq!(end_after(b""), Ok(Ended::HungUp));
        assert_eq!(end_after(&wire::reset()), Ok(Ended::Reset));
        assert_eq!(end_after(&wire::opening("up", 9, 3)), Ok(Ended::GivenUp));
        assert_eq!(end_after(&wire::header("nonsense")), Err(ErrorKind::Protocol));
        assert_eq!(end_after(&wire::request("echo", 3, "1")[..20]), Err(ErrorKind::Transport));
    });
}

#[test]
fn an_idle_limit_and_a_shutdown_are_reasons() {
    watchdog(|| {
        let (recorder, config) = observed();
        let (_near, far) = memory_pair();
        let config = config.idle_timeout(Some(Duration::from_millis(20)));
        serve_connection_with(far, DepotServer::new(Shed), config).unwrap();
        assert_eq!(recorder.closed(), [Ok(Ended::Idle)]);

        let (recorder, config) = observed();
        let server = Server::bind_with("tcp://127.0.0.1:0", config).unwrap().spawn(DepotServer::new(Shed)).unwrap();
        let depot = DepotClient::connect(server.address()).unwrap();
        depot.echo("").unwrap();
        server.shutdown(Duration::from_secs(5));
        assert_eq!(recorder.closed_in_time(1), [Ok(Ended::ShutDown)]);
    });
}

/// What an observer hears of connections and calls, in order.
#[derive(Default)]
struct Order(Mutex<Vec<String>>);

impl Order {
    fn push(&self, what: String) {
        self.0.lock().unwrap().push(what);
    }
}

impl Observer for Order {
    fn connection_opened(&self, connection: &ConnectionInfo<'_>) {
        assert_eq!(connection.side, Side::Server);
        self.push(format!("opened {}", connection.peer));
    }

    fn connection_closed(&self, _connection: &ConnectionInfo<'_>, end: Result<Ended, ErrorKind>) {
        self.push(format!("closed {}", end.map_or_else(|kind| kind.as_str(), |end| end.as_str())));
    }

    fn connection_refused(&self, connection: &ConnectionInfo<'_>, reason: &str) {
        self.push(format!("refused {}: {reason}", connection.peer.address().to_string().starts_with("tcp://127.")));
    }

    fn call_ended(&self, call: &CallReport<'_>) {
        self.push(format!("called {}", call.endpoint));
    }
}

#[test]
fn a_connection_opens_before_its_calls_and_closes_after_them() {
    watchdog(|| {
        let order = Arc::new(Order::default());
        let config = ServerConfig::default().observer(Arc::<Order>::clone(&order));
        let (near, far) = memory_pair();
        let server = thread::spawn(move || serve_connection_with(far, DepotServer::new(Shed), config));
        let depot = DepotClient::from_transport(near).unwrap();
        depot.echo("").unwrap();
        depot.fail("").unwrap_err();
        DepotClient::close(depot).unwrap();
        server.join().unwrap().unwrap();
        assert_eq!(*order.0.lock().unwrap(), ["opened memory", "called echo", "called fail", "closed closed"]);
    });
}

#[test]
fn a_refused_connection_is_neither_opened_nor_closed() {
    watchdog(|| {
        let order = Arc::new(Order::default());
        let config = ServerConfig::default().observer(Arc::<Order>::clone(&order));
        let refuse = |_: &Peer| Err::<DepotServer<Shed>, _>(Refused::new("members only"));
        let server = Server::bind_with("tcp://127.0.0.1:0", config).unwrap().spawn_with(refuse).unwrap();
        Client::connect(server.address()).unwrap().call("echo").json::<()>().unwrap_err();
        server.shutdown(Duration::ZERO);
        assert_eq!(*order.0.lock().unwrap(), ["refused true: members only"]);
    });
}

/// Panics at everything that it hears.
struct Fragile;

impl Observer for Fragile {
    fn connection_opened(&self, _connection: &ConnectionInfo<'_>) {
        panic!("on purpose")
    }

    fn connection_closed(&self, _connection: &ConnectionInfo<'_>, _end: Result<Ended, ErrorKind>) {
        panic!("on purpose")
    }

    fn call_ended(&self, _call: &CallReport<'_>) {
        panic!("on purpose")
    }
}

#[test]
fn an_observer_that_panics_harms_nothing() {
    watchdog(|| {
        let config = ServerConfig::default().observer(Arc::new(Fragile));
        let server = Server::bind_with("tcp://127.0.0.1:0", config).unwrap().spawn(DepotServer::new(Shed)).unwrap();
        let depot = DepotClient::connect(server.address()).unwrap();
        for _ in 0..3 {
            assert_eq!(depot.echo("text").unwrap(), "text");
        }
        DepotClient::close(depot).unwrap();
        assert_eq!(server.shutdown(Duration::from_secs(5)).cut, 0);
    });
}
