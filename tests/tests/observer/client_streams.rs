//! Calls with streams: they end when their streams do, and their reports say how.

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::time::Instant;

use rpc_core::transport::{MemoryStream, Parts, ReadHalf};
use rpc_core::{Client, ErrorKind, Status, StreamEnd, Transport};
use rpc_tests::{ScriptedPeer, TransportKind, watchdog, wire};

use crate::depot::{Depot, DepotClient, DepotServer, Failing, Shed};
use crate::recorder::{Recorder, Report};
use crate::scripted::{Script, Scripted, answer, seven};

/// The end of a report: status, error, stream.
type End = (Option<Status>, Option<ErrorKind>, Option<StreamEnd>);

const COMPLETED: End = (Some(Status::Ok), None, Some(StreamEnd::Completed));
const CANCELLED: End = (Some(Status::Ok), None, Some(StreamEnd::Cancelled));

/// Makes a call of a real server that is known to speak revision 1, over each transport, and checks
/// the end of its report.
#[track_caller]
fn ends(end: End, call: impl Fn(&DepotClient, &Recorder)) {
    for kind in TransportKind::ALL {
        let (recorder, config) = Recorder::with_config();
        let (client, _) = kind.serve_with(DepotServer::new(Shed), config, <_>::default(), |near| near);
        let depot = DepotClient::new(client);
        depot.echo("").unwrap();
        recorder.call();
        call(&depot, &recorder);
        let report = recorder.call();
        assert_eq!(report.end(), end, "{kind:?}: {report:?}");
        // the connection stays in step
        depot.echo("").unwrap();
        assert_eq!(recorder.opened(), 1);
    }
}

const MUCH: u64 = 3_000_000;

fn much() -> impl Read {
    io::repeat(7).take(MUCH)
}

fn drain(stream: &mut impl Read) -> io::Result<u64> {
    io::copy(stream, &mut io::sink())
}

#[test]
fn a_reply_that_is_read_to_its_end_is_completed() {
    watchdog(|| {
        for count in [0, 1, MUCH] {
            ends(COMPLETED, |depot, recorder| {
                let mut stream = depot.down(count).unwrap();
                assert!(recorder.calls().is_empty(), "the call has not ended");
                assert_eq!(drain(&mut stream).unwrap(), count);
                // `ends` finds the report although the stream still exists
                std::mem::forget(stream);
            });
        }
        ends(COMPLETED, |depot, _| assert_eq!(drain(&mut depot.open(MUCH).unwrap().1).unwrap(), MUCH));
        ends(COMPLETED, |depot, _| {
            assert_eq!(rpc_core::copy(&mut depot.down(9).unwrap(), &mut Vec::new()).unwrap(), 9);
        });
    });
}

#[test]
fn a_reply_that_is_dropped_is_cancelled() {
    watchdog(|| {
        for count in [1, MUCH] {
            ends(CANCELLED, |depot, recorder| {
                let stream = depot.down(count).unwrap();
                assert!(recorder.calls().is_empty(), "the call has not ended");
                drop(stream);
            });
        }
        ends(CANCELLED, |depot, _| depot.down(MUCH).unwrap().read_exact(&mut [0; 100]).unwrap());
        ends(CANCELLED, |depot, _| drop(depot.open(MUCH).unwrap()));
    });
}

#[test]
fn a_reply_whose_source_fails_is_broken() {
    watchdog(|| {
        let broken = (Some(Status::Ok), Some(ErrorKind::Remote), Some(StreamEnd::Broke));
        ends(broken, |depot, _| _ = drain(&mut depot.down_broken(MUCH).unwrap()).unwrap_err());
    });
}

#[test]
fn a_reply_behind_a_value_that_does_not_fit_is_cancelled() {
    watchdog(|| {
        let end = (Some(Status::Ok), Some(ErrorKind::Protocol), Some(StreamEnd::Cancelled));
        let (recorder, config) = Recorder::with_config();
        let (client, _) = TransportKind::Memory.serve_with(DepotServer::new(Shed), config, <_>::default(), |near| near);
        client.call("open").with(&MUCH).json_and_octets::<String>().unwrap_err();
        assert_eq!(recorder.call().end(), end);
    });
}

