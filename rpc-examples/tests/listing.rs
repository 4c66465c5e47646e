//! Listings that old servers serve page by page, that break off, and that fail.
#![cfg(unix)]

mod common;
#[macro_use]
#[path = "common/reads_only.rs"]
mod reads_only;

use std::fs;
use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Heard, Places, assert_all_arrives, names, odd_tree};
use rpc_core::{
    Call, CallReport, ConnectionInfo, Contracts, Dispatch, Error, ErrorKind, Fate, Observer, Operation, Refused,
    Served, Server, ServerConfig, Status,
};
use rpc_examples::mirror::{
    Content, CopyError, CopyOptions, Entry, Mirror, MirrorClient, MirrorError, MirrorServer, Page, Receipt, RelPath,
    Shelf, Upload, Watch, list, pull, push,
};
use rpc_tests::watchdog;
use serde::Deserialize;

/// A server from before there were streams of entries, and of several files. Its pages are short.
#[derive(Clone)]
struct Old {
    shelf: Arc<Shelf>,
    server: MirrorServer<Arc<Shelf>>,
}

impl Old {
    fn new(shelf: Shelf) -> Old {
        let shelf = Arc::new(shelf);
        Old { server: MirrorServer::new(Arc::clone(&shelf)), shelf }
    }
}

/// The parameters of `list`.
#[derive(Deserialize)]
struct Asked {
    after: Option<RelPath>,
    limit: u32,
}

impl Dispatch for Old {
    fn contracts(&self) -> Contracts {
        self.server.contracts()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        match call.endpoint() {
            "entries" | "fetch_many" | "store_many" => {
                call.refuse(Status::RequestError, "unknown endpoint, there are: list, fetch")
            }
            "list" => {
                call.takes_json().returns_json(|Asked { after, limit }: Asked| self.shelf.list(after, limit.min(3)))
            }
            _ => self.server.dispatch(call),
        }
    }
}

#[test]
fn all_arrives_from_an_old_server() {
    watchdog(|| {
        let places = Places::new();
        odd_tree(places.source.path());
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(Old::new(places.shelf())).unwrap();
        let remote = MirrorClient::connect(server.address()).unwrap();
        assert_all_arrives(&places, || places.pull_from(&remote).unwrap());
    });
}

#[test]
fn all_arrives_at_an_old_server() {
    watchdog(|| {
        let places = Places::new();
        odd_tree(places.source.path());
        let shelf = Shelf::open(places.copy.path()).unwrap().writable(None).unwrap();
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(Old::new(shelf)).unwrap();
        let remote = MirrorClient::connect(server.address()).unwrap();
        assert_all_arrives(&places, || {
            let mut heard = Heard::default();
            let report = push(places.source.path(), &remote, &CopyOptions::default(), &mut heard).unwrap();
            (report, heard)
        });
    });
}

/// Sends the kind of the error of each listing that has ended, and counts refused connections.
struct Ends {
    listings: Mutex<Sender<Option<ErrorKind>>>,
    refused: AtomicUsize,
}

impl Ends {
    fn new() -> (Arc<Ends>, Receiver<Option<ErrorKind>>) {
        let (tell, told) = mpsc::channel();
        (Arc::new(Ends { listings: Mutex::new(tell), refused: AtomicUsize::new(0) }), told)
    }
}

impl Observer for Ends {
    fn call_ended(&self, call: &CallReport<'_>) {
        if call.endpoint == "entries" {
            _ = self.listings.lock().unwrap().send(call.error);
        }
    }

    fn connection_refused(&self, _: &ConnectionInfo<'_>, _: &str) {
        self.refused.fetch_add(1, Ordering::SeqCst);
    }
}

