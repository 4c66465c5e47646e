//! How a stream of values ends: complete, or with an error that says why, and then for good.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use rpc_core::{Client, ClientConfig, Error, Misuse, Result, Status, Violation, rpc_service, values};
use rpc_tests::{ScriptedPeer, TransportKind, watchdog, wire};
use serde::ser::Error as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::service::{Depot, DepotClient, DepotError, DepotServer, Entry, Shelf, entries, entry, summary};

fn depot() -> (DepotClient, rpc_tests::Connections) {
    let (client, connections) = TransportKind::Tcp.serve(DepotServer::new(Shelf));
    let client = DepotClient::new(client);
    // so that it knows that the server understands a Trailer
    client.entries(0).unwrap().for_each(drop);
    (client, connections)
}

/// Checks that a stream has ended for good.
fn is_over(stream: &mut impl Iterator) {
    for _ in 0..3 {
        assert!(stream.next().is_none(), "it goes on after its end");
    }
}

#[test]
fn a_handlers_error_arrives_as_its_value_behind_its_items() {
    watchdog(|| {
        let (client, connections) = depot();
        for count in [0, 1, 1000] {
            let mut stream = client.overflow(count).unwrap();
            let read: Vec<Entry> = stream.by_ref().map_while(std::result::Result::ok).collect();
            assert_eq!(read, entries(count));
            is_over(&mut stream);
            let error = client.overflow(count).unwrap().find_map(std::result::Result::err);
            assert_eq!(error, Some(DepotError::Full { count }));
        }
        assert_eq!(connections.count(), 1, "the connection stayed in step");
    });
}

#[test]
fn a_callers_error_arrives_as_its_value_and_is_what_the_call_returns() {
    watchdog(|| {
        let (client, connections) = depot();
        let full = DepotError::Full { count: 7 };
        let failing = || values(entries(3)).chain([Err(full.clone())]).chain(values(entries(9)));
        let error = client.fill(failing()).unwrap_err();
        assert_eq!(error, full, "as in process");
        assert_eq!(Shelf.fill(failing()).unwrap_err(), full);

        let failing = values(entries(3)).chain([Err(Error::new("no more"))]);
        let error = client.import("open", failing).unwrap_err();
        assert!(matches!(&error, Error::Source { .. }) && error.connection_usable(), "{error:?}");
        assert!(error.to_string().ends_with("no more"), "{error}");
        assert_eq!(connections.count(), 1, "the connection stayed in step");
    });
}

/// Tells what its input was like.
#[rpc_service]
trait Watching {
    fn watch(&self, entries: impl Iterator<Item = Result<u32, DepotError>>) -> Result<()>;
}

#[derive(Clone)]
struct Watcher(std::sync::mpsc::Sender<std::result::Result<u32, DepotError>>);

impl Watching for Watcher {
    fn watch(&self, mut entries: impl Iterator<Item = Result<u32, DepotError>>) -> Result<()> {
        entries.by_ref().for_each(|entry| self.0.send(entry).unwrap());
        is_over(&mut entries);
        Ok(())
    }
}

#[test]
fn a_handler_sees_that_its_input_broke() {
    watchdog(|| {
        let (saw, seen) = std::sync::mpsc::channel();
        let (client, _) = TransportKind::Tcp.serve(WatchingServer::new(Watcher(saw)));
        let client = WatchingClient::new(client);
        client.watch(values([1, 2])).unwrap();
        assert_eq!(seen.try_iter().collect::<Vec<_>>(), [Ok(1), Ok(2)]);

        // a peer that understands a Trailer tells what the error was
        let broken = values([1]).chain([Err(DepotError::Full { count: 3 })]);
        assert!(client.watch(broken).is_err());
        assert_eq!(seen.try_iter().collect::<Vec<_>>(), [Ok(1), Err(DepotError::Full { count: 3 })]);
    });
}

#[test]
fn an_iterator_that_failed_or_ended_is_not_asked_again() {
    thread_local!(static ASKED: Cell<u32> = const { Cell::new(0) });
    let endings = || {
        std::iter::from_fn(|| {
            ASKED.set(ASKED.get() + 1);
            match ASKED.get() {
                1 => Some(Ok(entry(1))),
                2 => None,
                other => panic!("asked {other} times"),
            }
        })
    };
    watchdog(move || {
        let (client, _) = depot();
        assert_eq!(client.count(endings()).unwrap().count, 1);
        ASKED.set(0);
        assert_eq!(client.enrich(endings()).unwrap().count(), 1);
    });
}

