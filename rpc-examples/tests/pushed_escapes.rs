//! A client that may push cannot lead the server out of its directory, and is not led out of its
//! own.
#![cfg(unix)]

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use common::{Places, content_of, names, rel};
use rpc_core::{Client, Error, Server, ServerHandle, Status};
use rpc_examples::mirror::{
    Attributes, CopyOptions, Entry, Item, LinkTarget, Mirror, MirrorClient, MirrorError, MirrorServer, Mtime, Shelf,
    Upload, push,
};
use rpc_tests::watchdog;
use serde_json::json;
use tempfile::TempDir;

const ATTRIBUTES: Attributes = Attributes { mtime: Mtime { secs: 5, nanos: 6 }, mode: 0o755 };

/// A directory outside the tree, with a file that must be neither read nor changed.
fn outside() -> TempDir {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "secret").unwrap();
    outside
}

fn assert_untouched(outside: &TempDir) {
    assert_eq!(names(outside.path()), ["secret"]);
    assert_eq!(fs::read(outside.path().join("secret")).unwrap(), b"secret");
}

fn serve(places: &Places) -> (ServerHandle, MirrorClient) {
    let shelf = Shelf::open(places.copy.path()).unwrap().writable(None).unwrap();
    let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(MirrorServer::new(shelf)).unwrap();
    let client = MirrorClient::connect(server.address()).unwrap();
    (server, client)
}

fn upload() -> Upload {
    Upload { content: content_of(b"evil"), attributes: ATTRIBUTES, offset: 0 }
}

fn link(path: &str, target: &str) -> Entry {
    Entry { path: rel(path), item: Item::Symlink { target: LinkTarget::new(target), mtime: ATTRIBUTES.mtime } }
}

fn directory(path: &str) -> Entry {
    Entry { path: rel(path), item: Item::Directory { attributes: ATTRIBUTES } }
}

#[test]
fn a_path_that_leaves_the_tree_is_refused() {
    watchdog(|| {
        let places = Places::new();
        let (server, _remote) = serve(&places);
        let client = Client::connect(server.address()).unwrap();
        for path in ["../x", "/etc/x", "a/../../x", "..", ".", "", "x/", "./x", "%2E%2E/x", "a\0b"] {
            let store = json!({"path": path, "upload": upload()});
            let call = client.call("store").with_named(&store).with_octets(&b"evil"[..]);
            let error = call.json::<serde_json::Value>().unwrap_err();
            assert!(matches!(&error, Error::Remote(no) if no.status == Status::RequestError), "{path}: {error}");
            assert!(error.to_string().starts_with("store: the parameter `path` does not fit"), "{path}: {error}");
            let item = Item::Directory { attributes: ATTRIBUTES };
            let place = json!({"path": path, "item": item});
            for (endpoint, arguments) in [("place", place), ("remove", json!(path))] {
                let error = client.call(endpoint).with(&arguments).json::<()>().unwrap_err();
                assert!(matches!(&error, Error::Remote(no) if no.status == Status::RequestError), "{path}: {error}");
            }
        }
        assert!(names(places.copy.path()).is_empty());
    });
}

#[test]
fn no_link_on_the_way_is_followed() {
    watchdog(|| {
        let (places, outside) = (Places::new(), outside());
        symlink(outside.path(), places.copy("dir")).unwrap();
        fs::create_dir(places.copy("real")).unwrap();
        symlink("real", places.copy("inner")).unwrap();
        let (_server, remote) = serve(&places);
        for path in ["dir/secret", "dir/new", "dir/deep/er", "inner/new"] {
            let path = rel(path);
            let error = remote.store(&path, &upload(), &b"evil"[..]).unwrap_err();
            assert!(matches!(error, MirrorError::NoDirectory(_)), "{path}: {error}");
            assert!(matches!(remote.remove(&path), Err(MirrorError::NoDirectory(_))), "{path}");
            assert!(matches!(remote.held(&path, &content_of(b"evil")), Err(MirrorError::NoDirectory(_))), "{path}");
            let entry = Entry { path: path.clone(), item: Item::Directory { attributes: ATTRIBUTES } };
            assert!(matches!(remote.place(&entry), Err(MirrorError::NoDirectory(_))), "{path}");
        }
        let error = remote.place(&directory("dir")).unwrap_err();
        assert!(matches!(error, MirrorError::InTheWay(..)), "{error}");
        assert_untouched(&outside);
        assert!(names(&places.copy("real")).is_empty());
    });
}

