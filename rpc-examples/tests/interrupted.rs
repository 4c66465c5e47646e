//! Whatever ends a pull early, no name refers to a part of a file, and the next pull completes the
//! copy.
#![cfg(unix)]

mod common;
#[macro_use]
#[path = "common/reads_only.rs"]
mod reads_only;

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Places, names, odd_tree, pattern, rel};
use rpc_core::{Server, ServerHandle};
use rpc_examples::mirror::{
    Content, CopyError, CopyOptions, Entry, Mirror, MirrorClient, MirrorError, MirrorServer, Page, Receipt, RelPath,
    Shelf, Upload, pull,
};
use rpc_tests::watchdog;

/// The size of each file.
const SIZE: usize = 1_200_000;

/// The offset at which `slow` stops.
const HALT: u64 = 1_000_000;

/// A shelf whose file `slow` stops in its middle: it reports that, and waits until the other end of
/// `go_on` sends how to continue or is dropped.
struct Halting {
    shelf: Shelf,
    halted: Sender<()>,
    go_on: Arc<Mutex<Receiver<()>>>,
}

impl Mirror for Halting {
    fn entries(&self, after: Option<RelPath>) -> Result<impl Iterator<Item = Result<Entry, MirrorError>>, MirrorError> {
        self.shelf.entries(after)
    }

    fn fetch(&self, path: &RelPath, offset: u64, content: &Content) -> Result<impl Read, MirrorError> {
        let file = self.shelf.fetch(path, offset, content)?;
        let (first, rest) = match *path == rel("slow") {
            true => (HALT.saturating_sub(offset), u64::MAX),
            false => (u64::MAX, 0),
        };
        let halt = Halt { halted: self.halted.clone(), go_on: Arc::clone(&self.go_on), passed: false };
        Ok(Sequence { file, first, halt, rest })
    }

    reads_only!();
}

struct Sequence<R> {
    file: R,
    first: u64,
    halt: Halt,
    rest: u64,
}

struct Halt {
    halted: Sender<()>,
    go_on: Arc<Mutex<Receiver<()>>>,
    passed: bool,
}

impl<R: Read> Read for Sequence<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.file.by_ref().take(self.first).read(buf)?;
        self.first -= count as u64;
        if count > 0 || self.rest == 0 {
            return Ok(count);
        }
        if !self.halt.passed {
            self.halt.passed = true;
            _ = self.halt.halted.send(());
            if self.halt.go_on.lock().unwrap().recv().is_err() {
                return Err(io::Error::other("the disk fell out"));
            }
        }
        self.file.read(buf)
    }
}

/// A served tree whose file `slow` stops, and the two channel ends that control it. A Unix socket
/// buffers so little that most of what was sent before the stop has certainly been read.
fn serve_halting(places: &Places) -> (ServerHandle, Receiver<()>, Sender<()>) {
    let (halted, halts) = mpsc::channel();
    let (go, go_on) = mpsc::channel();
    let halting = Halting { shelf: places.shelf(), halted, go_on: Arc::new(Mutex::new(go_on)) };
    let address = format!("unix://{}", places.room.path().join("socket").display());
    let server = Server::bind(address).unwrap().spawn(MirrorServer::new(halting)).unwrap();
    (server, halts, go)
}

fn with_slow_file() -> Places {
    let places = Places::new();
    for name in ["before", "slow", "then"] {
        fs::write(places.source(name), pattern(SIZE)).unwrap();
    }
    fs::write(places.source("slow"), &pattern(SIZE + 1)[1..]).unwrap();
    fs::write(places.copy("slow"), "what was here").unwrap();
    places
}

fn temporaries(places: &Places) -> usize {
    names(places.copy.path()).iter().filter(|name| name.contains(".mirror-")).count()
}