/// A server refuses a connection by the status that an old one has for `entries`.
#[test]
fn a_busy_server_is_not_asked_for_pages() {
    watchdog(|| {
        let places = Places::new();
        let (ends, _) = Ends::new();
        let config = ServerConfig::default().observer(Arc::<Ends>::clone(&ends));
        let server = Server::bind_with("tcp://127.0.0.1:0", config).unwrap();
        let server = server.spawn_with(|_| Err::<MirrorServer<Shelf>, _>(Refused::new("busy"))).unwrap();
        let remote = MirrorClient::connect(server.address()).unwrap();
        let error = places.pull_from(&remote).unwrap_err();
        assert_eq!(error.to_string(), "busy");
        assert_eq!(ends.refused.load(Ordering::SeqCst), 1);
    });
}

/// A shelf whose listing fails after some entries, each time it is begun.
struct Failing {
    shelf: Shelf,
    /// How many entries come before it fails.
    before: usize,
    failure: fn() -> MirrorError,
    begun: AtomicUsize,
}

impl Failing {
    fn new(places: &Places, before: usize, failure: fn() -> MirrorError) -> Failing {
        Failing { shelf: places.shelf(), before, failure, begun: AtomicUsize::new(0) }
    }

    fn begun(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }
}

impl Mirror for Failing {
    fn entries(&self, after: Option<RelPath>) -> Result<impl Iterator<Item = Result<Entry, MirrorError>>, MirrorError> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        let entries = self.shelf.entries(after)?.enumerate();
        Ok(entries.map(|(at, entry)| if at < self.before { entry } else { Err((self.failure)()) }))
    }

    fn fetch(&self, path: &RelPath, offset: u64, content: &Content) -> Result<impl Read, MirrorError> {
        self.shelf.fetch(path, offset, content)
    }

    reads_only!();
}

fn lost() -> MirrorError {
    let error = std::io::ErrorKind::ConnectionReset.into();
    MirrorError::Call(Error::Transport { operation: Operation::ReadingStream, error, fate: Fate::LOST })
}

fn late() -> MirrorError {
    let limit = Duration::from_secs(1);
    MirrorError::Call(Error::Deadline { operation: Operation::ReadingStream, limit, fate: Fate::LOST })
}

fn cancelled() -> MirrorError {
    MirrorError::Call(Error::Cancelled { operation: Operation::ReadingStream, fate: Fate::IN_STEP })
}

#[test]
fn a_listing_that_breaks_off_goes_on_after_its_last_entry() {
    watchdog(|| {
        let places = Places::new();
        odd_tree(places.source.path());
        let all: Vec<Entry> = places.shelf().entries(None).unwrap().map(Result::unwrap).collect();
        for failure in [lost, late] {
            for before in [1, 7] {
                let failing = Failing::new(&places, before, failure);
                let listed: Result<Vec<_>, _> = list(&failing).collect();
                assert_eq!(listed.unwrap(), all);
                assert_eq!(failing.begun(), all.len().div_ceil(before));
            }
        }
        assert_all_arrives(&places, || places.pull_from(&Failing::new(&places, 2, lost)).unwrap());
    });
}

#[test]
fn a_listing_that_does_not_get_on_is_given_up() {
    watchdog(|| {
        let places = Places::new();
        odd_tree(places.source.path());
        let failing = Failing::new(&places, 0, lost);
        let mut listing = list(&failing);
        let error = listing.next().unwrap().unwrap_err();
        assert!(matches!(error, CopyError::Call(MirrorError::Call(Error::Transport { .. }))), "{error}");
        assert!(listing.next().is_none());
        assert_eq!(failing.begun(), 1);
    });
}

#[test]
fn what_would_come_again_is_not_tried_again() {
    watchdog(|| {
        let places = Places::new();
        odd_tree(places.source.path());
        for failure in [
            || MirrorError::NoTree("the disk fell out".to_owned()),
            || MirrorError::Call(Error::new("the server has a bug")),
            cancelled,
        ] {
            let failing = Failing::new(&places, 2, failure);
            let listed: Vec<_> = list(&failing).collect();
            assert_eq!(listed.len(), 3);
            assert_eq!(listed[2].as_ref().unwrap_err().to_string(), failure().to_string());
            assert_eq!(failing.begun(), 1);
        }
    });
}

