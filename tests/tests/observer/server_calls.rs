//! What a server reports of calls: the same as its client, and what only a server knows.

use std::io::{self, IoSlice, Read, Write};
use std::sync::Arc;
use std::time::Instant;

use rpc_core::transport::{Parts, WriteHalf, memory_pair};
use rpc_core::{
    CallReport, Client, Contracts, Dispatch, Error, ErrorKind, Server, ServerConfig, ServerHandle, Session, Side,
    Status, StreamEnd, Transport, rpc_service, serve_connection_with,
};
use rpc_tests::{serve_bytes, watchdog, wire};

use crate::depot::{Depot, DepotClient, DepotServer, Failing, Shed};
use crate::recorder::{Recorder, Report};

/// More than fits on the way, so that it cannot end before anybody reads it.
const MUCH: u64 = 50 << 20;

fn much() -> impl Read {
    io::repeat(7).take(MUCH)
}

fn serve<D: Dispatch + Clone + Send + 'static>(service: D) -> (ServerHandle, Arc<Recorder>) {
    let recorder = Arc::new(Recorder::default());
    let config = ServerConfig::default().observer(Arc::<Recorder>::clone(&recorder));
    (Server::bind_with("tcp://127.0.0.1:0", config).unwrap().spawn(service).unwrap(), recorder)
}

/// A server and a client that both have an observer.
struct Both {
    depot: DepotClient,
    near: Arc<Recorder>,
    far: Arc<Recorder>,
    _server: ServerHandle,
}

impl Both {
    fn new() -> Both {
        let (server, far) = serve(DepotServer::new(Shed));
        let (near, config) = Recorder::with_config();
        let depot = DepotClient::connect_with(server.address(), config).unwrap();
        depot.echo("so that both know the revision").unwrap();
        near.call();
        far.call_in_time();
        Both { depot, near, far, _server: server }
    }

    /// Returns what both sides report of the last call, after checking that they agree.
    fn agreed(&self) -> Report {
        let (near, far) = (self.near.call(), self.far.call_in_time());
        assert_eq!((near.side, far.side), (Side::Client, Side::Server));
        assert_eq!(near.bytes(), (far.received, far.sent), "{near:?} {far:?}");
        assert_eq!((&near.endpoint, near.status, near.stream), (&far.endpoint, far.status, far.stream));
        assert_eq!((near.service.as_deref(), far.service.as_deref()), (Some("Depot"), Some("Depot")));
        far
    }
}

#[test]
fn both_sides_agree() {
    watchdog(|| {
        let both = Both::new();
        let depot = &both.depot;
        let is = |status, error, stream| assert_eq!(both.agreed().end(), (Some(status), error, stream));

        depot.echo("text").unwrap();
        is(Status::Ok, None, None);
        depot.fail("text").unwrap_err();
        is(Status::Error, None, None);
        let completed = Some(StreamEnd::Completed);
        assert_eq!(depot.up(much()).unwrap(), MUCH);
        is(Status::Ok, None, completed);
        io::copy(&mut depot.down(MUCH).unwrap(), &mut io::sink()).unwrap();
        is(Status::Ok, None, completed);
        io::copy(&mut depot.both(much()).unwrap(), &mut io::sink()).unwrap();
        is(Status::Ok, None, completed);
        depot.store("name", much()).unwrap();
        is(Status::Ok, None, completed);
        io::copy(&mut depot.open(MUCH).unwrap().1, &mut io::sink()).unwrap();
        is(Status::Ok, None, completed);
        // a refusal has no stream of its own
        depot.refuse_down(1).map(drop).unwrap_err();
        is(Status::Error, None, None);
    });
}

#[test]
fn both_sides_agree_on_streams_that_are_not_wanted() {
    watchdog(|| {
        let both = Both::new();
        drop(both.depot.down(MUCH).unwrap());
        assert_eq!(both.agreed().end(), (Some(Status::Ok), None, Some(StreamEnd::Cancelled)));
        both.depot.refuse(much()).unwrap_err();
        assert_eq!(both.agreed().end(), (Some(Status::Error), None, Some(StreamEnd::Cancelled)));
    });
}

#[test]
fn both_sides_agree_on_sources_that_fail() {
    watchdog(|| {
        let both = Both::new();
        let broken = Some(StreamEnd::Broke);
        io::copy(&mut both.depot.down_broken(MUCH).unwrap(), &mut io::sink()).unwrap_err();
        assert_eq!(both.agreed().end(), (Some(Status::Ok), Some(ErrorKind::Source), broken));
        both.depot.up(much().chain(Failing)).unwrap_err();
        assert_eq!(both.agreed().end(), (Some(Status::Error), None, broken));
    });
}

#[test]
fn a_report_has_its_times_in_order() {
    watchdog(|| {
        let both = Both::new();
        io::copy(&mut both.depot.down(MUCH).unwrap(), &mut io::sink()).unwrap();
        let report = both.agreed();
        assert!(report.first_result.unwrap() <= report.elapsed, "{report:?}");
    });
}

/// A peer must not choose how many names there are.
#[test]
fn unknown_endpoints_count_as_one() {
    watchdog(|| {
        let (server, recorder) = serve(DepotServer::new(Shed));
        let client = Client::connect(server.address()).unwrap();
        for endpoint in ["a", "b", "_OTHER", ""] {
            client.call(endpoint).json::<()>().unwrap_err();
            let report = recorder.call_in_time();
            assert_eq!((&*report.endpoint, report.service.as_deref()), (CallReport::OTHER, None));
            assert_eq!(report.end(), (Some(Status::RequestError), None, None));
        }
    });
}