/// Fails to be written if it is 13.
#[derive(Debug, Deserialize)]
struct Odd(u32);

impl Serialize for Odd {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self.0 {
            13 => Err(S::Error::custom("thirteen is not written")),
            number => serializer.serialize_u32(number),
        }
    }
}

#[rpc_service]
trait Oddities {
    fn odd(&self, to: u32) -> Result<impl Iterator<Item = Result<Odd>>>;
    fn even(&self, numbers: impl Iterator<Item = Result<Odd>>) -> Result<u32>;
    fn raw(&self, texts: impl Iterator<Item = Result<Raw>>) -> Result<impl Iterator<Item = Result<Raw>>>;
}

/// JSON that is ready, line breaks included.
type Raw = Box<RawValue>;

fn raw(json: &str) -> Raw {
    RawValue::from_string(json.to_owned()).unwrap()
}

#[derive(Clone)]
struct Odds;

impl Oddities for Odds {
    fn odd(&self, to: u32) -> Result<impl Iterator<Item = Result<Odd>>> {
        Ok(values((to - 2..=to).map(Odd)))
    }

    fn even(&self, numbers: impl Iterator<Item = Result<Odd>>) -> Result<u32> {
        numbers.map(|number| number.map(|number| number.0)).sum()
    }

    fn raw(&self, texts: impl Iterator<Item = Result<Raw>>) -> Result<impl Iterator<Item = Result<Raw>>> {
        Ok(texts.map(|text| text.map(|text| raw(&text.get().replace(' ', "\n")))))
    }
}

#[test]
fn an_item_that_cannot_be_written_is_an_error_of_its_sender() {
    watchdog(|| {
        let (client, connections) = TransportKind::Tcp.serve(OdditiesServer::new(Odds));
        let client = OdditiesClient::new(client);
        let read: Vec<_> = client.odd(14).unwrap().map(|odd| odd.map(|odd| odd.0)).collect();
        let [Ok(12), Err(Error::Remote(error))] = &read[..] else { panic!("{read:?}") };
        assert_eq!(error.status, Status::ServerError);
        assert_eq!(error.message, "item 2 of the reply of odd cannot be encoded: thirteen is not written");
        let error = client.even(values([1, 13, 2]).map(|number| number.map(Odd))).unwrap_err();
        assert!(error.to_string().contains("item 2 of the request of even cannot be encoded: thirteen"), "{error}");
        assert!(matches!(&error, Error::Source { .. }) && error.connection_usable(), "{error:?}");
        assert_eq!(connections.count(), 1);
    });
}

#[test]
fn line_breaks_in_a_values_own_json_are_no_ends_of_items() {
    watchdog(|| {
        let (client, _) = TransportKind::Tcp.serve(OdditiesServer::new(Odds));
        let client = OdditiesClient::new(client);
        let texts = || [raw("[1,\n2]"), raw("{\n\"a\":\n3}"), raw("4")];
        let read: Vec<Raw> = client.raw(values(texts())).unwrap().collect::<Result<_>>().unwrap();
        let read: Vec<&str> = read.iter().map(|text| text.get()).collect();
        assert_eq!(read, ["[1, 2]", "{ \"a\": 3}", "4"]);
    });
}

/// Returns what a client reads if a server sends these frames as the body.
fn read_from_wire(body: &[u8]) -> Vec<Result<u32>> {
    let (mut peer, transport) = ScriptedPeer::new();
    let sent = [wire::ok(4), body.to_vec()].concat();
    let playing = thread::spawn(move || {
        peer.await_requests(1);
        peer.send(&sent);
        // the end of the direction
    });
    let client = Client::from_transport(transport).unwrap();
    let mut stream = client.call("list").values::<u32>().unwrap();
    let read = stream.by_ref().collect();
    is_over(&mut stream);
    playing.join().unwrap();
    read
}

#[test]
fn an_item_of_another_type_is_an_error_and_the_next_follows() {
    watchdog(|| {
        let read = read_from_wire(&wire::data(b"1\n\"two\"\n\n[3\n \t4 \r\n5 5\n\xff\n6\n"));
        let texts: Vec<_> = read.iter().map(|item| item.as_ref().map_err(ToString::to_string)).collect();
        let goes_on = |number: usize, found: &str| {
            format!("protocol error: item {number} of the reply of list does not fit u32, found {found}: ")
        };
        assert_eq!([&texts[0], &texts[4], &texts[7]].map(|item| *item.as_ref().unwrap()), [&1, &4, &6]);
        let wrong = [(1, "\"two\""), (2, "nothing"), (3, "[3"), (5, "5 5"), (6, "\\xff")];
        for (at, found) in wrong {
            let text = texts[at].as_ref().unwrap_err();
            assert!(text.starts_with(&goes_on(at + 1, found)), "{text}");
            assert!(read[at].as_ref().unwrap_err().connection_usable());
        }
    });
}