#[test]
fn a_stream_that_never_began_does_not_count() {
    watchdog(|| {
        let refused = (Some(Status::Error), Some(ErrorKind::Remote), None);
        ends(refused, |depot, _| _ = depot.refuse_down(1).unwrap_err());
    });
}

#[test]
fn a_request_that_is_sent_whole_is_completed() {
    watchdog(|| {
        for count in [0, 1, MUCH] {
            ends(COMPLETED, |depot, _| assert_eq!(depot.up(io::repeat(7).take(count)).unwrap(), count));
            ends(COMPLETED, |depot, _| assert_eq!(depot.store("", io::repeat(7).take(count)).unwrap(), count));
        }
    });
}

#[test]
fn a_request_that_an_early_reply_stops_is_cancelled() {
    watchdog(|| {
        let refused = (Some(Status::Error), Some(ErrorKind::Remote), Some(StreamEnd::Cancelled));
        ends(refused, |depot, _| _ = depot.refuse(io::repeat(7)).unwrap_err());
        ends(refused, |depot, _| _ = depot.refuse_both(io::repeat(7)).unwrap_err());
    });
}

/// A transport that cannot look ahead.
struct Blind(MemoryStream);

struct BlindReader(Box<dyn ReadHalf>);

impl Transport for Blind {
    fn into_parts(self) -> io::Result<Parts> {
        let parts = self.0.into_parts()?;
        Ok(Parts { reader: Box::new(BlindReader(parts.reader)), ..parts })
    }
}

impl ReadHalf for BlindReader {
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        self.0.read(buf, until)
    }
}

#[test]
fn a_request_whose_server_has_refused_and_gone_is_cancelled() {
    watchdog(|| {
        let (mut peer, near) = ScriptedPeer::new();
        let server = std::thread::spawn(move || {
            peer.await_frames(|frames| frames.len() >= 2);
            peer.send(&wire::no(4, "no"));
        });
        let (recorder, config) = Recorder::with_config();
        let client = Client::from_transport_with(Blind(near), config).unwrap();
        // the failed write is explained by the reply
        let error = client.call("up").with_octets(io::repeat(7)).json::<u8>().unwrap_err();
        assert_eq!(error.to_string(), "no");
        let refused = (Some(Status::Error), Some(ErrorKind::Remote), Some(StreamEnd::Cancelled));
        assert_eq!(recorder.call().end(), refused);
        assert_eq!(recorder.closed(), [Err(ErrorKind::Transport)]);
        server.join().unwrap();
    });
}

#[test]
fn a_request_whose_source_fails_is_broken() {
    watchdog(|| {
        let failed = (Some(Status::Error), Some(ErrorKind::Source), Some(StreamEnd::Broke));
        ends(failed, |depot, _| _ = depot.up(much().chain(Failing)).unwrap_err());
        // nothing is known yet of the server's revision
        let scripted = Scripted::new(vec![Box::new(ScriptedPeer::await_reset)]);
        scripted.client.call("up").with_octets(Failing).json::<u8>().unwrap_err();
        let call = scripted.recorder.call();
        assert_eq!(call.end(), (None, Some(ErrorKind::Source), Some(StreamEnd::Broke)));
        assert_eq!(call.bytes(), (scripted.await_close().len() as u64, 0));
    });
}

/// Panics when it is read.
struct Panicking;

impl Read for Panicking {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        panic!("on purpose")
    }
}

#[test]
fn a_request_whose_source_panics_is_broken() {
    watchdog(|| {
        let (recorder, config) = Recorder::with_config();
        let (client, _) = TransportKind::Memory.serve_with(DepotServer::new(Shed), config, <_>::default(), |near| near);
        let depot = DepotClient::new(client.clone());
        catch_unwind(AssertUnwindSafe(|| depot.up(&mut Panicking))).unwrap_err();
        let call = recorder.call();
        assert_eq!(call.end(), (None, None, Some(StreamEnd::Broke)));
        assert!(call.sent > 0, "the header was sent");
        drop((depot, client));
        assert_eq!((recorder.opened(), recorder.closed().len()), (1, 1));
    });
}