#[rpc_service]
trait Fragile {
    fn explode(&self) -> rpc_core::Result<()>;
}

impl Fragile for Shed {
    fn explode(&self) -> rpc_core::Result<()> {
        panic!("on purpose")
    }
}

#[test]
fn a_panic_is_told_from_other_errors() {
    watchdog(|| {
        let (server, recorder) = serve(FragileServer::new(Shed));
        FragileClient::connect(server.address()).unwrap().explode().unwrap_err();
        let report = recorder.call_in_time();
        assert_eq!(report.end(), (Some(Status::ServerError), Some(ErrorKind::Panic), None));
    });
}

#[test]
fn a_request_that_breaks_has_no_status() {
    watchdog(|| {
        let recorder = Arc::new(Recorder::default());
        let config = ServerConfig::default().observer(Arc::<Recorder>::clone(&recorder));
        let bytes = [wire::opening("up", 4, 3), wire::more("some")].concat();
        serve_bytes(&bytes, DepotServer::new(Shed), config, |transport| transport).0.unwrap_err();
        assert_eq!(recorder.call().end(), (None, Some(ErrorKind::Transport), Some(StreamEnd::Broke)));
        assert_eq!(recorder.closed(), [Err(ErrorKind::Transport)]);
    });
}

#[test]
fn control_requests_are_no_calls() {
    watchdog(|| {
        let recorder = Arc::new(Recorder::default());
        let config = ServerConfig::default().observer(Arc::<Recorder>::clone(&recorder));
        let bytes = [wire::opening("Ping", 2, 2), wire::opening("nonsense", 2, 2), wire::close_request()].concat();
        serve_bytes(&bytes, DepotServer::new(Shed), config, |transport| transport).0.unwrap();
        assert!(recorder.calls().is_empty());
    });
}

/// Two pipelined calls leave in one write, and each counts its own bytes.
#[test]
fn replies_that_are_held_back_count_for_their_calls() {
    watchdog(|| {
        let recorder = Arc::new(Recorder::default());
        let config = ServerConfig::default().observer(Arc::<Recorder>::clone(&recorder));
        let (one, other) = (wire::request("echo", 3, "\"a\""), wire::request("echo", 3, "\"longer\""));
        let bytes = [&one[..], &other, &wire::close_request()].concat();
        serve_bytes(&bytes, DepotServer::new(Shed), config, |transport| transport).0.unwrap();
        let reply = |json| [wire::ok(3), wire::data(json)].concat().len() as u64;
        let found: Vec<_> = recorder.calls().iter().map(Report::bytes).collect();
        let expected = [(reply("\"a\""), one.len() as u64), (reply("\"longer\""), other.len() as u64)];
        assert_eq!(found, expected);
    });
}

#[derive(Clone)]
struct Silent;

impl Dispatch for Silent {
    fn contracts(&self) -> Contracts {
        [].into_iter().collect()
    }

    fn dispatch<'c>(&mut self, call: rpc_core::Call<'c>) -> rpc_core::Served<'c> {
        call.takes_json().returns_json(|()| Ok::<_, Error>(()))
    }
}

#[test]
fn an_endpoint_that_no_contract_lists_is_other_even_if_it_is_served() {
    watchdog(|| {
        let (server, recorder) = serve(Silent);
        Client::connect(server.address()).unwrap().call("anything").json::<()>().unwrap();
        let report = recorder.call_in_time();
        assert_eq!((&*report.endpoint, report.status), (CallReport::OTHER, Some(Status::Ok)));
    });
}

/// Leaves a value with each call that panics when it is dropped.
#[derive(Clone)]
struct Careless(DepotServer<Shed>);

#[derive(Clone)]
struct Grenade;

impl Drop for Grenade {
    fn drop(&mut self) {
        panic!("on purpose");
    }
}

impl Dispatch for Careless {
    fn contracts(&self) -> Contracts {
        self.0.contracts()
    }

    fn dispatch<'c>(&mut self, call: rpc_core::Call<'c>) -> rpc_core::Served<'c> {
        call.extensions().insert(Grenade);
        self.0.dispatch(call)
    }
}

#[test]
fn a_call_whose_values_panic_in_their_drop_is_reported() {
    watchdog(|| {
        let (server, far) = serve(Careless(DepotServer::new(Shed)));
        let mut session = Session::connect(server.address()).unwrap();
        for _ in 0..2 {
            assert_eq!(session.call("echo").with("text").json::<String>().unwrap(), "text");
            assert_eq!(far.call_in_time().end(), (Some(Status::Ok), None, None));
        }
    });
}

/// Panics when it is to send something.
struct Mute(Box<dyn WriteHalf>);

impl WriteHalf for Mute {
    fn write(&mut self, _bufs: &[IoSlice<'_>], _until: Option<Instant>) -> io::Result<usize> {
        panic!("on purpose");
    }

    fn finish(&mut self, until: Option<Instant>) -> io::Result<()> {
        self.0.finish(until)
    }
}

#[test]
fn a_call_whose_transport_panics_after_its_handler_is_reported() {
    watchdog(|| {
        let recorder = Arc::new(Recorder::default());
        let config = ServerConfig::default().observer(Arc::<Recorder>::clone(&recorder));
        let (mut near, far) = memory_pair();
        let far = far.into_parts().unwrap();
        let far = Parts { writer: Box::new(Mute(far.writer)), ..far };
        near.write_all(&wire::request("explode", 3, "null")).unwrap();
        drop(near);
        serve_connection_with(far, FragileServer::new(Shed), config).unwrap_err();
        assert_eq!(recorder.call().error, Some(ErrorKind::Panic));
        assert_eq!((recorder.opened(), recorder.closed().len()), (1, 1));
    });
}