#[test]
fn a_last_line_without_its_break_is_a_cut() {
    watchdog(|| {
        let mut read = read_from_wire(&wire::data("1\n2"));
        let error = read.pop().unwrap().unwrap_err();
        let Error::Protocol { violation: Violation::UnfinishedItem { item, found: 1 }, .. } = &error else {
            panic!("{error:?}");
        };
        assert_eq!(item, "item 2 of the reply of list");
        assert!(error.to_string().ends_with("found the end of the stream after 1 bytes"), "{error}");
        assert_eq!(read.len(), 1);
    });
}

#[test]
fn no_cut_is_taken_for_an_end() {
    watchdog(|| {
        let whole = [wire::more("1\n22"), wire::more(""), wire::more("2\n"), wire::data("3\n")].concat();
        assert_eq!(read_from_wire(&whole).into_iter().collect::<Result<Vec<_>>>().unwrap(), [1, 222, 3]);
        for cut in 0..whole.len() {
            let mut read = read_from_wire(&whole[..cut]);
            let last = read.pop();
            assert!(matches!(last, Some(Err(Error::Transport { .. }))), "cut after {cut}: {last:?}");
            let items: Vec<u32> = read.into_iter().collect::<Result<_>>().unwrap();
            assert!([1, 222, 3].starts_with(&items), "cut after {cut}: {items:?}");
        }
    });
}

#[test]
fn a_stream_that_is_dropped_leaves_its_connection_in_step() {
    watchdog(|| {
        let (client, connections) = depot();
        for read in [0, 1, 100] {
            let stream = client.entries(u64::MAX).unwrap();
            assert_eq!(stream.take(read).count(), read);
            let endless = values((0..).map(entry));
            assert_eq!(client.enrich(endless).unwrap().take(read).count(), read);
        }
        assert_eq!(client.entries(2).unwrap().count(), 2);
        assert_eq!(connections.count(), 1);
    });
}

#[test]
fn an_early_verdict_stops_the_items() {
    watchdog(|| {
        let (client, connections) = depot();
        let endless = values((0..).map(entry));
        let error = client.import("closed", endless).unwrap_err();
        assert_eq!(error.to_string(), "the depot is closed");
        assert!(error.connection_usable());
        assert_eq!(client.entries(2).unwrap().count(), 2);
        assert_eq!(connections.count(), 1);
    });
}

/// Keeps its input.
#[derive(Clone)]
struct Keeper(std::sync::mpsc::Sender<Box<dyn Iterator<Item = Result<u32>> + Send>>);

#[rpc_service]
trait Keeping {
    fn keep(&self, numbers: impl Iterator<Item = Result<u32>> + Send + 'static) -> Result<()>;
}

impl Keeping for Keeper {
    fn keep(&self, numbers: impl Iterator<Item = Result<u32>> + Send + 'static) -> Result<()> {
        self.0.send(Box::new(numbers)).unwrap();
        Ok(())
    }
}

#[test]
fn a_stream_that_outlives_its_call_is_an_error_once() {
    watchdog(|| {
        let (keep, kept) = std::sync::mpsc::channel();
        let (client, _) = TransportKind::Tcp.serve(KeepingServer::new(Keeper(keep)));
        KeepingClient::new(client).keep(values([1, 2])).unwrap();
        let mut stream = kept.recv().unwrap();
        let error = stream.next().unwrap().unwrap_err();
        assert!(matches!(error, Error::Misuse(Misuse::CallIsOver)), "{error:?}");
        is_over(&mut stream);
    });
}

#[test]
fn a_panic_of_an_iterator_costs_its_call() {
    watchdog(|| {
        let (client, connections) = depot();
        let panics = || values(entries(2)).chain(std::iter::from_fn(|| panic!("on purpose")));
        let call = || client.count(panics());
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(call));
        assert!(caught.is_err());
        assert_eq!(client.entries(2).unwrap().count(), 2);
        assert!(connections.count() <= 2);
        _ = summary(values(entries(1)));
    });
}

