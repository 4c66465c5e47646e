//! An interrupted transfer resumes if the file has not changed, and no part of a file ever has its
//! name.
#![cfg(unix)]

mod common;

use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use common::{Places, content_of, names, pattern, rel};
use rpc_core::{Server, ServerHandle};
use rpc_examples::mirror::demo::Cable;
use rpc_examples::mirror::{
    Attributes, CopyError, CopyOptions, Mirror, MirrorClient, MirrorError, MirrorServer, Mtime, Report, Shelf, Upload,
    Watch, connect, pull, push,
};
use rpc_tests::watchdog;

const SIZE: usize = 2_000_000;
const ATTRIBUTES: Attributes = Attributes { mtime: Mtime { secs: 5, nanos: 6 }, mode: 0o644 };

/// Where the connection is cut: before anything, in the first frame, around boundaries, in the
/// middle, near the end.
const CUTS: [u64; 7] = [0, 1000, 70_000, 262_144, 300_000, 1_000_000, 1_999_000];

fn with_file() -> Places {
    let places = Places::new();
    fs::write(places.source("file"), pattern(SIZE)).unwrap();
    fs::write(places.copy("file"), "what was here").unwrap();
    places
}

fn serve(directory: &Path) -> ServerHandle {
    let shelf = Shelf::open(directory).unwrap().writable(None).unwrap();
    Server::bind("tcp://127.0.0.1:0").unwrap().spawn(MirrorServer::new(shelf)).unwrap()
}

/// Returns the path of the part of a file with this content.
fn part_of(content: &[u8]) -> String {
    format!(".mirror-{}.part", blake3::hash(content).to_hex())
}

fn push_over(places: &Places, server: &ServerHandle) -> Result<Report, CopyError> {
    let remote = MirrorClient::connect(server.address()).unwrap();
    push(places.source.path(), &remote, &CopyOptions::default(), &mut ())
}

/// What has arrived of a file is kept and not sent again, from 64 KiB on.
fn check(places: &Places, report: &Report, cut: u64) {
    assert_eq!((report.failed, report.copied, report.bytes + report.resumed), (0, 1, SIZE as u64), "{cut}: {report}");
    assert!(report.resumed <= cut, "{cut}: {report}");
    assert!(cut < 100_000 || report.resumed > cut - 70_000, "{cut}: {report}");
    places.assert_same();
}

#[test]
fn a_push_goes_on() {
    watchdog(|| {
        for cut in CUTS {
            let places = with_file();
            let server = serve(places.copy.path());
            let cable = Cable::lay(server.address(), cut).unwrap();
            let cut_off = connect(cable.address())
                .map_err(|error| CopyError::Call(error.into()))
                .and_then(|remote| push(places.source.path(), &remote, &CopyOptions::default(), &mut ()));
            assert!(matches!(cut_off, Err(CopyError::Call(_))), "{cut}: {cut_off:?}");
            cable.wait();
            assert_eq!(fs::read(places.copy("file")).unwrap(), b"what was here");
            check(&places, &push_over(&places, &server).unwrap(), cut);
        }
    });
}

#[test]
fn a_pull_goes_on() {
    watchdog(|| {
        for cut in CUTS {
            let places = with_file();
            let server = serve(places.source.path());
            let cable = Cable::lay(server.address(), cut).unwrap();
            let cut_off = connect(cable.address())
                .map_err(|error| CopyError::Call(error.into()))
                .and_then(|remote| pull(&remote, places.copy.path(), &CopyOptions::default(), &mut ()));
            cable.wait();
            assert!(!cut_off.is_ok_and(|report| report.is_complete()), "{cut}");
            assert_eq!(fs::read(places.copy("file")).unwrap(), b"what was here");

            let remote = MirrorClient::connect(server.address()).unwrap();
            check(&places, &places.pull_from(&remote).unwrap().0, cut);
        }
    });
}

#[test]
fn a_part_with_other_content_is_found_out() {
    watchdog(|| {
        for len in [70_000, SIZE, SIZE + 5] {
            let places = with_file();
            fs::write(places.copy(&part_of(&pattern(SIZE))), vec![b'?'; len]).unwrap();
            let server = serve(places.copy.path());
            let report = push_over(&places, &server).unwrap();
            assert_eq!((report.copied, report.resumed), (1, 0), "{len}");
            places.assert_same();

            fs::write(places.copy("file"), "old").unwrap();
            fs::write(places.copy(&part_of(&pattern(SIZE))), vec![b'?'; len]).unwrap();
            let (report, _) = places.pull();
            assert_eq!((report.copied, report.resumed), (1, 0), "{len}");
            places.assert_same();
        }
    });
}

#[test]
fn a_part_of_other_content_is_not_gone_on_with() {
    watchdog(|| {
        let places = with_file();
        let old = pattern(SIZE + 7);
        fs::write(places.copy(&part_of(&old)), &old[..1_000_000]).unwrap();
        let server = serve(places.copy.path());
        let report = push_over(&places, &server).unwrap();
        assert_eq!((report.bytes, report.resumed, report.left_overs), (SIZE as u64, 0, 1));
        places.assert_same();
    });
}

