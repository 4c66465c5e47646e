//! Files that change, grow, shrink or vanish between the listing and the end of their stream.
#![cfg(unix)]

mod common;
#[macro_use]
#[path = "common/reads_only.rs"]
mod reads_only;

use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;

use common::{Places, names, rel};
use rpc_core::Server;
use rpc_examples::mirror::{
    Content, Entry, Mirror, MirrorClient, MirrorError, MirrorServer, Page, Receipt, RelPath, Shelf, Upload,
};
use rpc_tests::watchdog;

/// A shelf that runs a function right before `victim` is fetched.
struct Restless {
    shelf: Shelf,
    place: PathBuf,
    happens: fn(&PathBuf),
}

impl Mirror for Restless {
    fn entries(&self, after: Option<RelPath>) -> Result<impl Iterator<Item = Result<Entry, MirrorError>>, MirrorError> {
        self.shelf.entries(after)
    }

    fn fetch(&self, path: &RelPath, offset: u64, content: &Content) -> Result<impl Read, MirrorError> {
        if *path == rel("victim") {
            (self.happens)(&self.place);
        }
        self.shelf.fetch(path, offset, content)
    }

    reads_only!();
}

/// Pulls three files over a connection, and returns the notice about the second.
fn pull_while(happens: fn(&PathBuf)) -> String {
    let places = Places::new();
    for name in ["first", "victim", "with others"] {
        fs::write(places.source(name), "as it was listed").unwrap();
    }
    fs::write(places.copy("victim"), "old").unwrap();
    let restless = Restless { shelf: places.shelf(), place: places.source("victim"), happens };
    let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(MirrorServer::new(restless)).unwrap();
    let (report, heard) = places.pull_from(&MirrorClient::connect(server.address()).unwrap()).unwrap();
    assert_eq!((report.copied, report.failed), (2, 1));
    assert_eq!(fs::read(places.copy("victim")).unwrap(), b"old");
    assert_eq!(names(places.copy.path()), ["first", "victim", "with others"]);
    heard.notices.concat()
}

#[test]
fn changed() {
    let said = watchdog(|| pull_while(|path| fs::write(path, "as it is NOW ...").unwrap()));
    assert_eq!(said, "failed victim: it changed while it was being copied, try again");
}

#[test]
fn grown() {
    let said = watchdog(|| pull_while(|path| fs::write(path, vec![b'a'; 10_000_000]).unwrap()));
    assert_eq!(said, "failed victim: it changed while it was being copied, try again");
}

#[test]
fn shrunk() {
    let said = watchdog(|| pull_while(|path| fs::write(path, "as it was").unwrap()));
    assert_eq!(said, "failed victim: it changed while it was being copied, try again");
}

#[test]
fn vanished() {
    let said = watchdog(|| pull_while(|path| fs::remove_file(path).unwrap()));
    assert_eq!(said, "failed victim: victim no longer exists");
}

#[test]
fn became_a_directory() {
    let said = watchdog(|| {
        pull_while(|path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        })
    });
    assert_eq!(said, "failed victim: victim is not a regular file");
}

/// A shelf whose files never end.
struct Endless(Shelf);

impl Mirror for Endless {
    fn entries(&self, after: Option<RelPath>) -> Result<impl Iterator<Item = Result<Entry, MirrorError>>, MirrorError> {
        self.0.entries(after)
    }

    fn fetch(&self, _: &RelPath, _: u64, _: &Content) -> Result<impl Read, MirrorError> {
        Ok(io::repeat(b'x'))
    }

    reads_only!();
}

#[test]
fn endless() {
    watchdog(|| {
        let places = Places::new();
        fs::write(places.source("file"), "xxxx").unwrap();
        let server =
            Server::bind("tcp://127.0.0.1:0").unwrap().spawn(MirrorServer::new(Endless(places.shelf()))).unwrap();
        let (report, _) = places.pull_from(&MirrorClient::connect(server.address()).unwrap()).unwrap();
        assert_eq!((report.failed, report.bytes), (1, 5), "one byte more than listed is read");
        assert!(names(places.copy.path()).is_empty());
    });
}
