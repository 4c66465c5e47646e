//! Pushing: everything arrives as with a pull, and a server that is read-only, or whose quota is
//! used up, says so.
#![cfg(unix)]

mod common;

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::symlink;

use common::{Heard, Places, assert_all_arrives, content_of, names, odd_tree, pattern, rel, set_mode, snapshot};
use rpc_core::{Server, ServerHandle};
use rpc_examples::mirror::{
    Attributes, CopyError, CopyOptions, Mirror, MirrorClient, MirrorError, MirrorServer, Mtime, Report, Shelf, Upload,
    push,
};
use rpc_tests::watchdog;

const ATTRIBUTES: Attributes = Attributes { mtime: Mtime { secs: 5, nanos: 6 }, mode: 0o644 };

/// Serves the copy's directory for writing.
fn serve(places: &Places, quota: Option<u64>) -> (ServerHandle, MirrorClient) {
    let shelf = Shelf::open(places.copy.path()).unwrap().writable(quota).unwrap();
    let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(MirrorServer::new(shelf)).unwrap();
    let client = MirrorClient::connect(server.address()).unwrap();
    (server, client)
}

fn push_to(places: &Places, remote: &impl Mirror) -> (Report, Heard) {
    let mut heard = Heard::default();
    let report = push(places.source.path(), remote, &CopyOptions::default(), &mut heard).unwrap();
    (report, heard)
}

#[test]
fn all_arrives() {
    watchdog(|| {
        let places = Places::new();
        odd_tree(places.source.path());
        let (_server, remote) = serve(&places, None);
        assert_all_arrives(&places, || push_to(&places, &remote));
    });
}

#[test]
fn what_changed_is_sent() {
    watchdog(|| {
        let places = Places::new();
        odd_tree(places.source.path());
        let (_server, remote) = serve(&places, None);
        push_to(&places, &remote);
        fs::write(places.source("plain/deep/er/big"), "smaller").unwrap();
        set_mode(&places.source("100%"), 0o600);
        set_mode(&places.source("locked"), 0o755);
        fs::write(places.source("locked/new"), "new").unwrap();
        set_mode(&places.source("locked"), 0o555);
        fs::remove_file(places.source("link")).unwrap();
        fs::write(places.source("link"), "a file now").unwrap();
        let (report, _) = push_to(&places, &remote);
        assert_eq!((report.copied, report.failed), (3, 0));
        places.assert_same();
    });
}

#[test]
fn a_server_that_only_reads_refuses() {
    watchdog(|| {
        let places = Places::new();
        odd_tree(places.source.path());
        let shelf = Shelf::open(places.copy.path()).unwrap();
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(MirrorServer::new(shelf)).unwrap();
        let remote = MirrorClient::connect(server.address()).unwrap();
        let error = push(places.source.path(), &remote, &CopyOptions::default(), &mut ()).unwrap_err();
        assert!(matches!(error, CopyError::Call(MirrorError::ReadOnly)), "{error}");

        let content = content_of(b"x");
        let upload = Upload { content, attributes: ATTRIBUTES, offset: 0 };
        assert!(matches!(remote.store(&rel("x"), &upload, &b"x"[..]), Err(MirrorError::ReadOnly)));
        assert!(matches!(remote.held(&rel("x"), &content), Err(MirrorError::ReadOnly)));
        assert!(matches!(remote.remove(&rel("x")), Err(MirrorError::ReadOnly)));
        assert!(matches!(remote.sweep(), Err(MirrorError::ReadOnly)));
        let entry = places.shelf().entries(None).unwrap().next().unwrap().unwrap();
        assert!(matches!(remote.place(&entry), Err(MirrorError::ReadOnly)));
        assert!(names(places.copy.path()).is_empty());
    });
}

/// An endless source that counts the bytes read from it.
struct Counted(u64);

impl Read for Counted {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        buf.fill(b'x');
        self.0 += buf.len() as u64;
        Ok(buf.len())
    }
}

#[test]
fn the_quota_stops_an_upload_within_a_frame() {
    watchdog(|| {
        let places = Places::new();
        fs::write(places.copy("here"), pattern(1000)).unwrap();
        let shelf = Shelf::open(places.copy.path()).unwrap().writable(Some(5000)).unwrap();
        let address = format!("unix://{}", places.room.path().join("socket").display());
        let _server = Server::bind(&address).unwrap().spawn(MirrorServer::new(shelf)).unwrap();
        let remote = MirrorClient::connect(&address).unwrap();
        assert_eq!(remote.room().unwrap(), Some(4000));
        let mut content = content_of(b"x");
        content.size = 1 << 40;
        let upload = Upload { content, attributes: ATTRIBUTES, offset: 0 };
        let mut source = Counted(0);
        let error = remote.store(&rel("much"), &upload, &mut source).unwrap_err();
        let needed = (1 << 40) + 1000;
        assert!(matches!(error, MirrorError::QuotaExceeded { limit: 5000, needed: n } if n == needed), "{error}");
        assert!(source.0 <= MOST_READ_AHEAD, "{} bytes were read", source.0);
        assert_eq!(names(places.copy.path()), ["here"]);

        let content = content_of(&pattern(4000));
        let upload = Upload { content, ..upload };
        remote.store(&rel("fits"), &upload, &pattern(4000)[..]).unwrap();
        assert_eq!(remote.room().unwrap(), Some(0));
        remote.remove(&rel("here")).unwrap();
        assert_eq!(remote.room().unwrap(), Some(1000));
    });
}

/// A frame or two (256 KiB), and what a Unix socket buffers while the error is on its way.
const MOST_READ_AHEAD: u64 = 1 << 20;

#[test]
fn what_has_no_room_costs_its_file_only() {
    watchdog(|| {
        let places = Places::new();
        fs::write(places.source("a small"), "small").unwrap();
        fs::write(places.source("large"), pattern(3_000_000)).unwrap();
        fs::write(places.source("z small"), "small, too").unwrap();
        let (_server, remote) = serve(&places, Some(1_000_000));
        let (report, heard) = push_to(&places, &remote);
        assert_eq!((report.copied, report.failed), (2, 1));
        assert_eq!(heard.notices, ["failed large: the server's quota is 976.56 KiB, but the tree would have 2.86 MiB"]);
        assert_eq!(names(places.copy.path()), ["a small", "z small"]);
    });
}

#[test]
fn another_kind_is_reported_and_left_alone() {
    watchdog(|| {
        let places = Places::new();
        fs::create_dir(places.source("a")).unwrap();
        fs::write(places.source("a/below"), "").unwrap();
        fs::write(places.source("b"), "file").unwrap();
        symlink("b", places.source("c")).unwrap();
        fs::write(places.copy("a"), "file there").unwrap();
        fs::create_dir(places.copy("b")).unwrap();
        fs::create_dir(places.copy("c")).unwrap();
        let before = snapshot(places.copy.path());
        let (_server, remote) = serve(&places, None);
        let (report, heard) = push_to(&places, &remote);
        assert_eq!(report.failed, 4, "{heard:?}");
        assert_eq!(snapshot(places.copy.path()), before);
    });
}