#[test]
fn a_killed_pull_leaves_whole_files_only() {
    watchdog(|| {
        let places = with_slow_file();
        let (server, halts, go) = serve_halting(&places);
        let mut program = Command::new(env!("CARGO_BIN_EXE_mirror"))
            .arg("pull")
            .arg(server.address().to_string())
            .arg(places.copy.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        halts.recv().unwrap();
        program.kill().unwrap();
        program.wait().unwrap();

        assert_eq!(fs::read(places.copy("slow")).unwrap(), b"what was here");
        for name in ["before", "then"] {
            assert!(fs::read(places.copy(name)).map_or(true, |bytes| bytes == pattern(SIZE)), "{name}");
        }
        assert!(temporaries(&places) >= 1, "{:?}", names(places.copy.path()));

        go.send(()).unwrap();
        go.send(()).unwrap();
        let (report, _) = places.pull_from(&MirrorClient::connect(server.address()).unwrap()).unwrap();
        assert_eq!((report.failed, report.bytes + report.resumed), (0, report.copied * SIZE as u64), "{report}");
        assert!(report.resumed > 0, "{report}");
        places.assert_same();
    });
}

#[test]
fn a_stream_that_breaks_costs_its_file_only() {
    watchdog(|| {
        let places = with_slow_file();
        let (server, halts, go) = serve_halting(&places);
        drop(go);
        let (report, heard) = places.pull_from(&MirrorClient::connect(server.address()).unwrap()).unwrap();
        halts.recv().unwrap();
        assert_eq!((report.copied, report.failed), (2, 1));
        assert!(heard.notices[0].starts_with("failed slow: "), "{:?}", heard.notices);
        assert_eq!(fs::read(places.copy("slow")).unwrap(), b"what was here");
        assert_eq!(temporaries(&places), 1, "what arrived is kept");
        let (report, _) = places.pull();
        assert_eq!((report.resumed, report.bytes), (HALT, SIZE as u64 - HALT));
        assert_eq!(temporaries(&places), 0);
    });
}

#[test]
fn a_server_that_goes_ends_the_pull() {
    watchdog(|| {
        let places = with_slow_file();
        let (server, halts, _go) = serve_halting(&places);
        let remote = MirrorClient::connect(server.address()).unwrap();
        let copy = places.copy.path().to_owned();
        let options = CopyOptions::default().jobs(1);
        let pulling = std::thread::spawn(move || pull(&remote, &copy, &options, &mut ()));
        halts.recv().unwrap();
        server.shutdown(Duration::ZERO);
        let error = pulling.join().unwrap().unwrap_err();
        assert!(matches!(error, CopyError::Call(_)), "{error}");
        assert_eq!(fs::read(places.copy("slow")).unwrap(), b"what was here");
        assert_eq!(names(places.copy.path()).len(), 2 + temporaries(&places));
        places.pull();
        places.assert_same();
    });
}

#[test]
fn left_overs_are_removed_wherever_they_are() {
    watchdog(|| {
        let places = Places::new();
        odd_tree(places.source.path());
        places.pull();
        fs::create_dir_all(places.copy("own/deep")).unwrap();
        fs::write(places.copy("own/deep/.mirror-17-3.part"), "half").unwrap();
        fs::write(places.copy("plain/.mirror-17-4.part"), "half").unwrap();
        symlink("nowhere", places.copy(".mirror-17-5.part")).unwrap();
        fs::write(places.copy(&format!("plain/.mirror-{}.part", "a0".repeat(32))), "of old content").unwrap();
        fs::write(places.copy(".mirror-mine.part"), "not one of them").unwrap();
        let (report, _) = places.pull();
        assert_eq!((report.left_overs, report.copied), (4, 0));
        assert_eq!(temporaries(&places), 1);
    });
}

#[test]
fn two_pulls_do_not_share_a_directory() {
    watchdog(|| {
        let places = with_slow_file();
        let (server, halts, go) = serve_halting(&places);
        let remote = MirrorClient::connect(server.address()).unwrap();
        let copy = places.copy.path().to_owned();
        let pulling = std::thread::spawn(move || pull(&remote, &copy, &Default::default(), &mut ()));
        halts.recv().unwrap();
        let error = places.pull_from(&places.shelf()).unwrap_err();
        assert!(matches!(error, CopyError::Locked(_)), "{error}");
        go.send(()).unwrap();
        assert_eq!(pulling.join().unwrap().unwrap().copied, 3);
        places.assert_same();
    });
}