#[test]
fn parts_that_nobody_wants_take_no_room_for_long() {
    watchdog(|| {
        let places = with_file();
        fs::write(places.copy(&part_of(b"given up")), pattern(SIZE)).unwrap();
        let shelf = Shelf::open(places.copy.path()).unwrap().writable(Some(SIZE as u64 + 1000)).unwrap();
        let report = push(places.source.path(), &shelf, &CopyOptions::default(), &mut ()).unwrap();
        assert_eq!((report.copied, report.failed, report.left_overs), (1, 0, 1));
        places.assert_same();
        assert_eq!(shelf.room().unwrap(), Some(1000));
    });
}

#[test]
fn an_upload_that_begins_too_late_is_refused() {
    watchdog(|| {
        let places = with_file();
        let server = serve(places.copy.path());
        let remote = MirrorClient::connect(server.address()).unwrap();
        let content = content_of(&pattern(SIZE));
        for offset in [1, 100_000, u64::MAX] {
            let upload = Upload { content, attributes: ATTRIBUTES, offset };
            let error = remote.store(&rel("file"), &upload, &b"x"[..]).unwrap_err();
            assert!(matches!(error, MirrorError::NotHeld(0)), "{error}");
        }
        let lie = Upload { content, attributes: ATTRIBUTES, offset: 0 };
        for bytes in [&b"other"[..], &pattern(SIZE + 1)[..], &pattern(SIZE + 1)[1..]] {
            let error = remote.store(&rel("file"), &lie, bytes).unwrap_err();
            assert!(matches!(error, MirrorError::Changed(_)), "{error}");
        }
        assert_eq!(names(places.copy.path()), ["file"]);
        assert_eq!(fs::read(places.copy("file")).unwrap(), b"what was here");
    });
}

#[test]
fn a_killed_server_leaves_no_half_file() {
    watchdog(|| {
        let places = with_file();
        let address = format!("unix://{}", places.room.path().join("socket").display());
        let mut program = Command::new(env!("CARGO_BIN_EXE_mirror"))
            .args(["serve", "--writable", &address])
            .arg(places.copy.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let printed = program.stdout.take().unwrap();
        BufReader::new(printed).read_line(&mut line).unwrap();
        let mut killer = Killer { program, left: 1_500_000 };
        let remote = MirrorClient::connect(&address).unwrap();
        let error = push(places.source.path(), &remote, &CopyOptions::default(), &mut killer).unwrap_err();
        assert!(matches!(error, CopyError::Call(_)), "{error}");
        killer.program.wait().unwrap();
        assert_eq!(fs::read(places.copy("file")).unwrap(), b"what was here");

        let server = serve(places.copy.path());
        let report = push_over(&places, &server).unwrap();
        assert!(report.resumed > 0, "{report}");
        places.assert_same();
    });
}

/// Kills a program when this many bytes have been read for it.
struct Killer {
    program: Child,
    left: u64,
}

impl Watch for Killer {
    fn bytes(&mut self, count: u64) {
        if self.left > 0 {
            self.left = self.left.saturating_sub(count);
            if self.left == 0 {
                self.program.kill().unwrap();
            }
        }
    }
}

#[test]
fn two_uploads_of_one_content_do_not_mix() {
    watchdog(|| {
        let places = with_file();
        // A Unix socket buffers so little that the server has certainly begun when most has been
        // read.
        let address = format!("unix://{}", places.room.path().join("socket").display());
        let shelf = Shelf::open(places.copy.path()).unwrap().writable(None).unwrap();
        let server = Server::bind(address).unwrap().spawn(MirrorServer::new(shelf)).unwrap();
        let content = content_of(&pattern(SIZE));
        let upload = Upload { content, attributes: ATTRIBUTES, offset: 0 };
        let (first, second) = (connect(server.address()).unwrap(), connect(server.address()).unwrap());
        let (halted, halts) = mpsc::channel();
        let (go, going) = mpsc::channel::<()>();
        let storing = std::thread::spawn(move || {
            let bytes = pattern(SIZE);
            let halt = Halt { halted, going };
            let (start, end) = bytes.split_at(1_900_000);
            first.store(&rel("file"), &upload, start.chain(halt).chain(end))
        });
        halts.recv().unwrap();
        let error = second.store(&rel("other"), &upload, &pattern(SIZE)[..]).unwrap_err();
        assert!(matches!(error, MirrorError::Busy(_)), "{error}");
        assert_eq!(second.sweep().unwrap(), 0, "what is being written stays");
        go.send(()).unwrap();
        storing.join().unwrap().unwrap();
        assert_eq!(fs::read(places.copy("file")).unwrap(), pattern(SIZE));
        second.store(&rel("other"), &upload, &pattern(SIZE)[..]).unwrap();
    });
}

/// An empty stream that reports the first read, and then waits.
struct Halt {
    halted: mpsc::Sender<()>,
    going: mpsc::Receiver<()>,
}

impl Read for Halt {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        _ = self.halted.send(());
        _ = self.going.recv();
        Ok(0)
    }
}