#[test]
fn an_error_of_the_tree_ends_a_pull_and_deletes_nothing() {
    watchdog(|| {
        let places = Places::new();
        for name in ["a", "b", "c"] {
            fs::write(places.source(name), name).unwrap();
        }
        for extra in [" ", "z"] {
            fs::write(places.copy(extra), "mine").unwrap();
        }
        let failing = Failing::new(&places, 2, || MirrorError::NoTree("the disk fell out".to_owned()));
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(MirrorServer::new(failing)).unwrap();
        let remote = MirrorClient::connect(server.address()).unwrap();
        let error = places.pull_with(&remote, &CopyOptions::default().delete(true)).unwrap_err();
        assert!(matches!(&error, CopyError::Call(MirrorError::NoTree(why)) if why == "the disk fell out"), "{error}");
        assert_eq!(names(places.copy.path()), [" ", "a", "b", "z"]);
    });
}

/// A shelf that describes an entry only when it is told to.
struct Told {
    shelf: Shelf,
    go_on: Mutex<Receiver<()>>,
}

impl Mirror for Told {
    fn entries(&self, after: Option<RelPath>) -> Result<impl Iterator<Item = Result<Entry, MirrorError>>, MirrorError> {
        Ok(self.shelf.entries(after)?.inspect(|_| self.go_on.lock().unwrap().recv().unwrap()))
    }

    fn fetch(&self, path: &RelPath, offset: u64, content: &Content) -> Result<impl Read, MirrorError> {
        self.shelf.fetch(path, offset, content)
    }

    reads_only!();
}

#[test]
fn an_entry_arrives_before_the_next_one_is_there() {
    watchdog(|| {
        let places = Places::new();
        odd_tree(places.source.path());
        let (go, go_on) = mpsc::channel();
        let told = Told { shelf: places.shelf(), go_on: Mutex::new(go_on) };
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(MirrorServer::new(told)).unwrap();
        let remote = MirrorClient::connect(server.address()).unwrap();
        let mut listing = list(&remote);
        for expected in places.shelf().entries(None).unwrap() {
            go.send(()).unwrap();
            assert_eq!(listing.next().unwrap().unwrap(), expected.unwrap());
        }
        assert!(listing.next().is_none());
    });
}

/// Pauses after the first file until the server has ended the listing.
struct Pausing {
    ended: Receiver<Option<ErrorKind>>,
    heard: Option<Option<ErrorKind>>,
}

impl Watch for Pausing {
    fn file_done(&mut self) {
        let ended = &self.ended;
        self.heard.get_or_insert_with(|| ended.recv().unwrap());
    }
}

#[test]
fn a_file_may_take_longer_than_the_server_waits_for_a_reader() {
    watchdog(|| {
        let places = Places::new();
        // Much more than a Unix socket buffers and one job has under way, so the server cannot get
        // rid of the whole listing.
        for number in 0..4000 {
            fs::write(places.source(&format!("{number:04}{}", "x".repeat(200))), "").unwrap();
        }
        let (ends, ended) = Ends::new();
        let config = ServerConfig::default().stall_timeout(Some(Duration::from_millis(100))).observer(ends);
        let address = format!("unix://{}", places.room.path().join("socket").display());
        let server = Server::bind_with(&address, config).unwrap().spawn(MirrorServer::new(places.shelf())).unwrap();
        let remote = MirrorClient::connect(server.address()).unwrap();
        let mut pausing = Pausing { ended, heard: None };
        let options = CopyOptions::default().sync(false).jobs(1);
        let report = pull(&remote, places.copy.path(), &options, &mut pausing).unwrap();
        assert_eq!(pausing.heard, Some(Some(ErrorKind::Deadline)));
        assert_eq!((report.copied, report.failed), (4000, 0));
        places.assert_same();
    });
}