#[test]
fn octets_both_ways_have_one_end() {
    watchdog(|| {
        for count in [0, 1, MUCH] {
            let copied = |depot: &DepotClient| drain(&mut depot.both(io::repeat(7).take(count)).unwrap()).unwrap();
            ends(COMPLETED, |depot, _| assert_eq!(copied(depot), count));
        }
        ends(CANCELLED, |depot, _| drop(depot.both(io::repeat(7)).unwrap()));
        let failed = (Some(Status::Ok), Some(ErrorKind::Source), Some(StreamEnd::Broke));
        ends(failed, |depot, _| {
            // before or after the reply's header has come
            let both = depot.both(much().chain(Failing));
            both.and_then(|mut both| Ok(drain(&mut both)?)).unwrap_err();
        });
        // the reply's end stops the request
        ends(CANCELLED, |depot, _| assert_eq!(drain(&mut depot.both_but_nothing(io::repeat(7)).unwrap()).unwrap(), 0));
    });
}

/// Makes a call whose server sends this, once the request's header has come, and closes; returns
/// the report.
fn cut(reply: Vec<u8>, call: impl FnOnce(&Client)) -> Report {
    let script: Script = Box::new(move |peer| {
        peer.await_frames(|frames| !frames.is_empty());
        peer.send(&reply);
    });
    let scripted = Scripted::new(vec![script]);
    call(&scripted.client);
    drop(scripted.client);
    assert_eq!(scripted.recorder.closed(), [Err(ErrorKind::Transport)]);
    scripted.recorder.call()
}

#[test]
fn a_stream_breaks_with_its_connection() {
    watchdog(|| {
        let half = || [wire::ok(4), wire::more("half")].concat();
        let broken = (Some(Status::Ok), Some(ErrorKind::Transport), Some(StreamEnd::Broke));
        let down = cut(half(), |client| {
            let mut stream = client.call("down").octets().unwrap();
            stream.read_exact(&mut [0; 4]).unwrap();
            stream.read(&mut [0; 4]).unwrap_err();
        });
        assert_eq!((down.end(), down.received), (broken, half().len() as u64));
        let both = cut(half(), |client| {
            let mut stream = client.call("both").with_octets(io::repeat(7)).octets().unwrap();
            drain(&mut stream).unwrap_err();
        });
        assert_eq!((both.end(), both.received), (broken, half().len() as u64));
        let up = cut(Vec::new(), |client| {
            client.call("up").with_octets(io::repeat(7)).json::<u8>().unwrap_err();
        });
        assert_eq!((up.end(), up.received), ((None, Some(ErrorKind::Transport), Some(StreamEnd::Broke)), 0));
    });
}

#[test]
fn a_stream_ends_on_the_thread_that_has_it() {
    watchdog(|| {
        ends(COMPLETED, |depot, _| {
            let mut stream = depot.down(MUCH).unwrap();
            std::thread::spawn(move || drain(&mut stream).unwrap()).join().unwrap();
        });
    });
}

#[test]
fn the_first_result_comes_before_the_end() {
    watchdog(|| {
        let (go, gate) = mpsc::channel::<()>();
        let scripted = Scripted::new(vec![Box::new(move |peer| {
            answer(peer, 1);
            peer.await_requests(2);
            peer.send(&[wire::ok(4), wire::more("half")].concat());
            gate.recv().unwrap();
            peer.send(&wire::data("rest"));
            peer.await_end();
        })]);
        scripted.client.call("x").json::<u8>().unwrap();
        assert_eq!(scripted.recorder.call().received, seven().len() as u64);
        let mut stream = scripted.client.call("down").octets().unwrap();
        let began = Instant::now();
        stream.read_exact(&mut [0; 4]).unwrap();
        // the header had come before this time, and the rest comes after it
        while began.elapsed().as_nanos() == 0 {}
        let waited = began.elapsed();
        go.send(()).unwrap();
        drain(&mut stream).unwrap();
        let call = scripted.recorder.call();
        assert!(call.first_result.unwrap() + waited <= call.elapsed, "{call:?}");
    });
}