#[test]
fn a_planted_link_is_replaced_itself() {
    watchdog(|| {
        let (places, outside) = (Places::new(), outside());
        symlink(outside.path().join("secret"), places.copy("file")).unwrap();
        let (_server, remote) = serve(&places);
        remote.store(&rel("file"), &upload(), &b"evil"[..]).unwrap();
        assert_eq!(fs::read(places.copy("file")).unwrap(), b"evil");
        assert!(!places.copy("file").is_symlink());
        symlink(outside.path(), places.copy("dir")).unwrap();
        remote.remove(&rel("dir")).unwrap();
        assert_eq!(names(places.copy.path()), ["file"]);
        assert_untouched(&outside);
    });
}

#[test]
fn a_planted_part_is_not_written_through() {
    watchdog(|| {
        let outside = outside();
        let secret = outside.path().join("secret");
        let part = format!(".mirror-{}.part", blake3::hash(b"evil").to_hex());
        for plant in [|from: &Path, to: &Path| symlink(from, to), |from: &Path, to: &Path| fs::hard_link(from, to)] {
            let places = Places::new();
            plant(&secret, &places.copy(&part)).unwrap();
            let (_server, remote) = serve(&places);
            remote.store(&rel("file"), &upload(), &b"evil"[..]).unwrap();
            assert_eq!(names(places.copy.path()), ["file"]);
            assert_untouched(&outside);
        }
    });
}

#[test]
fn links_that_lead_outside_and_temporary_names_are_refused() {
    watchdog(|| {
        let places = Places::new();
        let (_server, remote) = serve(&places);
        remote.place(&directory("d")).unwrap();
        for (path, target) in [("a", "/etc"), ("a", ".."), ("d/a", "../../x"), ("a", "b/../../c")] {
            assert!(matches!(remote.place(&link(path, target)), Err(MirrorError::Unwritable(..))), "{path}: {target}");
        }
        let part = format!(".mirror-{}.part", blake3::hash(b"evil").to_hex());
        for name in [".mirror-1-1.part", &part, &format!("{part}/x")] {
            let stored = remote.store(&rel(name), &upload(), &b"evil"[..]);
            assert!(matches!(stored, Err(MirrorError::Reserved(_))), "{name}: {stored:?}");
            assert!(matches!(remote.place(&directory(name)), Err(MirrorError::Reserved(_))), "{name}");
        }
        assert_eq!(names(places.copy.path()), ["d"]);
    });
}

#[test]
fn deletes_below_a_link_nothing() {
    watchdog(|| {
        let (places, outside) = (Places::new(), outside());
        symlink(outside.path(), places.copy("extra")).unwrap();
        fs::create_dir(places.copy("d")).unwrap();
        symlink(outside.path(), places.copy("d/extra")).unwrap();
        let (_server, remote) = serve(&places);
        let options = CopyOptions::default().delete(true);
        let report = push(places.source.path(), &remote, &options, &mut ()).unwrap();
        assert_eq!((report.deleted, report.failed), (3, 0));
        assert!(names(places.copy.path()).is_empty());
        assert_untouched(&outside);

        symlink(outside.path(), places.copy("extra")).unwrap();
        places.pull_with(&places.shelf(), &options).unwrap();
        assert!(names(places.copy.path()).is_empty());
        assert_untouched(&outside);
    });
}