/// The server had ended the connection while it was idle, so that the call never ran. But its items
/// are gone, and the rest of them is not what the caller wants to send.
#[test]
fn a_call_whose_items_were_taken_is_not_repeated() {
    watchdog(|| {
        let opened = Arc::new(AtomicUsize::new(0));
        let (peers, to_play) = std::sync::mpsc::channel();
        let count = Arc::clone(&opened);
        let connect = move |_| {
            let (peer, transport) = ScriptedPeer::new();
            count.fetch_add(1, Ordering::SeqCst);
            peers.send(peer).unwrap();
            Ok(transport)
        };
        let client = Client::with_connector("scripted peers".to_owned(), connect, ClientConfig::default());
        let playing = thread::spawn(move || {
            let mut peer: ScriptedPeer = to_play.recv().unwrap();
            peer.await_requests(1);
            peer.send(&[wire::ok(3), wire::data("1")].concat());
            // an item of the upload, in place of whose reply comes a Reset
            peer.await_frames(|frames| frames.iter().any(|frame| frame.payload == b"1\n"));
            peer.send(&wire::reset());
            peer.await_end();
        });
        assert_eq!(client.call("any").json::<u32>().unwrap(), 1);
        let error = client.call("sum").with_values(values::<u32, Error>(1..)).json::<u32>().unwrap_err();
        assert!(error.never_ran(), "{error:?}");
        assert_eq!(opened.load(Ordering::SeqCst), 1, "it was repeated");
        drop(client);
        playing.join().unwrap();
    });
}

/// Panics if it is 2, after half of its JSON.
#[derive(Debug, Deserialize)]
struct Half(u32);

impl Serialize for Half {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let written = serializer.serialize_u32(self.0);
        assert_ne!(self.0, 2, "on purpose");
        written
    }
}

#[rpc_service]
trait Halves {
    fn pass(&self, halves: impl Iterator<Item = Result<Half>>) -> Result<impl Iterator<Item = Result<Half>>>;
}

#[derive(Clone)]
struct Passing(std::sync::mpsc::Sender<Option<u32>>);

impl Halves for Passing {
    fn pass(&self, halves: impl Iterator<Item = Result<Half>>) -> Result<impl Iterator<Item = Result<Half>>> {
        Ok(halves.inspect(|half| _ = self.0.send(half.as_ref().ok().map(|half| half.0))))
    }
}

/// A caller that caught the panic and read on sent the half together with the next item.
#[test]
fn half_an_item_is_not_sent() {
    watchdog(|| {
        let (saw, seen) = std::sync::mpsc::channel();
        let (client, _) = TransportKind::Memory.serve(HalvesServer::new(Passing(saw)));
        let client = HalvesClient::new(client);
        // ones until the reply has begun, so that it is a read of that which panics
        let begun = Arc::new(AtomicBool::new(false));
        let waits = Arc::clone(&begun);
        let ones = std::iter::from_fn(move || (!waits.load(Ordering::SeqCst)).then_some(1));
        let mut stream = client.pass(values(ones.chain([2, 3, 4]).map(Half))).unwrap();
        begun.store(true, Ordering::SeqCst);
        let mut read = || std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| stream.next()));
        while read().is_ok() {}
        let after: Vec<_> = std::iter::from_fn(|| read().unwrap()).collect();
        assert!(after.last().is_some_and(std::result::Result::is_err), "{after:?}");
        drop(stream);
        drop(client);
        let wrong: Vec<_> = seen.iter().filter(|number| !matches!(number, Some(1) | None)).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    });
}

/// Whether its connection goes on was guessed. Towards a peer of revision 0 it does not.
#[test]
fn a_cut_item_both_ways_says_truly_whether_its_connection_goes_on() {
    watchdog(|| {
        for (header, goes_on) in [(wire::ok(4), true), (wire::header(r#"{"DataType":4,"Error":1}"#), false)] {
            let (mut peer, transport) = ScriptedPeer::new();
            let playing = thread::spawn(move || {
                peer.await_frames(|frames| frames.len() > 1);
                peer.send(&[header, wire::data("1\n2")].concat());
                peer.await_end();
            });
            let client = Client::from_transport(transport).unwrap();
            let mut stream = client.call("both").with_values(values::<u32, Error>(1..)).values::<u32>().unwrap();
            assert_eq!(stream.next().unwrap().unwrap(), 1);
            let error = stream.next().unwrap().unwrap_err();
            assert!(matches!(error, Error::Protocol { .. }), "{error:?}");
            assert_eq!(error.connection_usable(), goes_on, "{error:?}");
            drop((stream, client));
            playing.join().unwrap();
        }
    });
}
